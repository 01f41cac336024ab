"""The Classify page: drop pictures, see what the trained network takes them for."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QAction,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QGuiApplication,
    QHideEvent,
    QKeySequence,
    QShowEvent,
)
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from cnnstudio.app.models import ModelFacts
from cnnstudio.data.pictures import SUFFIXES
from cnnstudio.evaluation.predict import Unreadable
from cnnstudio.graph.project import SUFFIX
from cnnstudio.keras_build.trained import MODEL_SUFFIXES
from cnnstudio.views import theme
from cnnstudio.views.classify.camera import CameraDialog
from cnnstudio.views.classify.chooser import ModelChooser
from cnnstudio.views.classify.detail import Detail
from cnnstudio.views.classify.filtering import FilterBar
from cnnstudio.views.classify.results import ROW_HEIGHT, ResultModel, results_csv
from cnnstudio.views.classify.session import Session
from cnnstudio.views.classify.sorter import Sorter
from cnnstudio.views.classify.table import PredictionTable
from cnnstudio.views.classify.target import DropTarget
from cnnstudio.views.classify.telling import TellStrip
from cnnstudio.views.context import Context
from cnnstudio.views.dialogs import choose_file, choose_folder
from cnnstudio.views.file_manager import show_in_folder
from cnnstudio.views.intake import Given, Intake, given_in
from cnnstudio.views.pictures import THUMBNAIL_BUDGET, Thumbnails
from cnnstudio.views.strip import Strip
from cnnstudio.views.widgets import Heading, Line

DETAIL = 384


class ClassifyPage(QWidget):
    """Pictures in, predictions out; the engine is the command line's."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("classifyPage")
        self.setAccessibleName("Classify")
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._context = context
        self._given: list[Path] = []  # what the results on show were asked for
        self._pending: list[Path] = []  # dropped before there was a network
        self._used: Path | None = None  # the network of the results on show
        self._known: Path | None = None  # the network that was asked what it leaves open
        self._intake = Intake(
            context, self.classify, lambda words: self.message.show_message(words, "error")
        )
        self.session = Session(context.inference, context.models, self)
        self.thumbnails = Thumbnails(
            context.tasks, box=2 * ROW_HEIGHT, budget=THUMBNAIL_BUDGET // 2, parent=self
        )
        self.results = ResultModel(self.thumbnails, self)
        self._make_parts()
        self._lay_out()
        self._make_actions()
        self.session.arrived.connect(self._arrived)
        self.session.changed.connect(self._show_progress)
        self.session.model_loaded.connect(self._know)
        self.chooser.tell_wanted.connect(self.tell.ask)
        context.models.told_changed.connect(self._told)
        self.session.failed.connect(self._failed)
        self.chooser.chosen.connect(self._chosen)
        context.classify_requested.connect(self.classify)
        self._show_state()

    # --- entries

    def classify(self, given: Iterable[Path]) -> None:
        """Classify pictures and the pictures in folders; model files become the network."""
        given = [Path(path) for path in given]
        models = [path for path in given if path.suffix.lower() in MODEL_SUFFIXES]
        pictures = [path for path in given if path not in models]
        self.message.hide()
        if models:
            self.chooser.open_file(models[0])
        if not pictures:
            return
        model = self.chooser.path
        if model is None:
            self._pending += pictures
            if self.chooser.listed:
                self._say_no_model()
            else:
                self.chooser.refresh()
            return
        self._given += [path for path in pictures if path not in self._given]
        self._used = model
        self.session.classify(model, pictures)
        self._show_state()

    def paste(self) -> None:
        """Classify what the clipboard holds: files, a picture, or paths and addresses as text."""
        given = given_in(QGuiApplication.clipboard().mimeData(), text=True)
        if given:
            self._intake.take(given)
        else:
            self._context.notify("The clipboard holds no picture: copy one, or a file, first.")

    def open_camera(self) -> CameraDialog:
        """Show what the camera sees; pictures that are taken are classified."""
        dialog = CameraDialog(self)
        dialog.taken.connect(lambda image: self._intake.take(Given(image=image), "camera"))
        dialog.open()
        return dialog

    def stop(self) -> None:
        """Stop classifying; the results so far stay."""
        self.session.stop()

    def clear(self) -> None:
        """Stop and take away all results."""
        self.session.stop()
        self.results.clear()
        self.thumbnails.clear()
        self._given = []
        self.message.hide()
        self.detail.show_result(None)
        self._show_state()

    def export_csv(self) -> None:
        """Let the person choose a file and write the results there, in the order shown."""
        choose_file(
            self,
            "Export the predictions",
            "Comma-separated values (*.csv)",
            self.write_csv,
            start=Path("predictions.csv"),
            save_suffix=".csv",
        )

    def write_csv(self, file: Path) -> None:
        try:
            file.write_text(results_csv(self.table.rows()), encoding="utf-8", newline="")
        except OSError as error:
            self._context.notify(
                f"{file} could not be written: {error.strerror}. Choose another place.", "error"
            )
        else:
            self._context.notify(
                f"{file.name} holds {len(self.results.results):,} predictions.",
                "success",
                ("Show", lambda: show_in_folder(file)),
            )

    # --- what happens

    def _chosen(self, path: Path | None, by_hand: bool) -> None:
        if path != self._known:
            self._known = path
            self.tell.show_facts(None)
            # Runs leave nothing open.
            if path is not None and path.is_file():
                self._look_at(path)
        if path is not None and self._pending:
            pending, self._pending = self._pending, []
            self.classify(pending)
        elif path is None and self._pending:
            self._say_no_model()
        elif path is not None and self._given and path != self._used:
            if by_hand:
                self._again()
            else:
                self.message.show_message(
                    f"These predictions are of {_name(self._used)}; there is a newer network, "
                    f"{path.name}.",
                    "info",
                    [("Classify again", self._again), ("Keep", self.message.hide)],
                )
        self._show_state()

    def _know(self, facts: ModelFacts) -> None:
        """A network is loaded: say what it takes, ask what its file leaves open."""
        if facts.path == self.chooser.path:
            self.chooser.show_facts(facts)
            self.tell.show_facts(facts)

    def _look_at(self, file: Path) -> None:
        """Load a model file for what it says of itself; a damaged one says so when it is used."""
        self._context.inference.run(
            self._context.models.facts, file, on_done=self._know, on_failed=lambda _reason: None
        )

    def _told(self, file: Path) -> None:
        """Other pixels or names count for a file."""
        if file == self.chooser.path:
            self._look_at(file)
            if self._given and file == self._used:
                self._again()

    def _again(self) -> None:
        """Classify everything on show with the network that is chosen now."""
        given, self._given = self._given, []
        self.session.stop()
        self.results.clear()
        self.classify(given)

    def _say_no_model(self) -> None:
        self._show_state()
        count = len(self._pending)
        self.message.show_message(
            f"{count:,} dropped: classified as soon as there is a network. "
            "Train one first, or open a .keras file.",
            "warning",
            [
                ("Open a .keras file…", self.chooser.choose_file),
                ("Go to Train", lambda: self._context.show_page("train")),
            ],
        )

    def _arrived(self, results: tuple[Any, ...]) -> None:
        first = not self.results.results
        self.results.append(results)
        if first:
            self._show_state()
        self.table.choose_first()

    def _failed(self, sentence: str) -> None:
        if not self.results.results:
            self._given = []
        self._show_state()
        self.message.show_message(
            sentence, "error", [("Open a .keras file…", self.chooser.choose_file)]
        )

    def _show_state(self) -> None:
        """The page as it should be now: an invitation, or a bar over results."""
        filled = bool(self.results.results) or self.session.busy
        self.split.setVisible(filled)
        self.filters.setVisible(filled)
        if filled:
            self.target.show_bar()
        else:
            self.target.show_invitation(model=self.chooser.path is not None)
        self._show_progress()

    def _show_progress(self) -> None:
        session, results = self.session, self.results.results
        if session.busy:
            rate = f"  ·  {session.rate:,.0f} a second" if session.rate else ""
            text = f"{session.done:,} of {session.total:,} pictures{rate}"
            if session.loading:
                text = f"Loading {_name(self._used)}…"
            total = 0 if session.loading else session.total
            self.target.show_progress(text, session.done, total)
            return
        broken = sum(isinstance(result, Unreadable) for result in results)
        words = [f"{len(results):,} picture" + ("" if len(results) == 1 else "s")]
        if broken:
            words.append(f"{broken:,} could not be read")
        words.append("drop more here")
        self.target.show_summary("  ·  ".join(words))

    def _choose_pictures(self) -> None:
        endings = " ".join(f"*{suffix}" for suffix in sorted(SUFFIXES))
        dialog = QFileDialog(self, "Open pictures", "", f"Pictures ({endings});;All files (*)")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setObjectName("picturesDialog")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(lambda files: self.classify(map(Path, files)))
        dialog.open()

    def _choose_folder(self) -> None:
        choose_folder(
            self, "Open a folder of pictures to classify", lambda path: self.classify([path])
        )

    def _explain(self, picture: Path) -> None:
        if self._used is not None:
            self._context.show_page("explore")
            self._context.why_requested.emit(self._used, picture)

    # --- events

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.chooser.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        self.target.light(False)
        super().hideEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        given = given_in(event.mimeData())
        project = any(path.suffix.lower() == SUFFIX for path in given.files)
        if given and not project:
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self.target.light(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.target.light(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self.target.light(False)
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self._intake.take(given_in(event.mimeData()))

    # --- parts

    def _make_parts(self) -> None:
        self.chooser = ModelChooser(self._context)
        self.message = Strip("classifyMessage")
        self.tell = TellStrip("classifyTell", self._context)
        self.target = DropTarget(
            {
                "pictures": self._choose_pictures,
                "folder": self._choose_folder,
                "paste": self.paste,
                "camera": self.open_camera,
                "train": lambda: self._context.show_page("train"),
                "model": self.chooser.choose_file,
                "stop": self.stop,
                "clear": self.clear,
                "export": self.export_csv,
            }
        )
        self.table = PredictionTable(self.results, self._context.tasks)
        self.detail = Detail(self._context.tasks)
        self.table.current_result.connect(self.detail.show_result)
        for part in (self.table, self.detail):
            part.why_wanted.connect(self._explain)
        self.filters = FilterBar(self.table.filter)
        self.sorter = Sorter(self._context, self)
        self.filters.sort_wanted.connect(
            lambda: self.sorter.ask(self, self.table.rows(), self.filters.threshold)
        )

    def _make_actions(self) -> None:
        for text, name, keys, slot in (
            ("Paste a picture to classify", "pastePictureAction", "Ctrl+V", self.paste),
            ("Take pictures with the camera…", "cameraAction", "Ctrl+Alt+C", self.open_camera),
            ("Copy predictions as CSV", "copyPredictionsAction", "Ctrl+C", self.table.copy),
            ("Stop classifying", "stopClassifyAction", "Esc", self.stop),
            ("Export predictions as CSV…", "exportPredictionsAction", "", self.export_csv),
        ):
            action = QAction(text, self)
            action.setObjectName(name)
            if keys:
                action.setShortcut(QKeySequence(keys))
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            action.triggered.connect(lambda _checked=False, slot=slot: slot())
            self.addAction(action)

    def _lay_out(self) -> None:
        top = QFrame()
        top.setProperty("role", "panel")
        row = QHBoxLayout(top)
        row.setContentsMargins(theme.S16, theme.S12, theme.S16, theme.S12)
        row.setSpacing(theme.S12)
        row.addWidget(Heading("Network"))
        row.addWidget(self.chooser, 1)
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.setChildrenCollapsible(False)
        self.split.addWidget(self.table)
        self.split.addWidget(self.detail)
        self.split.setStretchFactor(0, 1)
        self.split.setStretchFactor(1, 0)
        self.split.setSizes([1000, DETAIL])
        around = QVBoxLayout()
        around.setContentsMargins(theme.S16, theme.S12, theme.S16, theme.S12)
        around.addWidget(self.target)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(top)
        outer.addWidget(Line())
        outer.addWidget(self.tell)
        outer.addWidget(self.message)
        outer.addLayout(around)
        outer.addWidget(self.filters)
        outer.addWidget(self.split, 1)


def _name(path: Path | None) -> str:
    return path.name if path is not None else "the network"
