"""Cards of the inspector: formulas with the numbers in them, and problems with their ways out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QVBoxLayout, QWidget

from cnnstudio.views import theme
from cnnstudio.views.theme import S4, S8, S12
from cnnstudio.views.widgets import Button, FlowLayout, Heading, Secondary, set_property

if TYPE_CHECKING:
    from cnnstudio.analysis import Explanation, Problem, Remedy


class LinkButton(Button):
    """A remedy: outlined in the accent colour; shortened where the panel is narrow."""

    role = "link"

    def __init__(self, text: str, object_name: str, slot: Callable[[], object]) -> None:
        super().__init__(text, object_name, slot)
        self._text = text
        self.setMinimumWidth(60)

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        shown, whole = (
            self.fontMetrics().horizontalAdvance(text) for text in (self.text(), self._text)
        )
        return QSize(hint.width() - shown + whole, hint.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = self.width() - 26
        # Widths are rounded: what lacks a pixel is whole all the same.
        fits = self.fontMetrics().horizontalAdvance(self._text) <= room + 1
        elided = self.fontMetrics().elidedText(self._text, Qt.TextElideMode.ElideRight, room)
        text = self._text if fits else elided
        if text != self.text():
            self.setText(text)
            self.setToolTip(self._text if text != self._text else "")


class ExplanationCards(QWidget):
    """One card for each figure: its title, the formula, the same with the numbers put in."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(S12)
        self._cards: list[_Card] = []

    def show_explanations(self, explanations: Iterable[Explanation]) -> None:
        explanations = tuple(explanations)
        while len(self._cards) < len(explanations):
            card = _Card()
            self._cards.append(card)
            self._layout.addWidget(card)
        for number, card in enumerate(self._cards):
            if number < len(explanations):
                card.show_explanation(explanations[number])
            card.setVisible(number < len(explanations))


class _Card(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.title = Heading()
        self.formula, self.numbers = QLabel(), QLabel()
        for label in (self.formula, self.numbers):
            label.setFont(theme.font(12, mono=True))
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        set_property(self.formula, "role", "formula")
        self.note = Secondary()
        box = QFrame()
        box.setProperty("role", "formula")
        inside = QVBoxLayout(box)
        inside.setContentsMargins(S12, S8, S12, S8)
        inside.setSpacing(S4)
        inside.addWidget(self.formula)
        inside.addWidget(self.numbers)
        inside.addWidget(self.note)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.title)
        layout.addWidget(box)

    def show_explanation(self, explanation: Explanation) -> None:
        self.title.setText(explanation.title)
        self.formula.setText(explanation.formula)
        self.formula.setVisible(bool(explanation.formula))
        self.numbers.setText(explanation.numbers)
        note = explanation.note
        self.note.setText(note[:1].upper() + note[1:] + "." if note else "")
        self.note.setVisible(bool(note))


class ProblemCard(QFrame):
    """A whole sentence with the layer's name in bold, and a button for each way out."""

    def __init__(
        self,
        problem: Problem,
        solve: Callable[[Problem, Remedy], object],
        parent: QWidget | None = None,
        *,
        boxed: bool = False,
    ) -> None:
        super().__init__(parent)
        self.problem = problem
        self.setAccessibleName(problem.message)
        if boxed:
            self.setProperty("role", f"{problem.severity}Box")
        self.text = QLabel(marked_up(problem))
        self.text.setTextFormat(Qt.TextFormat.RichText)
        self.text.setWordWrap(True)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.text.setSizePolicy(policy)
        self._solve = solve
        self.buttons = [
            LinkButton(remedy.label, "remedyButton", partial(self._apply, number))
            for number, remedy in enumerate(problem.remedies)
        ]
        layout = QVBoxLayout(self)
        side = S12 if boxed else 0
        layout.setContentsMargins(side, S8, side, S8)
        layout.setSpacing(S8)
        layout.addWidget(self.text)
        if self.buttons:
            flow = FlowLayout(spacing=S8)
            for button in self.buttons:
                flow.addWidget(button)
            layout.addLayout(flow)

    def _apply(self, number: int) -> None:
        self._solve(self.problem, self.problem.remedies[number])


class ProblemCards(QVBoxLayout):
    """Boxed cards of the problems of what the inspector shows; cards that say the same stay."""

    def __init__(self, solve: Callable[[Problem, Remedy], object]) -> None:
        super().__init__()
        self.setSpacing(S8)
        self._solve = solve
        self.cards: list[ProblemCard] = []

    def show_problems(self, problems: Sequence[Problem]) -> None:
        shown = [look_alike(card.problem) for card in self.cards]
        if [look_alike(problem) for problem in problems] == shown:
            for card, problem in zip(self.cards, problems, strict=True):
                card.problem = problem
            return
        for card in self.cards:
            self.removeWidget(card)
            card.hide()
            card.deleteLater()
        self.cards = [ProblemCard(problem, self._solve, boxed=True) for problem in problems]
        for card in self.cards:
            self.addWidget(card)


def look_alike(problem: Problem) -> tuple[object, ...]:
    """What a card shows of a problem: cards of equal problems can be kept."""
    labels = tuple(remedy.label for remedy in problem.remedies)
    return problem.layer, problem.severity, problem.message, labels


def marked_up(problem: Problem) -> str:
    """The sentence as rich text, the name of its layer in bold."""
    text = escape(problem.message)
    name = escape(problem.layer or "")
    if not name:
        return text
    start = 0
    while (at := text.find(name, start)) >= 0:
        before, after = text[at - 1 : at], text[at + len(name) : at + len(name) + 1]
        if not (before.isalnum() or before == "_" or after.isalnum() or after == "_"):
            return f"{text[:at]}<b>{name}</b>{text[at + len(name) :]}"
        start = at + 1
    return text
