"""The right side of the Data page: the settings of the view that is shown, and what follows."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from cnnstudio.data.settings import DataSettings
from cnnstudio.views import theme
from cnnstudio.views.data.picture_panel import PicturePanel
from cnnstudio.views.data.split_bar import SplitBar
from cnnstudio.views.data.split_panel import SplitPanel
from cnnstudio.views.widgets import Line, PrimaryButton, name_widget

WIDTH = 304


class SettingsPanel(QFrame):
    """Shows `DataSettings` and sends what a person changes; it holds no settings of its own.

    The tabs "Picture" and "Split" serve the pictures; another view may bring a panel of its own
    (`add_panel`). The counts of the split and the next step stay in sight below them all.
    """

    # A setting was changed: its name ("seed", "split.folds"), its value.
    edited = Signal(str, object)
    next_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self.setFixedWidth(WIDTH)
        self.picture = PicturePanel()
        self.division = SplitPanel()
        self.tabs = QTabWidget()
        name_widget(self.tabs, "dataSettings", "Settings of the data")
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.picture, "Picture")
        self.tabs.addTab(self.division, "Split")
        for panel in (self.picture, self.division):
            panel.edited.connect(self.edited)
        self.split = SplitBar()
        self.next_button = PrimaryButton(
            "Design the network →", "dataNextButton", self.next_wanted.emit
        )
        self.next_button.setMinimumHeight(36)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.tabs)
        bottom = QVBoxLayout()
        bottom.setContentsMargins(theme.S16, theme.S16, theme.S16, theme.S16)
        bottom.setSpacing(theme.S12)
        bottom.addWidget(self.split)
        bottom.addWidget(self.next_button)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.stack, 1)
        outer.addWidget(Line())
        outer.addLayout(bottom)

    def show_settings(self, data: DataSettings) -> None:
        """Show `data` without sending anything."""
        self.picture.show_settings(data)
        self.division.show_settings(data)

    def show_next(self, text: str) -> None:
        self.next_button.setText(text)
        self.next_button.setAccessibleName(text)
