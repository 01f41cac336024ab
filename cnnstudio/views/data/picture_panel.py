"""How each picture is brought to what the network takes: size, colour, and one of them to see."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QWidget

from cnnstudio.data.settings import DataSettings
from cnnstudio.views import theme
from cnnstudio.views.data.fields import ScrolledColumn, field_label, form, put, spin_box
from cnnstudio.views.pictures import image_of, paint_picture
from cnnstudio.views.widgets import Button, Heading, Secondary, name_widget

MODES = {"rgb": "Colour (3 channels)", "grayscale": "Grey (1 channel)"}


class PicturePanel(ScrolledColumn):
    """Shows the preparation of `DataSettings` and sends what a person changes."""

    # A setting was changed: field name, value.
    edited = Signal(str, object)
    suggestion_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._make_fields()
        self.eye = NetworkEye()
        size = QHBoxLayout()
        size.setSpacing(theme.S8)
        size.addWidget(self.tall, 1)
        size.addWidget(QLabel("×"))
        size.addWidget(self.wide, 1)
        fields = form()
        fields.addRow(field_label("Height × width"), size)
        fields.addRow(field_label("Colour"), self.mode)
        self.column.addWidget(Heading("What the network sees"))
        self.column.addLayout(fields)
        self.column.addWidget(self.hint)
        self.column.addWidget(self.suggest, 0, Qt.AlignmentFlag.AlignLeft)
        self.column.addSpacing(theme.S4)
        self.column.addWidget(self.eye)
        self.column.addStretch(1)

    def _make_fields(self) -> None:
        fields = DataSettings.model_fields
        self.tall = spin_box("dataHeight", "Height of the pictures", 1, 4096)
        self.wide = spin_box("dataWidth", "Width of the pictures", 1, 4096)
        for spin in (self.tall, self.wide):
            spin.setToolTip(fields["image_size"].description or "")
            spin.valueChanged.connect(self._size_changed)
        self.mode = QComboBox()
        name_widget(self.mode, "dataColorMode", "Colour mode")
        self.mode.setToolTip(fields["color_mode"].description or "")
        for value, title in MODES.items():
            self.mode.addItem(title, value)
        self.mode.activated.connect(
            lambda _row: self.edited.emit("color_mode", self.mode.currentData())
        )
        self.hint = Secondary()
        self.suggest = Button("", "dataSuggestButton", self.suggestion_wanted.emit)

    def show_settings(self, data: DataSettings) -> None:
        """Show `data` without sending anything."""
        put(self.tall, data.image_size[0])
        put(self.wide, data.image_size[1])
        with QSignalBlocker(self.mode):
            self.mode.setCurrentIndex(self.mode.findData(data.color_mode))

    def show_hint(self, text: str, suggestion: str) -> None:
        """Say how large the pictures are; offer `suggestion` ("64 × 64, colour") unless empty."""
        self.hint.setText(text)
        self.hint.setVisible(bool(text))
        self.suggest.setText(f"Use {suggestion}")
        self.suggest.setAccessibleName(f"Use {suggestion}")
        self.suggest.setVisible(bool(suggestion))

    def _size_changed(self) -> None:
        self.edited.emit("image_size", (self.tall.value(), self.wide.value()))


class NetworkEye(QWidget):
    """One picture with exactly the pixels the network gets."""

    SIDE = 112

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("networkEye")
        self.setAccessibleName("The chosen picture as the network sees it")
        self.setFixedHeight(self.SIDE)
        self._pixmap: QPixmap | None = None
        self._name = ""
        self._caption = ""

    def show_pixels(self, pixels: np.ndarray | None, name: str, caption: str) -> None:
        """Show uint8 (h, w, c) pixels of the file `name`; the caption says what they are."""
        self._pixmap = None if pixels is None else QPixmap.fromImage(image_of(pixels))
        self._name = name
        self._caption = caption
        self.setToolTip(name)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.current()
        painter = QPainter(self)
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        frame = self.rect()
        frame.setWidth(self.SIDE)
        paint_picture(painter, frame, self._pixmap)
        painter.setFont(theme.font(theme.SECONDARY_SIZE))
        painter.setPen(colours.color("secondary"))
        room = self.rect().adjusted(self.SIDE + theme.S12, 0, 0, 0)
        name = painter.fontMetrics().elidedText(
            self._name, Qt.TextElideMode.ElideMiddle, room.width()
        )
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        text = "\n".join(part for part in (name, self._caption) if part)
        painter.drawText(room, flags | Qt.TextFlag.TextWordWrap.value, text)
