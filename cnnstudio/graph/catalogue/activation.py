"""Functions applied to every value."""

from __future__ import annotations

from cnnstudio.graph.catalogue.fields import (
    ACTIVATIONS,
    TRAINABLE,
    activation,
    axes,
    constraint,
    initializer,
    regularizer,
)
from cnnstudio.graph.spec import Category, Field, Kind, LayerSpec

SPECS = (
    LayerSpec(
        "Activation",
        Category.ACTIVATION,
        "Applies a function to every value.",
        (activation("relu", None),),
        stem="activation",
        keywords=("nonlinearity", *ACTIVATIONS),
        key_fields=("activation",),
        positional=("activation",),
        keeps_shape=True,
    ),
    LayerSpec(
        "ReLU",
        Category.ACTIVATION,
        "Keeps positive values and sets negative ones to zero.",
        (
            Field(
                "max_value",
                Kind.FLOAT,
                None,
                "Largest output; 6 gives ReLU6.",
                minimum=0.0,
                optional=True,
                none_means="no limit",
            ),
            Field(
                "negative_slope",
                Kind.FLOAT,
                0.0,
                "Slope below the threshold; above 0 it leaks.",
                minimum=0.0,
            ),
            Field(
                "threshold",
                Kind.FLOAT,
                0.0,
                "Values below it are cut off.",
                minimum=0.0,
            ),
        ),
        stem="relu",
        keywords=("rectified", "nonlinearity", "leaky"),
        key_fields=("max_value", "negative_slope"),
        keeps_shape=True,
    ),
    LayerSpec(
        "LeakyReLU",
        Category.ACTIVATION,
        "Keeps positive values and makes negative ones small.",
        (
            Field(
                "negative_slope",
                Kind.FLOAT,
                0.3,
                "Factor for negative values.",
                minimum=0.0,
            ),
        ),
        stem="leaky_relu",
        keywords=("rectified", "nonlinearity"),
        key_fields=("negative_slope",),
        keeps_shape=True,
    ),
    LayerSpec(
        "PReLU",
        Category.ACTIVATION,
        "Keeps positive values and multiplies negative ones by factors it learns.",
        (
            Field(
                "shared_axes",
                Kind.WHOLES,
                None,
                "Axes along which one factor serves all; 1 and 2: one for each channel.",
                minimum=1,
                maximum=4,
                optional=True,
                none_means="a factor for each value",
            ),
            initializer("alpha_initializer", "zeros", "factors"),
            regularizer("alpha_regularizer", "factors"),
            constraint("alpha_constraint", "factors"),
            TRAINABLE,
        ),
        stem="prelu",
        keywords=("rectified", "nonlinearity", "parametric", "leaky"),
        key_fields=("shared_axes",),
        keeps_shape=True,
    ),
    LayerSpec(
        "ELU",
        Category.ACTIVATION,
        "Keeps positive values and bends negative ones towards -alpha.",
        (Field("alpha", Kind.FLOAT, 1.0, "Negative values never fall below -alpha."),),
        stem="elu",
        keywords=("exponential", "nonlinearity"),
        key_fields=("alpha",),
        keeps_shape=True,
    ),
    LayerSpec(
        "Softmax",
        Category.ACTIVATION,
        "Turns scores into probabilities that add up to 1.",
        (axes("Axes along which the probabilities add up to 1, the batch being 0."),),
        stem="softmax",
        keywords=("probability", "classifier", "scores"),
        keeps_shape=True,
    ),
)
