"""Which training settings stand where: a few always in sight, the others in groups that unfold."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from cnnstudio.training.optimizers import OPTIMIZERS
from cnnstudio.views import icons, theme
from cnnstudio.views.train.setting_editors import Path

LABELS: dict[Path, str] = {
    ("optimizer", "name"): "optimizer",
    ("schedule", "name"): "schedule",
    ("early_stopping", "enabled"): "early_stopping",
    ("histograms", "enabled"): "histograms",
    ("fine_tune", "enabled"): "fine_tune",
    ("fine_tune", "epochs"): "further epochs",
    ("fine_tune", "learning_rate"): "learning_rate then",
}
# The editors' width, in pixels: all of them stand in one column, whatever is unfolded.
FIELD = 124
# Characters of a name that fit beside an editor.
LONG_NAME = 20
# Enough to train: shown without asking, in this order.
BASIC: tuple[Path, ...] = (
    ("epochs",),
    ("batch_size",),
    ("optimizer", "name"),
    ("optimizer", "learning_rate"),
    ("schedule", "name"),
    ("early_stopping", "enabled"),
)
GROUPS = {
    "schedule": "Learning-rate schedule",
    "optimizer": "Optimizer",
    "weights": "Gradients and weights",
    "objective": "Loss and metrics",
    "early_stopping": "Early stopping",
    "fine_tune": "Transfer learning",
    "speed": "Speed and memory",
    "more": "Repeatability",
}
_PLACES = {
    "histograms": "weights",
    **dict.fromkeys(
        (
            "loss",
            "label_smoothing",
            "focal_gamma",
            "focal_alpha",
            "metrics",
            "top_k",
            "class_weights",
        ),
        "objective",
    ),
    **dict.fromkeys(
        ("precision", "jit_compile", "steps_per_execution", "devices", "gpu_memory_growth"), "speed"
    ),
}
_OWN = {argument for spec in OPTIMIZERS.values() for argument in spec.arguments}


def group_of(path: Path) -> str:
    """The group a setting stands in; settings that nobody placed stand in the last."""
    if path[0] == "optimizer" and path[-1] not in _OWN:
        return "weights"
    if path[0] in GROUPS:
        return path[0]
    return _PLACES.get(path[0], "more")


class Group(QWidget):
    """A heading that unfolds what is below it; it says how many settings differ from the usual."""

    toggled = Signal()

    def __init__(self, name: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = title
        self.head = QPushButton(title, self)
        self.head.setObjectName(f"{name}Group")
        self.head.setProperty("role", "fold")
        self.head.setCheckable(True)
        self.head.toggled.connect(self._unfold)
        self.body = QWidget(self)
        self.grid = setting_grid(self.body)
        self.body.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.S4)
        layout.addWidget(self.head, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self.body)
        self._unfold(False)
        self.say(0)

    def say(self, changed: int) -> None:
        """Tell how many settings inside are not at their defaults."""
        self.head.setText(f"{self._title}  ·  {changed} set" if changed else self._title)
        state = "unfolded" if self.head.isChecked() else "folded"
        self.head.setAccessibleName(f"{self._title}, {changed} set, {state}")

    def _unfold(self, on: bool) -> None:
        self.body.setVisible(on)
        icons.set_icon(self.head, "expand" if on else "next", "secondary")
        self.toggled.emit()


def setting_grid(parent: QWidget) -> QGridLayout:
    """The grid of labels and editors of the form."""
    grid = QGridLayout(parent)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(theme.S12)
    grid.setVerticalSpacing(6)
    grid.setColumnStretch(0, 1)
    grid.setColumnMinimumWidth(1, FIELD)
    return grid


def setting_label(name: str, parent: QWidget) -> QLabel:
    """The label of a setting; a long name goes on in a second line after an underscore."""
    label = QLabel(name, parent)
    if len(name) > LONG_NAME:
        label.setText(name.replace("_", "_\u200b"))
        label.setWordWrap(True)
    label.setAccessibleName(name)
    return label
