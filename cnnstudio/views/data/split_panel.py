"""Which pictures are kept for validation."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSlider, QWidget

from cnnstudio.data.settings import DataSettings
from cnnstudio.views import theme
from cnnstudio.views.data.fields import ScrolledColumn, field_label, form, put, spin_box
from cnnstudio.views.widgets import Heading, Secondary, name_widget

MOST_SHARE = 90  # per cent that may be kept for validation
MOST_SEED = 2**31 - 1


class SplitPanel(ScrolledColumn):
    """Shows the split of `DataSettings` and sends what a person changes."""

    # A setting was changed: field name, value.
    edited = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._make_fields()
        line = QHBoxLayout()
        line.setSpacing(theme.S8)
        line.addWidget(self.slider, 1)
        line.addWidget(self.share)
        fields = form()
        fields.addRow(field_label("Share"), line)
        fields.addRow(field_label("Seed"), self.seed)
        self.column.addWidget(Heading("Kept for validation"))
        self.column.addLayout(fields)
        self.column.addWidget(self.reason)
        self.column.addStretch(1)

    def _make_fields(self) -> None:
        fields = DataSettings.model_fields
        self.slider = QSlider(Qt.Orientation.Horizontal)
        name_widget(self.slider, "validationSlider", "Share kept for validation")
        self.slider.setRange(0, MOST_SHARE)
        self.slider.setPageStep(5)
        self.share = spin_box("validationShare", "Validation share in per cent", 0, MOST_SHARE)
        self.share.setSuffix(" %")
        for control in (self.slider, self.share):
            control.setToolTip(fields["validation_split"].description or "")
        # Tracking shows the number while the handle moves; letting go is the one step for undo.
        self.slider.valueChanged.connect(self._slid)
        self.slider.sliderReleased.connect(lambda: self._share_chosen(self.slider.value()))
        self.share.valueChanged.connect(self._share_chosen)
        self.seed = spin_box("dataSeed", "Seed of the split", 0, MOST_SEED)
        self.seed.setToolTip(fields["seed"].description or "")
        self.seed.valueChanged.connect(lambda value: self.edited.emit("seed", value))
        self.reason = Secondary()

    def show_settings(self, data: DataSettings) -> None:
        """Show `data` without sending anything."""
        put(self.slider, round(100 * data.validation_split))
        put(self.share, round(100 * data.validation_split))
        put(self.seed, min(data.seed, MOST_SEED))

    def show_own_validation(self, count: int) -> None:
        """The folder brings `count` validation pictures of its own: there is nothing to choose."""
        own = count > 0
        for control in (self.slider, self.share, self.seed):
            control.setEnabled(not own)
        self.reason.setText(
            f"The folder has its own validation pictures ({count:,}), so none are taken from "
            "the training pictures."
            if own
            else "Taken from each class alike; the same seed takes the same pictures."
        )

    def _slid(self, value: int) -> None:
        put(self.share, value)
        if not self.slider.isSliderDown():
            self._share_chosen(value)

    def _share_chosen(self, value: int) -> None:
        self.edited.emit("validation_split", value / 100)
