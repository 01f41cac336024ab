"""The pictures of a folder, and the table of classes that chooses among them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.views import theme
from cnnstudio.views.context import Context
from cnnstudio.views.data.class_model import SPLIT_TITLES
from cnnstudio.views.data.class_table import ClassTable
from cnnstudio.views.data.corrector import Corrector
from cnnstudio.views.data.picture_actions import PictureActions
from cnnstudio.views.picture_grid import PictureGrid, PictureModel
from cnnstudio.views.pictures import Thumbnails
from cnnstudio.views.widgets import Button, name_widget

if TYPE_CHECKING:
    from cnnstudio.data.scan import Picture
    from cnnstudio.views.data.looking import Look

LEFT = 416


class Browser(QWidget):
    """Shows the pictures of a `Look`; choosing classes shows their pictures."""

    # Another picture is the chosen one; `current_path` tells which.
    picture_chosen = Signal()

    def __init__(
        self,
        context: Context,
        corrector: Corrector,
        thumbnails: Thumbnails,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._look: Look | None = None
        self._corrector = corrector
        self.thumbnails = thumbnails
        self.table = ClassTable(thumbnails, corrector)
        self.table.chosen.connect(self._filter)
        self.table.aside_wanted.connect(self._set_classes_aside)
        self.classes = self.table.classes
        self.pictures = PictureModel(thumbnails, caption, tooltip, self)
        self.grid = PictureGrid(self.pictures)
        name_widget(self.grid, "imagePreview", "Pictures of the folder")
        self.actions_bar = PictureActions("picture", self.grid, self.pictures, corrector, context)
        self.actions_bar.changed.connect(self.picture_chosen)
        self.shown = self.actions_bar.label
        self.shown.setObjectName("shownPictures")
        self.show_all = Button("Show all", "showAllButton", self.table.clearSelection)
        self.splits = QComboBox()
        name_widget(self.splits, "splitFilter", "Which split is shown")
        self.splits.currentIndexChanged.connect(lambda _row: self._filter())
        rest = self.actions_bar.rest.layout()
        assert rest is not None
        rest.addWidget(self.show_all)
        rest.addWidget(self.splits)
        self._lay_out()

    def show_look(self, look: Look) -> None:
        """Show the pictures of `look`; the classes chosen stay chosen."""
        before, self._look = self._look, look
        if before is not None and before.now is look.now:
            return
        self.table.show_report(
            look.now, {name: look.by_class[name][0].path for name in look.by_class}
        )
        chosen = self.splits.currentData()
        self.splits.blockSignals(True)
        self.splits.clear()
        self.splits.addItem("All splits", "")
        for key, title in SPLIT_TITLES.items():
            if look.now.splits.get(key):
                self.splits.addItem(title, key)
        self.splits.setVisible(self.splits.count() > 2)
        self.splits.setCurrentIndex(max(0, self.splits.findData(chosen)))
        self.splits.blockSignals(False)
        self._filter(top=before is None or before.report is not look.report)

    def current_path(self) -> Path | None:
        """The picture that is chosen, or the first that is shown."""
        chosen = self.grid.first_selected()
        if chosen is not None:
            return chosen
        return self.pictures.pictures[0].path if self.pictures.pictures else None

    def _filter(self, *, top: bool = True) -> None:
        look = self._look
        if look is None:
            return
        names, split = self.table.chosen_classes(), self.splits.currentData() or ""
        shown: Sequence[Picture] = look.now.pictures
        if names:
            groups = [look.by_class.get(name, ()) for name in names]
            shown = groups[0] if len(groups) == 1 else [each for some in groups for each in some]
        if split:
            shown = [picture for picture in shown if picture.split == split]
        what = (
            "All classes" if not names else names[0] if len(names) == 1 else f"{len(names)} classes"
        )
        number = f"{len(shown):,} picture" + ("" if len(shown) == 1 else "s")
        self.actions_bar.say(f"{what}  ·  {number}")
        self.show_all.setVisible(bool(names))
        self.actions_bar.show_pictures(shown, top=top)

    def _set_classes_aside(self, names: list[str]) -> None:
        if self._look is not None:
            groups = [self._look.by_class.get(name, ()) for name in names]
            self._corrector.set_aside([picture.path for some in groups for picture in some])

    def _lay_out(self) -> None:
        right = QFrame()
        right.setProperty("role", "panel")
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.actions_bar)
        grid = QHBoxLayout()
        grid.setContentsMargins(theme.S12, 0, theme.S4, 0)
        grid.addWidget(self.grid)
        column.addLayout(grid, 1)
        middle = QSplitter(Qt.Orientation.Horizontal)
        middle.setChildrenCollapsible(False)
        middle.addWidget(self.table)
        middle.addWidget(right)
        middle.setStretchFactor(0, 0)
        middle.setStretchFactor(1, 1)
        middle.setSizes([LEFT, 800])
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(middle)


def caption(picture: Picture) -> str:
    return f"{picture.label}/{picture.path.name}" if picture.label else picture.path.name


def tooltip(picture: Picture) -> str:
    size = f"{picture.height} × {picture.width}"
    return f"{picture.path}\n{size}, {picture.mode}, {picture.format}"
