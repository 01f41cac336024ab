"""The line above the views of the Data page: what the folder holds, and which view is shown."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from cnnstudio.views import theme
from cnnstudio.views.segments import Segments
from cnnstudio.views.widgets import ElidedLabel, Title


class DataHead(QFrame):
    """The number of pictures and classes, the facts in one line, and the segments of the views."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self.title = Title("")
        self.title.setObjectName("dataTitle")
        self.facts = ElidedLabel("", mode=Qt.TextElideMode.ElideRight)
        self.facts.setObjectName("dataFacts")
        self.facts.setProperty("role", "secondary")
        self.views = Segments("dataViews", "What is shown of the data")
        words = QVBoxLayout()
        words.setSpacing(theme.S4)
        words.addWidget(self.title)
        words.addWidget(self.facts)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.S16, theme.S12, theme.S16, theme.S12)
        row.setSpacing(theme.S16)
        row.addLayout(words, 1)
        row.addWidget(self.views)

    def show_facts(self, title: str, facts: str) -> None:
        self.title.setText(title)
        self.facts.setText(facts)
