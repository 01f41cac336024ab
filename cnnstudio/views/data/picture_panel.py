"""How each picture is brought to what the network takes: size, fit, colour, and one to see."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from cnnstudio.data.settings import DataSettings
from cnnstudio.views import icons, theme
from cnnstudio.views.data.colour_button import ColourButton
from cnnstudio.views.data.fields import ScrolledColumn, choice, field_label, form, put, spin_box
from cnnstudio.views.data.network_eye import NetworkEye
from cnnstudio.views.segments import Segments
from cnnstudio.views.widgets import Button, Heading, Secondary, name_widget

MOST_SIDE = 4096
MODES = {"rgb": "Colour (3 channels)", "grayscale": "Grey (1 channel)"}
FITS = {
    "stretch": ("Stretch", "The whole picture, pulled into shape."),
    "crop": ("Crop", "The middle; what stands out is cut off."),
    "pad": ("Pad", "The whole picture, with margins around it."),
}
INTERPOLATIONS = {
    "nearest": "Nearest, hard edges",
    "bilinear": "Bilinear, as usual",
    "bicubic": "Bicubic, sharper",
    "lanczos": "Lanczos, sharpest",
}


class PicturePanel(ScrolledColumn):
    """Shows the preparation of `DataSettings` and sends what a person changes."""

    # A setting was changed: field name, value.
    edited = Signal(str, object)
    suggestion_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._data = DataSettings()
        self._open = False
        self.eye = NetworkEye()
        self._make_size()
        self._make_fit()
        self._make_more()
        self.column.addWidget(Heading("What the network sees"))
        self.column.addWidget(self.eye)
        fields = form()
        fields.addRow(field_label("Height × width"), self._size)
        fields.addRow(field_label("Colour"), self.mode)
        self.column.addLayout(fields)
        self.column.addWidget(self.hint)
        self.column.addWidget(self.suggest, 0, Qt.AlignmentFlag.AlignLeft)
        self.column.addWidget(Heading("Other proportions"))
        self.column.addWidget(self.fit)
        self.column.addWidget(self.fit_words)
        self.column.addWidget(self._margins)
        self.column.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        self.column.addWidget(self._further)
        self.column.addStretch(1)
        self._show_more()

    # --- showing

    def show_settings(self, data: DataSettings) -> None:
        """Show `data` without sending anything."""
        # What is set to something of its own is seen.
        if data.interpolation not in (self._data.interpolation, DataSettings().interpolation):
            self._open = True
        self._data = data
        put(self.tall, data.image_size[0])
        put(self.wide, data.image_size[1])
        for combo, value in (
            (self.mode, data.color_mode),
            (self.interpolation, data.interpolation),
        ):
            with QSignalBlocker(combo):
                combo.setCurrentIndex(combo.findData(value))
        self.fit.button(data.resize).setChecked(True)
        self.fit_words.setText(FITS[data.resize][1])
        for button in (self.background, self.margins):
            button.show_colour(data.background)
        self._show_more()

    def show_hint(self, text: str, suggestion: str) -> None:
        """Say how large the pictures are; offer `suggestion` ("64 × 64, colour") unless empty."""
        self.hint.setText(text)
        self.hint.setVisible(bool(text))
        self.suggest.setText(f"Use {suggestion}")
        self.suggest.setAccessibleName(f"Use {suggestion}")
        self.suggest.setVisible(bool(suggestion))

    def _show_more(self) -> None:
        icons.set_icon(self.more, "expand" if self._open else "next", "secondary")
        self._further.setVisible(self._open)
        # One setting: beside the margins where there are some.
        padding = self._data.resize == "pad"
        self._margins.setVisible(padding)
        self._further_form.setRowVisible(self.background, not padding)

    # --- parts

    def _make_size(self) -> None:
        fields = DataSettings.model_fields
        self.tall = spin_box("dataHeight", "Height of the pictures", 1, MOST_SIDE)
        self.wide = spin_box("dataWidth", "Width of the pictures", 1, MOST_SIDE)
        for spin in (self.tall, self.wide):
            spin.setMinimumWidth(52)
            spin.lineEdit().setTextMargins(theme.S4 // 2, 0, 0, 0)  # room for four digits
            spin.setToolTip(fields["image_size"].description or "")
        self.tall.valueChanged.connect(self._height_changed)
        self.wide.valueChanged.connect(self._width_changed)
        self.linked = QPushButton()
        tip = "Keep the proportions: width follows height, and height width"
        name_widget(self.linked, "dataSizeLinked", "Keep the proportions", tip)
        self.linked.setProperty("role", "tab")
        self.linked.setProperty("dense", True)
        self.linked.setCheckable(True)
        icons.set_icon(self.linked, "link", "text")
        self._size = QHBoxLayout()
        self._size.setSpacing(theme.S4)
        self._size.addWidget(self.tall, 1)
        self._size.addWidget(QLabel("×"))
        self._size.addWidget(self.wide, 1)
        self._size.addWidget(self.linked)
        self.mode = choice("dataColorMode", "Colour mode", MODES)
        self.mode.setToolTip(fields["color_mode"].description or "")
        self.mode.activated.connect(
            lambda _row: self.edited.emit("color_mode", self.mode.currentData())
        )
        self.hint = Secondary()
        self.suggest = Button("", "dataSuggestButton", self.suggestion_wanted.emit)

    def _make_fit(self) -> None:
        self.fit = Segments("dataResize", "How a picture of other proportions is brought to size")
        self.fit.setToolTip(DataSettings.model_fields["resize"].description or "")
        for key, (title, words) in FITS.items():
            self.fit.add(key, title)
            button = self.fit.button(key)
            button.setProperty("dense", True)
            button.setToolTip(words)
            icons.set_icon(button, key, "text")
        self.fit.chosen.connect(lambda key: self.edited.emit("resize", key))
        self.fit_words = Secondary()
        name_widget(self.fit_words, "dataResizeWords", "What is done with other proportions")
        self.margins = self._colour_button("dataMargins", "Colour of the margins")
        self._margins = QWidget()
        margins = form()
        margins.setContentsMargins(0, 0, 0, 0)
        margins.addRow(field_label("Margins"), self.margins)
        self._margins.setLayout(margins)

    def _make_more(self) -> None:
        fields = DataSettings.model_fields
        self.more = Button("More", "morePictureButton", self._turn)
        self.more.setAccessibleName("More settings of the pictures")
        self.more.setProperty("role", "fold")
        self.interpolation = choice("dataInterpolation", "Interpolation", INTERPOLATIONS)
        self.interpolation.setToolTip(fields["interpolation"].description or "")
        self.interpolation.activated.connect(
            lambda _row: self.edited.emit("interpolation", self.interpolation.currentData())
        )
        self.background = self._colour_button("dataBackground", "Background of clear pictures")
        self._further = QWidget()
        self._further_form = form()
        self._further_form.setContentsMargins(0, 0, 0, 0)
        self._further_form.addRow(field_label("Interpolation"), self.interpolation)
        self._further_form.addRow(field_label("Background"), self.background)
        self._further.setLayout(self._further_form)

    def _colour_button(self, name: str, accessible: str) -> ColourButton:
        button = ColourButton(name, accessible)
        button.setToolTip(DataSettings.model_fields["background"].description or "")
        button.picked.connect(lambda colour: self.edited.emit("background", colour))
        return button

    # --- what a person does

    def _turn(self) -> None:
        self._open = not self._open
        self._show_more()
        if self._open:
            # Once it has its place.
            QTimer.singleShot(0, self, lambda: self.ensureWidgetVisible(self._further))

    def _height_changed(self, height: int) -> None:
        before, width = self._data.image_size
        width = _along(width, height / before) if self.linked.isChecked() else width
        self.edited.emit("image_size", (height, width))

    def _width_changed(self, width: int) -> None:
        height, before = self._data.image_size
        height = _along(height, width / before) if self.linked.isChecked() else height
        self.edited.emit("image_size", (height, width))


def _along(side: int, factor: float) -> int:
    return min(max(round(side * factor), 1), MOST_SIDE)
