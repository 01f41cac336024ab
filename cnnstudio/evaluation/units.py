"""What a unit looks for: the picture that excites it most, made up or found in the data.

A unit is one feature map (channel) of a layer, or one number of a layer without height and width.
Made-up pictures are found by gradient ascent on the unit's answer (Erhan et al., 2009), blurred at
first and moved about a little at each step, which keeps fine noise away (Mordvintsev et al., 2015).
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cnnstudio.errors import Cancelled, StudioError
from cnnstudio.evaluation.class_scores import class_scores
from cnnstudio.evaluation.predict import Classifier, Unreadable
from cnnstudio.keras_build.uses import outputs_of

Array = np.ndarray[Any, Any]


class UnitError(StudioError):
    """A layer or unit that does not exist or has no single number, with the way out."""


@dataclass(frozen=True)
class Dreamed:
    """A made-up picture.

    Attributes:
        picture: uint8 `(height, width, channels)`.
        before, after: the unit's answer to the grey noise at the start and to the picture.
    """

    picture: Array
    before: float
    after: float


@dataclass(frozen=True)
class Exciting:
    """A picture of the data that excites a unit.

    Attributes:
        strength: the unit's largest value in the picture.
        place: row and column of that value in the map, or None without height and width.
    """

    path: Path
    strength: float
    place: tuple[int, int] | None


def unit_count(classifier: Classifier, layer: str) -> int:
    """How many units a layer has. Raises `UnitError`."""
    shape = _tensor(classifier, layer).shape
    if len(shape) not in (2, 4) or shape[-1] is None:
        raise UnitError(f"{layer} has no units that could be shown: its output is {shape[1:]}.")
    return int(shape[-1])


def dreams(
    classifier: Classifier,
    layer: str,
    units: Sequence[int],
    *,
    steps: int = 120,
    seed: int = 0,
    progress: Callable[[int, int, Array], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> tuple[Dreamed, ...]:
    """For each unit the picture found by gradient ascent that makes its answer large.

    The answer of a feature map is the root of its mean square, negative values left out, and a
    tenth of its mean. For the last layer the units are classes, and the answers their scores
    before softmax. All
    begin with the same grey noise. `progress` gets the steps done, all steps, and the pictures so
    far, uint8 `(units, height, width, channels)`, some ten times. Raises `UnitError`, `Cancelled`.
    """
    import tensorflow as tf

    for unit in units:
        _check(classifier, layer, unit)
    trained = classifier.trained
    height, width = trained.image_size
    part, finish = _part(classifier, layer)
    wanted = tf.constant(list(units), tf.int32)
    draw = np.random.default_rng(seed)
    start = np.clip(draw.normal(127.5, 12.0, (1, height, width, trained.channels)), 0, 255)
    pictures = tf.Variable(np.repeat(start, len(units), axis=0).astype(np.float32))

    @tf.function(autograph=False)
    def strength(pixels: Any) -> Any:
        answer = tf.cast(finish(part(pixels, training=False)), tf.float32)
        if answer.shape.rank == 4:
            # Places that answer strongly count more: a pattern here and there, not one grey.
            strong = tf.reduce_mean(tf.square(tf.nn.relu(answer)), axis=(1, 2))
            answer = tf.sqrt(strong + 1e-12) + 0.1 * tf.reduce_mean(answer, axis=(1, 2))
        return tf.gather(answer, wanted, batch_dims=1)

    @tf.function(autograph=False)
    def climb(pixels: Any, shift: Any, pace: Any) -> Any:
        moved = tf.roll(pixels, shift, (1, 2))
        with tf.GradientTape() as tape:
            tape.watch(moved)
            # Few neighbouring pixels that differ much: what is left can be seen.
            rough = tf.image.total_variation(moved) / (height * width * 255.0)
            value = strength(moved)
            aim = value - 0.05 * tf.abs(tf.stop_gradient(value)) * rough
        # Each picture raises its own unit alone, so one gradient serves all.
        gradient = tape.gradient(aim, moved, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        gradient /= tf.math.reduce_std(gradient, axis=(1, 2, 3), keepdims=True) + 1e-8
        return tf.clip_by_value(tf.roll(moved + pace * gradient, -shift, (1, 2)), 0.0, 255.0)

    before = strength(pictures).numpy()
    reach = max(1, min(height, width) // 16)
    told = max(1, steps // 10)
    for step in range(steps):
        if cancelled is not None and cancelled():
            raise Cancelled
        shift = draw.integers(-reach, reach + 1, 2).astype(np.int32)
        # Coarse to fine: large steps on blurred pictures first.
        pace = 12.0 * (1 - step / steps) + 1.0
        pictures.assign(climb(pictures, tf.constant(shift), tf.constant(pace, tf.float32)))
        if step % told == told - 1 and step < steps * 2 // 3:
            pictures.assign(_blurred(pictures))
        if progress is not None and step % told == told - 1:
            progress(step + 1, steps, _as_pixels(pictures))
    after = strength(pictures).numpy()
    return tuple(
        Dreamed(picture, float(low), float(high))
        for picture, low, high in zip(_as_pixels(pictures), before, after, strict=True)
    )


def most_exciting(
    classifier: Classifier,
    layer: str,
    units: Iterable[int],
    paths: Iterable[Path],
    *,
    most: int = 9,
    progress: Callable[[int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> dict[int, tuple[Exciting, ...]]:
    """For each unit the pictures that excite it most, the strongest first.

    `progress` gets the number of pictures looked at after each batch. Pictures that cannot be read
    are passed over. Raises `UnitError`, `Cancelled`.
    """
    wanted = tuple(units)
    for unit in wanted:
        _check(classifier, layer, unit)
    answer = _compiled(classifier, layer)
    best: dict[int, list[tuple[float, int, Exciting]]] = {unit: [] for unit in wanted}
    numbers, seen = itertools.count(), 0
    for items in classifier.batches(paths, 32, cancelled):
        good = [(path, pixels) for path, pixels in items if not isinstance(pixels, Unreadable)]
        seen += len(items)
        if good:
            maps = answer(np.stack([pixels for _, pixels in good]).astype(np.float32))
            flat = maps.reshape(len(good), -1, maps.shape[-1])
            for row, (path, _) in enumerate(good):
                for unit in wanted:
                    index = int(flat[row, :, unit].argmax())
                    place = divmod(index, maps.shape[2]) if maps.ndim == 4 else None
                    found = Exciting(path, float(flat[row, index, unit]), place)
                    # Of equals the first stays: numbers count down.
                    heapq.heappush(best[unit], (found.strength, -next(numbers), found))
                    if len(best[unit]) > most:
                        heapq.heappop(best[unit])
        if progress is not None:
            progress(seen)
    return {
        unit: tuple(entry[2] for entry in sorted(found, reverse=True))
        for unit, found in best.items()
    }


def _compiled(classifier: Classifier, layer: str) -> Callable[[Array], Array]:
    import keras
    import tensorflow as tf

    model = classifier.trained.model
    part = keras.Model(model.inputs[0], _tensor(classifier, layer))
    signature = [tf.TensorSpec((None, *model.inputs[0].shape[1:]), tf.float32)]

    @tf.function(input_signature=signature, autograph=False)
    def function(pixels: Any) -> Any:
        return tf.cast(part(pixels, training=False), tf.float32)

    return lambda pixels: function(pixels).numpy()


def _part(classifier: Classifier, layer: str) -> tuple[Any, Callable[[Any], Any]]:
    """The model up to a layer; the last one is taken before its softmax."""
    import keras

    model = classifier.trained.model
    tensor = _tensor(classifier, layer)
    if tensor is model.outputs[0] and tensor.shape[-1] > 1:
        scores = class_scores(model)
        return keras.Model(model.inputs[0], scores.tensor), scores.finish
    return keras.Model(model.inputs[0], tensor), lambda values: values


def _tensor(classifier: Classifier, layer: str) -> Any:
    outputs = outputs_of(classifier.trained.model)
    tensor = outputs.get(layer)
    if tensor is None or isinstance(tensor, list):
        known = ", ".join(name for name, found in outputs.items() if not isinstance(found, list))
        raise UnitError(f"The network has no layer {layer} with one output; it has {known}.")
    return tensor


def _check(classifier: Classifier, layer: str, unit: int) -> None:
    count = unit_count(classifier, layer)
    if not 0 <= unit < count:
        raise UnitError(f"{layer} has the units 0 to {count - 1}, not {unit}.")


def _blurred(pictures: Any) -> Any:
    """Each pixel half itself, half the mean of its neighbourhood."""
    import tensorflow as tf

    near = tf.nn.avg_pool2d(pictures, 3, 1, "SAME")
    return 0.5 * pictures + 0.5 * near


def _as_pixels(pictures: Any) -> Array:
    pixels: Array = np.rint(np.asarray(pictures)).astype(np.uint8)
    return pixels
