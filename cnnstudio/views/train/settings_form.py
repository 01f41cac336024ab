"""The training settings as a form, generated from the pydantic models that define them.

Labels are Keras's argument names, help is the field's description, ranges and choices are the
field's own: a setting added to `TrainingSettings` appears here without a line changed.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.app.document import Document
from cnnstudio.views import theme
from cnnstudio.views.train.number_edit import NumberEdit, Scale

Path = tuple[str, ...]
LABELS: dict[Path, str] = {
    ("optimizer", "name"): "optimizer",
    ("early_stopping", "enabled"): "early_stopping",
}
HEADINGS = {"optimizer": "Optimizer", "early_stopping": "Early stopping", "seed": "Repeatability"}
# Where a plain field begins or goes on a group; nested models make their own.
ORDER = ("optimizer", "loss", "batch_size", "epochs", "early_stopping", "seed", "deterministic")
HEADED = {"loss": "Steps", **HEADINGS}
SHARES = {"momentum", "rho", "beta_1", "beta_2"}
HINT = "Point at a setting to read what it does."


@dataclass
class Row:
    """One setting: its label and editor, and how to show a value in it."""

    label: QLabel
    editor: QWidget
    show: Callable[[Any], None]
    help: str


class SettingsForm(QFrame):
    """Edits `document.training`; every field is an undo step of its own, typing in one merges."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._showing = False
        self.rows: dict[Path, Row] = {}
        self.setProperty("role", "panel")
        self.setObjectName("trainingSettings")
        self.setAccessibleName("Training settings")

        inner = QWidget(self)
        self._grid = QGridLayout(inner)
        self._grid.setContentsMargins(theme.S16, theme.S4, theme.S12, theme.S12)
        self._grid.setHorizontalSpacing(theme.S12)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnMinimumWidth(1, 132)
        self._build(type(document.training))
        self._grid.setRowStretch(self._grid.rowCount(), 1)
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)

        title = QLabel("Settings", self)
        title.setProperty("role", "title")
        self.defaults_button = QPushButton("Defaults", self)
        self.defaults_button.setObjectName("defaultTrainingButton")
        self.defaults_button.setAccessibleName("Set all training settings to their defaults")
        self.defaults_button.setProperty("role", "quiet")
        self.defaults_button.clicked.connect(self.reset)
        head = QHBoxLayout()
        head.setContentsMargins(theme.S16, theme.S8, theme.S8, 0)
        head.addWidget(title, 1)
        head.addWidget(self.defaults_button)

        line = QFrame(self)
        line.setProperty("role", "line")
        line.setFixedHeight(1)
        self.help = QLabel(HINT, self)
        self.help.setObjectName("settingHelp")
        self.help.setProperty("role", "secondary")
        self.help.setWordWrap(True)
        self.help.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.help.setContentsMargins(theme.S16, theme.S8, theme.S16, theme.S8)
        self.help.setFixedHeight(92)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(scroll, 1)
        layout.addWidget(line)
        layout.addWidget(self.help)
        document.training_changed.connect(self.refresh)
        self.refresh()

    # -- building -----------------------------------------------------------------------------

    def _build(self, model: type) -> None:
        fields: dict[str, Any] = model.model_fields  # type: ignore[attr-defined]
        names = [name for name in ORDER if name in fields]
        for name in [*names, *(name for name in fields if name not in ORDER)]:
            if name in HEADED:
                self._heading(HEADED[name])
            for path, field in _flatten((name,), fields[name]):
                self._add(path, field)

    def _heading(self, text: str) -> None:
        label = QLabel(text, self)
        label.setProperty("role", "heading")
        label.setContentsMargins(0, theme.S8 if self._grid.count() else 0, 0, 0)
        self._grid.addWidget(label, self._grid.rowCount(), 0, 1, 2)

    def _add(self, path: Path, field: Any) -> None:
        name = LABELS.get(path, path[-1])
        label = QLabel(name, self)
        editor, show = self._editor(path, field)
        editor.setObjectName(".".join(path))
        editor.setAccessibleName(name)
        editor.setAccessibleDescription(field.description or "")
        default = field.get_default(call_default_factory=True)
        shown = "Keras's own" if default is None else default
        text = f"{field.description or ''} Default: {shown}."
        for widget in (label, editor):
            widget.setToolTip(f"<p>{text}</p>")
            widget.installEventFilter(self)
        label.setBuddy(editor)
        row = self._grid.rowCount()
        self._grid.addWidget(label, row, 0)
        self._grid.addWidget(editor, row, 1)
        self.rows[path] = Row(label, editor, show, text)

    def _editor(self, path: Path, field: Any) -> tuple[QWidget, Callable[[Any], None]]:
        kind, optional = _without_none(field.annotation)
        if get_origin(kind) is Literal:
            return self._choice(path, [str(choice) for choice in get_args(kind)])
        if kind is bool:
            box = QCheckBox(self)
            box.toggled.connect(lambda on: self._edit(path, on))
            return box, box.setChecked
        if kind is int:
            spin = QSpinBox(self)
            low, high = _range(field)
            spin.setRange(int(low), int(min(high, 2**31 - 1)))
            spin.setFont(theme.font(mono=True))
            # The stylesheet's padding does not reach the field inside.
            spin.lineEdit().setTextMargins(6, 0, 0, 0)
            spin.setFixedHeight(theme.HIT)
            spin.valueChanged.connect(lambda value: self._edit(path, value))
            return spin, spin.setValue
        scale: Scale = "share" if path[-1] in SHARES else "factor"
        number = NumberEdit(
            scale, optional=optional, placeholder="Keras's own" if optional else "", parent=self
        )
        number.edited.connect(lambda value: self._edit(path, value))
        return number, number.set_value

    def _choice(self, path: Path, choices: list[str]) -> tuple[QWidget, Callable[[Any], None]]:
        combo = QComboBox(self)
        combo.addItems(choices)
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        combo.setMinimumContentsLength(8)
        longest = max(combo.fontMetrics().horizontalAdvance(choice) for choice in choices)
        combo.view().setMinimumWidth(longest + 48)
        combo.textActivated.connect(lambda text: self._edit(path, text))
        return combo, combo.setCurrentText

    # -- values -------------------------------------------------------------------------------

    def _edit(self, path: Path, value: Any) -> None:
        if self._showing:
            return
        settings = self._document.training
        if _get(settings, path) == value:
            return
        changed = settings.model_dump()
        inside = changed
        for part in path[:-1]:
            inside = inside[part]
        inside[path[-1]] = value
        try:
            new = type(settings).model_validate(changed)
        except ValueError as error:
            self._refuse(path, error)
            return
        text = f"Set {LABELS.get(path, path[-1])}"
        self._document.set_training(new, text, merge_key=("training", *path))

    def _refuse(self, path: Path, error: ValueError) -> None:
        row = self.rows[path]
        if isinstance(row.editor, NumberEdit):
            row.editor.refuse()
        reasons = [str(found["msg"]) for found in error.errors()]  # type: ignore[attr-defined]
        self.help.setText(f"<b>{row.label.text()}</b>: {'; '.join(reasons)}.")

    def reset(self) -> None:
        """Every setting to its default, as one undo step."""
        self._document.set_training(type(self._document.training)(), "Default training settings")

    def refresh(self) -> None:
        """Show the document's settings; only the arguments that the chosen optimizer takes."""
        settings = self._document.training
        self._showing = True
        try:
            for path, row in self.rows.items():
                row.show(_get(settings, path))
        finally:
            self._showing = False
        from cnnstudio.training.settings import OPTIMIZER_ARGUMENTS

        taken = OPTIMIZER_ARGUMENTS[settings.optimizer.name]
        for path, row in self.rows.items():
            visible = True
            if path[0] == "optimizer" and path[-1] != "name":
                visible = path[-1] in taken
            elif path[0] == "early_stopping" and path[-1] != "enabled":
                visible = settings.early_stopping.enabled
            row.label.setVisible(visible)
            row.editor.setVisible(visible)

    # -- help ---------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Enter, QEvent.Type.FocusIn):
            for row in self.rows.values():
                if watched in (row.label, row.editor):
                    self.help.setText(f"<b>{row.label.text()}</b>: {row.help}")
        elif event.type() == QEvent.Type.Wheel:
            # Scrolling the form must not change the field that happens to be under the pointer.
            fields = (QAbstractSpinBox, QComboBox)
            if isinstance(watched, fields) and not watched.hasFocus():
                event.ignore()
                return True
        return super().eventFilter(watched, event)


def _flatten(path: Path, field: Any) -> Iterator[tuple[Path, Any]]:
    """The field itself, or the fields of the model it holds."""
    inner = getattr(field.annotation, "model_fields", None)
    if inner is None:
        yield path, field
        return
    for name, found in inner.items():
        yield from _flatten((*path, name), found)


def _without_none(annotation: Any) -> tuple[Any, bool]:
    if get_origin(annotation) in (Union, types.UnionType):
        kinds = [kind for kind in get_args(annotation) if kind is not type(None)]
        return kinds[0], len(kinds) < len(get_args(annotation))
    return annotation, False


def _range(field: Any) -> tuple[float, float]:
    low, high = 0.0, float(2**31 - 1)
    for limit in field.metadata:
        low = getattr(limit, "ge", low)
        high = getattr(limit, "le", high)
    return low, high


def _get(settings: Any, path: Path) -> Any:
    for part in path:
        settings = getattr(settings, part)
    return settings
