"""Branches side by side, joined by concatenation: GoogLeNet."""

from __future__ import annotations

from cnnstudio.graph.presets.builder import Builder
from cnnstudio.graph.presets.preset import SYMMETRIC, Preset, Shape

FAMILY = "Inception"

# Filters of each module: 1 × 1; 3 × 3 behind its reduction; 5 × 5 behind its reduction; behind the
# pooling. Szegedy and others, "Going deeper with convolutions" (2014), table 1.
_MODULES = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}


def _convolution(
    net: Builder, name: str, filters: int, size: int, source: str = "", strides: int = 1
) -> str:
    sources = (source,) if source else ()
    return net.add(
        "Conv2D",
        *sources,
        name=name,
        filters=filters,
        kernel_size=size,
        strides=strides,
        activation="relu",
    )


def _pool(net: Builder, name: str) -> None:
    net.add("MaxPooling2D", name=name, pool_size=3, strides=2, padding="same")


def _module(net: Builder, name: str, filters: tuple[int, ...]) -> None:
    source = net.last
    with net.block(name, folded=True):
        one = _convolution(net, f"{name}_1x1", filters[0], 1, source)
        _convolution(net, f"{name}_3x3_reduce", filters[1], 1, source)
        three = _convolution(net, f"{name}_3x3", filters[2], 3)
        _convolution(net, f"{name}_5x5_reduce", filters[3], 1, source)
        five = _convolution(net, f"{name}_5x5", filters[4], 5)
        net.add("MaxPooling2D", source, name=f"{name}_pool", pool_size=3, strides=1, padding="same")
        pooled = _convolution(net, f"{name}_pool_proj", filters[5], 1)
        net.add("Concatenate", one, three, five, pooled, name=f"{name}_output")


def _googlenet(net: Builder, _shape: Shape, classes: int) -> None:
    _convolution(net, "conv1", 64, 7, strides=2)
    _pool(net, "pool1")
    _convolution(net, "conv2_reduce", 64, 1)
    _convolution(net, "conv2", 192, 3)
    _pool(net, "pool2")
    for name, filters in _MODULES.items():
        _module(net, f"inception_{name}", filters)
        if name in ("3b", "4e"):
            _pool(net, f"pool{name[0]}")
    net.add("GlobalAveragePooling2D", name="avg_pool")
    net.add("Dropout", name="dropout", rate=0.4)
    net.add("Dense", name="predictions", units=classes, activation="softmax")


PRESETS = (
    Preset(
        "googlenet",
        "GoogLeNet",
        "Nine Inception modules, each of four branches that are concatenated (Inception v1, 2014); "
        "7 million parameters. Without the two heads used only in training and the local response "
        "normalisation, which Keras does not have.",
        FAMILY,
        (224, 224, 3),
        1000,
        6_998_552,
        32,
        _googlenet,
        SYMMETRIC,
    ),
)
