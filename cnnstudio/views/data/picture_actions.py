"""What can be done with the pictures chosen in a grid: a menu, keys, and a bar above the grid."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QPoint, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QWidget

from cnnstudio.data.report import count
from cnnstudio.views import theme
from cnnstudio.views.context import Context
from cnnstudio.views.data.corrector import Corrector
from cnnstudio.views.file_manager import show_in_folder
from cnnstudio.views.picture_grid import HasPath, PictureGrid, PictureModel
from cnnstudio.views.viewer import PictureViewer
from cnnstudio.views.widgets import Button, Heading


class PictureActions(QFrame):
    """A bar of 44 pixels: its own words, or the number of pictures chosen and what to do with them.

    Add what else belongs into the bar to `rest`; it gives way while pictures are chosen.
    """

    # Other pictures are chosen.
    changed = Signal()

    def __init__(
        self,
        name: str,
        grid: PictureGrid,
        pictures: PictureModel,
        corrector: Corrector,
        context: Context,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self.setFixedHeight(44)
        self._grid = grid
        self._pictures = pictures
        self._corrector = corrector
        self._context = context
        self._viewer: PictureViewer | None = None
        self._words = ""
        self.label = Heading("")
        self.aside = Button("Set aside", f"{name}Aside", lambda: corrector.set_aside(self.paths()))
        self.aside.setToolTip("Leave these pictures out of the data; no file is touched (Del)")
        self.relabel = Button("Change class…", f"{name}Relabel", self.ask_for_label)
        self.relabel.setToolTip("Give these pictures another class (Ctrl+L)")
        self.move_button = Button("Move to", f"{name}Move")
        menu = QMenu(self.move_button)
        corrector.fill_splits(menu, self.paths)
        self.move_button.setMenu(menu)
        self.rest = QWidget()
        inside = QHBoxLayout(self.rest)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(theme.S8)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.S16, 0, theme.S16, 0)
        row.setSpacing(theme.S8)
        row.addWidget(self.label, 1)
        for button in (self.aside, self.relabel, self.move_button):
            row.addWidget(button)
        row.addWidget(self.rest)
        grid.opened.connect(self._open)
        grid.selectionModel().selectionChanged.connect(lambda *_: self._refresh())
        pictures.modelReset.connect(self._refresh)
        grid.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        grid.customContextMenuRequested.connect(self._pop_up)
        self._refresh()

    def paths(self) -> list[Path]:
        """The pictures chosen."""
        return self._grid.selected_paths()

    @property
    def any_chosen(self) -> bool:
        """Whether pictures are chosen."""
        return self._grid.first_selected() is not None

    def say(self, words: str) -> None:
        """What the bar says while nothing is chosen."""
        self._words = words
        self._refresh()

    def show_pictures(self, pictures: Sequence[HasPath], *, top: bool) -> None:
        """Show `pictures` in the grid, from the `top` or with the place kept as it can be."""
        bar = self._grid.verticalScrollBar()
        place, row = bar.value(), self._grid.currentIndex().row()
        # At the top tiles may come by and by; a place further down is kept where all are there.
        self._grid.lay_out_at_once(place > 0 and not top)
        with QSignalBlocker(self._grid.selectionModel()):
            self._pictures.set_pictures(pictures)
        if top:
            self._grid.scrollToTop()
        else:
            bar.setValue(place)
            if row >= 0 and pictures:
                index = self._pictures.index(min(row, len(pictures) - 1))
                flag = self._grid.selectionModel().SelectionFlag.NoUpdate
                self._grid.selectionModel().setCurrentIndex(index, flag)
        self._refresh()

    def ask_for_label(self) -> None:
        """Ask for the class of the pictures chosen."""
        paths = self.paths()
        if paths:
            self._corrector.ask_for_label(self.window(), paths)

    def _refresh(self) -> None:
        chosen = self._grid.selected_count()
        self.label.setText(f"{count(chosen, 'picture')} chosen" if chosen else self._words)
        buttons = (self.aside, self.relabel, self.move_button)
        if not chosen and any(button.hasFocus() for button in buttons):
            self._grid.setFocus()
        for button in buttons:
            button.setVisible(chosen > 0)
        self.rest.setVisible(not chosen)
        self.changed.emit()

    def _pop_up(self, point: QPoint) -> None:
        if self.paths():
            self.menu().popup(self._grid.viewport().mapToGlobal(point))

    def menu(self) -> QMenu:
        """Everything that can be done with the pictures chosen."""
        paths = self.paths()
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._corrector.fill_menu(menu, self.window(), paths)
        menu.addSeparator()
        many = f" {len(paths):,} pictures" if len(paths) > 1 else ""
        menu.addAction("Open large", lambda: self._open(paths[0]))
        menu.addAction(f"Classify{many}", lambda: self._context.classify_paths(paths))
        menu.addAction("Show in file manager", lambda: show_in_folder(paths[0]))
        menu.addAction(
            "Copy path",
            lambda: QGuiApplication.clipboard().setText("\n".join(map(str, paths))),
        )
        return menu

    def _open(self, path: Path) -> None:
        paths = [picture.path for picture in self._pictures.pictures]
        if self._viewer is None:
            self._viewer = PictureViewer(self._context.tasks, self)
        self._viewer.show_picture(paths, paths.index(path))
