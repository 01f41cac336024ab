"""The folder in figures: the full check, sizes, proportions, formats and colour modes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from cnnstudio.views import theme
from cnnstudio.views.data.bars import Bars
from cnnstudio.views.data.checking import CheckCard
from cnnstudio.views.data.fields import ScrolledColumn
from cnnstudio.views.widgets import Secondary, Title

if TYPE_CHECKING:
    from cnnstudio.views.data.looking import Look

FINE = "Nothing is wrong with the pictures that are used, as far as their first bytes tell."
ALL_FINE = "Every picture was decoded, and nothing is wrong with those that are used."


class Overview(ScrolledColumn):
    """What the folder holds beside its classes, and the way to look closer."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = Title("The folder in figures")
        self.words = Secondary("")
        self.card = CheckCard()
        self.sides = Bars("sizeBars", "Longer side in pixels")
        self.shapes = Bars("shapeBars", "Width : height")
        self.formats = Bars("formatBars", "Formats")
        self.modes = Bars("modeBars", "Colour modes")
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * theme.S16)
        grid.setVerticalSpacing(theme.S24)
        for place, bars in enumerate((self.sides, self.shapes, self.formats, self.modes)):
            grid.addWidget(bars, place // 2, place % 2, Qt.AlignmentFlag.AlignTop)
            grid.setColumnStretch(place % 2, 1)
        self.column.addWidget(self.title)
        self.column.addWidget(self.words)
        self.column.addSpacing(theme.S8)
        self.column.addWidget(self.card)
        self.column.addSpacing(theme.S16)
        self.column.addLayout(grid)
        self.column.addStretch(1)

    def show_look(self, look: Look) -> None:
        """Show the figures of the pictures that are used."""
        found = look.figures
        fine = FINE if look.check is None else ALL_FINE
        self.words.setText(summary(look) if look.findings else fine)
        for bars, counts in (
            (self.sides, found.sides),
            (self.shapes, found.shapes),
            (self.formats, found.formats),
            (self.modes, found.modes),
        ):
            bars.show_counts(counts)


def summary(look: Look) -> str:
    """ "2 errors, 1 warning and 3 hints"; "nothing found" where there are none."""
    words = []
    for severity, word in (("error", "error"), ("warning", "warning"), ("info", "hint")):
        number = sum(finding.severity == severity for finding in look.findings)
        if number:
            words.append(f"{number:,} {word}{'' if number == 1 else 's'}")
    return " · ".join(words) if words else "Nothing found"
