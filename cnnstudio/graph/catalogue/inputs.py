"""Where pictures enter, and how their pixels are scaled."""

from __future__ import annotations

from cnnstudio.graph.catalogue.fields import LARGEST, axes
from cnnstudio.graph.spec import Arity, Category, Field, Kind, LayerSpec

SPECS = (
    LayerSpec(
        "Input",
        Category.INPUT,
        "Where pictures enter: their height, width and channels.",
        (
            Field(
                "shape",
                Kind.SHAPE,
                (32, 32, 3),
                "Height, width and channels of a picture; 1 channel is grey, 3 are RGB.",
                minimum=1,
                maximum=LARGEST,
            ),
        ),
        Arity.NONE,
        "input",
        ("picture", "image", "inputlayer", "start"),
        ("shape",),
    ),
    LayerSpec(
        "Rescaling",
        Category.INPUT,
        "Multiplies every value by scale and adds offset; 1/255 brings pixels to between 0 and 1.",
        (
            Field(
                "scale",
                Kind.NUMBERS,
                1 / 255,
                "Factor for every value, or one for each channel; 1/255 for pixels.",
                keras_default=None,
            ),
            Field(
                "offset",
                Kind.NUMBERS,
                0.0,
                "Added after scaling; 1/127.5 with -1: -1 to 1.",
            ),
        ),
        stem="rescaling",
        keywords=("scale", "normalise", "normalize", "pixels", "255"),
        key_fields=("scale", "offset"),
        positional=("scale",),
        keeps_shape=True,
    ),
    LayerSpec(
        "Normalization",
        Category.INPUT,
        "Takes a known mean away and divides by the spread, for each channel.",
        (
            Field(
                "mean",
                Kind.NUMBERS,
                None,
                "Mean of each channel, or one number for all.",
                optional=True,
                none_means="0, until measured",
            ),
            Field(
                "variance",
                Kind.NUMBERS,
                None,
                "Variance of each channel, the square of its spread, or one number for all.",
                minimum=0.0,
                optional=True,
                none_means="1, until measured",
            ),
            axes("Axes that have a mean of their own each, the batch being 0; -1: the channels."),
            Field(
                "invert",
                Kind.BOOL,
                False,
                "Undo the normalisation instead: multiply by the spread and add the mean.",
                advanced=True,
            ),
        ),
        stem="normalization",
        keywords=("standardise", "standardize", "mean", "variance", "pixels"),
        key_fields=("mean", "variance"),
        keeps_shape=True,
        weighted=True,
    ),
)
