"""Shortcuts that are added: ResNet."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from cnnstudio.graph.presets.builder import Builder
from cnnstudio.graph.presets.preset import IMAGENET, Preset, Shape

FAMILY = "Residual"

# He, Zhang, Ren and Sun, "Deep residual learning for image recognition" (2015): table 1, and
# section 4.2 for 32 × 32. Momentum as there and in torchvision: a tenth of each batch.
_MOMENTUM = 0.9


def _convolution(net: Builder, name: str, filters: int, size: int, **more: Any) -> None:
    """A convolution with batch normalisation, called as in `keras.applications`."""
    source = more.pop("source", "")
    net.add(
        "Conv2D",
        *((source,) if source else ()),
        name=f"{name}_conv",
        filters=filters,
        kernel_size=size,
        kernel_initializer="he_normal",
        **more,
    )
    net.add("BatchNormalization", name=f"{name}_bn", momentum=_MOMENTUM, epsilon=1.001e-5)


def _relu(net: Builder, name: str) -> None:
    net.add("Activation", name=name, activation="relu")


def _add(
    net: Builder, name: str, source: str, shortcut: tuple[int, int] | None, **more: Any
) -> None:
    """Add the shortcut to the last layer: `source`, or its projection to filters and strides."""
    branch = net.last
    if shortcut:
        filters, strides = shortcut
        _convolution(net, f"{name}_0", filters, 1, source=source, strides=strides, **more)
        source = net.last
    net.add("Add", source, branch, name=f"{name}_add")
    _relu(net, f"{name}_out")


def _basic(net: Builder, name: str, filters: int, strides: int, project: bool) -> None:
    """Two 3 × 3 convolutions, without biases."""
    source = net.last
    with net.block(name, folded=True):
        _convolution(net, f"{name}_1", filters, 3, strides=strides, use_bias=False)
        _relu(net, f"{name}_1_relu")
        _convolution(net, f"{name}_2", filters, 3, use_bias=False)
        _add(net, name, source, (filters, strides) if project else None, use_bias=False)


def _bottleneck(net: Builder, name: str, filters: int, strides: int, project: bool) -> None:
    """1 × 1, 3 × 3 and 1 × 1 convolutions, with biases and the stride in the first, as
    `keras.applications.ResNet50` has them.
    """
    source = net.last
    with net.block(name, folded=True):
        _convolution(net, f"{name}_1", filters, 1, strides=strides)
        _relu(net, f"{name}_1_relu")
        _convolution(net, f"{name}_2", filters, 3)
        _relu(net, f"{name}_2_relu")
        _convolution(net, f"{name}_3", 4 * filters, 1)
        _add(net, name, source, (4 * filters, strides) if project else None)


def _head(net: Builder, classes: int) -> None:
    net.add("GlobalAveragePooling2D", name="avg_pool")
    net.add("Dense", name="predictions", units=classes, activation="softmax")


def _resnet(counts: Sequence[int], deep: bool, net: Builder, _shape: Shape, classes: int) -> None:
    """For large pictures; `deep` has bottlenecks."""
    one, three = ((1, 1), (1, 1)), ((3, 3), (3, 3))
    net.add("ZeroPadding2D", name="conv1_pad", padding=three)
    _convolution(net, "conv1", 64, 7, strides=2, padding="valid", use_bias=deep)
    _relu(net, "conv1_relu")
    net.add("ZeroPadding2D", name="pool1_pad", padding=one)
    net.add("MaxPooling2D", name="pool1_pool", pool_size=3, strides=2)
    for stage, count in enumerate(counts, start=2):
        with net.block(f"conv{stage}"):
            for number in range(1, count + 1):
                first = number == 1
                (_bottleneck if deep else _basic)(
                    net,
                    f"conv{stage}_block{number}",
                    2 ** (stage + 4),
                    2 if first and stage > 2 else 1,
                    first and (deep or stage > 2),
                )
    _head(net, classes)


def _resnet_small(net: Builder, _shape: Shape, classes: int) -> None:
    """Three stages of three blocks; projections where the sizes change (option B)."""
    _convolution(net, "conv1", 16, 3, use_bias=False)
    _relu(net, "conv1_relu")
    for stage in (2, 3, 4):
        with net.block(f"conv{stage}"):
            for number in (1, 2, 3):
                change = number == 1 and stage > 2
                _basic(
                    net,
                    f"conv{stage}_block{number}",
                    2 ** (stage + 2),
                    2 if change else 1,
                    change,
                )
    _head(net, classes)


PRESETS = (
    Preset(
        "resnet-small",
        "ResNet-20",
        "The small ResNet for 32 × 32 pictures (2015): three stages of three residual blocks; "
        "272,474 trainable parameters.",
        FAMILY,
        (32, 32, 3),
        10,
        274_042,
        8,
        _resnet_small,
        IMAGENET,
    ),
    Preset(
        "resnet18",
        "ResNet-18",
        "Eight residual blocks of two 3 × 3 convolutions (2015); 11,689,512 trainable parameters, "
        "and 9,600 averages of batch normalisation.",
        FAMILY,
        (224, 224, 3),
        1000,
        11_699_112,
        32,
        partial(_resnet, (2, 2, 2, 2), False),
        IMAGENET,
    ),
    Preset(
        "resnet34",
        "ResNet-34",
        "Sixteen residual blocks of two 3 × 3 convolutions (2015); 21,797,672 trainable "
        "parameters, and 17,024 averages of batch normalisation.",
        FAMILY,
        (224, 224, 3),
        1000,
        21_814_696,
        32,
        partial(_resnet, (3, 4, 6, 3), False),
        IMAGENET,
    ),
    Preset(
        "resnet50",
        "ResNet-50",
        "Sixteen residual blocks of 1 × 1, 3 × 3 and 1 × 1 convolutions (2015), as in "
        "keras.applications; 26 million parameters.",
        FAMILY,
        (224, 224, 3),
        1000,
        25_636_712,
        32,
        partial(_resnet, (3, 4, 6, 3), True),
        IMAGENET,
    ),
)
