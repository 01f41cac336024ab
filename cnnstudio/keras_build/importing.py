"""A Keras model file becomes a project: its network, and its weights where it has any."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnstudio.graph.preparation import Preparation
from cnnstudio.graph.project import Project
from cnnstudio.keras_build.build import build_model
from cnnstudio.keras_build.compare import DiffersError, answers, random_pictures, same_answers
from cnnstudio.keras_build.notes import note_in
from cnnstudio.keras_build.reading import Imported, Place, read_model
from cnnstudio.keras_build.trained import ModelError, load_model
from cnnstudio.keras_build.weights import (
    KEY,
    WeightsError,
    put_weights,
    read_weights,
    save_weights,
    weights_of,
)

if TYPE_CHECKING:
    import keras
    import numpy as np

SUFFIXES = (".keras", ".h5", ".hdf5", ".json")


@dataclass(frozen=True)
class Import:
    """What was found in a model file.

    Attributes:
        project: the network, and data settings that fit its Input.
        weights: by layer name; empty for a description alone.
        notes: sentences on what is not quite as in the file.
    """

    project: Project
    weights: Mapping[str, list[np.ndarray]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def save_weights(self, path: Path) -> Project:
        """Write the weights to `path`; return the project that names them.

        Raises `ExportError`.
        """
        if not self.weights:
            return self.project
        save_weights(self.weights, path)
        named = {**self.project.extra, KEY: str(path.absolute())}
        return replace(self.project, extra=named)


def import_file(path: Path) -> Import:
    """Read a `.keras` or `.h5` model, or the JSON of `model.to_json()`.

    With weights, the network is built and its answers to a random picture are compared with those
    of the model in the file. Raises `ModelError` naming the file and the layers.
    """
    read = read_model(path)
    project = Project(read.network, data=_data_for(read, path))
    if path.suffix.lower() == ".json":
        return Import(project, {}, read.notes)
    built = build_model(read.network)
    original = None
    try:
        original = load_model(path)
        found = weights_at(original, read)
    except ModelError:
        # What Keras 3 does not load, such as functions of TensorFlow, has weights all the same.
        found = _weights_in(path, read, built)
    loaded = put_weights(built, found)
    wrong = (*loaded.changed, *loaded.new)
    if wrong:
        raise ModelError(f"{path} has no weights that fit {', '.join(wrong)}.")
    if original is not None:
        _compare(path, built, original)
    return Import(project, weights_of(built), read.notes)


def with_weights_of(project: Project, model: Path, file: Path) -> Project:
    """A project that starts from the weights of a trained model of its network.

    They are written to `file`, which the project names. Raises `ModelError` or `ExportError`.
    """
    save_weights(weights_of(load_model(model)), file)
    return replace(project, extra={**project.extra, KEY: str(file.absolute())})


def _compare(path: Path, built: keras.Model, original: keras.Model) -> None:
    try:
        same_answers(lambda given: answers(original, given), built, pictures=random_pictures(built))
    except (DiffersError, ValueError) as error:
        raise ModelError(
            f"{path} cannot be represented: the network read from it gives other answers than the "
            "model itself."
        ) from error


def weights_at(model: Any, read: Imported) -> dict[str, list[np.ndarray]]:
    """The weights of `model`, by the names that its layers have in the network read from it."""
    layers = dict(_layers(model, ()))
    return {
        name: layers[place].get_weights() for name, place in read.places.items() if place in layers
    }


def _layers(model: Any, outer: Place) -> Iterator[tuple[Place, Any]]:
    import keras

    for layer in model.layers:
        place = (*outer, layer.name)
        if isinstance(layer, keras.Model):
            yield from _layers(layer, place)
        else:
            yield place, layer


def _weights_in(path: Path, read: Imported, built: keras.Model) -> dict[str, list[np.ndarray]]:
    """The weights in an `.h5` file, without Keras. Raises the error of loading it if it has none.

    The weights of a model inside are in one row: first all that training changes, layer by layer,
    then all others.
    """
    try:
        stored = read_weights(path)
    except WeightsError:
        stored = {}
    if not stored:
        load_model(path)  # says what is wrong
    owners = {name: read.network.owner_of(name) for name in read.places}
    layers = {place: built.get_layer(owners[name]) for name, place in read.places.items()}
    found: dict[Place, list[np.ndarray]] = {place: [] for place in layers}
    rows = {name: iter(arrays) for name, arrays in stored.items()}
    for kind in ("trainable_weights", "non_trainable_weights"):
        for place in read.order:
            wanted = getattr(layers[place], kind) if place in layers else ()
            found.get(place, []).extend(islice(rows.get(place[0], iter(())), len(wanted)))
    return {name: found[place] for name, place in read.places.items()}


def _data_for(read: Imported, path: Path) -> dict[str, Any]:
    network = read.network
    if len(network.sources) != 1:
        return {}
    height, width, channels = network[network.sources[0]]["shape"]
    note = note_in(path)
    if note is not None and channels in (1, 3):
        prepared = Preparation.of((height, width, channels), note.data)
        return {**asdict(prepared), "image_size": [height, width]}
    mode = "grayscale" if channels == 1 else "rgb"
    return {"image_size": [height, width], "color_mode": mode}
