"""Classify pictures with a trained network, in batches and in the order they were given.

Paths come from the window (dropped pictures) or the command line, pixels from
`cnnstudio.data.pictures`, the one decoder, so a picture looks to the network as it did in
training. A file that cannot be read is reported in its place and stops nothing. A `Classifier`
may work in one thread while another thread trains: it uses a model instance of its own.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from cnnstudio.data.pictures import SUFFIXES, PictureError, load_picture
from cnnstudio.data.report import shown
from cnnstudio.errors import Cancelled
from cnnstudio.keras_build.trained import TrainedModel

_DIVERGED = "the network answers with no number: its training diverged; lower the learning rate"
Kind = Literal["softmax", "sigmoid", "scores"]


@dataclass(frozen=True)
class Prediction:
    """What the network sees in a picture: `(class, probability)` pairs, the likeliest first."""

    path: Path
    ranked: tuple[tuple[str, float], ...]

    def to_json(self) -> dict[str, Any]:
        """A line of `cnnstudio classify --json`."""
        ranked = [{"class": name, "probability": value} for name, value in self.ranked]
        return {"path": shown(self.path), "predictions": ranked}


@dataclass(frozen=True)
class Unreadable:
    """A file or folder that holds no picture that can be classified, and why."""

    path: Path
    reason: str

    def to_json(self) -> dict[str, Any]:
        """A line of `cnnstudio classify --json`."""
        return {"path": shown(self.path), "error": self.reason}


class Classifier:
    """Classifies pictures with one trained network, from any thread."""

    def __init__(self, trained: TrainedModel) -> None:
        self.trained = trained
        self._predict = _compiled(trained)
        self.kind: Kind = output_kind(trained.model)
        self._fixed_batch: int | None = trained.model.inputs[0].shape[0]

    def classify(
        self,
        paths: Iterable[str | Path],
        *,
        top: int = 5,
        batch_size: int = 32,
        cancelled: Callable[[], bool] | None = None,
    ) -> Iterator[Prediction | Unreadable]:
        """Classify picture files and the pictures in folders, yielding results as they come.

        Results have the order of `paths`, a folder's pictures sorted. `cancelled` is asked
        before each batch; `Cancelled` is raised when it answers True.
        """
        for items in self.batches(expand_paths(paths), batch_size, cancelled):
            good = [pixels for _, pixels in items if isinstance(pixels, np.ndarray)]
            rows = iter(self.probabilities(np.stack(good)) if good else ())
            for path, pixels in items:
                if isinstance(pixels, Unreadable):
                    yield pixels
                    continue
                row = next(rows)
                if np.isfinite(row).all():
                    yield Prediction(path, self._ranked(row, top))
                else:
                    yield Unreadable(path, _DIVERGED)

    def classify_array(self, picture: np.ndarray, *, top: int = 5) -> tuple[tuple[str, float], ...]:
        """Classify one picture that has no file, such as a pasted one.

        `picture` is uint8 `(height, width, channels)` as the network takes it.
        """
        return self._ranked(self.probabilities(picture[None])[0], top)

    def probabilities(self, pictures: np.ndarray) -> np.ndarray:
        """Probabilities `(N, classes)`, float32, for uint8 pictures `(N, height, width, channels)`.

        A single sigmoid output becomes two classes; scores that are no probabilities (a network
        without a last softmax) go through softmax or sigmoid.
        """
        return as_probabilities(self.outputs(pictures), self.kind)

    def outputs(self, pictures: np.ndarray) -> np.ndarray:
        """What the network itself answers, `(N, outputs)`, float32."""
        pixels = np.asarray(pictures, np.float32)
        size = self._fixed_batch
        if size is None:
            return np.asarray(self._predict(pixels), np.float32)
        parts = []
        for start in range(0, len(pixels), size):
            part = pixels[start : start + size]
            missing = [(0, size - len(part)), (0, 0), (0, 0), (0, 0)]
            parts.append(np.asarray(self._predict(np.pad(part, missing)), np.float32)[: len(part)])
        return np.concatenate(parts)

    def batches(
        self,
        paths: Iterable[Path | Unreadable],
        batch_size: int,
        cancelled: Callable[[], bool] | None = None,
    ) -> Iterator[list[tuple[Path, np.ndarray | Unreadable]]]:
        """Decode pictures in parallel, a batch ahead of the one being used.

        Yields lists of `(path, pixels or Unreadable)`. Raises `Cancelled`.
        """
        groups = _grouped(paths, batch_size)
        workers = min(4, os.cpu_count() or 1)
        pool = ThreadPoolExecutor(workers, thread_name_prefix="cnnstudio-decode")
        try:
            ahead = [pool.submit(self._decode, item) for item in next(groups, ())]
            while ahead:
                if cancelled is not None and cancelled():
                    raise Cancelled
                batch = [future.result() for future in ahead]
                ahead = [pool.submit(self._decode, item) for item in next(groups, ())]
                yield batch
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _decode(self, item: Path | Unreadable) -> tuple[Path, np.ndarray | Unreadable]:
        if isinstance(item, Unreadable):
            return item.path, item
        try:
            return item, load_picture(item, self.trained.preparation)
        except PictureError as error:
            return item, Unreadable(item, error.reason)

    def _ranked(self, row: np.ndarray, top: int) -> tuple[tuple[str, float], ...]:
        # Stable, so that equal probabilities keep the order of the classes.
        order = np.argsort(-row, kind="stable")[: max(1, top)]
        return tuple((self.trained.classes[index], float(row[index])) for index in order)


def output_kind(model: Any) -> Kind:
    """What the numbers of a model's last layer are.

    "softmax": probabilities that add up to 1; "sigmoid": each between 0 and 1 on its own;
    "scores": anything else, to be turned into probabilities by softmax (one unit: sigmoid).
    """
    # Layers that hand a distribution on unchanged.
    passing = ("Flatten", "Reshape", "Dropout", "GlobalAveragePooling2D")
    tensor = model.outputs[0]
    while True:
        layer, _, _ = tensor._keras_history
        name = type(layer).__name__
        activation = getattr(getattr(layer, "activation", None), "__name__", "")
        if hasattr(layer, "outputs") and hasattr(layer, "layers"):
            tensor = layer.outputs[0]  # a model used as a layer
            continue
        if name == "Softmax" or activation in ("softmax", "sparsemax"):
            return "softmax"
        if name == "Sigmoid" or activation in ("sigmoid", "hard_sigmoid"):
            return "sigmoid"
        if name not in passing and not (name == "Activation" and activation == "linear"):
            return "scores"
        tensor = layer._inbound_nodes[0].input_tensors[0]


def as_probabilities(outputs: np.ndarray, kind: Kind) -> np.ndarray:
    """Turn a network's outputs `(N, outputs)` of a kind into probabilities `(N, classes)`.

    One output becomes two classes. Several sigmoid outputs are divided by their sum.
    """
    values = np.asarray(outputs, np.float64)
    if values.shape[-1] == 1:
        if kind == "scores":
            values = 1 / (1 + np.exp(-np.clip(values, -500, 500)))
        values = np.concatenate([1 - values, values], axis=-1)
    elif kind == "scores":
        powers = np.exp(values - values.max(axis=-1, keepdims=True))
        values = powers / powers.sum(axis=-1, keepdims=True)
    elif kind == "sigmoid":
        # Where every unit says a plain no, none is likelier than another.
        values = values + np.finfo(np.float32).tiny
        values = values / values.sum(axis=-1, keepdims=True)
    return values.astype(np.float32)


def expand_paths(paths: Iterable[str | Path]) -> Iterator[Path | Unreadable]:
    """Picture files named by `paths`: files as they are, folders as the pictures below them.

    What does not exist, and a folder without pictures, come out as `Unreadable`.
    """
    for given in paths:
        path = Path(given)
        if path.is_dir():
            found = False
            for picture in _pictures_below(path):
                found = True
                yield picture
            if not found:
                yield Unreadable(path, "the folder holds no pictures")
        elif not path.exists():
            yield Unreadable(path, "there is no such file")
        else:
            yield path


def _pictures_below(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if Path(name).suffix.lower() in SUFFIXES and not name.startswith("."):
                yield Path(parent, name)


def _grouped(items: Iterable[Any], size: int) -> Iterator[Sequence[Any]]:
    iterator = iter(items)
    while group := list(itertools.islice(iterator, max(1, size))):
        yield group


def _compiled(trained: TrainedModel) -> Callable[[np.ndarray], Any]:
    """The network as one TensorFlow function, traced once for batches of every size."""
    import tensorflow as tf

    signature = [tf.TensorSpec(trained.model.inputs[0].shape, tf.float32)]

    @tf.function(input_signature=signature)
    def predict(pixels: Any) -> Any:
        return trained(pixels)

    def run(pixels: np.ndarray) -> Any:
        return predict(tf.constant(pixels)).numpy()

    return run
