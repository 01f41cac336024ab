"""Small networks to begin with."""

from __future__ import annotations

from cnnstudio.graph.presets.builder import Builder
from cnnstudio.graph.presets.preset import Preset, Shape

FAMILY = "First networks"


def _small_cnn(net: Builder, _shape: Shape, classes: int) -> None:
    for filters in (32, 64):
        net.add("Conv2D", filters=filters)
        # Keras's 0.99 needs hundreds of steps before validation can be trusted; few pictures
        # and few epochs do not have them.
        net.add("BatchNormalization", momentum=0.9)
        net.add("ReLU")
        net.add("MaxPooling2D")
    net.add("Flatten")
    net.add("Dropout", rate=0.5)
    net.add("Dense", units=classes, activation="softmax")


def _mlp(net: Builder, _shape: Shape, classes: int) -> None:
    net.add("Flatten")
    net.add("Dense", units=128, activation="relu")
    net.add("Dense", units=64, activation="relu")
    net.add("Dense", units=classes, activation="softmax")


def _lenet5(net: Builder, shape: Shape, classes: int) -> None:
    # The 28 × 28 digits were padded to 32 × 32; for smaller pictures the first layer does that.
    padding = "valid" if min(shape[:2]) >= 32 else "same"
    net.add("Conv2D", filters=6, kernel_size=5, padding=padding, activation="tanh")
    net.add("AveragePooling2D")
    net.add("Conv2D", filters=16, kernel_size=5, padding="valid", activation="tanh")
    net.add("AveragePooling2D")
    net.add("Flatten")
    net.add("Dense", units=120, activation="tanh")
    net.add("Dense", units=84, activation="tanh")
    net.add("Dense", units=classes, activation="softmax")


def _tiny_vgg(net: Builder, _shape: Shape, classes: int) -> None:
    for block in (1, 2):
        for number in (1, 2):
            net.add("Conv2D", name=f"conv_{block}_{number}", filters=10, padding="valid")
            net.add("ReLU", name=f"relu_{block}_{number}")
        net.add("MaxPooling2D", name=f"max_pool_{block}")
    net.add("Flatten")
    net.add("Dense", name="output", units=classes, activation="softmax")


PRESETS = (
    Preset(
        "small-cnn",
        "Small CNN",
        "Convolution, batch normalisation, ReLU and pooling twice, then dropout and one Dense "
        "layer: a good first network for small pictures.",
        FAMILY,
        (32, 32, 3),
        10,
        60_746,
        4,
        _small_cnn,
    ),
    Preset(
        "mlp",
        "Multilayer perceptron",
        "Dense layers on flattened pixels, without any convolution, to compare with.",
        FAMILY,
        (28, 28, 1),
        10,
        109_386,
        1,
        _mlp,
    ),
    Preset(
        "lenet5",
        "LeNet-5",
        "LeCun's network for handwritten digits (1998): two convolutions with average pooling, "
        "three Dense layers, tanh.",
        FAMILY,
        (32, 32, 1),
        10,
        61_706,
        12,
        _lenet5,
    ),
    Preset(
        "tiny-vgg",
        "Tiny VGG",
        "The small network of the CNN Explainer page: two blocks of two 3 × 3 convolutions with "
        "10 filters each.",
        FAMILY,
        (64, 64, 3),
        10,
        19_920,
        16,
        _tiny_vgg,
    ),
)
