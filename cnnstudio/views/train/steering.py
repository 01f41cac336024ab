"""What can be changed while a training goes on: the learning rate, the number of epochs."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSpinBox, QWidget

from cnnstudio.views import theme
from cnnstudio.views.train.number_edit import NumberEdit, shortest
from cnnstudio.views.train.progress import Progress
from cnnstudio.views.widgets import Button, name_widget


class Steering(QWidget):
    """Two fields with a button each; a field follows the training until a person edits it."""

    rate_wanted = Signal(float)
    epochs_wanted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("trainingSteering")
        self.rate_edit = NumberEdit(parent=self)
        name_widget(
            self.rate_edit,
            "liveLearningRate",
            "Learning rate from the next batch on",
            "Train with another learning rate from the next batch on; a schedule goes on from "
            "there in proportion",
        )
        self.rate_button = Button("Set", "setLearningRateButton", self._set_rate, parent=self)
        self.rate_button.setAccessibleName("Train with this learning rate")
        self.epochs_edit = QSpinBox(self)
        self.epochs_edit.setRange(1, 100_000)
        self.epochs_edit.setFont(theme.font(mono=True))
        self.epochs_edit.lineEdit().setTextMargins(6, 0, 0, 0)
        self.epochs_edit.setFixedHeight(theme.HIT)
        name_widget(
            self.epochs_edit,
            "liveEpochs",
            "Epochs in all",
            "Train for more epochs, or fewer; a schedule is stretched to the new number",
        )
        self.epochs_button = Button("Set", "setEpochsButton", self._set_epochs, parent=self)
        self.epochs_button.setAccessibleName("Train for this number of epochs")
        self._rate: float | None = None
        self._epochs = 0
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.S8)
        for text, field, button, width in (
            ("Learning rate", self.rate_edit, self.rate_button, 112),
            ("Epochs", self.epochs_edit, self.epochs_button, 88),
        ):
            label = QLabel(text, self)
            label.setProperty("role", "secondary")
            label.setBuddy(field)
            field.setFixedWidth(width)
            row.addWidget(label)
            row.addWidget(field)
            row.addWidget(button)
            row.addSpacing(theme.S16)
        row.addStretch(1)
        self.rate_edit.edited.connect(self._enable)
        self.epochs_edit.valueChanged.connect(self._enable)
        self.rate_edit.lineEdit().returnPressed.connect(self._set_rate)
        self.epochs_edit.lineEdit().returnPressed.connect(self._set_epochs)
        self._enable()

    def follow(self, progress: Progress) -> None:
        """Show the rate and the epochs of the training where nobody is editing them."""
        rate, epochs = progress.learning_rate, progress.epochs
        if rate is not None and (self._rate is None or not self._rate_edited()):
            self.rate_edit.set_value(float(f"{rate:.4g}"))
            self._rate = self.rate_edit.value
        if epochs and epochs != self._epochs:
            follows, self._epochs = not self._epochs_edited(), epochs
            if follows:
                self.epochs_edit.setValue(epochs)
        self._enable()

    def begin(self) -> None:
        """Another training: forget what was edited."""
        self._rate, self._epochs = None, self.epochs_edit.value()

    def _rate_edited(self) -> bool:
        return self.rate_edit.value != self._rate or self.rate_edit.lineEdit().isModified()

    def _epochs_edited(self) -> bool:
        return self._epochs > 0 and self.epochs_edit.value() != self._epochs

    def _enable(self, _value: object = None) -> None:
        value = self.rate_edit.value
        self.rate_button.setEnabled(value is not None and value > 0 and value != self._rate)
        self.epochs_button.setEnabled(self._epochs_edited())

    def _set_rate(self) -> None:
        value = self.rate_edit.value
        if self.rate_button.isEnabled() and value is not None:
            self.rate_edit.lineEdit().setText(shortest(value))
            self._rate = value
            _keep_focus(self.rate_button, self.rate_edit)
            self._enable()
            self.rate_wanted.emit(value)

    def _set_epochs(self) -> None:
        if self.epochs_button.isEnabled():
            self._epochs = self.epochs_edit.value()
            _keep_focus(self.epochs_button, self.epochs_edit)
            self._enable()
            self.epochs_wanted.emit(self._epochs)


def _keep_focus(button: QWidget, field: QWidget) -> None:
    # A button that is disabled would hand the keyboard to the next field, ready to be typed over.
    if button.hasFocus():
        field.setFocus(Qt.FocusReason.OtherFocusReason)
