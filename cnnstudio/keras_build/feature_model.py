"""The part of a model from its input to one layer: what that layer answers to a picture."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnstudio.errors import StudioError
from cnnstudio.keras_build.uses import outputs_of

if TYPE_CHECKING:
    import keras


class LayerOutputError(StudioError):
    """A layer whose output cannot be had, with the reason."""


def layer_output(
    model: keras.Model,
    layer: str,
    picture: np.ndarray[Any, Any],
    cache: MutableMapping[str, Any],
) -> np.ndarray[Any, Any]:
    """What `layer` answers to one picture, with the model's weights of this moment.

    `picture` is `(height, width, channels)`, pixels 0–255. Returns float32
    `(height, width, channels)`, or `(units,)` where the layer has no height and width. `cache`
    keeps the parts of this model by layer name. Call it in the thread that trains the model, or
    on a model that nothing trains.

    Raises `LayerOutputError` naming the layer.
    """
    if layer not in cache:
        cache[layer] = _part(model, layer)
    wanted = tuple(model.inputs[0].shape[1:])
    if len(picture.shape) != len(wanted) or any(
        size is not None and size != given
        for size, given in zip(wanted, picture.shape, strict=True)
    ):
        raise LayerOutputError(
            f"{layer} cannot be shown for a picture of {_size(picture.shape)}: the network takes "
            f"{_size(wanted)}."
        )
    output = cache[layer](np.asarray(picture, np.float32)[None], training=False)
    return np.array(output[0], np.float32)


def _part(model: keras.Model, layer: str) -> Any:
    import keras

    outputs = outputs_of(model)
    if layer not in outputs:
        raise LayerOutputError(
            f"The network has no layer {layer} whose output can be shown; it has "
            f"{', '.join(outputs)}."
        )
    return keras.Model(model.inputs[0], outputs[layer])


def _size(shape: tuple[int | None, ...]) -> str:
    return " × ".join("any" if part is None else str(part) for part in shape)
