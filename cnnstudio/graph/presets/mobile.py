"""Depthwise convolutions in inverted residual blocks: MobileNetV2 and EfficientNet."""

from __future__ import annotations

from typing import Any

from cnnstudio.graph.presets.builder import Builder
from cnnstudio.graph.presets.preset import SYMMETRIC, UNIT, Preset, Shape

FAMILY = "Mobile"

Size = tuple[int, int]


def _halved(size: Size) -> Size:
    return (size[0] + 1) // 2, (size[1] + 1) // 2


def _padding(size: Size, kernel: int) -> tuple[Size, Size]:
    """Zeros around a picture for a stride of 2, as Keras's networks have them: `same`'s."""
    half = kernel // 2
    return (half - 1 + size[0] % 2, half), (half - 1 + size[1] % 2, half)


def _mobilenetv2(net: Builder, shape: Shape, classes: int) -> None:
    """Sandler and others, "MobileNetV2: inverted residuals and linear bottlenecks" (2018)."""
    # Behind the first convolution.
    size = _halved(shape[:2])

    def pointwise(name: str, filters: int, *, activation: str = "") -> None:
        net.add("Conv2D", name=name, filters=filters, kernel_size=1, use_bias=False)
        net.add("BatchNormalization", name=f"{name}_{'bn' if name == 'Conv_1' else 'BN'}")
        if activation:
            net.add("ReLU", name=activation, max_value=6.0)

    def block(name: str, before: int, filters: int, strides: int, expand: bool) -> None:
        nonlocal size
        source = net.last
        with net.block(name, folded=True):
            if expand:
                pointwise(f"{name}_expand", 6 * before, activation=f"{name}_expand_relu")
            if strides == 2:
                net.add("ZeroPadding2D", name=f"{name}_pad", padding=_padding(size, 3))
                size = _halved(size)
            net.add(
                "DepthwiseConv2D",
                name=f"{name}_depthwise",
                strides=strides,
                padding="same" if strides == 1 else "valid",
                use_bias=False,
            )
            net.add("BatchNormalization", name=f"{name}_depthwise_BN")
            net.add("ReLU", name=f"{name}_depthwise_relu", max_value=6.0)
            pointwise(f"{name}_project", filters)
            if strides == 1 and before == filters:
                net.add("Add", source, net.last, name=f"{name}_add")

    net.add("Conv2D", name="Conv1", filters=32, strides=2, use_bias=False)
    net.add("BatchNormalization", name="bn_Conv1")
    net.add("ReLU", name="Conv1_relu", max_value=6.0)
    block("expanded_conv", 32, 16, 1, False)
    channels, number = 16, 1
    # Table 2: channels, repeats, and the stride of the first.
    for filters, count, strides in (
        (24, 2, 2), (32, 3, 2), (64, 4, 2), (96, 3, 1), (160, 3, 2), (320, 1, 1),
    ):  # fmt: skip
        for repeat in range(count):
            block(f"block_{number}", channels, filters, 1 if repeat else strides, True)
            channels, number = filters, number + 1
    pointwise("Conv_1", 1280, activation="out_relu")
    net.add("GlobalAveragePooling2D", name="avg_pool")
    net.add("Dense", name="predictions", units=classes, activation="softmax")


def _efficientnet(net: Builder, shape: Shape, classes: int) -> None:
    """Tan and Le, "EfficientNet: rethinking model scaling for convolutional neural networks"
    (2019), table 1.
    """
    size = shape[:2]

    def convolution(name: str, filters: int, kernel: int = 1, **more: Any) -> None:
        more = {"use_bias": False, "kernel_initializer": "he_normal", **more}
        net.add("Conv2D", name=name, filters=filters, kernel_size=kernel, **more)

    def normalised(prefix: str) -> None:
        net.add("BatchNormalization", name=f"{prefix}_bn")
        net.add("Activation", name=f"{prefix}_activation", activation="silu")

    def gate(name: str, before: int, channels: int) -> None:
        """Squeeze and excitation: a factor for each channel, out of the averages of all."""
        source = net.last
        net.add("GlobalAveragePooling2D", name=f"{name}_se_squeeze")
        net.add("Reshape", name=f"{name}_se_reshape", target_shape=(1, 1, channels))
        convolution(f"{name}_se_reduce", max(1, before // 4), use_bias=True, activation="silu")
        convolution(f"{name}_se_expand", channels, use_bias=True, activation="sigmoid")
        net.add("Multiply", source, net.last, name=f"{name}_se_excite")

    def block(
        name: str, before: int, filters: int, kernel: int, strides: int, expand: int, drop: float
    ) -> None:
        nonlocal size
        source, channels = net.last, before * expand
        with net.block(name, folded=True):
            if expand > 1:
                convolution(f"{name}_expand_conv", channels)
                normalised(f"{name}_expand")
            if strides == 2:
                padding = _padding(size, kernel)
                net.add("ZeroPadding2D", name=f"{name}_dwconv_pad", padding=padding)
                size = _halved(size)
            net.add(
                "DepthwiseConv2D",
                name=f"{name}_dwconv",
                kernel_size=kernel,
                strides=strides,
                padding="same" if strides == 1 else "valid",
                use_bias=False,
            )
            normalised(name)
            gate(name, before, channels)
            convolution(f"{name}_project_conv", filters)
            net.add("BatchNormalization", name=f"{name}_project_bn")
            if strides == 1 and before == filters:
                if drop:
                    net.add("StochasticDepth", name=f"{name}_drop", drop_path_rate=drop)
                net.add("Add", net.last, source, name=f"{name}_add")

    net.add("Normalization", name="normalization")
    net.add("ZeroPadding2D", name="stem_conv_pad", padding=_padding(size, 3))
    convolution("stem_conv", 32, 3, strides=2, padding="valid")
    size = _halved(size)
    normalised("stem")
    # Expansion, channels, repeats, stride of the first, kernel.
    stages = (
        (1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3),
        (6, 112, 3, 1, 5), (6, 192, 4, 2, 5), (6, 320, 1, 1, 3),
    )  # fmt: skip
    total = sum(stage[2] for stage in stages)
    channels, done = 32, 0
    for number, (expand, filters, count, strides, kernel) in enumerate(stages, start=1):
        for repeat in range(count):
            block(
                f"block{number}{'abcd'[repeat]}",
                channels,
                filters,
                kernel,
                1 if repeat else strides,
                expand,
                0.2 * done / total,
            )
            channels, done = filters, done + 1
    convolution("top_conv", 1280)
    normalised("top")
    net.add("GlobalAveragePooling2D", name="avg_pool")
    net.add("Dropout", name="top_dropout", rate=0.2)
    net.add("Dense", name="predictions", units=classes, activation="softmax")


PRESETS = (
    Preset(
        "mobilenetv2",
        "MobileNetV2",
        "Seventeen inverted residual blocks with depthwise convolutions (2018), as in "
        "keras.applications: small and quick; 3.5 million parameters.",
        FAMILY,
        (224, 224, 3),
        1000,
        3_538_984,
        32,
        _mobilenetv2,
        SYMMETRIC,
    ),
    Preset(
        "efficientnetb0",
        "EfficientNet-B0",
        "Sixteen inverted residual blocks, each with a gate for its channels (2019), as in "
        "keras.applications; 5.3 million parameters.",
        FAMILY,
        (224, 224, 3),
        1000,
        5_330_571,
        32,
        _efficientnet,
        UNIT,
    ),
)
