"""The training settings as a form, generated from the pydantic models that define them.

Labels are Keras's argument names, help is the field's description, ranges and choices are the
field's own: a setting added to `TrainingSettings` appears here without a line changed.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
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
    QVBoxLayout,
    QWidget,
)

from cnnstudio.app.document import Document
from cnnstudio.training.meaning import applies
from cnnstudio.views import icons, theme
from cnnstudio.views.train.list_editors import NumbersEdit
from cnnstudio.views.train.number_edit import NumberEdit
from cnnstudio.views.train.rate_curve import RateCurve
from cnnstudio.views.train.setting_editors import (
    Path,
    Row,
    flatten,
    make_editor,
    offer_layers,
    value_at,
    with_value,
)
from cnnstudio.views.train.setting_groups import (
    BASIC,
    FIELD,
    GROUPS,
    LABELS,
    Group,
    group_of,
    setting_grid,
    setting_label,
)
from cnnstudio.views.widgets import Line, QuietButton, Title

HINT = "Point at a setting to read what it does."


class SettingsForm(QFrame):
    """Edits `document.training`; every field is an undo step of its own, typing in one merges."""

    find_rate_wanted = Signal()

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._showing = False
        self.rows: dict[Path, Row] = {}
        self.groups: dict[str, Group] = {}
        self.setProperty("role", "panel")
        self.setObjectName("trainingSettings")
        self.setAccessibleName("Training settings")

        inner = QWidget(self)
        column = QVBoxLayout(inner)
        column.setContentsMargins(theme.S16, theme.S4, theme.S12, theme.S12)
        column.setSpacing(theme.S8)
        basic = QWidget(inner)
        self._basic = setting_grid(basic)
        column.addWidget(basic)
        self.curve = RateCurve(document, inner)
        column.addWidget(self.curve)
        self.more_button = QPushButton("More settings", inner)
        self.more_button.setObjectName("moreSettingsButton")
        self.more_button.setProperty("role", "fold")
        self.more_button.setCheckable(True)
        self.find_button = QPushButton("Find a learning rate…", inner)
        self.find_button.setObjectName("findRateButton")
        self.find_button.setAccessibleName("Find a learning rate with a short test")
        self.find_button.setProperty("role", "fold")
        icons.set_icon(self.find_button, "search", "secondary")
        self.find_button.clicked.connect(self.find_rate_wanted)
        column.addWidget(self.find_button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.more_button, 0, Qt.AlignmentFlag.AlignLeft)
        self._more = QWidget(inner)
        more = QVBoxLayout(self._more)
        more.setContentsMargins(0, 0, 0, 0)
        more.setSpacing(theme.S8)
        for name, title in GROUPS.items():
            self.groups[name] = Group(name, title, self._more)
            more.addWidget(self.groups[name])
        column.addWidget(self._more)
        column.addStretch(1)
        self._build(type(document.training))
        offer_layers(self.rows["fine_tune", "unfreeze_from"].editor, document)
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)

        self.defaults_button = QuietButton("Defaults", "defaultTrainingButton", self.reset)
        self.defaults_button.setAccessibleName("Set all training settings to their defaults")
        head = QHBoxLayout()
        head.setContentsMargins(theme.S16, theme.S8, theme.S8, 0)
        head.addWidget(Title("Settings", self), 1)
        head.addWidget(self.defaults_button)
        self.help = QLabel(HINT, self)
        self.help.setObjectName("settingHelp")
        self.help.setProperty("role", "secondary")
        self.help.setWordWrap(True)
        self.help.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.help.setContentsMargins(theme.S16, theme.S8, theme.S16, theme.S8)
        self.help.setFixedHeight(104)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(scroll, 1)
        layout.addWidget(Line(parent=self))
        layout.addWidget(self.help)
        self.more_button.toggled.connect(self._show_more)
        self._show_more(False)
        document.training_changed.connect(self.refresh)
        self.refresh()

    # -- building -----------------------------------------------------------------------------

    def _build(self, model: type) -> None:
        fields: dict[str, Any] = model.model_fields  # type: ignore[attr-defined]
        found = dict(pair for name in fields for pair in flatten((name,), fields[name]))
        for path in BASIC:
            self._add(path, found[path], self._basic)
        for path, field in found.items():
            if path not in BASIC:
                self._add(path, field, self.groups[group_of(path)].grid)

    def _add(self, path: Path, field: Any, grid: QGridLayout) -> None:
        name = LABELS.get(path, path[-1])
        parent = grid.parentWidget() or self
        label = setting_label(name, parent)
        editor, show, show_default = make_editor(
            field, path[-1], lambda value: self._edit(path, value), parent
        )
        if not isinstance(editor, QCheckBox):
            editor.setFixedWidth(FIELD)
        editor.setObjectName(".".join(path))
        editor.setAccessibleName(name)
        editor.setAccessibleDescription(field.description or "")
        default = field.get_default(call_default_factory=True)
        text = field.description or ""
        if default not in (None, (), {}, ""):
            text = f"{text} Default: {default}."
        for widget in (label, editor):
            widget.setToolTip(f"<p>{text}</p>")
            widget.installEventFilter(self)
        label.setBuddy(editor)
        row = grid.rowCount()
        grid.addWidget(label, row, 0)
        grid.addWidget(editor, row, 1)
        self.rows[path] = Row(label, editor, show, text, show_default, default)

    # -- values -------------------------------------------------------------------------------

    def _edit(self, path: Path, value: Any) -> None:
        if self._showing:
            return
        settings = self._document.training
        if value_at(settings, path) == value:
            return
        try:
            new = with_value(settings, path, value)
        except ValueError as error:
            self._refuse(path, error)
            return
        text = f"Set {LABELS.get(path, path[-1])}"
        self._document.set_training(new, text, merge_key=("training", *path))

    def _refuse(self, path: Path, error: ValueError) -> None:
        row = self.rows[path]
        if isinstance(row.editor, NumberEdit | NumbersEdit):
            row.editor.refuse()
        reasons = [str(found["msg"]) for found in error.errors()]  # type: ignore[attr-defined]
        said = "; ".join(reasons).removeprefix("Value error, ")
        self.help.setText(f"<b>{row.label.accessibleName()}</b>: {said}.")

    def reset(self) -> None:
        """Every setting to its default, as one undo step."""
        self._document.set_training(type(self._document.training)(), "Default training settings")

    def refresh(self) -> None:
        """Show the document's settings; only those that have a meaning with the others."""
        settings = self._document.training
        changed = dict.fromkeys(self.groups, 0)
        seen = dict.fromkeys(self.groups, 0)
        self._showing = True
        try:
            for path, row in self.rows.items():
                if path[0] == "optimizer":
                    row.show_default(settings.optimizer.default(path[-1]))
                elif path == ("fine_tune", "learning_rate"):
                    row.show_default(settings.optimizer.learning_rate / 10)
                value = value_at(settings, path)
                row.show(value)
                visible = applies(settings, path)
                row.label.setVisible(visible)
                row.editor.setVisible(visible)
                if path not in BASIC:
                    where = group_of(path)
                    seen[where] += visible
                    changed[where] += visible and value != row.default
        finally:
            self._showing = False
        for name, group in self.groups.items():
            group.say(changed[name])
            group.setVisible(seen[name] > 0)
        total = sum(changed.values())
        said = f"More settings  ·  {total} set" if total else "More settings"
        self.more_button.setText(said)
        self.more_button.setAccessibleName(said)

    def _show_more(self, on: bool) -> None:
        self._more.setVisible(on)
        icons.set_icon(self.more_button, "expand" if on else "next", "secondary")

    def reveal(self, path: Path) -> None:
        """Unfold whatever hides a setting and put the cursor there."""
        if path not in BASIC:
            self.more_button.setChecked(True)
            self.groups[group_of(path)].head.setChecked(True)
        self.rows[path].editor.setFocus()

    # -- help ---------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Enter, QEvent.Type.FocusIn):
            for path, row in self.rows.items():
                if watched in (row.label, row.editor):
                    self.help.setText(
                        f"<b>{row.label.accessibleName()}</b>: {self._help(path, row)}"
                    )
        elif event.type() == QEvent.Type.Wheel:
            # Scrolling the form must not change the field that happens to be under the pointer.
            fields = (QAbstractSpinBox, QComboBox)
            if isinstance(watched, fields) and not watched.hasFocus():
                event.ignore()
                return True
        return super().eventFilter(watched, event)

    def _help(self, path: Path, row: Row) -> str:
        """What a setting does; of the optimizer, what the chosen one is good for."""
        if path == ("optimizer", "name"):
            optimizer = self._document.training.optimizer
            return f"{row.help} {optimizer.name}: {optimizer.spec.about}"
        return row.help
