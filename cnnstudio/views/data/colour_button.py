"""A colour that a person chooses, shown as a patch with its name."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QColorDialog, QPushButton, QWidget

from cnnstudio.views.widgets import name_widget

_SIDE = 16
_NAMES = {"#ffffff": "White", "#000000": "Black", "#808080": "Grey"}


class ColourButton(QPushButton):
    """Shows `colour` and opens a dialog for another one; while it is open, each choice counts."""

    # Another colour was chosen: "#rrggbb".
    picked = Signal(str)

    def __init__(self, name: str, accessible: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        name_widget(self, name, accessible)
        self.setIconSize(QSize(_SIDE, _SIDE))
        self.colour = ""
        self.show_colour("#ffffff")
        self.clicked.connect(self.choose)

    def show_colour(self, colour: str) -> None:
        """Show a colour without sending anything."""
        if colour == self.colour:
            return
        self.colour = colour
        self.setText(_NAMES.get(colour, colour))
        self.setIcon(QIcon(_patch(colour)))

    def choose(self) -> QColorDialog:
        """Open the dialog; leaving it with Cancel brings the colour back."""
        before = self.colour
        dialog = QColorDialog(QColor(before), self)
        dialog.setObjectName("colourDialog")
        dialog.setWindowTitle(self.accessibleName())
        dialog.setOption(QColorDialog.ColorDialogOption.DontUseNativeDialog)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.currentColorChanged.connect(lambda colour: self.picked.emit(colour.name()))
        dialog.rejected.connect(lambda: self.picked.emit(before))
        dialog.open()
        return dialog


def _patch(colour: str) -> QPixmap:
    pixmap = QPixmap(2 * _SIDE, 2 * _SIDE)
    pixmap.fill(Qt.GlobalColor.transparent)
    pixmap.setDevicePixelRatio(2)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QColor("#8a8f9c"))  # seen on dark and on light
    painter.setBrush(QColor(colour))
    painter.drawRoundedRect(1, 1, _SIDE - 2, _SIDE - 2, 3, 3)
    painter.end()
    return pixmap
