"""Two networks on the same pictures: how many both, one or none of them get right."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QMenu, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from cnnstudio.views import theme
from cnnstudio.views.classify.chooser import FILTER, Choice
from cnnstudio.views.dialogs import choose_file
from cnnstudio.views.widgets import Heading, Secondary, name_widget

if TYPE_CHECKING:
    from cnnstudio.evaluation.comparing import Comparison

# Object name, row and column: right above wrong, right before wrong.
CELLS = (("both", 0, 0), ("first", 0, 1), ("second", 1, 0), ("neither", 1, 1))


class ComparisonView(QWidget):
    """A table of two by two; a cell is pressed to list its pictures."""

    # What is asked for, in words, and the pairs of pictures.
    listed = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("comparison")
        self.setAccessibleName("Two networks on the same pictures")
        self.comparison: Comparison | None = None
        self._names = ("", "")
        self.title = Heading("", self)
        self.hint = Secondary("", self)
        self.words = Secondary("", self)
        self.words.setObjectName("comparisonWords")
        self.cells: dict[str, QPushButton] = {}
        grid = QGridLayout()
        grid.setSpacing(theme.S8)
        self._across = (Secondary("", self), Secondary("", self))
        self._down = (Secondary("", self), Secondary("", self))
        for number, (above, beside) in enumerate(zip(self._across, self._down, strict=True), 1):
            above.setAlignment(Qt.AlignmentFlag.AlignCenter)
            beside.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            grid.addWidget(above, 0, number)
            grid.addWidget(beside, number, 0)
            grid.setColumnStretch(number, 1)
            grid.setRowMinimumHeight(number, 96)
        for name, row, column in CELLS:
            button = QPushButton("", self)
            name_widget(button, f"comparison_{name}", name)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
            button.setMaximumHeight(120)
            button.clicked.connect(lambda _checked=False, name=name: self.show_cell(name))
            self.cells[name] = button
            grid.addWidget(button, row + 1, column + 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.S16, theme.S16, theme.S16, theme.S16)
        layout.setSpacing(theme.S16)
        layout.addWidget(self.title)
        layout.addLayout(grid)
        layout.addWidget(self.hint)
        layout.addWidget(self.words)
        layout.addStretch(1)

    def show_comparison(self, found: Comparison, first: str, second: str) -> None:
        """Show how the networks called `first` and `second` compare."""
        self.comparison, self._names = found, (first, second)
        self.title.setText(f"{first} and {second} on the same {found.images:,} pictures")
        self.hint.setText("Press one of the four to see its pictures.")
        for label, name, word in (
            (self._down[0], first, "right"),
            (self._down[1], first, "wrong"),
            (self._across[0], second, "right"),
            (self._across[1], second, "wrong"),
        ):
            label.setText(f"{name}\n{word}")
        for name, button in self.cells.items():
            count = len(getattr(found, name))
            share = f"{count / found.images:.1%}"
            button.setText(f"{count:,}\n{share}")
            button.setAccessibleName(f"{self.words_for(name)}: {count:,} pictures, {share}")
            button.setEnabled(count > 0)
        self.words.setText(sentences(found, first, second))

    def words_for(self, cell: str) -> str:
        """What a cell holds."""
        first, second = self._names
        return {
            "both": "Both right",
            "first": f"Only {first} right",
            "second": f"Only {second} right",
            "neither": "Both wrong",
        }[cell]

    def show_cell(self, cell: str) -> None:
        """List the pictures of one of the four cells."""
        if self.comparison is not None:
            self.listed.emit(self.words_for(cell), getattr(self.comparison, cell))


def sentences(found: Comparison, first: str, second: str) -> str:
    """What the figures mean, plainly."""
    one, two = found.accuracies
    text = (
        f"{first} gets {one:.2%} right, {second} {two:.2%}. They take {found.agreement:.1%} of the "
        "pictures for the same class, right or wrong.\n\n"
    )
    alone, other = len(found.first), len(found.second)
    if not alone + other:
        return text + "There is no picture that only one of them gets right."
    text += f"{alone:,} only {first} gets right, {other:,} only {second}. "
    if found.chance >= 0.05:
        return text + (
            f"Two equally good networks would differ this much or more in {found.chance:.0%} of "
            "such tests: that one is better is not shown by these pictures (McNemar's test)."
        )
    better = first if alone > other else second
    chance = f"{found.chance:.1%}" if found.chance >= 0.001 else "less than 0.1%"
    return text + (
        f"Two equally good networks would differ this much in {chance} of such tests only: "
        f"{better} is better on pictures like these (McNemar's test)."
    )


def other_menu(
    parent: QWidget, choices: Iterable[Choice], model: Path | None, chosen: Callable[[Path], object]
) -> QMenu:
    """The networks that `model` can be compared with, and any file."""
    menu = QMenu(parent)
    for choice in choices:
        if choice.path != model:
            # A "&" in a name is no shortcut.
            text = choice.text.replace("&", "&&")
            menu.addAction(text, partial(chosen, choice.path))
    if not menu.isEmpty():
        menu.addSeparator()
    menu.addAction(
        "A .keras file…",
        lambda: choose_file(parent, "Compare with a trained network", FILTER, chosen),
    )
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return menu
