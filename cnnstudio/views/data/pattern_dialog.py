"""A dialog in which a person writes how files are named, and sees at once what it gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.data.name_patterns import CLASS, NamePattern
from cnnstudio.views import theme
from cnnstudio.views.widgets import Secondary, Title, name_widget

_LOOKED_AT = 20_000  # names
_SHOWN = 6  # classes
_HELP = (
    "{class} stands for the class, {number} for digits, * for any text. cat_012.jpg is "
    "{class}_{number}, 012-cat.jpg is *-{class}."
)


class PatternDialog(QDialog):
    """Shows the classes that a pattern gives while it is typed; `chosen` carries the pattern."""

    chosen = Signal(str)

    def __init__(self, names: Sequence[str], pattern: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("patternDialog")
        self.setWindowTitle("Class from the file name")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._names = names[:_LOOKED_AT]
        self.line = QLineEdit(pattern)
        name_widget(self.line, "patternEdit", "How the files are named")
        self.line.textChanged.connect(self._refresh)
        self.answer = QLabel()
        self.answer.setObjectName("patternAnswer")
        self.answer.setWordWrap(True)
        self.answer.setTextFormat(Qt.TextFormat.PlainText)
        self.answer.setMinimumHeight(72)
        self.answer.setAlignment(Qt.AlignmentFlag.AlignTop)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.use = buttons.addButton("Read classes", QDialogButtonBox.ButtonRole.AcceptRole)
        name_widget(self.use, "patternUse", "Read classes")
        buttons.accepted.connect(self._accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.S24, theme.S24, theme.S24, theme.S16)
        column.setSpacing(theme.S12)
        column.addWidget(Title("How are the files named?"))
        if self._names:
            column.addWidget(Secondary("For example " + ", ".join(_spread(self._names)) + "."))
        column.addWidget(self.line)
        column.addWidget(Secondary(_HELP))
        column.addWidget(self.answer)
        column.addWidget(buttons)
        self.setMinimumWidth(480)
        self._refresh()

    def _refresh(self) -> None:
        try:
            pattern = NamePattern(self.line.text(), CLASS)
        except ValueError as error:
            self.answer.setText(f"{error}.")
            self.use.setEnabled(False)
            return
        found = [pattern.find(name) for name in self._names]
        classes = Counter(label for label in found if label is not None)
        self.use.setEnabled(bool(classes))
        self.answer.setText(_words(classes, len(found)))

    def _accept(self) -> None:
        if self.use.isEnabled():
            self.chosen.emit(self.line.text())
            self.accept()


def _words(classes: Counter[str], names: int) -> str:
    if not classes:
        return "No file name fits."
    shown = ", ".join(f"{label} {number:,}" for label, number in classes.most_common(_SHOWN))
    more = f" and {len(classes) - _SHOWN:,} more" if len(classes) > _SHOWN else ""
    plural = "class" if len(classes) == 1 else "classes"
    text = f"{len(classes):,} {plural}: {shown}{more}."
    left = names - sum(classes.values())
    return f"{text}\n{left:,} of {names:,} names do not fit." if left else text


def _spread(names: Sequence[str]) -> list[str]:
    """Three names from all over the list."""
    return list(dict.fromkeys(names[place * (len(names) - 1) // 2] for place in range(3)))
