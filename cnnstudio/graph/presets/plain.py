"""One layer behind the other: AlexNet and VGG."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from cnnstudio.graph.presets.builder import Builder
from cnnstudio.graph.presets.preset import IMAGENET, Preset, Shape

FAMILY = "Plain chains"


def _alexnet(net: Builder, _shape: Shape, classes: int) -> None:
    """Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep convolutional neural
    networks" (2012), section 3.5. The two halves that ran on a GPU each are two groups.
    """
    pooling = {"pool_size": 3, "strides": 2}
    relu = {"activation": "relu", "kernel_initializer": "he_normal"}
    net.add("Conv2D", name="conv1", filters=96, kernel_size=11, strides=4, padding="valid", **relu)
    net.add("MaxPooling2D", name="pool1", **pooling)
    net.add("Conv2D", name="conv2", filters=256, kernel_size=5, groups=2, **relu)
    net.add("MaxPooling2D", name="pool2", **pooling)
    net.add("Conv2D", name="conv3", filters=384, **relu)
    net.add("Conv2D", name="conv4", filters=384, groups=2, **relu)
    net.add("Conv2D", name="conv5", filters=256, groups=2, **relu)
    net.add("MaxPooling2D", name="pool5", **pooling)
    net.add("Flatten", name="flatten")
    for number in (6, 7):
        net.add("Dense", name=f"fc{number}", units=4096, **relu)
        net.add("Dropout", name=f"drop{number}", rate=0.5)
    net.add("Dense", name="fc8", units=classes, activation="softmax")


def _vgg(counts: Sequence[int], net: Builder, _shape: Shape, classes: int) -> None:
    """Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition"
    (2014), table 1: configurations D and E.
    """
    for block, (filters, count) in enumerate(zip((64, 128, 256, 512, 512), counts, strict=True), 1):
        for number in range(1, count + 1):
            net.add("Conv2D", name=f"block{block}_conv{number}", filters=filters, activation="relu")
        net.add("MaxPooling2D", name=f"block{block}_pool")
    net.add("Flatten", name="flatten")
    net.add("Dense", name="fc1", units=4096, activation="relu")
    net.add("Dense", name="fc2", units=4096, activation="relu")
    net.add("Dense", name="predictions", units=classes, activation="softmax")


PRESETS = (
    Preset(
        "alexnet",
        "AlexNet",
        "Five convolutions, three of them in two groups, and three Dense layers with dropout "
        "(2012); 61 million parameters. Without its local response normalisation, which Keras "
        "does not have.",
        FAMILY,
        (227, 227, 3),
        1000,
        60_965_224,
        67,
        _alexnet,
        IMAGENET,
    ),
    Preset(
        "vgg16",
        "VGG-16",
        "Thirteen 3 × 3 convolutions and three Dense layers (2014); 138 million parameters, most "
        "of them in the first Dense layer.",
        FAMILY,
        (224, 224, 3),
        1000,
        138_357_544,
        32,
        partial(_vgg, (2, 2, 3, 3, 3)),
    ),
    Preset(
        "vgg19",
        "VGG-19",
        "VGG-16 with three more convolutions, sixteen in all (2014); 144 million parameters.",
        FAMILY,
        (224, 224, 3),
        1000,
        143_667_240,
        32,
        partial(_vgg, (2, 2, 4, 4, 4)),
    ),
)
