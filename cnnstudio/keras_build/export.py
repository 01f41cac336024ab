"""Write a network for use outside: as Keras source, as a Keras model, as Keras's JSON.

The kind goes by the suffix. Every file is written beside its place, read back and compared with
what it came from, and only then moved into place: an export that would not work is an error, and
what stood there before is left alone.
"""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cnnstudio.graph.network import Network
from cnnstudio.graph.project import SUFFIX, Project, load_project
from cnnstudio.keras_build.backend import load_keras
from cnnstudio.keras_build.build import build_model, model_name
from cnnstudio.keras_build.compare import answers, same_answers, same_layers
from cnnstudio.keras_build.exchange import write_onnx, write_tflite
from cnnstudio.keras_build.importing import import_file
from cnnstudio.keras_build.notes import Note, add_note, note_in
from cnnstudio.keras_build.placing import ExportError, moved_into_place
from cnnstudio.keras_build.reading import read_network
from cnnstudio.keras_build.source import to_source
from cnnstudio.keras_build.trained import (
    CLASSES_FILE,
    MODEL_FILE,
    PROJECT_FILE,
    ModelError,
    load_model,
    model_file,
)
from cnnstudio.keras_build.weights import KEY, build_project, put_weights, weights_of

__all__ = ["FORMATS", "ExportError", "export", "export_file", "moved_into_place"]

FORMATS: Mapping[str, str] = {
    ".py": "Keras source",
    ".keras": "Keras model",
    ".json": "Keras's description of the layers, without weights",
    ".tflite": "TensorFlow Lite",
    ".onnx": "ONNX",
}


@dataclass(frozen=True)
class _Source:
    """What an export starts from: a project as drawn, a file with a trained model, or both.

    A model file of another maker has no project; its network is read when it is needed.
    """

    name: str
    project: Project | None = None
    file: Path | None = None
    classes: Sequence[str] = ()
    data: Mapping[str, Any] = field(default_factory=dict)

    def network(self) -> Network:
        if self.project is not None:
            return self.project.network
        assert self.file is not None
        return read_network(self.file)

    def model(self) -> Any:
        """The trained model, or one made from the project, with its weights if it has any."""
        if self.file is None:
            assert self.project is not None
            return build_project(self.project, name=self.name)
        file = model_file(self.file)
        try:
            return load_model(file)
        except ModelError as error:
            # Files of Keras 2 may hold functions that Keras 3 does not load but a layer stands for.
            try:
                found = import_file(file)
            except ModelError:
                raise error from None
            model = build_model(found.project.network, name=self.name)
            put_weights(model, found.weights)
            return model


def export_file(source: str | Path, out: str | Path) -> None:
    """Write a project, a run folder or a Keras model file as `out`, by its suffix.

    A project gives an untrained model, or one with the weights it was imported with; a run gives
    its trained one, or its network as source. Raises `ExportError`, `BuildError`, `ProjectError`,
    `WeightsError` or `ModelError`.
    """
    out = Path(out)
    _check_suffix(out)
    found = _read(Path(source))
    read = found.file and (found.file / MODEL_FILE if found.file.is_dir() else found.file)
    if read and read.exists() and out.exists() and out.samefile(read):
        raise ExportError(f"{out} is the file to export itself: choose another name.")
    _export(found, out)


def export(
    network: Network,
    out: str | Path,
    *,
    name: str | None = None,
    classes: Sequence[str] = (),
    training: Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
    weights: Path | None = None,
) -> None:
    """Write a network as drawn as `out`, by its suffix.

    `name` is the network's, by default that of the file; `classes`, `training` and `data`
    as in `to_source`; `weights` is a file of `cnnstudio.keras_build.weights`, without it the
    network is untrained. Raises `ExportError`, `BuildError` or `WeightsError`.
    """
    out = Path(out)
    _check_suffix(out)
    extra = {KEY: str(weights)} if weights else {}
    project = Project(network, data or {}, training or {}, extra)
    _export(_Source(name or out.stem, project, None, classes, project.data), out)


def _export(source: _Source, out: Path) -> None:
    with moved_into_place(out) as beside:
        _WRITERS[out.suffix.lower()](source, beside)


def _check_suffix(out: Path) -> None:
    if out.suffix.lower() not in FORMATS:
        forms = {**FORMATS, ".svg, .png": "a picture"}
        known = ", ".join(f"{suffix} ({what})" for suffix, what in forms.items())
        raise ExportError(
            f"{out} cannot be written: {out.suffix or 'no suffix'} is no form a network can be "
            f"exported to. Give it one of these: {known}."
        )


def _read(path: Path) -> _Source:
    run = path if path.is_dir() else path.parent
    if path.suffix == SUFFIX and path.name != PROJECT_FILE:
        project = load_project(path)
        return _Source(path.stem, project, data=project.data)
    if path.suffix.lower() == ".json":
        return _Source(path.stem, Project(read_network(path)))
    of_run = path.is_dir() or path.name in (PROJECT_FILE, MODEL_FILE)
    if not (of_run and (run / PROJECT_FILE).is_file()):
        file = model_file(path)
        note = note_in(file) or Note()
        return _Source(path.stem, file=file, classes=note.classes, data=note.data)
    project = load_project(run / PROJECT_FILE)
    listed = run / CLASSES_FILE
    classes = listed.read_text(encoding="utf-8").splitlines() if listed.is_file() else []
    trained = None if path.name == PROJECT_FILE else path
    # A run's folder is named after its time and its project: 2026-11-21_14-03-05_small-cnn.
    name = re.sub(r"^[\d-]+_[\d-]+_", "", run.name)
    return _Source(name, project, trained, classes, project.data)


def _write_source(source: _Source, beside: Path) -> None:
    network = source.network()
    training = source.project.training if source.project else {}
    text = to_source(
        network, name=source.name, classes=source.classes, training=training, data=source.data
    )
    beside.write_text(text, encoding="utf-8")
    model = build_model(network)
    code = compile(beside.read_text(encoding="utf-8"), beside.name, "exec")
    namespace: dict[str, Any] = {"__name__": "exported"}
    exec(code, namespace)
    written = namespace["build_model"]()
    same_layers(written, model)
    put_weights(written, weights_of(model))
    same_answers(lambda pictures: answers(written, pictures), model)


def _write_model(source: _Source, beside: Path) -> None:
    model = source.model()
    file = model_file(source.file) if source.file else None
    if file is not None and zipfile.is_zipfile(file):
        shutil.copyfile(file, beside)
    else:
        model.save(beside)
    written = load_model(beside)
    same_answers(lambda pictures: answers(written, pictures), model)
    add_note(beside, source.classes, source.data)


def _write_json(source: _Source, beside: Path) -> None:
    keras = load_keras()
    if source.project is None:
        model = source.model()
    else:
        model = build_model(source.project.network, name=source.name)
    beside.write_text(model.to_json(indent=2) + "\n", encoding="utf-8")
    same_layers(keras.models.model_from_json(beside.read_text(encoding="utf-8")), model)


def _write_tflite(source: _Source, beside: Path) -> None:
    write_tflite(source.model(), beside)


def _write_onnx(source: _Source, beside: Path) -> None:
    write_onnx(source.model(), beside, model_name(source.name))


_WRITERS: Mapping[str, Callable[[_Source, Path], None]] = {
    ".py": _write_source,
    ".keras": _write_model,
    ".json": _write_json,
    ".tflite": _write_tflite,
    ".onnx": _write_onnx,
}
