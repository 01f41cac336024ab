"""Below the curves: runs, messages, what the classes are taken for, weights, search."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from cnnstudio.training.events import ConfusionReady
from cnnstudio.views import theme
from cnnstudio.views.context import Context
from cnnstudio.views.explore.confusion import ConfusionMatrix
from cnnstudio.views.search.panel import SearchPanel
from cnnstudio.views.train.message_list import MessageList
from cnnstudio.views.train.run_table import RunTable
from cnnstudio.views.train.weights_tab import WeightsTab
from cnnstudio.views.widgets import ElidedLabel


class RunTabs(QTabWidget):
    """Tabs with a count of messages in a name; the confusion opens when there is one."""

    def __init__(
        self,
        context: Context,
        runs: RunTable,
        messages: MessageList,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("trainTabs")
        self.setDocumentMode(True)
        self._context = context
        self._messages = messages
        self.confusion = ConfusionMatrix(self)
        self.confusion.setObjectName("liveConfusion")
        self.confusion.setAccessibleName("What validation pictures are taken for, epoch by epoch")
        self.addTab(runs, "Runs")
        self.addTab(messages, "Messages")
        self._of_epoch = ElidedLabel("", self, Qt.TextElideMode.ElideRight)
        self._of_epoch.setObjectName("confusionEpoch")
        self._of_epoch.setProperty("role", "secondary")
        confusion = QWidget(self)
        column = QVBoxLayout(confusion)
        column.setContentsMargins(theme.S16, theme.S8, theme.S16, theme.S4)
        column.setSpacing(theme.S4)
        column.addWidget(self._of_epoch)
        column.addWidget(self.confusion, 1)
        self.addTab(confusion, "Confusion")
        self.weights = WeightsTab(context, self)
        self.addTab(self.weights, "Weights")
        self.search = SearchPanel(context, self)
        self.search.run_chosen.connect(runs.chosen)
        self.addTab(self.search, "Search")
        self.setTabToolTip(4, "Train again and again with other settings, and rank the trials")
        self.setTabToolTip(3, "How weights and gradients of each layer are spread, epoch by epoch")
        self.setTabToolTip(2, "After the first epoch of a training with validation pictures")
        self.currentChanged.connect(lambda _place: self.updateGeometry())
        self.begin()

    def minimumSizeHint(self) -> QSize:
        """What the tab in front needs: the others take no room from the curves."""
        front = self.currentWidget()
        if front is None:
            return super().minimumSizeHint()
        needed = front.minimumSizeHint().expandedTo(front.minimumSize())
        return QSize(needed.width(), needed.height() + self.tabBar().sizeHint().height())

    def show_search(self) -> None:
        """Bring the search to the front."""
        self._context.show_page("train")
        self.setCurrentWidget(self.search)

    def begin(self) -> None:
        """Another training: nothing was said or taken for anything yet."""
        self.count_messages()
        self._of_epoch.setText("")
        self.setTabEnabled(2, False)

    def count_messages(self) -> None:
        """Say how many messages there are."""
        count = self._messages.count() + self._messages.left_out
        self.setTabText(1, f"Messages ({count:,})" if count else "Messages")

    def show_confusion(self, event: ConfusionReady) -> None:
        """Show what an epoch's validation pictures were taken for."""
        self.confusion.set_matrix(event.matrix, event.classes)
        # Not in the name of the tab: Qt would lay out and paint all of it after every epoch.
        self._of_epoch.setText(f"Validation pictures after epoch {event.epoch:,}")
        self.setTabEnabled(2, True)
