"""The settings of the augmentation, group by group, and of uneven classes."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from cnnstudio.data.augmentation import GROUPS, PRESETS, AugmentationSettings, preset_of
from cnnstudio.data.augmentation.settings import GREY
from cnnstudio.data.balance import Suggestion
from cnnstudio.data.settings import DataSettings
from cnnstudio.views import theme
from cnnstudio.views.data.augmentation_rows import NumberRow, OperationRow
from cnnstudio.views.data.fields import ScrolledColumn, field_label, form
from cnnstudio.views.widgets import Button, Heading, Secondary, name_widget

PRESET_TITLES = {"none": "None", "light": "Light", "strong": "Strong"}
OWN = "Own choice"
FILLS = {"reflect": "Mirrored", "nearest": "Edge drawn out", "constant": "One grey"}
BALANCES = {
    "none": "As the pictures come",
    "class_weights": "Small classes count more",
    "sampling": "Small classes come more often",
}
WHEN = (
    "Random changes of the training pictures, others in every epoch. Pictures that validate, test "
    "or are classified stay as they are."
)
INSIDE = (
    "Layers such as RandomFlip, on the Design page, change pictures inside the network instead and "
    "are exported with it."
)


class AugmentationPanel(ScrolledColumn):
    """Shows `DataSettings.augmentation` and `balance` and sends what a person changes.

    The controls are made when the panel is first seen.
    """

    # A setting was changed: its name ("balance", "augmentation.zoom.range"), its value.
    edited = Signal(str, object)
    # While a slider moves: the AugmentationSettings it stands for.
    previewed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("augmentationPanel")
        self.setAccessibleName("Augmentation")
        self.rows: dict[str, OperationRow] = {}
        self._data = DataSettings()
        self._suggestion: Suggestion | None = None

    def show_settings(self, data: DataSettings) -> None:
        """Show `data` without sending anything."""
        self._data = data
        if self.rows:
            self._refresh()

    def show_suggestion(self, found: Suggestion | None) -> None:
        """What to do about uneven classes, with a button; None if nothing."""
        self._suggestion = found
        if self.rows:
            self._refresh()

    def showEvent(self, event: QShowEvent) -> None:
        if not self.rows:
            self._make()
            self._refresh()
        super().showEvent(event)

    # --- what is shown

    def _refresh(self) -> None:
        data, chosen = self._data, self._data.augmentation
        preset = preset_of(chosen)
        own = self.preset.findData("")
        if preset is None and own < 0:
            self.preset.addItem(OWN, "")
        elif preset is not None and own >= 0:
            self.preset.removeItem(own)
        self.preset.setCurrentIndex(self.preset.findData(preset or ""))
        for name, row in self.rows.items():
            row.show_settings(getattr(chosen, name), grey=data.channels == 1)
        self.fill.setCurrentIndex(self.fill.findData(chosen.fill))
        self.grey.show_value(chosen.fill_value)
        self.grey.setVisible(chosen.fill == "constant")
        self.balance.setCurrentIndex(self.balance.findData(data.balance))
        found = self._suggestion
        self.hint.setText(found.text if found else "")
        self.hint.setVisible(found is not None)
        self.suggest.setVisible(found is not None)
        if found is not None:
            self.suggest.setText(f"Use “{BALANCES[found.balance]}”")
            self.suggest.setAccessibleName(self.suggest.text())

    # --- what a person does

    def _choose_preset(self) -> None:
        name = self.preset.currentData()
        if name:
            self.edited.emit("augmentation", PRESETS[name])

    def _preview(self, name: str, value: object) -> None:
        self.previewed.emit(self._data.augmentation.model_copy(update={name: value}))

    def _accept(self) -> None:
        if self._suggestion is not None:
            self.edited.emit("balance", self._suggestion.balance)

    # --- parts

    def _make(self) -> None:
        fields = AugmentationSettings.model_fields
        self.preset = _combo("augmentationPreset", "Augmentation: how much", PRESET_TITLES)
        self.preset.setToolTip("Light does no harm to most pictures; Strong mirrors them too.")
        self.preset.activated.connect(lambda _row: self._choose_preset())
        self.fill = _combo("augmentationFill", "What fills empty places", FILLS)
        self.fill.setToolTip(f"<p>{fields['fill'].description}</p>")
        self.fill.activated.connect(
            lambda _row: self.edited.emit("augmentation.fill", self.fill.currentData())
        )
        self.grey = self._make_grey()
        top = form()
        top.addRow(field_label("How much"), self.preset)
        self.column.addWidget(Heading("Augmentation"))
        self.column.addLayout(top)
        self.column.addWidget(Secondary(WHEN))
        defaults = AugmentationSettings()
        for group in GROUPS:
            self.column.addSpacing(theme.S8)
            self.column.addWidget(Heading(group))
            for name, operation in defaults.operations():
                if operation.group == group:
                    self._add_row(name, OperationRow(name, operation))
            if group == GROUPS[0]:
                empty = form()
                empty.addRow(field_label("Empty places"), self.fill)
                self.column.addLayout(empty)
                self.column.addWidget(self.grey)
        self.column.addWidget(Secondary(INSIDE))
        self._make_balance()
        self.column.addStretch(1)

    def _make_grey(self) -> NumberRow:
        field = AugmentationSettings.model_fields["fill_value"]
        row = NumberRow(
            "augmentationGrey", "Grey of empty places", GREY, field.description or "", pair=False
        )
        row.moved.connect(lambda value: self._preview("fill_value", value))
        row.settled.connect(lambda value: self.edited.emit("augmentation.fill_value", value))
        return row

    def _add_row(self, name: str, row: OperationRow) -> None:
        row.moved.connect(lambda value: self._preview(name, value))
        row.settled.connect(
            lambda inner, value: self.edited.emit(
                ".".join(part for part in ("augmentation", name, inner) if part), value
            )
        )
        self.rows[name] = row
        self.column.addWidget(row)

    def _make_balance(self) -> None:
        self.balance = _combo("dataBalance", "What is done about uneven classes", BALANCES)
        help_ = DataSettings.model_fields["balance"].description
        self.balance.setToolTip(f"<p>{help_}</p>")
        self.balance.activated.connect(
            lambda _row: self.edited.emit("balance", self.balance.currentData())
        )
        self.hint = Secondary()
        self.suggest = Button("", "dataBalanceSuggested", self._accept)
        self.column.addSpacing(theme.S8)
        self.column.addWidget(Heading("Uneven classes"))
        self.column.addWidget(self.balance)
        self.column.addWidget(self.hint)
        line = QHBoxLayout()
        line.addWidget(self.suggest)
        line.addStretch(1)
        self.column.addLayout(line)


class _Combo(QComboBox):
    def wheelEvent(self, event: QWheelEvent) -> None:
        # Scrolling the panel must not change the augmentation.
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


def _combo(name: str, accessible: str, titles: dict[str, str]) -> QComboBox:
    combo = _Combo()
    name_widget(combo, name, accessible)
    for value, title in titles.items():
        combo.addItem(title, value)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setMinimumContentsLength(8)
    combo.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return combo
