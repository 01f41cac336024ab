"""The context menu of pictures on the Explore page: looked into, corrected, found on disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QMenu

from cnnstudio.app.document import Document
from cnnstudio.data.report import relative
from cnnstudio.views.context import Context
from cnnstudio.views.data.corrector import Corrector
from cnnstudio.views.file_manager import show_in_folder
from cnnstudio.views.picture_grid import PictureGrid

_ASIDE, _LABEL = QKeySequence("Del"), QKeySequence("Ctrl+L")


def corrected(document: Document, caption: Callable[[Any], str]) -> Callable[[Any], str]:
    """Captions that say how the project corrects a picture, where it does."""

    def words(picture: Any) -> str:
        report, data = document.report, document.data
        if report is None or not picture.path.is_relative_to(report.folder):
            return caption(picture)
        key = relative(report.folder, picture.path)
        if key in data.excluded:
            return f"set aside  {picture.path.name}"
        label = data.relabelled.get(key)
        return f"now {label}  {picture.path.name}" if label else caption(picture)

    return words


class PictureMenu(QObject):
    """Gives a grid of pictures its menu, and Del and Ctrl+L for what is in it.

    Signals:
        explained: the Path of a picture whose feature maps are wanted.
        mattered: the Path of one of which a person wants to know what mattered.
    """

    explained = Signal(object)
    mattered = Signal(object)

    def __init__(self, context: Context, grid: PictureGrid) -> None:
        super().__init__(grid)
        self._context, self._document, self._grid = context, context.document, grid
        self._corrector = Corrector(context.document, self)
        self._corrector.done.connect(self._say)
        grid.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        grid.customContextMenuRequested.connect(self._pop_up)
        grid.installEventFilter(self)
        context.document.data_changed.connect(grid.viewport().update)

    def menu(self, paths: list[Path]) -> QMenu:
        """What can be done with pictures; those of the data can be corrected."""
        menu = QMenu(self._grid)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Feature maps", lambda: self.explained.emit(paths[0]))
        menu.addAction("What mattered", lambda: self.mattered.emit(paths[0]))
        menu.addAction("Show in file manager", lambda: show_in_folder(paths[0]))
        if self._of_the_data(paths):
            menu.addSeparator()
            self._corrector.fill_menu(menu, self._grid, paths)
        return menu

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # Other pages have these keys too: while pictures are chosen here, they are for those.
        if not isinstance(event, QKeyEvent):
            return False
        keys = QKeySequence(event.keyCombination())
        paths = self._grid.selected_paths() if keys in (_ASIDE, _LABEL) else []
        if not paths or not self._of_the_data(paths):
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
        elif event.type() == QEvent.Type.KeyPress and keys == _ASIDE:
            self._corrector.set_aside(paths)
        elif event.type() == QEvent.Type.KeyPress:
            self._corrector.ask_for_label(self._grid.window(), paths)
        return True

    def _of_the_data(self, paths: list[Path]) -> bool:
        report = self._document.report
        return report is not None and all(path.is_relative_to(report.folder) for path in paths)

    def _pop_up(self, place: QPoint) -> None:
        paths = self._grid.selected_paths()
        if paths:
            self.menu(paths).popup(self._grid.viewport().mapToGlobal(place))

    def _say(self, done: str) -> None:
        """What a correction means here: the figures on show are those of before."""
        keys = QKeySequence(QKeySequence.StandardKey.Undo).toString(
            QKeySequence.SequenceFormat.NativeText
        )
        self._context.notify(
            f"{done}: counts from the next training on. {keys} takes it back.", "success"
        )
