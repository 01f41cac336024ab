"""What a page may use of the program around it. Every page gets one `Context`, the same for all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices

from cnnstudio.app import paths
from cnnstudio.app.document import Document
from cnnstudio.app.models import Models
from cnnstudio.app.settings import Settings
from cnnstudio.app.tasks import TaskRunner
from cnnstudio.app.tensorboard import TensorBoard
from cnnstudio.app.trainer import Trainer
from cnnstudio.graph.project import Project

Kind = Literal["info", "error", "success"]
# A button in a notification: what it says and what it does.
Action = tuple[str, Callable[[], object]]
PageName = Literal["data", "design", "train", "explore", "classify", "learn"]


class Context(QObject):
    """The project, the training, background work and the way to other pages.

    Pages talk to each other through the signals here and never hold one another. A page that wants
    its actions in the menu bar has a method `actions() -> list[QAction]`; the dynamic property
    `menu` of an action ("file", "edit", "network", "data", "train", "view") names its menu, and
    without it the page's own is taken (design: network, data and classify: data, else train).
    Actions of the same page appear in the order of the list; a separator is an action too.

    Attributes:
        document: the project.
        trainer: the one training.
        tasks: scans, thumbnails, exports, in one background thread.
        inference: Keras work that is not training, in another.
        settings: what the program remembers.
        tensorboard: shows runs in TensorBoard.
        models: trained networks that are loaded, for the thread of `inference`.
    """

    # Show something to the person: text, Kind, Action or None.
    notified = Signal(str, str, object)
    page_requested = Signal(str)
    # Open an image folder on the Data page: Path.
    folder_requested = Signal(object)
    # Make the sample set of that name and open it on the Data page.
    sample_requested = Signal(str)
    # Classify pictures and folders on the Classify page: tuple of Path.
    classify_requested = Signal(object)
    # The zoom of the canvas in words, for the status bar.
    zoom_changed = Signal(str)
    # Start a training with the project as it is; the Train page does it.
    train_requested = Signal()
    # A run was finished or stopped, or its folder chosen: Path. Explore and Classify follow it.
    run_changed = Signal(object)
    # Show what the network makes of a picture, layer by layer, on the Explore page: Path.
    explain_requested = Signal(object)
    # Show what mattered to a network in a picture, on the Explore page: its Path, the picture's.
    why_requested = Signal(object, object)
    # Measure a run or model on pictures on the Explore page: Path.
    evaluate_requested = Signal(object)
    # Compare the networks at two paths, or the one at one path with the project: tuple of Path.
    compare_requested = Signal(object)
    # Ask for a new network on the layers that a run has trained: its Path.
    transfer_requested = Signal(object)
    # Begin an untitled project with what another holds: Project, what to call it, and the model
    # file whose weights it starts from, or None.
    project_copy_requested = Signal(object, str, object)

    def __init__(
        self,
        document: Document,
        trainer: Trainer,
        tasks: TaskRunner,
        inference: TaskRunner,
        settings: Settings,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.document = document
        self.trainer = trainer
        self.tasks = tasks
        self.inference = inference
        self.settings = settings
        self.models = Models(settings, self)
        self.tensorboard = TensorBoard(self)
        self.tensorboard.shown.connect(lambda url: QDesktopServices.openUrl(QUrl(url)))
        self.tensorboard.failed.connect(lambda message: self.notify(message, "error"))

    @property
    def runs_folder(self) -> Path:
        """Where the window writes its runs."""
        return self.settings.runs_folder or paths.runs_folder()

    def notify(self, text: str, kind: Kind = "info", action: Action | None = None) -> None:
        """Tell the person something, without waiting for an answer."""
        self.notified.emit(text, kind, action)

    def show_page(self, name: PageName) -> None:
        self.page_requested.emit(name)

    def open_folder(self, folder: Path) -> None:
        """Show the Data page and scan a folder of pictures there."""
        self.show_page("data")
        self.folder_requested.emit(Path(folder))

    def make_sample(self, name: str) -> None:
        """Show the Data page, make a sample set and open it there."""
        self.show_page("data")
        self.sample_requested.emit(name)

    def classify_paths(self, paths: Iterable[Path]) -> None:
        """Show the Classify page and classify pictures and folders there."""
        self.show_page("classify")
        self.classify_requested.emit(tuple(Path(path) for path in paths))

    def explain(self, picture: Path) -> None:
        """Show the Explore page with the feature maps of a picture."""
        self.show_page("explore")
        self.explain_requested.emit(Path(picture))

    def evaluate(self, run: Path) -> None:
        """Show the Explore page and measure a run or model there."""
        self.show_page("explore")
        self.evaluate_requested.emit(Path(run))

    def compare(self, *paths: Path) -> None:
        """Show two networks side by side, or one beside the project's: projects, runs, models."""
        self.compare_requested.emit(tuple(Path(path) for path in paths))

    def transfer(self, run: Path) -> None:
        """Ask for a new network that starts from what a run has trained."""
        self.transfer_requested.emit(run)

    def open_project_copy(self, project: Project, name: str, model: Path | None = None) -> None:
        """Begin an untitled project that is a copy of another, after the one that is open.

        With `model`, a model file of its network, training starts from the weights in that.
        """
        self.project_copy_requested.emit(project, name, model)

    def train(self) -> None:
        """Show the Train page and start a training there."""
        self.show_page("train")
        self.train_requested.emit()
