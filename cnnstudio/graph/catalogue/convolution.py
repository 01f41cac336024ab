"""Layers that slide filters over the picture."""

from __future__ import annotations

from cnnstudio.graph.catalogue.fields import USE_BIAS, activation, padding, pair, weights, whole
from cnnstudio.graph.spec import Category, LayerSpec

_FILTERS = whole("filters", 32, "How many filters: the channels of the output.", keras_default=None)
_KERNEL = pair("kernel_size", (3, 3), "Height and width of each filter.", keras_default=None)
_STRIDES = pair("strides", (1, 1), "Step of the filter, down and across.")
_DILATION = pair(
    "dilation_rate",
    (1, 1),
    "Gap between the filter's values; 2 skips every second pixel.",
    advanced=True,
)
_MULTIPLIER = whole("depth_multiplier", 1, "How many filters each input channel gets.")
_POINTWISE = ("pointwise", "1 × 1 filters")
_DEPTHWISE = ("depthwise", "filters")

SPECS = (
    LayerSpec(
        "Conv2D",
        Category.CONVOLUTION,
        "Slides small filters over the picture and adds up what they match.",
        (
            _FILTERS,
            _KERNEL,
            _STRIDES,
            padding("same"),
            _DILATION,
            whole(
                "groups",
                1,
                "Splits the channels into groups that are filtered apart.",
                advanced=True,
            ),
            activation(),
            USE_BIAS,
            *weights(("kernel", "weights")),
        ),
        stem="conv2d",
        keywords=("convolution", "filter", "kernel", "feature map", "1x1"),
        key_fields=("filters", "kernel_size", "strides", "padding", "activation"),
        positional=("filters", "kernel_size"),
        weighted=True,
    ),
    LayerSpec(
        "SeparableConv2D",
        Category.CONVOLUTION,
        "Filters each channel by itself, then mixes the channels with 1 × 1 filters: few weights.",
        (
            _FILTERS,
            _KERNEL,
            _STRIDES,
            padding("same"),
            _DILATION,
            _MULTIPLIER,
            activation(),
            USE_BIAS,
            *weights(_DEPTHWISE, _POINTWISE),
        ),
        stem="separable_conv2d",
        keywords=("convolution", "depthwise", "pointwise", "xception", "mobilenet"),
        key_fields=("filters", "kernel_size", "strides", "padding", "activation"),
        positional=("filters", "kernel_size"),
        weighted=True,
    ),
    LayerSpec(
        "DepthwiseConv2D",
        Category.CONVOLUTION,
        "Filters each channel by itself, without mixing the channels.",
        (
            _KERNEL,
            _STRIDES,
            padding("same"),
            _MULTIPLIER,
            _DILATION,
            activation(),
            USE_BIAS,
            *weights(_DEPTHWISE),
        ),
        stem="depthwise_conv2d",
        keywords=("convolution", "channel", "mobilenet", "efficientnet"),
        key_fields=("kernel_size", "strides", "padding", "activation"),
        positional=("kernel_size",),
        weighted=True,
    ),
    LayerSpec(
        "Conv2DTranspose",
        Category.CONVOLUTION,
        "A convolution backwards: spreads every value over a filter, so that the picture grows.",
        (
            _FILTERS,
            _KERNEL,
            pair("strides", (1, 1), "How many times larger the output is, down and across."),
            padding("same"),
            pair(
                "output_padding",
                None,
                "Rows and columns added at the end of the output; less than the strides.",
                minimum=0,
                optional=True,
                none_means="as the strides ask for",
                advanced=True,
            ),
            _DILATION,
            activation(),
            USE_BIAS,
            *weights(("kernel", "weights")),
        ),
        stem="conv2d_transpose",
        keywords=("deconvolution", "upsample", "transposed", "fractional"),
        key_fields=("filters", "kernel_size", "strides", "padding", "activation"),
        positional=("filters", "kernel_size"),
        weighted=True,
    ),
)
