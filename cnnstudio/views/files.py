"""New, open, save and export: the project file commands behind the File menu."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from cnnstudio.app.imported_weights import ImportedWeights
from cnnstudio.errors import StudioError
from cnnstudio.graph.network import Network
from cnnstudio.graph.presets import PRESETS
from cnnstudio.graph.project import SUFFIX, Project
from cnnstudio.views.context import Context
from cnnstudio.views.dialogs import Answer, ask, choose_file

FILTER = f"CNN Studio projects (*{SUFFIX})"
MODELS = (".keras", ".h5", ".hdf5", ".json")
_MODELS = f"Keras models ({' '.join(f'*{suffix}' for suffix in MODELS)})"
_BOTH = f"Projects and models (*{SUFFIX} {' '.join(f'*{suffix}' for suffix in MODELS)})"
# What a network can be written as: the menu's word, and Qt's filters, the usual one first.
_FORMS = {
    ".keras": "Keras models (*.keras)",
    ".tflite": "TensorFlow Lite (*.tflite)",
    ".onnx": "ONNX (*.onnx)",
    ".json": "Keras descriptions (*.json)",
}


class Files(QObject):
    """Asks before anything unsaved would be lost; tells the person what was done."""

    def __init__(self, context: Context, window: QWidget) -> None:
        super().__init__(window)
        self._context = context
        self._document = context.document
        self._window = window
        self.imported = ImportedWeights()
        context.project_copy_requested.connect(self.open_copy)

    def new(self, preset: str = "") -> None:
        """Begin a project from a preset, or an empty one."""

        def begin() -> None:
            network = PRESETS[preset].build() if preset else Network()
            self._document.new(network)
            self._context.show_page("design")

        self.when_settled(begin)

    def start_from(self, preset: str) -> None:
        """Replace the network by a preset that fits the data, as one step for undo."""
        if self._document.start_from(preset):
            self._context.show_page("design")

    def choose_and_open(self) -> None:
        start = next(iter(self._context.settings.recent_projects), None)
        choose_file(
            self._window,
            "Open project or model",
            f"{_BOTH};;{FILTER};;{_MODELS}",
            self.open,
            start=start.parent if start else None,
        )

    def choose_and_import(self) -> None:
        choose_file(self._window, "Import Keras model", _MODELS, self.import_model)

    def import_model(self, path: Path) -> None:
        """Make an untitled project of a Keras model file, in the background."""

        def begin(found: tuple[Project, tuple[str, ...]]) -> None:
            project, notes = found
            try:
                self._document.restore(project, None, path.stem + SUFFIX)
            except StudioError as error:
                self._context.notify(error.message, "error")
                return
            self._context.show_page("design")
            self._context.notify(" ".join([f"{path.name} imported.", *_first(notes)]), "success")

        self.when_settled(
            lambda: self._context.inference.run(
                _import,
                path,
                self.imported,
                on_done=begin,
                on_failed=lambda message: self._context.notify(message, "error"),
            )
        )

    def open(self, path: Path) -> None:
        """Open a project, or import a model, after the project that is open is settled."""
        if path.suffix.lower() in MODELS:
            self.import_model(path)
            return

        def begin() -> None:
            if self._document.open(path):
                self._context.settings.add_recent_project(path)

        self.when_settled(begin)

    def open_copy(self, project: Project, name: str, model: Path | None = None) -> None:
        """Begin an untitled project that is a copy of another, with the weights of a model file."""

        def begin(made: Project) -> None:
            try:
                self._document.restore(made, None, name + SUFFIX)
            except StudioError as error:
                self._context.notify(error.message, "error")
                return
            self._context.show_page("design")
            if model is not None:
                self._context.notify(f"Training it starts from the weights of {name}.", "success")

        if model is None:
            self.when_settled(lambda: begin(project))
            return
        self.when_settled(
            lambda: self._context.inference.run(
                _with_weights,
                project,
                model,
                self.imported,
                on_done=begin,
                on_failed=lambda message: self._context.notify(message, "error"),
            )
        )

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
        self._export("Export Keras source", {".py": "Python files (*.py)"})

    def export_model(self) -> None:
        """Write the network as it is: untrained, or with the weights it was imported with."""
        imported = "weights" in self._document.project.extra
        self._export(f"Export model, {'as imported' if imported else 'untrained'}", _FORMS)

    def export_picture(self) -> None:
        """Write the network as a picture, as the canvas paints it."""
        forms = {".svg": "SVG pictures (*.svg)", ".png": "PNG pictures (*.png)"}
        document, network = self._document, self._document.network

        def write(path: Path) -> None:
            # Painting belongs to this thread.
            from cnnstudio.views.design.picture import write_picture

            analysis = document.analysis if document.network is network else None
            try:
                write_picture(network, path, analysis=analysis)
            except StudioError as error:
                self._context.notify(error.message, "error")
            else:
                self._context.notify(f"Written to {path}.", "success")

        self._choose("Export picture", forms, write)

    def export_trained(self) -> None:
        """Write the best model of the last run."""
        from cnnstudio.keras_build.trained import MODEL_FILE

        run = self._context.trainer.run
        if run is None or not (run / MODEL_FILE).is_file():
            self._context.notify("There is no trained model yet: train the network first.")
            return
        self._choose(
            "Export trained model", _FORMS, lambda path: self._background(_export_run, run, path)
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

    def _export(self, title: str, forms: dict[str, str]) -> None:
        # The network as it is now: the person may go on while the file is being chosen.
        write = partial(_export, classes=self._document.class_names)
        project = self._document.project
        self._choose(title, forms, lambda path: self._background(write, project, path))

    def _choose(self, title: str, forms: dict[str, str], write: Callable[[Path], object]) -> None:
        """Let the person choose a file to write, in one of the forms by suffix."""
        usual = next(iter(forms))
        dialog = choose_file(
            self._window,
            title,
            ";;".join(forms.values()),
            write,
            start=self._suggested(usual),
            save_suffix=usual,
        )
        suffixes = {text: suffix for suffix, text in forms.items()}
        dialog.filterSelected.connect(
            lambda chosen: dialog.setDefaultSuffix(suffixes.get(chosen, usual).lstrip("."))
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


def _export(project: Project, path: Path, classes: tuple[str, ...]) -> None:
    from cnnstudio.keras_build.export import export
    from cnnstudio.keras_build.weights import weights_file

    export(
        project.network,
        path,
        classes=classes,
        training=project.training,
        data=project.data,
        weights=weights_file(project),
    )


def _export_run(run: Path, path: Path) -> None:
    from cnnstudio.keras_build.export import export_file

    export_file(run, path)


def _import(path: Path, imported: ImportedWeights) -> tuple[Project, tuple[str, ...]]:
    """The project in a model file; its weights wait in the cache until it is saved."""
    from cnnstudio.keras_build.importing import import_file

    found = import_file(path)
    return found.save_weights(imported.new_file()), found.notes


def _with_weights(project: Project, model: Path, imported: ImportedWeights) -> Project:
    """A project that starts from the weights in a model file; they wait in the cache meanwhile."""
    from cnnstudio.keras_build.importing import with_weights_of

    return with_weights_of(project, model, imported.new_file())


def _first(notes: tuple[str, ...]) -> list[str]:
    """Notes for a message that should stay short."""
    more = [f"… and {len(notes) - 3} more."] if len(notes) > 3 else []
    return [*notes[:3], *more]
