"""New, open, save and export: the project file commands behind the File menu."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from cnnstudio.graph.network import Network
from cnnstudio.graph.presets import PRESETS
from cnnstudio.graph.project import SUFFIX, Project
from cnnstudio.views.context import Context
from cnnstudio.views.dialogs import Answer, ask, choose_file

FILTER = f"CNN Studio projects (*{SUFFIX})"


class Files(QObject):
    """Asks before anything unsaved would be lost; tells the person what was done."""

    def __init__(self, context: Context, window: QWidget) -> None:
        super().__init__(window)
        self._context = context
        self._document = context.document
        self._window = window

    def new(self, preset: str = "") -> None:
        """Begin a project from a preset, or an empty one."""

        def begin() -> None:
            network = PRESETS[preset].build() if preset else Network()
            self._document.new(network)
            self._context.show_page("design")

        self.when_settled(begin)

    def start_from(self, preset: str) -> None:
        """Replace the network by a preset that fits the data, as one step for undo."""
        document = self._document
        shape = None
        if document.data.folder is not None:
            shape = (*document.data.image_size, document.data.channels)
        chosen = PRESETS[preset]
        document.apply(f"Start from {chosen.title}", chosen.build(shape, document.classes))
        self._context.show_page("design")

    def choose_and_open(self) -> None:
        start = next(iter(self._context.settings.recent_projects), None)
        choose_file(
            self._window, "Open project", FILTER, self.open, start=start.parent if start else None
        )

    def open(self, path: Path) -> None:
        """Open a project file, after the one that is open is settled."""

        def begin() -> None:
            if self._document.open(path):
                self._context.settings.add_recent_project(path)

        self.when_settled(begin)

    def save(self, then: Callable[[], object] | None = None) -> None:
        """Save; a project without a file gets one first. `then` follows if that worked."""
        if self._document.path is None:
            self.save_as(then)
        elif self._document.save() and then is not None:
            then()

    def save_as(self, then: Callable[[], object] | None = None) -> None:
        def save(path: Path) -> None:
            if self._document.save(path):
                self._context.settings.add_recent_project(self._document.path or path)
                if then is not None:
                    then()

        choose_file(
            self._window,
            "Save project",
            FILTER,
            save,
            start=self._suggested(SUFFIX),
            save_suffix=SUFFIX,
        )

    def export_source(self) -> None:
        """Write the network as plain Keras source."""
        self._export("Export Keras source", "Python files (*.py)", ".py")

    def export_model(self) -> None:
        """Write the network as an untrained Keras model."""
        self._export("Export Keras model, untrained", "Keras models (*.keras)", ".keras")

    def export_trained(self) -> None:
        """Copy the best model of the last run."""
        from cnnstudio.keras_build.trained import MODEL_FILE

        run = self._context.trainer.run
        if run is None or not (run / MODEL_FILE).is_file():
            self._context.notify("There is no trained model yet: train the network first.")
            return
        choose_file(
            self._window,
            "Export trained model",
            "Keras models (*.keras)",
            lambda path: self._background(_copy, run / MODEL_FILE, path),
            start=self._suggested(".keras"),
            save_suffix=".keras",
        )

    def when_settled(self, then: Callable[[], object]) -> None:
        """Do `then` once the changes are saved or not wanted; not at all on Cancel."""
        if not self._document.dirty:
            then()
            return

        def answered(answer: Answer) -> None:
            if answer == Answer.Save:
                self.save(then)
            elif answer == Answer.Discard:
                then()

        ask(
            self._window,
            "saveQuestion",
            f"Save the changes to {self._document.title}?",
            "Without saving they are lost.",
            {Answer.Save: "", Answer.Discard: "Don't save", Answer.Cancel: ""},
            answered,
        )

    def _export(self, title: str, filters: str, suffix: str) -> None:
        # The network as it is now: the person may go on while the file is being chosen.
        project = self._document.project
        choose_file(
            self._window,
            title,
            filters,
            lambda path: self._background(_export, project, path),
            start=self._suggested(suffix),
            save_suffix=suffix,
        )

    def _background(self, function: Callable[..., object], source: object, path: Path) -> None:
        self._context.inference.run(
            function,
            source,
            path,
            on_done=lambda _: self._context.notify(f"Written to {path}.", "success"),
            on_failed=lambda message: self._context.notify(message, "error"),
        )

    def _suggested(self, suffix: str) -> Path:
        document = self._document
        folder = document.path.parent if document.path else Path.home()
        return folder / Path(document.title).with_suffix(suffix).name


def _export(project: Project, path: Path) -> None:
    from cnnstudio.keras_build.export import export

    export(project.network, path)


def _copy(model: Path, path: Path) -> None:
    beside = path.with_name(f".{path.name}.part")
    try:
        shutil.copyfile(model, beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
