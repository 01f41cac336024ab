"""Layers that make one of several."""

from __future__ import annotations

from cnnstudio.graph.spec import Arity, Call, Category, Field, Kind, LayerSpec


def _merge(type_: str, summary: str, *keywords: str) -> LayerSpec:
    return LayerSpec(
        type_,
        Category.MERGE,
        summary,
        arity=Arity.MANY,
        stem=type_.lower(),
        keywords=keywords,
        call=Call.LIST,
    )


SPECS = (
    _merge(
        "Add",
        "Adds its inputs value by value: a residual connection.",
        "residual", "skip", "sum", "resnet",
    ),
    _merge("Subtract", "Takes its second input from its first, value by value.", "difference"),
    _merge(
        "Multiply",
        "Multiplies its inputs value by value: a gate.",
        "gate", "product", "squeeze", "excite",
    ),
    _merge("Average", "Averages its inputs value by value.", "mean", "ensemble"),
    _merge("Maximum", "Keeps the largest of its inputs, value by value.", "max"),
    _merge("Minimum", "Keeps the smallest of its inputs, value by value.", "min"),
    LayerSpec(
        "Concatenate",
        Category.MERGE,
        "Stacks its inputs one behind the other along an axis, by default the channels.",
        (
            Field(
                "axis",
                Kind.INT,
                -1,
                "Axis to stack along, the batch being 0; -1 is the last, the channels.",
                minimum=-4,
                maximum=4,
                advanced=True,
            ),
        ),
        Arity.MANY,
        "concatenate",
        ("concat", "join", "inception", "densenet", "branch"),
        ("axis",),
        call=Call.LIST,
    ),
    LayerSpec(
        "CustomScaleLayer",
        Category.MERGE,
        "Adds its second input, times a fixed number, to its first, as in Inception-ResNet.",
        (
            Field(
                "scale",
                Kind.FLOAT,
                0.2,
                "Factor for the second input; 0.1 to 0.3 is usual.",
                keras_default=None,
            ),
        ),
        Arity.MANY,
        "scaled_add",
        ("inception", "add", "factor", "constant"),
        ("scale",),
        ("scale",),
        module="keras.src.applications.inception_resnet_v2",
        call=Call.LIST,
    ),
)  # fmt: skip
