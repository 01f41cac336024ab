"""Weights and gradients of every layer while a network trains: how they are spread, measured.

Gradients are those of one held batch, the same each time, in training mode: dropout drops and
batch normalisation takes the batch's own figures. Nothing of it stays: whatever the layers would
note (moving averages, the state of random numbers) goes into a `keras.StatelessScope` and is
dropped with it, so that the training goes on bit for bit as if nobody had looked.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnstudio.data.feed import Feed
from cnnstudio.keras_build.spread import Histogram, histogram
from cnnstudio.training.prepare import Plan

if TYPE_CHECKING:
    import keras

# Measuring takes at most this share of the time.
SHARE = 0.003
# Pictures in the held batch at most.
HELD = 32
# In 16 bits small gradients would be rounded to 0; Keras scales the loss for the same reason.
_SCALE = 1024.0

Batch = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]


@dataclass(frozen=True, eq=False)
class Measured:
    """One array of weights of a layer (`kernel`, `bias`, …) at one moment.

    Attributes:
        gradient: of the loss for it; None where it is not trained: frozen, or a moving average.
    """

    layer: str
    weight: str
    values: Histogram
    gradient: Histogram | None

    @property
    def ratio(self) -> float | None:
        """The gradient's norm by the weights'; None without one of them."""
        if self.gradient is None or not self.values.norm:
            return None
        return self.gradient.norm / self.values.norm


class Gauge:
    """Measures when it is due. `held` gives the batch that gradients are of."""

    def __init__(self, model: keras.Model, held: Callable[[], Batch]) -> None:
        self._model = model
        self._make_batch = held
        self._batch: Batch | None = None
        self._cost = 0.0
        self._ended = float("-inf")
        self._bucket = 0

    @property
    def unused(self) -> bool:
        """Whether nothing was measured yet."""
        return math.isinf(self._ended)

    def due(self, every: int, step: int, *, epoch_ends: bool, last: bool = False) -> bool:
        """Whether to measure now.

        `every` counts steps, 0 means at the end of an epoch; `step` counts all of the run. At the
        `last` step always; else no more often than costs little.
        """
        bucket = step // every if every else 0
        reached = epoch_ends if not every else bucket > self._bucket
        if reached:
            self._bucket = bucket
        if epoch_ends and last:
            return True
        return reached and time.perf_counter() - self._ended >= self._cost / SHARE

    def measure(self) -> tuple[Measured, ...]:
        """All weights and their gradients now. Raises what TensorFlow or the pictures raise."""
        start = time.perf_counter()
        if self._batch is None:
            self._batch = self._make_batch()
        gradients = _gradients(self._model, *self._batch)
        found = tuple(
            Measured(layer, name, histogram(_numbers(weight)), gradients.get(id(weight)))
            for layer, name, weight in weights_of(self._model)
        )
        first, self._ended = self.unused, time.perf_counter()
        # The first one also builds what the later ones use.
        self._cost = 0.0 if first else self._ended - start
        return found


def held_batch(feed: Feed, plan: Plan) -> Batch:
    """Pictures of the first batch, as they are in the folder, and their classes as the loss takes
    them. Raises `StudioError` where no picture can be read.
    """
    pixels, numbers = feed.batch(0, 0)
    labels = np.array([feed.samples[n].label_index for n in numbers[:HELD]], np.int32)
    classes = len(plan.dataset.classes)
    truth = np.eye(classes, dtype=np.float32)[labels] if plan.objective.one_hot else labels
    return np.asarray(pixels[:HELD], np.float32), truth


def weights_of(model: keras.Model) -> Iterator[tuple[str, str, Any]]:
    """Layer, name and variable of all weights that are numbers, in the network's order."""
    seen = set()
    for layer in model.layers:
        for weight in layer.weights:
            if id(weight) in seen or "float" not in str(weight.dtype):
                continue
            seen.add(id(weight))
            # Of a model used as a layer the path goes on below its name.
            _, _, name = weight.path.rpartition(f"{layer.name}/")
            yield layer.name, name or weight.name, weight


def _gradients(model: keras.Model, pixels: Any, truth: Any) -> dict[int, Histogram]:
    """How the gradients are spread, by the identity of the variables that are trained."""
    import keras
    import tensorflow as tf

    trained = model.trainable_variables
    if not trained:
        return {}
    scale = _SCALE if "float16" in model.compute_dtype.removeprefix("b") else 1.0
    values = [tf.convert_to_tensor(variable.value) for variable in trained]
    with (
        tf.GradientTape() as tape,
        keras.StatelessScope(state_mapping=list(zip(trained, values, strict=True))),
    ):
        tape.watch(values)
        answers = model(pixels, training=True)
        loss = model.compute_loss(x=pixels, y=tf.constant(truth), y_pred=answers, training=True)
        loss = loss * scale
    found = tape.gradient(loss, values)
    return {
        id(variable): histogram(np.asarray(tf.convert_to_tensor(gradient), np.float32) / scale)
        for variable, gradient in zip(trained, found, strict=True)
        if gradient is not None
    }


def _numbers(weight: Any) -> np.ndarray[Any, Any]:
    return np.asarray(weight.value.numpy(), np.float32)
