"""What the file of a network from elsewhere leaves open is asked once, and can be changed later."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.app.models import ModelFacts
from cnnstudio.errors import StudioError
from cnnstudio.keras_build.told import Open, Scaling, Told, names_in
from cnnstudio.views import theme
from cnnstudio.views.context import Context
from cnnstudio.views.data.fields import choice, field_label, form, spin_box
from cnnstudio.views.dialogs import choose_file
from cnnstudio.views.strip import Strip
from cnnstudio.views.widgets import (
    Button,
    PrimaryButton,
    Secondary,
    Title,
    name_widget,
    set_property,
)

SCALING_TITLES: Mapping[str, str] = {
    "0-255": "0 to 255, as they are in the file",
    "0-1": "0 to 1",
    "plus-minus-1": "−1 to 1",
    "torch": "ImageNet's mean and spread (PyTorch, DenseNet of Keras)",
    "caffe": "Blue, green, red less ImageNet's mean (VGG and ResNet of Keras)",
}
_WORDS: Mapping[Open, str] = {
    "size": "how large its pictures are",
    "scaling": "how pixels are scaled",
    "classes": "what its classes are called",
}
LARGEST = 4096


def left_open(facts: ModelFacts) -> str:
    """What a file does not say, in words."""
    words = [_WORDS[what] for what in facts.left_open]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


class TellStrip(Strip):
    """Says over the page what a file leaves open, until it was told."""

    def __init__(self, name: str, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self._models, self._document = context.models, context.document
        self._facts: ModelFacts | None = None
        self.dialog: TellDialog | None = None

    def show_facts(self, facts: ModelFacts | None) -> None:
        """Ask about a network that was loaded, where there is something to ask; None for none."""
        self._facts = facts
        if facts is None or not facts.left_open or facts.asked:
            self.hide()
            return
        self.show_message(
            f"{facts.path.name} does not say {left_open(facts)}. Wrong pixels give wrong answers: "
            "tell it once, and it is remembered.",
            "warning",
            [("Tell…", self.ask), ("Leave it so", self._leave)],
        )

    def ask(self) -> None:
        """Open the dialog for the network on show."""
        if self._facts is not None and self._facts.left_open:
            self.dialog = TellDialog(self._facts, self._document.class_names, self)
            self.dialog.told.connect(self._tell)
            self.dialog.open()

    def _leave(self) -> None:
        if self._facts is not None:
            self._tell(self._facts.told)

    def _tell(self, told: Told) -> None:
        self.hide()
        if self._facts is not None:
            self._models.tell(self._facts.path, told)


class TellDialog(QDialog):
    """Asks for what is open, and for nothing else; `told` carries the answers.

    `known` are the classes of the data, which may well be those of the file.
    """

    told = Signal(object)

    def __init__(
        self, facts: ModelFacts, known: tuple[str, ...] = (), parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("tellDialog")
        self.setWindowTitle(facts.path.name)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._facts = facts
        self._count = len(facts.classes)
        self.scaling = choice(
            "toldScaling", "Pixels that the network was trained with", SCALING_TITLES
        )
        self.scaling.setCurrentIndex(max(0, self.scaling.findData(facts.told.scaling)))
        self.height_box = spin_box("toldHeight", "Height of its pictures", 1, LARGEST)
        self.width_box = spin_box("toldWidth", "Width of its pictures", 1, LARGEST)
        self.height_box.setValue(facts.image_size[0])
        self.width_box.setValue(facts.image_size[1])
        self.names = QPlainTextEdit("\n".join(facts.told.classes))
        name_widget(self.names, "toldClasses", "Names of the classes, one a line")
        self.names.setPlaceholderText(
            "\n".join(facts.classes[:3]) + ("\n…" if self._count > 3 else "")
        )
        self.names.setMinimumHeight(112)
        self.names.setTabChangesFocus(True)
        self.names.textChanged.connect(self._refresh)
        self.load_button = Button("From a text file…", "toldClassesFile", self._choose)
        self.known_button = Button(
            "As in the data",
            "toldClassesData",
            lambda: self.names.setPlainText("\n".join(known)),
        )
        self.known_button.setToolTip("The classes of the folder of pictures that is open")
        self.known_button.setVisible(len(known) == self._count)
        self.counted = QLabel("")
        self.counted.setObjectName("toldCounted")
        self.counted.setWordWrap(True)
        self.counted.setTextFormat(Qt.TextFormat.PlainText)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.use = PrimaryButton("Use these")
        buttons.addButton(self.use, QDialogButtonBox.ButtonRole.AcceptRole)
        name_widget(self.use, "toldUse", "Use these answers for this file")
        self.use.setDefault(True)
        buttons.accepted.connect(self._accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.S24, theme.S24, theme.S24, theme.S16)
        column.setSpacing(theme.S12)
        column.addWidget(Title("How does this network want its pictures?"))
        column.addWidget(
            Secondary(f"{facts.path.name} does not say {left_open(facts)}. Who made it knows.")
        )
        column.addLayout(self._fields())
        column.addWidget(buttons)
        self.setMinimumWidth(560)
        self._refresh()

    def _fields(self) -> QVBoxLayout:
        rows, sides, asked = form(), QHBoxLayout(), self._facts.left_open
        sides.setSpacing(theme.S8)
        for part in (self.height_box, QLabel("×"), self.width_box):
            sides.addWidget(part)
        sides.addStretch(1)
        rows.addRow(field_label("Pixels"), self.scaling)
        rows.addRow(field_label("Height × width"), sides)
        rows.setRowVisible(0, "scaling" in asked)
        rows.setRowVisible(1, "size" in asked)
        names = QWidget()
        head = QHBoxLayout()
        head.addWidget(field_label("Classes, in the order of its outputs"), 1)
        head.addWidget(self.known_button)
        head.addWidget(self.load_button)
        inside = QVBoxLayout(names)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(theme.S8)
        inside.addLayout(head)
        inside.addWidget(self.names)
        inside.addWidget(self.counted)
        names.setVisible("classes" in asked)
        column = QVBoxLayout()
        column.setSpacing(theme.S12)
        column.addLayout(rows)
        column.addWidget(names)
        return column

    def _typed(self) -> tuple[str, ...]:
        lines = (line.strip() for line in self.names.toPlainText().splitlines())
        return tuple(line for line in lines if line)

    def _refresh(self) -> None:
        names = self._typed()
        good = len(names) in (0, self._count) and len(set(names)) == len(names)
        if not names:
            text = f"Without names they are called {self._facts.classes[0]} and so on."
            text = text if not self._facts.told.classes else "Without names they are numbered."
        elif len(set(names)) < len(names):
            text = "A name stands there twice."
        else:
            text = f"{len(names):,} of {self._count:,} names"
        self.counted.setText(text)
        set_property(self.counted, "role", "secondary" if good else "error")
        self.use.setEnabled(good)

    def _choose(self) -> None:
        choose_file(
            self,
            "Names of the classes, one a line",
            "Text (*.txt *.csv *.names *.labels);;All files (*)",
            self.load_names,
            start=self._facts.path.parent,
        )

    def load_names(self, path: Path) -> None:
        """Take the names in a text file."""
        try:
            self.names.setPlainText("\n".join(names_in(path)))
        except StudioError as error:
            self.counted.setText(str(error))
            set_property(self.counted, "role", "error")

    def _accept(self) -> None:
        if self.use.isEnabled():
            size = (self.height_box.value(), self.width_box.value())
            asked = "size" in self._facts.left_open
            scaling: Scaling = self.scaling.currentData()
            self.told.emit(Told(size if asked else None, scaling, self._typed()))
            self.accept()
