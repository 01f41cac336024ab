"""Starting points: networks that every lecture names, laid out in one column, ready to train.

Each takes pictures of 0 to 255 and scales them with a Rescaling layer of its own, and ends in a
softmax over the classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from cnnstudio.graph.edits import ROW, add_layer
from cnnstudio.graph.network import Link, Network

Shape = tuple[int, int, int]
# Type, settings that differ from the defaults, and the name unless it is to be made up.
Step = tuple[str, Mapping[str, Any]] | tuple[str, Mapping[str, Any], str]


@dataclass(frozen=True)
class Preset:
    """A starting point.

    `input_shape` (height, width, channels) and `classes` are what it was published with;
    `recipe` gives the layers behind Input and Rescaling for a picture shape and a class count.
    """

    name: str
    title: str
    description: str
    input_shape: Shape
    classes: int
    recipe: Callable[[Shape, int], Iterator[Step]]

    def build(self, input_shape: Shape | None = None, classes: int | None = None) -> Network:
        """The network, for another picture shape or number of classes if given.

        Raises `EditError` if a number makes no sense. Pictures too small for the network are for
        the analysis to report.
        """
        shape = tuple(input_shape or self.input_shape)
        steps: list[Step] = [("Input", {"shape": shape}), ("Rescaling", {})]
        steps += self.recipe(shape, self.classes if classes is None else classes)  # type: ignore[arg-type]
        network = Network()
        names: list[str] = []
        for row, (type_, settings, *given) in enumerate(steps):
            network, name = add_layer(
                network,
                type_,
                (0.0, row * ROW),
                name=str(given[0]) if given else None,
                settings=settings,
            )
            names.append(name)
        return Network(network.layers, tuple(Link(a, b) for a, b in pairwise(names)))


def _small_cnn(_shape: Shape, classes: int) -> Iterator[Step]:
    for filters in (32, 64):
        yield "Conv2D", {"filters": filters}
        # Keras's 0.99 needs hundreds of steps before validation can be trusted; few pictures
        # and few epochs do not have them.
        yield "BatchNormalization", {"momentum": 0.9}
        yield "ReLU", {}
        yield "MaxPooling2D", {}
    yield "Flatten", {}
    yield "Dropout", {"rate": 0.5}
    yield "Dense", {"units": classes, "activation": "softmax"}


def _mlp(_shape: Shape, classes: int) -> Iterator[Step]:
    yield "Flatten", {}
    yield "Dense", {"units": 128, "activation": "relu"}
    yield "Dense", {"units": 64, "activation": "relu"}
    yield "Dense", {"units": classes, "activation": "softmax"}


def _lenet5(shape: Shape, classes: int) -> Iterator[Step]:
    # The 28 × 28 digits were padded to 32 × 32; for smaller pictures the first layer does that.
    padding = "valid" if min(shape[:2]) >= 32 else "same"
    convolution = {"kernel_size": (5, 5), "activation": "tanh"}
    yield "Conv2D", {"filters": 6, "padding": padding, **convolution}
    yield "AveragePooling2D", {}
    yield "Conv2D", {"filters": 16, "padding": "valid", **convolution}
    yield "AveragePooling2D", {}
    yield "Flatten", {}
    yield "Dense", {"units": 120, "activation": "tanh"}
    yield "Dense", {"units": 84, "activation": "tanh"}
    yield "Dense", {"units": classes, "activation": "softmax"}


def _tiny_vgg(_shape: Shape, classes: int) -> Iterator[Step]:
    for block in (1, 2):
        for number in (1, 2):
            yield "Conv2D", {"filters": 10, "padding": "valid"}, f"conv_{block}_{number}"
            yield "ReLU", {}, f"relu_{block}_{number}"
        yield "MaxPooling2D", {}, f"max_pool_{block}"
    yield "Flatten", {}
    yield "Dense", {"units": classes, "activation": "softmax"}, "output"


def _vgg16(_shape: Shape, classes: int) -> Iterator[Step]:
    for block, (filters, count) in enumerate(
        ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)), start=1
    ):
        for number in range(1, count + 1):
            settings = {"filters": filters, "activation": "relu"}
            yield "Conv2D", settings, f"block{block}_conv{number}"
        yield "MaxPooling2D", {}, f"block{block}_pool"
    yield "Flatten", {}, "flatten"
    yield "Dense", {"units": 4096, "activation": "relu"}, "fc1"
    yield "Dense", {"units": 4096, "activation": "relu"}, "fc2"
    yield "Dense", {"units": classes, "activation": "softmax"}, "predictions"


_PRESETS = (
    Preset(
        "small-cnn",
        "Small CNN",
        "Convolution, batch normalisation, ReLU and pooling twice, then dropout and one Dense "
        "layer: a good first network for small pictures.",
        (32, 32, 3),
        10,
        _small_cnn,
    ),
    Preset(
        "mlp",
        "Multilayer perceptron",
        "Dense layers on flattened pixels, without any convolution, to compare with.",
        (28, 28, 1),
        10,
        _mlp,
    ),
    Preset(
        "lenet5",
        "LeNet-5",
        "LeCun's network for handwritten digits (1998): two convolutions with average pooling, "
        "three Dense layers, tanh.",
        (32, 32, 1),
        10,
        _lenet5,
    ),
    Preset(
        "tiny-vgg",
        "Tiny VGG",
        "The small network of the CNN Explainer page: two blocks of two 3 × 3 convolutions with "
        "10 filters each.",
        (64, 64, 3),
        10,
        _tiny_vgg,
    ),
    Preset(
        "vgg16",
        "VGG-16",
        "Thirteen 3 × 3 convolutions and three Dense layers (2014); 138 million parameters, most "
        "of them in the first Dense layer.",
        (224, 224, 3),
        1000,
        _vgg16,
    ),
)

PRESETS: Mapping[str, Preset] = MappingProxyType({preset.name: preset for preset in _PRESETS})
