"""The settings of the data: picture size, colour mode, validation share, seed, and what follows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PySide6.QtCore import QRectF, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.data.settings import DataSettings
from cnnstudio.views import theme
from cnnstudio.views.pictures import image_of, paint_picture
from cnnstudio.views.widgets import Button, Heading, Line, PrimaryButton, Secondary, name_widget

WIDTH = 304
MOST_SHARE = 90  # per cent that may be kept for validation
MOST_SEED = 2**31 - 1
MODES = {"rgb": "Colour (3 channels)", "grayscale": "Grey (1 channel)"}
PARTS = (("train", "to train", "accent"), ("val", "to validate", "success"))
TEST = ("test", "to test at the end", "secondary")


class SettingsPanel(QFrame):
    """Shows `DataSettings` and sends what a person changes; it holds no settings of its own."""

    # A setting was changed: field name, value.
    edited = Signal(str, object)
    suggestion_wanted = Signal()
    next_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self.setFixedWidth(WIDTH)
        self._make_fields()
        self.eye = NetworkEye()
        self.split = SplitBar()
        self.next_button = PrimaryButton(
            "Design the network →", "dataNextButton", self.next_wanted.emit
        )
        self.next_button.setMinimumHeight(36)

        form = QFormLayout()
        form.setHorizontalSpacing(theme.S12)
        form.setVerticalSpacing(theme.S8)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        size = QHBoxLayout()
        size.setSpacing(theme.S8)
        size.addWidget(self.tall, 1)
        size.addWidget(QLabel("×"))
        size.addWidget(self.wide, 1)
        form.addRow(_label("Height × width"), size)
        form.addRow(_label("Colour"), self.mode)

        share = QFormLayout()
        share.setHorizontalSpacing(theme.S12)
        share.setVerticalSpacing(theme.S8)
        line = QHBoxLayout()
        line.setSpacing(theme.S8)
        line.addWidget(self.slider, 1)
        line.addWidget(self.share)
        share.addRow(_label("Share"), line)
        share.addRow(_label("Seed"), self.seed)

        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(theme.S16, theme.S16, theme.S16, theme.S16)
        column.setSpacing(theme.S8)
        column.addWidget(Heading("What the network sees"))
        column.addLayout(form)
        column.addWidget(self.hint)
        column.addWidget(self.suggest, 0, Qt.AlignmentFlag.AlignLeft)
        column.addSpacing(theme.S4)
        column.addWidget(self.eye)
        column.addSpacing(theme.S16)
        column.addWidget(Heading("Kept for validation"))
        column.addLayout(share)
        column.addWidget(self.reason)
        column.addStretch(1)
        scroll = QScrollArea(widgetResizable=True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(inside)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(scroll, 1)
        # What comes of the settings, and the next step, stay in sight.
        bottom = QVBoxLayout()
        bottom.setContentsMargins(theme.S16, theme.S16, theme.S16, theme.S16)
        bottom.setSpacing(theme.S12)
        bottom.addWidget(self.split)
        bottom.addWidget(self.next_button)
        outer.addWidget(Line())
        outer.addLayout(bottom)

    def _make_fields(self) -> None:
        fields = DataSettings.model_fields
        self.tall = _spin("dataHeight", "Height of the pictures", 1, 4096)
        self.wide = _spin("dataWidth", "Width of the pictures", 1, 4096)
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
        self.slider = QSlider(Qt.Orientation.Horizontal)
        name_widget(self.slider, "validationSlider", "Share kept for validation")
        self.slider.setRange(0, MOST_SHARE)
        self.slider.setPageStep(5)
        self.share = _spin("validationShare", "Validation share in per cent", 0, MOST_SHARE)
        self.share.setSuffix(" %")
        for control in (self.slider, self.share):
            control.setToolTip(fields["validation_split"].description or "")
        # Tracking shows the number while the handle moves; letting go is the one step for undo.
        self.slider.valueChanged.connect(self._slid)
        self.slider.sliderReleased.connect(lambda: self._share_chosen(self.slider.value()))
        self.share.valueChanged.connect(self._share_chosen)
        self.seed = _spin("dataSeed", "Seed of the split", 0, MOST_SEED)
        self.seed.setToolTip(fields["seed"].description or "")
        self.seed.valueChanged.connect(lambda value: self.edited.emit("seed", value))
        self.reason = Secondary()

    def show_settings(self, data: DataSettings) -> None:
        """Show `data` without sending anything."""
        self._put(self.tall, data.image_size[0])
        self._put(self.wide, data.image_size[1])
        self._put(self.slider, round(100 * data.validation_split))
        self._put(self.share, round(100 * data.validation_split))
        self._put(self.seed, min(data.seed, MOST_SEED))
        with QSignalBlocker(self.mode):
            self.mode.setCurrentIndex(self.mode.findData(data.color_mode))

    def show_hint(self, text: str, suggestion: str) -> None:
        """Say how large the pictures are; offer `suggestion` ("64 × 64, colour") unless empty."""
        self.hint.setText(text)
        self.hint.setVisible(bool(text))
        self.suggest.setText(f"Use {suggestion}")
        self.suggest.setAccessibleName(f"Use {suggestion}")
        self.suggest.setVisible(bool(suggestion))

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

    def show_next(self, text: str) -> None:
        self.next_button.setText(text)
        self.next_button.setAccessibleName(text)

    @staticmethod
    def _put(control: QSpinBox | QSlider, value: int) -> None:
        with QSignalBlocker(control):
            control.setValue(value)

    def _size_changed(self) -> None:
        self.edited.emit("image_size", (self.tall.value(), self.wide.value()))

    def _slid(self, value: int) -> None:
        self._put(self.share, value)
        if not self.slider.isSliderDown():
            self._share_chosen(value)

    def _share_chosen(self, value: int) -> None:
        self.edited.emit("validation_split", value / 100)


class SplitBar(QWidget):
    """How many pictures train, validate and test: one thin bar and a line for each."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("splitCounts")
        self._counts: Mapping[str, int] = {}
        self._test_known = False
        self.setFixedHeight(64)

    @property
    def counts(self) -> Mapping[str, int]:
        return self._counts

    @property
    def text(self) -> str:
        """The counts in words."""
        count = self._counts
        words = [f"{count.get(key, 0):,} {word}" for key, word, _ in PARTS]
        if count.get("test"):
            words.append(f"test folder: {count['test']:,}")
        return " · ".join(words)

    def show_counts(self, counts: Mapping[str, int]) -> None:
        self._counts = dict(counts)
        self.setFixedHeight(88 if counts.get("test") else 64)
        self.setAccessibleName(self.text)
        self.setToolTip(self.text)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._counts:
            return
        colours = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        parts = [*PARTS, TEST] if self._counts.get("test") else list(PARTS)
        total = sum(self._counts.get(key, 0) for key, _, _ in parts) or 1
        x, gap = 0.0, 2.0
        room = self.width() - gap * (len(parts) - 1)
        for key, _, colour in parts:
            width = room * self._counts.get(key, 0) / total
            if width > 0:
                painter.setBrush(colours.color(colour))
                painter.drawRoundedRect(QRectF(x, 0, width, 6), 3, 3)
                x += width + gap
        top = 16
        for key, word, colour in parts:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.color(colour))
            painter.drawRoundedRect(QRectF(0, top + 5, 8, 8), 2, 2)
            painter.setFont(theme.font())
            painter.setPen(colours.color("text"))
            middle = Qt.AlignmentFlag.AlignVCenter
            painter.drawText(
                QRectF(16, top, 44, 18),
                Qt.AlignmentFlag.AlignRight | middle,
                f"{self._counts.get(key, 0):,}",
            )
            painter.setPen(colours.color("secondary"))
            painter.drawText(
                QRectF(68, top, self.width() - 68, 18), Qt.AlignmentFlag.AlignLeft | middle, word
            )
            top += 24


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


def _label(text: str) -> QLabel:
    label = QLabel(text)
    label.setMinimumHeight(30)  # as high as a field, so that both stand in one line
    return label


def _spin(name: str, accessible: str, least: int, most: int) -> QSpinBox:
    spin = QSpinBox()
    name_widget(spin, name, accessible)
    spin.setRange(least, most)
    spin.setKeyboardTracking(False)
    spin.setMinimumWidth(72)
    # The stylesheet's padding does not reach the text inside.
    spin.lineEdit().setTextMargins(theme.S8, 0, 0, 0)
    return spin
