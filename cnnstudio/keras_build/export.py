"""Write a network for use outside: as Keras source, as a Keras model, as Keras's JSON.

The kind goes by the suffix. Every file is written beside its place, read back and compared with
what it came from, and only then moved into place: an export that would not work is an error, and
what stood there before is left alone.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnstudio.errors import StudioError
from cnnstudio.graph.network import Network
from cnnstudio.graph.project import SUFFIX, load_project
from cnnstudio.keras_build.build import build_model
from cnnstudio.keras_build.reading import read_network
from cnnstudio.keras_build.source import to_source
from cnnstudio.keras_build.trained import (
    CLASSES_FILE,
    MODEL_FILE,
    PROJECT_FILE,
    load_model,
    model_file,
)

if TYPE_CHECKING:
    import keras

FORMATS: Mapping[str, str] = {
    ".py": "Keras source",
    ".keras": "Keras model",
    ".json": "Keras's description of the layers, without weights",
}
# Outputs of the same network, computed twice, differ by rounding at most.
TOLERANCE = 1e-5


class ExportError(StudioError):
    """A network that cannot be written in the form asked for, with the reason."""


class _DiffersError(Exception):
    """What was written is not what was meant."""


@dataclass(frozen=True)
class _Source:
    """What an export starts from: a network as drawn, a file with trained weights, or both."""

    name: str
    network: Network | None = None
    model: Path | None = None
    classes: Sequence[str] = ()
    training: Mapping[str, Any] = field(default_factory=dict)


def export_file(source: str | Path, out: str | Path) -> None:
    """Write a project, a run folder or a Keras model file as `out`, by its suffix.

    A project gives an untrained model; a run gives its trained one, or its network as source.
    Raises `ExportError`, `BuildError`, `ProjectError` or `ModelError`.
    """
    out = Path(out)
    _check_suffix(out)
    found = _read(Path(source))
    read = found.model and (found.model / MODEL_FILE if found.model.is_dir() else found.model)
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
) -> None:
    """Write a network as drawn, untrained, as `out`, by its suffix.

    `name` is the network's, by default that of the file; `classes` and `training` as in
    `to_source`. Raises `ExportError` or `BuildError`.
    """
    out = Path(out)
    _check_suffix(out)
    _export(_Source(name or out.stem, network, None, classes, training or {}), out)


def _export(source: _Source, out: Path) -> None:
    writer = {".py": _write_source, ".keras": _write_model, ".json": _write_json}
    with moved_into_place(out) as beside:
        writer[out.suffix.lower()](source, beside)


def _check_suffix(out: Path) -> None:
    if out.suffix.lower() not in FORMATS:
        known = ", ".join(f"{suffix} ({what})" for suffix, what in FORMATS.items())
        raise ExportError(
            f"{out} cannot be written: {out.suffix or 'no suffix'} is no form a network can be "
            f"exported to. Give it one of these: {known}."
        )


def _read(path: Path) -> _Source:
    run = path if path.is_dir() else path.parent
    if path.suffix == SUFFIX and path.name != PROJECT_FILE:
        project = load_project(path)
        return _Source(path.stem, project.network, training=project.training)
    of_run = path.is_dir() or path.name in (PROJECT_FILE, MODEL_FILE)
    if not (of_run and (run / PROJECT_FILE).is_file()):
        return _Source(path.stem, model=model_file(path))
    project = load_project(run / PROJECT_FILE)
    listed = run / CLASSES_FILE
    classes = listed.read_text(encoding="utf-8").splitlines() if listed.is_file() else []
    trained = None if path.name == PROJECT_FILE else path
    # A run's folder is named after its time and its project: 2026-11-21_14-03-05_small-cnn.
    name = re.sub(r"^[\d-]+_[\d-]+_", "", run.name)
    return _Source(name, project.network, trained, classes, project.training)


def _write_source(source: _Source, beside: Path) -> None:
    network = source.network
    if network is None:
        assert source.model is not None
        network = read_network(model_file(source.model))
    text = to_source(network, name=source.name, classes=source.classes, training=source.training)
    beside.write_text(text, encoding="utf-8")
    model = build_model(network)
    code = compile(beside.read_text(encoding="utf-8"), beside.name, "exec")
    namespace: dict[str, Any] = {"__name__": "exported"}
    exec(code, namespace)
    _same_layers(namespace["build_model"](), model)


def _write_model(source: _Source, beside: Path) -> None:
    if source.model is None:
        model = _untrained(source)
        model.save(beside)
    else:
        file = model_file(source.model)
        model = load_model(file)
        if zipfile.is_zipfile(file):
            shutil.copyfile(file, beside)
        else:
            model.save(beside)
    _same_answers(load_model(beside), model)


def _write_json(source: _Source, beside: Path) -> None:
    import keras

    if source.network is None and source.model is not None:
        model = load_model(model_file(source.model))
    else:
        model = _untrained(source)
    beside.write_text(model.to_json(indent=2) + "\n", encoding="utf-8")
    _same_layers(keras.models.model_from_json(beside.read_text(encoding="utf-8")), model)


def _untrained(source: _Source) -> Any:
    assert source.network is not None
    return build_model(source.network, name=source.name)


def _same_layers(written: keras.Model, wanted: keras.Model) -> None:
    def described(model: Any) -> list[tuple[Any, ...]]:
        return [
            (layer.name, type(layer).__name__, str(layer.output.shape), layer.count_params())
            for layer in model.layers
        ]

    if sorted(described(written)) != sorted(described(wanted)):
        raise _DiffersError("read back, the file gives another network")


def _same_answers(written: keras.Model, wanted: keras.Model) -> None:
    """Compare the outputs for random pictures. Raises `_DiffersError`."""
    import numpy as np

    draw = np.random.default_rng(0)
    pictures = [
        draw.uniform(0, 255, [size or (1 if axis == 0 else 64) for axis, size in enumerate(shape)])
        for shape in (tensor.shape for tensor in wanted.inputs)
    ]
    given = [picture.astype(np.float32) for picture in pictures]
    for one, other in zip(_outputs(written, given), _outputs(wanted, given), strict=True):
        if not np.allclose(one, other, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True):
            raise _DiffersError("read back, the file gives other answers")


def _outputs(model: Any, pictures: list[Any]) -> list[Any]:
    import numpy as np

    answer = model(pictures[0] if len(pictures) == 1 else pictures, training=False)
    return [np.asarray(part) for part in (answer if isinstance(answer, list) else [answer])]


@contextlib.contextmanager
def moved_into_place(out: Path) -> Iterator[Path]:
    """Give a path beside `out` to write to; move what is there to `out` if all went well.

    Raises `ExportError` naming `out` when the disk refuses or what was written does not work.
    """
    folder = None
    try:
        folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
        beside = folder / f"export{out.suffix.lower()}"
        yield beside
        with beside.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(beside, out)
    except StudioError:
        raise
    except OSError as error:
        raise ExportError(
            f"{out} could not be written: {error.strerror or error}. "
            "What was there before is unchanged; choose another name or folder."
        ) from error
    except Exception as error:
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise ExportError(
            f"{out} could not be written: {reason.rstrip('.')}. What was there before is unchanged."
        ) from error
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
