"""Layers that make one value of many."""

from __future__ import annotations

from cnnstudio.graph.catalogue.fields import padding, pair
from cnnstudio.graph.spec import Category, Field, Kind, LayerSpec


def _pooling(type_: str, summary: str, stem: str, keywords: tuple[str, ...]) -> LayerSpec:
    return LayerSpec(
        type_,
        Category.POOLING,
        summary,
        (
            pair("pool_size", (2, 2), "Height and width of the window."),
            pair(
                "strides",
                None,
                "Step of the window, down and across.",
                optional=True,
                none_means="same as pool_size",
            ),
            padding(),
        ),
        stem=stem,
        keywords=keywords,
        key_fields=("pool_size", "strides", "padding"),
        positional=("pool_size",),
    )


def _global(type_: str, summary: str, stem: str, keywords: tuple[str, ...]) -> LayerSpec:
    keep = Field(
        "keepdims",
        Kind.BOOL,
        False,
        "Keep height and width as 1 × 1 instead of dropping them.",
        advanced=True,
    )
    return LayerSpec(type_, Category.POOLING, summary, (keep,), stem=stem, keywords=keywords)


SPECS = (
    _pooling(
        "MaxPooling2D",
        "Keeps the largest value in each window: smaller maps, the strongest matches stay.",
        "max_pooling",
        ("maxpool", "pool", "downsample", "subsample"),
    ),
    _pooling(
        "AveragePooling2D",
        "Averages each window: smaller, smoother maps.",
        "average_pooling",
        ("avgpool", "mean", "pool", "downsample", "subsample"),
    ),
    _global(
        "GlobalMaxPooling2D",
        "Keeps the largest value of each feature map: a volume becomes a vector.",
        "global_max_pooling",
        ("gmp", "pool", "global"),
    ),
    _global(
        "GlobalAveragePooling2D",
        "Averages each feature map to one number: a volume becomes a vector.",
        "global_average_pooling",
        ("gap", "mean", "pool", "global"),
    ),
)
