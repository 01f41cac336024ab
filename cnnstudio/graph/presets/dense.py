"""Every layer joined to all earlier ones: DenseNet."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from cnnstudio.graph.presets.builder import Builder
from cnnstudio.graph.presets.preset import IMAGENET, Preset, Shape

FAMILY = "Densely connected"

# Huang, Liu, van der Maaten and Weinberger, "Densely connected convolutional networks" (2016):
# DenseNet-BC, with bottlenecks and with half of the channels kept between blocks. Momentum as in
# the authors' own code: a tenth of each batch.
_MOMENTUM = 0.9


def _normalised(net: Builder, prefix: str) -> None:
    net.add("BatchNormalization", name=f"{prefix}bn", momentum=_MOMENTUM, epsilon=1.001e-5)
    net.add("Activation", name=f"{prefix}relu", activation="relu")


def _convolution(net: Builder, name: str, filters: int, size: int) -> None:
    net.add(
        "Conv2D",
        name=name,
        filters=filters,
        kernel_size=size,
        use_bias=False,
        kernel_initializer="he_normal",
    )


def _layer(net: Builder, name: str, growth: int) -> None:
    """A bottleneck and a convolution, whose `growth` channels join those there are."""
    source = net.last
    with net.block(name, folded=True):
        _normalised(net, f"{name}_0_")
        _convolution(net, f"{name}_1_conv", 4 * growth, 1)
        _normalised(net, f"{name}_1_")
        _convolution(net, f"{name}_2_conv", growth, 3)
        net.add("Concatenate", source, net.last, name=f"{name}_concat")


def _blocks(net: Builder, counts: Sequence[int], channels: int, growth: int) -> None:
    """Dense blocks with transitions between them, on `channels` feature maps."""
    for stage, count in enumerate(counts, start=2):
        if stage > 2:
            channels //= 2
            with net.block(f"pool{stage - 1}", folded=True):
                _normalised(net, f"pool{stage - 1}_")
                _convolution(net, f"pool{stage - 1}_conv", channels, 1)
                net.add("AveragePooling2D", name=f"pool{stage - 1}_pool")
        with net.block(f"conv{stage}", folded=True):
            for number in range(1, count + 1):
                _layer(net, f"conv{stage}_block{number}", growth)
        channels += count * growth
    _normalised(net, "")


def _head(net: Builder, classes: int) -> None:
    net.add("GlobalAveragePooling2D", name="avg_pool")
    net.add("Dense", name="predictions", units=classes, activation="softmax")


def _densenet(
    counts: Sequence[int], growth: int, net: Builder, _shape: Shape, classes: int
) -> None:
    net.add("ZeroPadding2D", name="conv1_pad", padding=((3, 3), (3, 3)))
    net.add(
        "Conv2D",
        name="conv1_conv",
        filters=2 * growth,
        kernel_size=7,
        strides=2,
        padding="valid",
        use_bias=False,
        kernel_initializer="he_normal",
    )
    _normalised(net, "conv1_")
    net.add("ZeroPadding2D", name="pool1_pad", padding=((1, 1), (1, 1)))
    net.add("MaxPooling2D", name="pool1", pool_size=3, strides=2)
    _blocks(net, counts, 2 * growth, growth)
    _head(net, classes)


def small(depth: int, growth: int, net: Builder, _shape: Shape, classes: int) -> None:
    """DenseNet-BC for 32 × 32 pictures: three blocks; `depth` counts convolutions and Dense."""
    _convolution(net, "conv1_conv", 2 * growth, 3)
    _blocks(net, 3 * [(depth - 4) // 6], 2 * growth, growth)
    _head(net, classes)


PRESETS = (
    Preset(
        "densenet-small",
        "DenseNet-40",
        "The small DenseNet for 32 × 32 pictures (DenseNet-BC, 40 layers, growth 12, 2016): three "
        "dense blocks of six layers; 176,122 trainable parameters.",
        FAMILY,
        (32, 32, 3),
        10,
        181_210,
        8,
        partial(small, 40, 12),
        IMAGENET,
    ),
    Preset(
        "densenet121",
        "DenseNet-121",
        "Four dense blocks of 6, 12, 24 and 16 layers, each joined to all before it (2016), as in "
        "keras.applications; 8 million parameters.",
        FAMILY,
        (224, 224, 3),
        1000,
        8_062_504,
        32,
        partial(_densenet, (6, 12, 24, 16), 32),
        IMAGENET,
    ),
)
