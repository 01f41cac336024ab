"""The context menu of pictures on the Explore page: looked into, corrected, found on disk."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtWidgets import QMenu

from cnnstudio.views.context import Context
from cnnstudio.views.data.corrector import Corrector
from cnnstudio.views.file_manager import show_in_folder
from cnnstudio.views.picture_grid import PictureGrid


class PictureMenu(QObject):
    """Gives a grid of pictures its menu.

    Signals:
        explained: the Path of a picture whose feature maps are wanted.
        mattered: the Path of one of which a person wants to know what mattered.
    """

    explained = Signal(object)
    mattered = Signal(object)

    def __init__(self, context: Context, grid: PictureGrid) -> None:
        super().__init__(grid)
        self._document, self._grid = context.document, grid
        self._corrector = Corrector(context.document, self)
        grid.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        grid.customContextMenuRequested.connect(self._pop_up)

    def menu(self, paths: list[Path]) -> QMenu:
        """What can be done with pictures; those of the data can be corrected."""
        menu = QMenu(self._grid)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Feature maps", lambda: self.explained.emit(paths[0]))
        menu.addAction("What mattered", lambda: self.mattered.emit(paths[0]))
        menu.addAction("Show in file manager", lambda: show_in_folder(paths[0]))
        report = self._document.report
        if report is not None and all(path.is_relative_to(report.folder) for path in paths):
            menu.addSeparator()
            self._corrector.fill_menu(menu, self._grid, paths)
        return menu

    def _pop_up(self, place: QPoint) -> None:
        paths = self._grid.selected_paths()
        if paths:
            self.menu(paths).popup(self._grid.viewport().mapToGlobal(place))
