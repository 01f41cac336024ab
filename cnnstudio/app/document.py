"""The open project: network, data and training settings, their undo stack and the live analysis."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from cnnstudio.analysis import Analysis, Remedy, analyse
from cnnstudio.analysis.losses import SHARING, one_for_two, score_function
from cnnstudio.app.project_state import ProjectState, state_of, without_search
from cnnstudio.data.corrections import Counts, counts
from cnnstudio.data.settings import DataSettings
from cnnstudio.errors import StudioError
from cnnstudio.graph import edits
from cnnstudio.graph.network import Network
from cnnstudio.graph.presets import PRESETS
from cnnstudio.graph.project import SUFFIX, Project, load_project, save_project
from cnnstudio.keras_build.weights import KEY, kept_beside
from cnnstudio.search.settings import SearchSettings
from cnnstudio.search.space import renamed
from cnnstudio.training.settings import TrainingSettings

if TYPE_CHECKING:
    from cnnstudio.data.scan import FolderReport

START_PRESET = "small-cnn"
_MERGES = 1


class _Change(QUndoCommand):
    """The one command: the state before and after. Children are never made (they crash PySide6)."""

    def __init__(
        self,
        document: Document,
        text: str,
        before: ProjectState,
        after: ProjectState,
        merge_key: object,
    ) -> None:
        super().__init__(text)
        self._document = document
        self._before = before
        self._after = after
        self._merge_key = merge_key

    def redo(self) -> None:
        self._document._show(self._after)

    def undo(self) -> None:
        self._document._show(self._before)

    def id(self) -> int:
        return -1 if self._merge_key is None else _MERGES

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, _Change) or other._merge_key != self._merge_key:
            return False
        self._after = other._after
        # Typed there and back again: nothing to undo.
        self.setObsolete(self._after == self._before)
        return True


class Document(QObject):
    """The project a person works on. Every change goes through `apply`, `set_data`, `set_training`.

    The analysis is computed before `changed` is sent, so both always fit together.
    """

    # The network or what the analysis knows about it changed.
    changed = Signal()
    # The path, the title or whether it is saved changed.
    project_changed = Signal()
    # The data settings or the report on the folder changed.
    data_changed = Signal()
    training_changed = Signal()
    search_changed = Signal()
    # Layers that a page wants selected on the canvas: list of names.
    selection_requested = Signal(object)
    # Something could not be done: a sentence for the person.
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.undo_stack = QUndoStack(self)
        self._report: FolderReport | None = None
        self._counted: tuple[tuple[object, ...], Counts] | None = None
        self._path: Path | None = None
        self._name = ""
        self._state = ProjectState(PRESETS[START_PRESET].build())
        self._analysis = analyse(self._state.network, loss=self.training.loss)
        self.undo_stack.cleanChanged.connect(self.project_changed)

    @property
    def network(self) -> Network:
        return self._state.network

    @property
    def analysis(self) -> Analysis:
        return self._analysis

    @property
    def data(self) -> DataSettings:
        return self._state.data

    @property
    def training(self) -> TrainingSettings:
        return self._state.training

    @property
    def search(self) -> SearchSettings:
        return self._state.search

    @property
    def project(self) -> Project:
        """All of it, as a project file holds it."""
        return Project(
            self.network,
            self.data.model_dump(mode="json"),
            self.training.model_dump(mode="json"),
            self._state.parts,
        )

    @property
    def path(self) -> Path | None:
        """The project file, None before the first save."""
        return self._path

    @property
    def dirty(self) -> bool:
        """Whether there is something to save."""
        return not self.undo_stack.isClean()

    @property
    def title(self) -> str:
        return self._path.name if self._path else (self._name or f"untitled{SUFFIX}")

    @property
    def report(self) -> FolderReport | None:
        """What the folder of the data settings holds, read as they say; None if nobody looked."""
        report, folder = self._report, self.data.folder
        if report is None or folder is None or not report.answers(folder, self.data.layout):
            return None
        return report

    @property
    def counts(self) -> Counts | None:
        """Pictures by class and split, as corrected in the project; None while nobody looked."""
        report, data = self.report, self.data
        if report is None:
            return None
        given = (report, data.excluded, data.relabelled, data.merged, data.moved)
        known = self._counted
        if known is None or any(a is not b for a, b in zip(known[0], given, strict=True)):
            known = self._counted = (given, counts(report, data))
        return known[1]

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes of the data, in the order of the network's scores; empty if not known."""
        found = self.counts
        return () if found is None else tuple(found.classes)

    @property
    def classes(self) -> int | None:
        """How many classes the data has; None if not known."""
        return len(self.class_names) or None

    def apply(self, text: str, network: Network, *, merge_key: object = None) -> None:
        """Make `network` the network; `text` names the step in the Edit menu.

        Steps that follow each other with an equal `merge_key` are one step for undo.
        """
        self._push(text, replace(self._state, network=network), merge_key)

    def apply_project(self, text: str, project: Project, before: Project | None = None) -> None:
        """Make `project` the project, its weights among it, as one step for undo.

        `before` is what undo goes back to where the files of its weights are other ones now.
        Raises `StudioError` for settings that make no sense.
        """
        after = state_of(project, None)
        if before is not None:
            self._state = replace(self._state, extra=without_search(before.extra))
        self._push(text, after, None)

    def edit(self, text: str, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Apply `function(network, *arguments, **named)`, an edit that makes sense or not.

        Functions that return `(network, more)` give `more` back, others True. If the edit makes no
        sense, `failed` says so and the answer is None.
        """
        try:
            result = function(self.network, *arguments, **named)
        except StudioError as error:
            self.failed.emit(error.message)
            return None
        network, more = result if isinstance(result, tuple) else (result, True)
        self.apply(text, network)
        return more

    def solve(self, remedy: Remedy) -> None:
        """Do what a problem's remedy says, as one step for undo; `failed` says if it cannot be."""
        if remedy.loss is None:
            self.edit(remedy.label, remedy.edit)
        else:
            training = self.training.model_copy(update={"loss": remedy.loss})
            self.set_training(training, remedy.label)

    def start_from(self, preset: str) -> bool:
        """Replace the network by a preset that fits the data; `failed` says if it cannot."""
        chosen, shape = PRESETS[preset], None
        if self.data.folder is not None:
            shape = (*self.data.image_size, self.data.channels)
        try:
            network = chosen.build(shape, self.classes)
        except StudioError as error:
            self.failed.emit(error.message)
            return False
        # Weights that came with the old network are none of this one, whatever its layers' names.
        extra = {key: value for key, value in self._state.extra.items() if key != KEY}
        after = replace(self._state, network=network, extra=extra)
        self._push(f"Start from {chosen.title}", after, None)
        return True

    def set_data(
        self, data: DataSettings, text: str = "Change data", *, merge_key: object = None
    ) -> None:
        self._push(text, replace(self._state, data=data), merge_key)

    def set_training(
        self, training: TrainingSettings, text: str = "Change training", *, merge_key: object = None
    ) -> None:
        self._push(text, replace(self._state, training=training), merge_key)

    def set_search(
        self, search: SearchSettings, text: str = "Change search", *, merge_key: object = None
    ) -> None:
        self._push(text, replace(self._state, search=search), merge_key)

    def rename_layer(self, old: str, new: str, *, merge_key: object = None) -> None:
        """Give a layer another name; what speaks of it follows. Raises `StudioError`."""
        after = replace(
            self._state,
            network=edits.rename(self.network, old, new),
            search=renamed(self.search, old, new),
            training=self.training.renamed(old, new),
        )
        self._push(f"Rename to {new}", after, merge_key)

    def set_report(self, report: FolderReport | None) -> None:
        """Say what was found in the data folder; the classes then count in the analysis."""
        before = self.classes
        self._report = report
        if self.classes != before:
            self._analyse()
        self.data_changed.emit()

    def data_mismatch(self) -> str:
        """What Input and the last Dense layer would become to match the data; empty if they do."""
        words = []
        network = self.network
        for name, settings in self._matching_settings().items():
            for key, value in settings.items():
                if network[name][key] != value:
                    shown = " × ".join(map(str, value)) if isinstance(value, tuple) else value
                    words.append(f"{name}: {key} {shown}")
        return ", ".join(words)

    def match_data(self) -> bool:
        """Set the Input and the last Dense layer to the data, in one step; False: they matched."""
        if not self.data_mismatch():
            return False
        network = self.network
        for name, settings in self._matching_settings().items():
            network = edits.set_settings(network, name, settings)
        self.apply("Match the data", network)
        return True

    def new(self, network: Network | None = None, name: str = "") -> None:
        """Begin an unsaved project; without a network, with the starting preset."""
        if network is None:
            network = PRESETS[START_PRESET].build()
        self._begin(ProjectState(network), None, name)

    def open(self, path: str | Path) -> bool:
        """Open a project file. If it cannot be opened `failed` says why and nothing changes."""
        path = Path(path).absolute()
        try:
            project = load_project(path)
            state = state_of(project, path)
        except StudioError as error:
            self.failed.emit(error.message)
            return False
        self._begin(state, path)
        return True

    def save(self, path: str | Path | None = None) -> bool:
        """Save to `path`, or where it was saved before. If that fails `failed` says why."""
        target = Path(path).absolute() if path else self._path
        if target is None:
            self.failed.emit("This project has no file yet: choose one with Save As.")
            return False
        if target.suffix != SUFFIX:
            target = target.with_name(target.name + SUFFIX)
        try:
            project = kept_beside(self.project, target)
            save_project(project, target)
        except StudioError as error:
            self.failed.emit(error.message)
            return False
        extra = without_search(project.extra)
        self._path, self._state = target, replace(self._state, extra=extra)
        self.undo_stack.setClean()
        self.project_changed.emit()
        return True

    def restore(self, project: Project, path: Path | None, name: str = "") -> None:
        """Go on with a project that was never saved; it counts as changed. Raises `StudioError`.

        `name` is its title as long as it has no file.
        """
        self._begin(state_of(project, path), path, name)
        self.undo_stack.resetClean()
        self.project_changed.emit()

    def _push(self, text: str, after: ProjectState, merge_key: object) -> None:
        if after != self._state:
            self.undo_stack.push(_Change(self, text, self._state, after, merge_key))

    def _show(self, state: ProjectState) -> None:
        """Make `state` the state and tell who looks at what changed."""
        before, classes = self._state, self.classes
        self._state = state
        other_loss = state.training.loss != before.training.loss
        if state.network is not before.network or self.classes != classes or other_loss:
            self._analyse()
        if state.data != before.data:
            self.data_changed.emit()
        if state.training != before.training:
            self.training_changed.emit()
        if state.search != before.search:
            self.search_changed.emit()

    def _analyse(self) -> None:
        self._analysis = analyse(
            self.network, self._analysis, classes=self.classes, loss=self.training.loss
        )
        self.changed.emit()

    def _begin(self, state: ProjectState, path: Path | None, name: str = "") -> None:
        self._path, self._name = path, name
        self._state = state
        self._report = None
        self.undo_stack.clear()
        self._analysis = analyse(state.network, loss=state.training.loss)
        self.changed.emit()
        self.data_changed.emit()
        self.training_changed.emit()
        self.search_changed.emit()
        self.project_changed.emit()

    def _matching_settings(self) -> dict[str, dict[str, Any]]:
        network, found = self.network, dict[str, dict[str, Any]]()
        if self.data.folder is None:
            return found
        if len(network.sources) == 1:
            found[network.sources[0]] = {"shape": (*self.data.image_size, self.data.channels)}
        last = next((name for name in reversed(network.order) if network[name].type == "Dense"), "")
        if last and self.classes:
            shares = score_function(network, last) in SHARING
            if shares or not one_for_two(network[last]["units"], self.classes):
                found[last] = {"units": self.classes}
        return found
