"""Layers that change the form of what they get: larger, smaller, in another order."""

from __future__ import annotations

from cnnstudio.graph.catalogue.fields import LARGEST, pair
from cnnstudio.graph.spec import Category, Field, Kind, LayerSpec

SPECS = (
    LayerSpec(
        "ZeroPadding2D",
        Category.SHAPE,
        "Adds rows and columns of zeros around the picture.",
        (
            Field(
                "padding",
                Kind.SIDES,
                ((1, 1), (1, 1)),
                "Rows added at top and bottom, columns at left and right.",
                minimum=0,
                maximum=LARGEST,
            ),
        ),
        stem="zero_padding",
        keywords=("pad", "border"),
        key_fields=("padding",),
    ),
    LayerSpec(
        "Cropping2D",
        Category.SHAPE,
        "Cuts rows and columns off at the border of the picture.",
        (
            Field(
                "cropping",
                Kind.SIDES,
                ((0, 0), (0, 0)),
                "Rows cut off at top and bottom, columns at left and right.",
                minimum=0,
                maximum=LARGEST,
            ),
        ),
        stem="cropping",
        keywords=("crop", "cut", "border"),
        key_fields=("cropping",),
    ),
    LayerSpec(
        "UpSampling2D",
        Category.SHAPE,
        "Makes the picture larger by repeating values or by filling in between them.",
        (
            pair("size", (2, 2), "How many times larger, down and across."),
            Field(
                "interpolation",
                Kind.CHOICE,
                "nearest",
                "nearest repeats values; the others fill in between them.",
                choices=("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"),
            ),
        ),
        stem="up_sampling",
        keywords=("upsample", "resize", "enlarge", "unet"),
        key_fields=("size", "interpolation"),
    ),
    LayerSpec(
        "Reshape",
        Category.SHAPE,
        "Puts the same values in another shape.",
        (
            Field(
                "target_shape",
                Kind.WHOLES,
                (-1,),
                "The new shape without the batch; -1 stands for what is left over.",
                minimum=-1,
                maximum=LARGEST * 100,
                keras_default=None,
            ),
        ),
        stem="reshape",
        keywords=("view", "patches", "sequence"),
        key_fields=("target_shape",),
        positional=("target_shape",),
    ),
    LayerSpec(
        "Permute",
        Category.SHAPE,
        "Puts the axes in another order.",
        (
            Field(
                "dims",
                Kind.WHOLES,
                (2, 1, 3),
                "The old axes in their new order, from 1 on; 2, 1, 3 swaps height and width.",
                minimum=1,
                maximum=6,
                keras_default=None,
            ),
        ),
        stem="permute",
        keywords=("transpose", "axes", "swap"),
        key_fields=("dims",),
        positional=("dims",),
    ),
)
