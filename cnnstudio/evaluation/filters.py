"""The filters (kernels) of a layer, and how its weights and its answers are spread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnstudio.keras_build.spread import Histogram, histogram
from cnnstudio.keras_build.uses import outputs_of

if TYPE_CHECKING:
    import keras

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class Weights:
    """The weights of one layer.

    Attributes:
        kernels: float32 `(height, width, input channels, filters)`, or None where the layer has no
            filters that slide over a picture.
        first: whether these look at the colours of the picture itself.
        spread: of the weights without the biases, or None of a layer without weights.
    """

    kernels: Array | None
    first: bool
    spread: Histogram | None


def weights_of_layer(model: keras.Model, layer: str) -> Weights:
    """The filters of `layer` and the spread of its weights; of an unknown layer there are none.

    A depthwise filter has one input channel; the filters of a separable convolution are its
    depthwise ones.
    """
    tensor = outputs_of(model).get(layer)
    if tensor is None or isinstance(tensor, list):
        return Weights(None, False, None)
    owner, node, _ = tensor._keras_history
    kernels = _kernels(owner)
    first = False
    if kernels is not None and kernels.shape[2] == 3:
        first = _is_picture(owner._inbound_nodes[node].input_tensors[0])
    main = [np.asarray(weight) for weight in owner.weights if len(weight.shape) > 1]
    rest = [np.asarray(weight) for weight in owner.trainable_weights]
    arrays = [array.ravel() for array in main or rest]
    return Weights(kernels, first, histogram(np.concatenate(arrays)) if arrays else None)


def _kernels(layer: Any) -> Array | None:
    kind = type(layer).__name__
    if kind in ("Conv2D", "Conv2DTranspose"):
        kernel = np.asarray(layer.kernel, np.float32)
        return kernel.transpose(0, 1, 3, 2) if kind == "Conv2DTranspose" else kernel
    if kind in ("DepthwiseConv2D", "SeparableConv2D"):
        own = layer.depthwise_kernel if kind == "SeparableConv2D" else layer.kernel
        kernel = np.asarray(own, np.float32)
        return kernel.reshape(*kernel.shape[:2], 1, -1)
    return None


def _is_picture(tensor: Any) -> bool:
    """Whether a tensor is the picture, scaled or padded at most."""
    while True:
        layer, node, _ = tensor._keras_history
        given = layer._inbound_nodes[node].input_tensors
        if not given:
            return True
        if type(layer).__name__ not in ("Rescaling", "Normalization", "Resizing", "ZeroPadding2D"):
            return type(layer).__name__.startswith("Random")
        tensor = given[0]
