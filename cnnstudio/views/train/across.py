"""The Train page from left to right."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QWidget

# Pixels that the settings, the curves and the watched picture need.
NARROWEST = (304, 640, 264)


class Across(QSplitter):
    """Settings, curves and the watched picture; without that where there is no room for all."""

    def __init__(self, parts: tuple[QWidget, QWidget, QWidget], parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setObjectName("trainSplitter")
        for part, width in zip(parts, NARROWEST, strict=True):
            part.setMinimumWidth(width)
            self.addWidget(part)
        self._picture = parts[-1]
        self.setStretchFactor(1, 1)
        self.setSizes([304, 816, 320])
        self.setChildrenCollapsible(False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._picture.setVisible(self.width() > sum(NARROWEST))
        super().resizeEvent(event)
