"""What matters to the network that trains in the watched picture: Grad-CAM over it, and classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from cnnstudio.views import theme
from cnnstudio.views.classify.results import percent
from cnnstudio.views.explore.heat_card import HeatView
from cnnstudio.views.train.live_cam import CamSeen
from cnnstudio.views.widgets import name_widget

LIKELIEST = "the likeliest class"
# Classes named below the picture.
RANKED = 3


class CamView(QWidget):
    """The picture with heat, the class it speaks for, and the likeliest classes.

    `class_wanted` carries the number of the class to explain, None for the likeliest.
    """

    class_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("liveCam")
        self.setAccessibleName("What matters in the watched picture while it trains")
        self._classes: tuple[str, ...] = ()
        self.seen: CamSeen | None = None
        self.class_box = QComboBox(self)
        name_widget(self.class_box, "liveCamClass", "The class to explain")
        self.class_box.addItem(LIKELIEST, None)
        self.class_box.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.class_box.activated.connect(lambda _: self.class_wanted.emit(self.class_index))
        self.heat = HeatView(self)
        self.heat.setObjectName("liveCamHeat")
        self.ranked = QLabel("", self)
        self.ranked.setObjectName("liveCamRanked")
        self.ranked.setTextFormat(Qt.TextFormat.PlainText)
        self.ranked.setWordWrap(True)
        row = QHBoxLayout()
        row.setSpacing(theme.S8)
        label = QLabel("Speaks for", self)
        label.setProperty("role", "secondary")
        label.setBuddy(self.class_box)
        row.addWidget(label)
        row.addWidget(self.class_box, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.S8)
        layout.addLayout(row)
        layout.addWidget(self.heat, 1)
        layout.addWidget(self.ranked)

    @property
    def class_index(self) -> int | None:
        """The number of the class to explain, None for the likeliest."""
        return self.class_box.currentData()

    def set_classes(self, classes: tuple[str, ...]) -> None:
        """Offer these classes."""
        if classes == self._classes:
            return
        self._classes = classes
        self.class_box.clear()
        self.class_box.addItem(LIKELIEST, None)
        for number, name in enumerate(classes):
            self.class_box.addItem(name, number)

    def show_picture(self, pixels: np.ndarray[Any, Any] | None) -> None:
        """Show the picture; what was said of another is gone."""
        self.seen = None
        self.heat.set_picture(pixels)
        self.ranked.setText("")

    def show_seen(self, seen: CamSeen) -> None:
        """Lay an answer over the picture."""
        self.seen = seen
        self.heat.set_heat(seen.colours)
        order = np.argsort(-seen.shares, kind="stable")[:RANKED]
        self.ranked.setText(
            "   ".join(f"{self._classes[i]} {percent(float(seen.shares[i]))}" for i in order)
        )
