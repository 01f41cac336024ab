"""What was set aside and corrected, with the way back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QVBoxLayout, QWidget

from cnnstudio.data.corrections import touched
from cnnstudio.data.report import count, listed
from cnnstudio.data.settings import DataSettings
from cnnstudio.views import theme
from cnnstudio.views.data.corrector import SPLIT_TITLES, Corrector
from cnnstudio.views.picture_grid import PictureGrid, PictureModel
from cnnstudio.views.pictures import Thumbnails
from cnnstudio.views.widgets import Button, Heading, Line, Secondary, Title, name_widget

if TYPE_CHECKING:
    from cnnstudio.views.data.looking import Look

MERGES_SHOWN = 6


@dataclass(frozen=True)
class CorrectedPicture:
    """A picture with a correction, and what it is in words."""

    path: Path
    key: str
    words: str


def corrections_of(look: Look) -> list[CorrectedPicture]:
    """The corrected pictures that are there, those set aside first."""
    data, found = look.settings, []
    aside = set(data.excluded)
    for key in sorted(touched(data), key=lambda key: (key not in aside, key)):
        picture = look.report.by_key.get(key)
        if picture is None:
            continue
        words = ["set aside"] if key in aside else []
        if key in data.relabelled:
            words.append(f"now {data.relabelled[key]}")
        if key in data.moved:
            words.append(f"to {SPLIT_TITLES[data.moved[key]].lower()}")
        found.append(CorrectedPicture(picture.path, key, ", ".join(words)))
    return found


def summary(data: DataSettings) -> str:
    """How much was corrected, in a line; empty for nothing."""
    words = [
        f"{number:,} {word}"
        for number, word in (
            (len(data.excluded), "set aside"),
            (len(data.relabelled), "relabelled"),
            (len(data.moved), "moved"),
            (len(data.merged), "merged"),
        )
        if number
    ]
    return " · ".join(words)


class CorrectedView(QWidget):
    """Classes that were merged, and the corrected pictures; each can be taken back."""

    def __init__(
        self, corrector: Corrector, thumbnails: Thumbnails, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._corrector = corrector
        self.title = Title("Set aside and corrected")
        self.words = Secondary(
            "This is kept in the project and changes no file. Edit → Undo takes back one step "
            "after the other; here you choose."
        )
        self.all_button = Button("Take all back", "takeAllBackButton", corrector.take_back_all)
        self.merges = QWidget()
        self._rows = QVBoxLayout(self.merges)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(theme.S4)
        self.separate_buttons: list[Button] = []
        self.pictures = PictureModel(thumbnails, _caption, _tooltip, self)
        self.grid = PictureGrid(self.pictures)
        name_widget(self.grid, "correctedPictures", "Pictures set aside or corrected")
        self.grid.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.grid.customContextMenuRequested.connect(self._menu)
        self.label = Heading("")
        self.back_button = Button("Take back", "takeBackButton", self._take_back)
        self.grid.selectionModel().selectionChanged.connect(lambda *_: self._refresh())
        self.pictures.modelReset.connect(self._refresh)
        self._lay_out()

    def show_look(self, look: Look) -> None:
        """Show the corrections in `look`."""
        self._show_merges(look.settings)
        found = corrections_of(look)
        if found != self.pictures.pictures:
            self.pictures.set_pictures(found)
        self._refresh()

    def _show_merges(self, data: DataSettings) -> None:
        while (item := self._rows.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.separate_buttons.clear()
        into: dict[str, list[str]] = {}
        for name, becomes in sorted(data.merged.items()):
            into.setdefault(becomes, []).append(name)
        for becomes, names in list(into.items())[:MERGES_SHOWN]:
            line = QWidget()
            row = QHBoxLayout(line)
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(theme.S12)
            label = QLabel(f"{listed(names, 4)} → {becomes}")
            label.setTextFormat(Qt.TextFormat.PlainText)
            slot = partial(self._corrector.separate, becomes)
            button = Button("Take back", "separateButton", slot)
            button.setAccessibleName(f"Separate what was merged into {becomes}")
            self.separate_buttons.append(button)
            row.addWidget(label, 1)
            row.addWidget(button)
            self._rows.addWidget(line)
        self.merges.setVisible(bool(into))

    def _refresh(self) -> None:
        chosen, shown = self.grid.selected_count(), self.pictures.rowCount()
        words = f"{count(chosen, 'picture')} chosen" if chosen else count(shown, "picture")
        self.label.setText(words)
        if not chosen and self.back_button.hasFocus():
            self.grid.setFocus()
        self.back_button.setVisible(chosen > 0)

    def _take_back(self) -> None:
        self._corrector.take_back(self.grid.selected_paths())

    def _menu(self, point: QPoint) -> None:
        paths = self.grid.selected_paths()
        if not paths:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Take back", lambda: self._corrector.take_back(paths))
        menu.popup(self.grid.viewport().mapToGlobal(point))

    def _lay_out(self) -> None:
        head = QVBoxLayout()
        head.setContentsMargins(theme.S16, theme.S16, theme.S16, theme.S12)
        head.setSpacing(theme.S8)
        top = QHBoxLayout()
        top.addWidget(self.title, 1)
        top.addWidget(self.all_button)
        head.addLayout(top)
        head.addWidget(self.words)
        head.addWidget(self.merges)
        bar = QFrame()
        bar.setFixedHeight(44)
        row = QHBoxLayout(bar)
        row.setContentsMargins(theme.S16, 0, theme.S16, 0)
        row.addWidget(self.label, 1)
        row.addWidget(self.back_button)
        grid = QHBoxLayout()
        grid.setContentsMargins(theme.S12, 0, theme.S4, 0)
        grid.addWidget(self.grid)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addLayout(head)
        outer.addWidget(Line())
        outer.addWidget(bar)
        outer.addLayout(grid, 1)


def _caption(picture: CorrectedPicture) -> str:
    return picture.words


def _tooltip(picture: CorrectedPicture) -> str:
    return f"{picture.path}\n{picture.words}"
