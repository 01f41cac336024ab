"""What the Data page shows while no folder is open."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from cnnstudio.views import theme
from cnnstudio.views.drop import DropFrame
from cnnstudio.views.widgets import EmptyState

TEXT = (
    "Drop a folder of pictures here: one folder for each class, train, val and test folders of "
    "those, or pictures with a table of their classes or the class in their names. Nothing is "
    "copied, changed or sent anywhere."
)


class StartPage(QWidget):
    """Where folders are dropped, and the first steps."""

    choose_wanted = Signal()
    # A sample set is wanted: its name.
    sample_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.empty = EmptyState(
            "pictures",
            "No pictures yet",
            TEXT,
            [
                ("Open folder…", self.choose_wanted.emit, "emptyOpenFolder"),
                ("Use the sample: digits", lambda: self._sample("digits"), "emptyDigits"),
                ("Use the sample: shapes", lambda: self._sample("shapes"), "emptyShapes"),
            ],
        )
        frame = DropFrame()
        inside = QVBoxLayout(frame)
        inside.addWidget(self.empty)
        around = QVBoxLayout(self)
        around.setContentsMargins(theme.S16, theme.S16, theme.S16, theme.S16)
        around.addWidget(frame)

    def _sample(self, name: str) -> None:
        self.sample_wanted.emit(name)
