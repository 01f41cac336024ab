"""The place to drop pictures on: the whole page while it is empty, a bar once there are results."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QStackedLayout, QVBoxLayout, QWidget

from cnnstudio.views import theme
from cnnstudio.views.drop import DropFrame
from cnnstudio.views.widgets import Button, ElidedLabel, EmptyState, name_widget

BAR_HEIGHT = 52
FREE = 16_777_215  # Qt's own word for "no limit"


class DropTarget(DropFrame):
    """Says what can be dropped, with buttons for those who do not drag.

    `slots` has a function for each of `pictures`, `folder`, `paste`, `camera`, `train`, `model`,
    `stop`, `clear` and `export`.
    """

    def __init__(
        self, slots: Mapping[str, Callable[[], object]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("classifyDrop")
        self.setAccessibleName("Drop pictures or a folder here to classify them")
        self._invite = EmptyState(
            "pictures",
            "Drop pictures here",
            "One, many, a whole folder, or one from the browser. Ctrl+V pastes a picture. "
            "They stay on this computer, and it works while a training runs.",
            [
                ("Open pictures…", slots["pictures"], "openPicturesButton"),
                ("Open folder…", slots["folder"], "openPictureFolderButton"),
                ("Paste", slots["paste"], "pasteButton"),
                ("Camera…", slots["camera"], "cameraButton"),
            ],
        )
        self._no_model = EmptyState(
            "classify",
            "No trained network yet",
            "Train a network first, or open a .keras file. "
            "Then drop pictures here to see what it takes them for.",
            [
                ("Go to Train", slots["train"], "goToTrainButton"),
                ("Open a .keras file…", slots["model"], "emptyOpenModelButton"),
            ],
        )
        self._bar = QWidget()
        self.summary = ElidedLabel("", mode=Qt.TextElideMode.ElideRight)
        self.summary.setObjectName("classifySummary")
        row = QHBoxLayout(self._bar)
        row.setContentsMargins(theme.S16, 0, theme.S12, 0)
        row.setSpacing(theme.S8)
        row.addWidget(self.summary, 1)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(200)
        name_widget(self.progress, "classifyProgress", "Progress of classifying")
        self.stop_button = Button("Stop", "stopClassifyButton", slots["stop"], icon="stop")
        row.addWidget(self.progress)
        row.addWidget(self.stop_button)
        self._still: list[QWidget] = []
        for label, slot, name, icon in (
            ("Open pictures…", "pictures", "addPicturesButton", ""),
            ("Open folder…", "folder", "addFolderButton", "folder"),
            ("Paste", "paste", "addPasteButton", "paste"),
            ("Camera…", "camera", "addCameraButton", ""),
            ("Export CSV…", "export", "exportCsvButton", "export"),
            ("Clear", "clear", "clearResultsButton", ""),
        ):
            button = Button(label, name, slots[slot], icon=icon)
            row.addWidget(button)
            if slot not in ("pictures", "folder"):
                self._still.append(button)
        self._stack = QStackedLayout()
        for part in (self._invite, self._no_model, self._bar):
            self._stack.addWidget(part)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addLayout(self._stack)
        self.show_invitation(model=True)

    @property
    def compact(self) -> bool:
        """Whether it is the bar over the results."""
        return self._stack.currentWidget() is self._bar

    def show_invitation(self, *, model: bool) -> None:
        """Fill the page: drop pictures, or without a model, how to get one."""
        self._stack.setCurrentWidget(self._invite if model else self._no_model)
        self._room(0, FREE)

    def show_bar(self) -> None:
        """Make room for results."""
        self._stack.setCurrentWidget(self._bar)
        self._room(BAR_HEIGHT, BAR_HEIGHT)

    def show_progress(self, text: str, done: int, total: int) -> None:
        """Say how far the work is; without a total that it goes on."""
        self.summary.setText(text)
        self.progress.setRange(0, total)
        self.progress.setValue(done)
        self._busy(True)

    def show_summary(self, text: str) -> None:
        """Say what there is; nothing is going on."""
        self.summary.setText(text)
        self._busy(False)

    def _busy(self, busy: bool) -> None:
        self.progress.setVisible(busy)
        self.stop_button.setVisible(busy)
        for button in self._still:
            button.setVisible(not busy)

    def _room(self, least: int, most: int) -> None:
        # The hidden parts would otherwise keep the height they want.
        for part in (self._invite, self._no_model, self._bar):
            part.setVisible(part is self._stack.currentWidget())
        self.setMinimumHeight(least)
        self.setMaximumHeight(most)
        self.update()
