"""File > New > From a trained network: chosen in a dialog, made in the background."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtWidgets import QCheckBox, QLineEdit, QSpinBox, QWidget

from cnnstudio.app.imported_weights import ImportedWeights
from cnnstudio.app.tasks import Task
from cnnstudio.graph.project import SUFFIX, Project
from cnnstudio.training.runs import RunInfo, list_runs
from cnnstudio.views.backbone import ask_for_backbone
from cnnstudio.views.context import Context
from cnnstudio.views.dialogs import choose_file
from cnnstudio.views.files import Files
from cnnstudio.views.network_dialog import NetworkDialog, choice, row
from cnnstudio.views.train.run_columns import title_of
from cnnstudio.views.widgets import Button, PrimaryButton, QuietButton, name_widget

_FILTER = f"Trained networks (*.keras *.h5 *.hdf5 *{SUFFIX})"
RUN, FILE = range(2)
ALL, UP_TO, NOTHING = range(3)
APART, HERE = range(2)


@dataclass(frozen=True)
class Wish:
    """What a person chose."""

    source: Path
    name: str
    classes: int
    freeze: str
    fine_tune: bool
    apart: bool


@dataclass(frozen=True)
class Made:
    """A project on a trained network, and what undo goes back to."""

    wish: Wish
    project: Project
    before: Project
    words: str


class TransferDialog(NetworkDialog):
    """Asks what to start from, makes the project, and closes when that worked."""

    def __init__(
        self, context: Context, files: Files, parent: QWidget, run: Path | None = None
    ) -> None:
        title = "New from a trained network"
        super().__init__(context, files, parent, word="transfer", title=title)
        self._runs: list[RunInfo] = []
        self._wanted = run
        self.source = choice("transferSource", "Start from", "An earlier run", "A file")
        self.run = choice("transferRun", "Run")
        self.run.setPlaceholderText("no run has a trained network yet")
        self.file = QLineEdit()
        name_widget(self.file, "transferFile", "Model or project file")
        self.file.setPlaceholderText(f"a .keras or .h5 model, or a {SUFFIX} project with weights")
        self.browse = Button("Choose…", "chooseTransferFile", self._browse)
        self.classes = QSpinBox()
        name_widget(self.classes, "transferClasses", "Classes of the new head")
        self.classes.setRange(2, 100_000)
        self.classes.lineEdit().setTextMargins(6, 0, 0, 0)
        self.classes.setValue(context.document.classes or 10)
        self.freeze = choice(
            "transferFreeze", "Freeze", "All layers that are kept", "Up to a layer", "No layer"
        )
        self.layer = QLineEdit()
        name_widget(self.layer, "transferLayer", "Last frozen layer")
        self.layer.setPlaceholderText("the last frozen layer, such as conv2d_2")
        self.fine_tune = QCheckBox("Then train all at a lower rate, in the same run")
        name_widget(self.fine_tune, "transferFineTune", "Fine-tune in a second phase")
        self.fine_tune.setChecked(True)
        self.place = choice(
            "transferPlace", "Place", "In a new project", "In this project; undo brings it back"
        )
        self.begin = PrimaryButton("Start from it", "startTransfer", self.start)
        self.lay_out(
            (
                ("Start from", self.source),
                ("Run", self.run),
                ("File", row(self.file, self.browse)),
                ("Classes", self.classes),
                ("Freeze", self.freeze),
                ("", self.layer),
                ("Fine-tune", self.fine_tune),
                ("Place", self.place),
            ),
            self.begin,
            about="Its layers keep their weights; the layers that told its classes apart make "
            "room for new ones.",
            beside=QuietButton(
                "A network of Keras with its weights…", "transferBackbone", self._other
            ),
        )
        self.resize(640, 500)
        for box in (self.source, self.freeze):
            box.currentIndexChanged.connect(self._refresh)
        self._refresh()
        self._listing: Task | None = context.tasks.run(
            list_runs, context.runs_folder, on_done=self._listed
        )

    def start(self) -> None:
        """Make the project; the dialog stays open until that worked."""
        wish = self._wish()
        if wish is None:
            return
        self._make(
            f"Reading {wish.name}…",
            self._made,
            _make,
            wish,
            self._context.document.project,
            self._files.imported,
        )

    def done(self, result: int) -> None:
        if self._listing is not None:
            self._listing.cancel()
            self._listing = None
        super().done(result)

    def _listed(self, runs: list[RunInfo]) -> None:
        self._listing = None
        self._runs = [run for run in runs if run.has_model]
        self.run.clear()
        for run in self._runs:
            accuracy = run.best_val_accuracy
            figure = f" · val accuracy {accuracy:.3f}" if accuracy is not None else ""
            self.run.addItem(f"{title_of(run)}{figure}")
        # A box with words for nothing chosen chooses nothing by itself.
        paths = [run.path for run in self._runs]
        self.run.setCurrentIndex(paths.index(self._wanted) if self._wanted in paths else 0)
        if not self._runs and self.source.currentIndex() == RUN and not self.file.text():
            self.source.setCurrentIndex(FILE)
        self._refresh()

    def _wish(self) -> Wish | None:
        said = ""
        if self.source.currentIndex() == RUN:
            if not self._runs:
                said = "There is no run with a trained network yet: choose a file."
            else:
                run = self._runs[self.run.currentIndex()]
                source, name = run.path, title_of(run)
        elif not self.file.text().strip():
            said = "Choose the file of a trained network first."
        else:
            source = Path(self.file.text().strip()).expanduser()
            name = source.stem
        freeze = ("all", self.layer.text().strip(), "none")[self.freeze.currentIndex()]
        if not freeze:
            said = "Name the last frozen layer first."
        if said:
            self.message.setText(said)
            return None
        return Wish(
            source,
            name,
            self.classes.value(),
            freeze,
            self.fine_tune.isChecked(),
            self.place.currentIndex() == APART,
        )

    def _made(self, made: Made) -> None:
        name = made.wish.name
        self._use(
            made.project,
            made.before,
            f"Start from {name}",
            f"{name}: {made.words}",
            apart=f"{name}-new" if made.wish.apart else None,
        )

    def _browse(self) -> None:
        choose_file(
            self, "Choose a trained network", _FILTER, lambda path: self.file.setText(str(path))
        )

    def _other(self) -> None:
        """The networks that Keras has the weights of, in their own dialog."""
        window = self.parentWidget()
        self.reject()
        if window is not None:
            ask_for_backbone(self._context, self._files, window)

    def _refresh(self) -> None:
        file = self.source.currentIndex() == FILE
        self.run.setEnabled(not file and bool(self._runs))
        self.file.setEnabled(file)
        self.browse.setEnabled(file)
        self.layer.setEnabled(self.freeze.currentIndex() == UP_TO)


def ask_for_trained(
    context: Context, files: Files, window: QWidget, run: Path | None = None
) -> None:
    """Open the dialog, with a run chosen if one is given."""
    TransferDialog(context, files, window, run).open()


def _make(wish: Wish, before: Project, imported: ImportedWeights) -> Made:
    """The project on the trained network; its weights wait in the cache until it is saved."""
    from cnnstudio.keras_build.transfer import into, trained_network, transferred

    made = transferred(trained_network(wish.source), wish.classes, wish.freeze)
    project = into(before, made.found.save_weights(imported.new_file()))
    training = {} if wish.apart else dict(before.training)
    if wish.fine_tune:
        training["fine_tune"] = {**training.get("fine_tune", {}), "enabled": True}
    # The layer it named is another network's.
    training.get("fine_tune", {}).pop("unfreeze_from", None)
    project = replace(project, training=training)
    return Made(wish, project, imported.copy_for_undo(before), made.words)
