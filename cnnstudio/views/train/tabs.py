"""Below the curves: runs, messages, what the classes are taken for."""

from __future__ import annotations

from PySide6.QtWidgets import QTabWidget, QWidget

from cnnstudio.training.events import ConfusionReady
from cnnstudio.views.explore.confusion import ConfusionMatrix
from cnnstudio.views.train.message_list import MessageList


class RunTabs(QTabWidget):
    """Tabs with a count or an epoch in their names; the confusion opens when there is one."""

    def __init__(self, runs: QWidget, messages: MessageList, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("trainTabs")
        self.setDocumentMode(True)
        self._messages = messages
        self.confusion = ConfusionMatrix(self)
        self.confusion.setObjectName("liveConfusion")
        self.confusion.setAccessibleName("What validation pictures are taken for, epoch by epoch")
        self.addTab(runs, "Runs")
        self.addTab(messages, "Messages")
        self.addTab(self.confusion, "Confusion")
        self.setTabToolTip(2, "After the first epoch of a training with validation pictures")
        self.begin()

    def begin(self) -> None:
        """Another training: nothing was said or taken for anything yet."""
        self.count_messages()
        self.setTabText(2, "Confusion")
        self.setTabEnabled(2, False)

    def count_messages(self) -> None:
        """Say how many messages there are."""
        count = self._messages.count() + self._messages.left_out
        self.setTabText(1, f"Messages ({count:,})" if count else "Messages")

    def show_confusion(self, event: ConfusionReady) -> None:
        """Show what an epoch's validation pictures were taken for."""
        self.confusion.set_matrix(event.matrix, event.classes)
        self.setTabText(2, f"Confusion (epoch {event.epoch:,})")
        self.setTabEnabled(2, True)
