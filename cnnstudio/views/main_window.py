"""The main window: puts the parts together and holds no logic of its own."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import cast

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from cnnstudio.app.document import Document
from cnnstudio.app.recovery import Recovery
from cnnstudio.app.settings import Settings
from cnnstudio.app.tasks import TaskRunner
from cnnstudio.app.trainer import Trainer
from cnnstudio.graph.project import SUFFIX
from cnnstudio.views import theme
from cnnstudio.views.actions import Actions
from cnnstudio.views.classify_page import ClassifyPage
from cnnstudio.views.closing import Closing
from cnnstudio.views.compare.comparing import Comparing
from cnnstudio.views.context import Action, Context, Kind, PageName
from cnnstudio.views.data_page import DataPage
from cnnstudio.views.design.page import DesignPage
from cnnstudio.views.explore_page import ExplorePage
from cnnstudio.views.files import MODELS, Files
from cnnstudio.views.learn_page import LearnPage
from cnnstudio.views.notifications import Notifications
from cnnstudio.views.status import StatusBar
from cnnstudio.views.top_bar import TopBar
from cnnstudio.views.train_page import TrainPage

TITLES: dict[PageName, str] = {
    "data": "Data",
    "design": "Design",
    "train": "Train",
    "explore": "Explore",
    "classify": "Classify",
    "learn": "Learn",
}


class MainWindow(QMainWindow):
    """The window. `document`, `trainer`, `tasks` and `inference` are the program behind it."""

    def __init__(self) -> None:
        app = cast(QApplication, QApplication.instance())
        settings = Settings()
        # Widgets take their font when they are made, this one too.
        theme.begin(app, settings.theme)
        super().__init__()
        self.setObjectName("mainWindow")
        self.setMinimumSize(960, 600)
        self.setAcceptDrops(True)
        self.settings = settings
        settings.setParent(self)
        self.document = Document(self)
        self.trainer = Trainer(self)
        self.tasks = TaskRunner("tasks", self)
        self.inference = TaskRunner("inference", self)
        self.context = Context(
            self.document, self.trainer, self.tasks, self.inference, self.settings, self
        )
        self.pages = _make_pages(self.context)
        self.files = Files(self.context, self)
        self.comparing = Comparing(self.context, self)
        self.recovery = Recovery(self.document, self)
        self._closing = Closing(self.context, self.files, self.recovery, self)
        self._assemble()
        self.actions_ = Actions(self, self.context, self.files, self.comparing, self.pages, TITLES)
        self._connect()
        # However the program ends: at a logout, say, nobody closes the window first.
        app.aboutToQuit.connect(self._closing.finish)
        theme.apply(app)
        self._restore_look()

    def show_page(self, name: PageName) -> None:
        """Bring a page to the front: "data", "design", "train", "explore", "classify", "learn"."""
        page = self.pages[name]
        # The stack would put the keyboard on whatever comes first, with a frame around it.
        new = page.focusWidget() is None
        self._stack.setCurrentWidget(page)
        self._top.show_page(name)
        self._status.show_zoom(name == "design")
        focus = self.focusWidget()
        at_work = focus is not None and page.isAncestorOf(focus) and not new
        # Who walks along the tabs with the keyboard stays there, and so does who is at work on the
        # page: a field that an action opened keeps what is typed.
        if not self._top.has_focus() and not at_work:
            page.setFocus(Qt.FocusReason.OtherFocusReason)
        self.settings.page = name

    def notify(self, text: str, kind: Kind = "info", action: Action | None = None) -> None:
        """Show a message to the person."""
        self.notifications.show_message(text, kind, action)

    def offer_recovery(self) -> None:
        """Offer the newest project that a program left unsaved when it ended badly."""
        for rescued in self.recovery.find()[:1]:
            self.notify(
                f"{rescued.title} of {rescued.saved:%d %B, %H:%M} was not saved when the program "
                "ended.",
                "info",
                ("Restore", partial(self.recovery.restore, rescued)),
            )

    def _assemble(self) -> None:
        self._top = TopBar(self.context, TITLES)
        self._stack = QStackedWidget()
        for page in self.pages.values():
            self._stack.addWidget(page)
        centre = QWidget()
        layout = QVBoxLayout(centre)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._top)
        layout.addWidget(self._stack, 1)
        self.setCentralWidget(centre)
        self._status = StatusBar(self.context)
        self.setStatusBar(self._status)
        self.notifications = Notifications(centre)

    def _connect(self) -> None:
        self._top.page_chosen.connect(self.show_page)
        self.context.page_requested.connect(self.show_page)
        self.context.notified.connect(self.notifications.show_message)
        for failed in (
            self.document.failed,
            self.trainer.failed,
            self.tasks.failed,
            self.inference.failed,
        ):
            failed.connect(lambda message: self.notify(message, "error"))
        self.document.project_changed.connect(self._show_title)
        self._show_title()

    def _show_title(self) -> None:
        self.setWindowTitle(f"{self.document.title}[*] — CNN Studio")
        self.setWindowModified(self.document.dirty)

    def _restore_look(self) -> None:
        geometry = self.settings.geometry
        if geometry is None or not self.restoreGeometry(geometry):
            room = self.screen().availableGeometry()
            self.resize(min(1440, max(room.width(), 960)), min(900, max(room.height(), 600)))
        last = self.settings.page
        self.show_page(next((name for name in self.pages if name == last), "design"))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        dropped = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        folders = [path for path in dropped if path.is_dir()]
        projects = [path for path in dropped if path.suffix.lower() in {SUFFIX, *MODELS}]
        if projects:
            self.files.open(projects[0])
        elif folders:
            self.context.open_folder(folders[0])
        elif dropped:
            self.context.classify_paths(dropped)
        event.acceptProposedAction()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.settings.geometry = self.saveGeometry()
        if self._closing.may_close():
            event.accept()
        else:
            event.ignore()


def _make_pages(context: Context) -> dict[PageName, QWidget]:
    return {
        "data": DataPage(context),
        "design": DesignPage(context),
        "train": TrainPage(context),
        "explore": ExplorePage(context),
        "classify": ClassifyPage(context),
        "learn": LearnPage(context),
    }
