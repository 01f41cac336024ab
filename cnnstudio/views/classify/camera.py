"""Pictures from a camera: an extra, since Qt's part for it is as large as all others together."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QCloseEvent, QImage, QKeySequence
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.views import theme
from cnnstudio.views.viewer import Canvas
from cnnstudio.views.widgets import PrimaryButton, Secondary, name_widget

NOT_INSTALLED = (
    "The camera is an extra: pip install 'cnnstudio[camera]' brings it. "
    "Then start CNN Studio again."
)
NO_CAMERA = "No camera was found: connect one, and it appears here."
WAITING = "Waiting for the first picture of the camera…"


class Cameras(QObject):
    """The cameras of this computer, and the pictures of the one that is on.

    `missing` says why there can be none, or is empty.
    """

    # A picture came: QImage.
    arrived = Signal(object)
    # Cameras came or went.
    changed = Signal()
    # The camera that is on has stopped: why.
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._parts, self.missing = _multimedia()
        self._camera: Any = None
        if self._parts is not None:
            self._devices = self._parts.QMediaDevices(self)
            self._devices.videoInputsChanged.connect(self.changed)
            self.sink = self._parts.QVideoSink(self)
            self.sink.videoFrameChanged.connect(self._frame)
            self._session = self._parts.QMediaCaptureSession(self)
            self._session.setVideoSink(self.sink)

    def names(self) -> list[str]:
        """What the cameras are called."""
        if self._parts is None:
            return []
        return [device.description() for device in self._parts.QMediaDevices.videoInputs()]

    def turn_on(self, number: int) -> None:
        """Take pictures from a camera of `names`."""
        self.turn_off()
        devices = self._parts.QMediaDevices.videoInputs() if self._parts is not None else []
        if 0 <= number < len(devices):
            self._camera = self._parts.QCamera(devices[number], self)
            self._camera.errorOccurred.connect(lambda _error, words: self.failed.emit(words))
            self._session.setCamera(self._camera)
            self._camera.start()

    def turn_off(self) -> None:
        """The camera's light goes out."""
        if self._camera is not None:
            self._camera.stop()
            self._session.setCamera(None)
            self._camera.deleteLater()
            self._camera = None

    def _frame(self, frame: Any) -> None:
        image = frame.toImage()
        if not image.isNull():
            self.arrived.emit(image)


class CameraDialog(QDialog):
    """Shows what the camera sees; `taken` carries each picture that a person takes."""

    taken = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("cameraDialog")
        self.setWindowTitle("Camera")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.cameras = Cameras(self)
        self._image: QImage | None = None
        self._count = 0
        self.list = QComboBox()
        name_widget(self.list, "cameraList", "Camera")
        self.canvas = Canvas()
        self.canvas.setObjectName("cameraPicture")
        self.canvas.setMinimumSize(480, 320)
        self.words = Secondary("")
        self.words.setObjectName("cameraWords")
        self.take_button = PrimaryButton("Take the picture", "takePictureButton", self.take)
        self.take_button.setShortcut(QKeySequence("Space"))
        self.take_button.setToolTip("Classify what the camera sees now (Space)")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        row = QHBoxLayout()
        row.setSpacing(theme.S8)
        row.addWidget(self.words, 1)
        row.addWidget(self.take_button)
        row.addWidget(buttons)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.S16, theme.S16, theme.S16, theme.S16)
        column.setSpacing(theme.S12)
        column.addWidget(self.list)
        column.addWidget(self.canvas, 1)
        column.addLayout(row)
        self.resize(720, 560)
        self.list.currentIndexChanged.connect(self._turn_on)
        self.cameras.changed.connect(self._fill)
        self.cameras.arrived.connect(self._show)
        self.cameras.failed.connect(self._failed)
        self.finished.connect(lambda _code: self.cameras.turn_off())
        self._fill()

    def take(self) -> None:
        """Hand on what the camera sees now."""
        if self._image is not None:
            self._count += 1
            self.words.setText(f"{self._count:,} taken: they are in the table behind.")
            self.taken.emit(self._image)

    def _fill(self) -> None:
        """List the cameras, and turn on the first."""
        names = self.cameras.names()
        chosen = self.list.currentText()
        self.list.blockSignals(True)
        self.list.clear()
        self.list.addItems(names)
        self.list.setCurrentIndex(max(0, self.list.findText(chosen)) if names else -1)
        self.list.blockSignals(False)
        self.list.setVisible(len(names) > 1)
        self._turn_on(self.list.currentIndex())

    def _turn_on(self, number: int) -> None:
        self._image = None
        self.take_button.setEnabled(False)
        self.cameras.turn_on(number)
        words = WAITING if number >= 0 else NO_CAMERA
        self.canvas.show_image(None, self.cameras.missing or words)

    def _show(self, image: QImage) -> None:
        self._image = image
        self.take_button.setEnabled(True)
        self.canvas.show_image(image)

    def _failed(self, words: str) -> None:
        self._image = None
        self.take_button.setEnabled(False)
        self.canvas.show_image(None, f"The camera gives no picture: {words.rstrip('.')}.")

    def closeEvent(self, event: QCloseEvent) -> None:
        self.cameras.turn_off()
        super().closeEvent(event)


def _multimedia() -> tuple[Any, str]:
    """`PySide6.QtMultimedia`, or None and why there is none."""
    try:
        from PySide6 import QtMultimedia
    except ModuleNotFoundError:
        return None, NOT_INSTALLED
    except ImportError as error:
        return None, f"The camera needs a library that this system does not have: {error}."
    return QtMultimedia, ""
