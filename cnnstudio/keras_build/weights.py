"""Weights that belong to a project: a file beside it, by layer name.

The form is Keras's own of old, an HDF5 file with a group for each layer, so that
`model.load_weights(path, by_name=True)` reads it with Keras alone. Writing and reading need no
TensorFlow.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnstudio.errors import StudioError
from cnnstudio.graph.project import Project
from cnnstudio.keras_build.build import build_model
from cnnstudio.keras_build.placing import moved_into_place

if TYPE_CHECKING:
    import keras
    import numpy as np

Weights = Mapping[str, Sequence["np.ndarray"]]
# The key of a project file, and what follows the project's name.
KEY = "weights"
ENDING = "_weights.h5"
# An HDF5 attribute holds no more bytes; Keras splits longer lists in the same way.
_MOST = 64000


class WeightsError(StudioError):
    """Weights that are missing or do not belong to the network."""


@dataclass(frozen=True)
class Loaded:
    """What became of the weights in a file.

    Attributes:
        taken: layers that have their weights from the file.
        changed: layers whose weights have other shapes than those in the file.
        new: layers with weights that the file does not have.
    """

    taken: tuple[str, ...]
    changed: tuple[str, ...]
    new: tuple[str, ...]


def companion(project_path: Path) -> Path:
    """Where the weights of a project are kept: `NAME_weights.h5` beside it."""
    return project_path.with_name(project_path.stem + ENDING)


def weights_file(project: Project) -> Path | None:
    """The file with a project's weights, None for a network that starts anew."""
    named = project.extra.get(KEY)
    return Path(named) if isinstance(named, str) and named else None


def kept_beside(project: Project, path: Path) -> Project:
    """The project with its weights beside the file `path` that it is about to be saved to.

    Weights from elsewhere are copied there, so that the two stay together. Raises `ExportError`.
    """
    file, wanted = weights_file(project), companion(path)
    if file is None or not file.is_file() or (wanted.exists() and file.samefile(wanted)):
        return project
    with moved_into_place(wanted) as beside:
        shutil.copyfile(file, beside)
    return replace(project, extra={**project.extra, KEY: str(wanted.absolute())})


def save_weights(weights: Weights, path: Path) -> None:
    """Write weights by layer name. Raises `ExportError` naming the file."""
    import h5py

    with moved_into_place(path) as beside, h5py.File(beside, "w") as file:
        _set_names(file.attrs, "layer_names", list(weights))
        for layer, arrays in weights.items():
            group = file.create_group(layer)
            names = [f"{layer}/{number}" for number in range(len(arrays))]
            _set_names(group.attrs, "weight_names", names)
            for name, array in zip(names, arrays, strict=True):
                group.create_dataset(name, data=array)


def read_weights(path: Path) -> dict[str, list[np.ndarray]]:
    """The weights in an HDF5 file of weights or of a whole model, by layer name.

    Raises `WeightsError` naming the file.
    """
    import h5py
    import numpy as np

    if not path.is_file():
        raise WeightsError(
            f"The weights {path} are missing: put the file back, import the model again, or take "
            f'"{KEY}" out of the project file to start anew.'
        )
    try:
        with h5py.File(path, "r") as file:
            store = file.get("model_weights", file)
            return {
                layer: [
                    np.asarray(store[layer][name])
                    for name in _names(store[layer].attrs, "weight_names")
                ]
                for layer in _names(store.attrs, "layer_names")
            }
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise WeightsError(f"{path} is damaged or holds no weights of a Keras model.") from error


def weights_of(model: keras.Model) -> dict[str, list[np.ndarray]]:
    """The weights of a model's layers that have some, by name."""
    return {layer.name: layer.get_weights() for layer in model.layers if layer.weights}


def put_weights(model: keras.Model, weights: Weights) -> Loaded:
    """Give every layer the weights under its name, as far as their shapes fit."""
    taken, changed, new = [], [], []
    for layer in model.layers:
        if not layer.weights:
            continue
        arrays = weights.get(layer.name)
        if not arrays:
            new.append(layer.name)
        elif [tuple(array.shape) for array in arrays] != [tuple(w.shape) for w in layer.weights]:
            changed.append(layer.name)
        else:
            layer.set_weights(arrays)
            if hasattr(layer, "finalize_state"):
                # Normalization reckons with copies of its weights.
                layer.finalize_state()
            taken.append(layer.name)
    return Loaded(tuple(taken), tuple(changed), tuple(new))


def load_weights_into(model: keras.Model, path: Path) -> Loaded:
    """Give a model the weights in a file, by layer name. Raises `WeightsError`."""
    return put_weights(model, read_weights(path))


def build_project(project: Project, *, name: str = "network", seed: int | None = None) -> Any:
    """The model of a project, with its weights if it has any.

    Raises `BuildError` or `WeightsError`.
    """
    file = weights_file(project)
    # Before the model: a missing file is found out at once.
    weights = read_weights(file) if file else {}
    model = build_model(project.network, name=name, seed=seed)
    put_weights(model, weights)
    return model


def start_from_weights(model: keras.Model, project: Project) -> str:
    """Give a new model the project's weights; return a sentence on it, empty if it has none.

    Raises `WeightsError`.
    """
    file = weights_file(project)
    if file is None:
        return ""
    loaded = load_weights_into(model, file)
    many = len(loaded.taken) + len(loaded.changed) + len(loaded.new)
    text = f"Training starts from the weights in {file.name}: {len(loaded.taken)} of {many} layers."
    if loaded.changed:
        text += f" Of another shape now, so starting anew: {', '.join(loaded.changed)}."
    return text


def _set_names(attributes: Any, key: str, names: Sequence[str]) -> None:
    import numpy as np

    encoded = np.array([name.encode() for name in names]) if names else np.array([], dtype="S1")
    if encoded.nbytes <= _MOST:
        attributes[key] = encoded
        return
    rows = max(1, _MOST // encoded.itemsize)
    for number, start in enumerate(range(0, len(encoded), rows)):
        attributes[f"{key}{number}"] = encoded[start : start + rows]


def _names(attributes: Any, key: str) -> list[str]:
    if key in attributes:
        found = list(attributes[key])
    else:
        found, number = [], 0
        while f"{key}{number}" in attributes:
            found.extend(attributes[f"{key}{number}"])
            number += 1
    return [name.decode() if isinstance(name, bytes) else str(name) for name in found]
