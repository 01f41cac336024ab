"""Layers that join every input to every unit."""

from __future__ import annotations

from cnnstudio.graph.catalogue.fields import USE_BIAS, activation, weights, whole
from cnnstudio.graph.spec import Category, LayerSpec

SPECS = (
    LayerSpec(
        "Flatten",
        Category.DENSE,
        "Lays all values of a volume in one long row, ready for a Dense layer.",
        stem="flatten",
        keywords=("reshape", "vector"),
    ),
    LayerSpec(
        "Dense",
        Category.DENSE,
        "Joins every input to every unit with a weight of its own.",
        (
            whole(
                "units",
                10,
                "How many outputs; the last layer needs one for each class.",
                keras_default=None,
            ),
            activation(),
            USE_BIAS,
            *weights(("kernel", "weights")),
        ),
        stem="dense",
        keywords=("fully connected", "linear", "fc", "perceptron", "classifier"),
        key_fields=("units", "activation"),
        positional=("units",),
        weighted=True,
    ),
)
