"""Layers that bring values to a common scale."""

from __future__ import annotations

from cnnstudio.graph.catalogue.fields import (
    LARGEST,
    TRAINABLE,
    axes,
    axis,
    epsilon,
    scale_and_shift,
    whole,
)
from cnnstudio.graph.spec import Category, Field, Kind, LayerSpec

SPECS = (
    LayerSpec(
        "BatchNormalization",
        Category.NORMALISATION,
        "Brings each channel to mean 0 and variance 1 over the batch, then scales and shifts it.",
        (
            Field(
                "momentum",
                Kind.FLOAT,
                0.99,
                "How slowly the averages used after training follow the batches.",
                minimum=0.0,
                maximum=1.0,
            ),
            Field(
                "epsilon",
                Kind.FLOAT,
                0.001,
                "Added to the variance so that nothing is divided by zero.",
                minimum=0.0,
                exclusive_minimum=True,
            ),
            axis("Axis that is normalised apart, the batch being 0; -1: the channels."),
            *scale_and_shift(),
        ),
        stem="batch_normalization",
        keywords=("bn", "batchnorm", "normalise", "normalize"),
        keeps_shape=True,
        weighted=True,
    ),
    LayerSpec(
        "LayerNormalization",
        Category.NORMALISATION,
        "Brings the channels of each position to mean 0 and variance 1, whatever the batch.",
        (
            axes("Axes that are normalised together, the batch being 0; -1: the channels."),
            epsilon(),
            *scale_and_shift(),
        ),
        stem="layer_normalization",
        keywords=("ln", "layernorm", "normalise", "normalize", "transformer", "convnext"),
        keeps_shape=True,
        weighted=True,
    ),
    LayerSpec(
        "GroupNormalization",
        Category.NORMALISATION,
        "Brings groups of channels to mean 0 and variance 1 in each picture.",
        (
            Field(
                "groups",
                Kind.INT,
                32,
                "How many groups the channels are split into; -1: one for each channel.",
                minimum=-1,
                maximum=LARGEST,
            ),
            axis("Axis that is split into groups, the batch being 0; -1: the channels.", lowest=-1),
            epsilon(),
            *scale_and_shift(),
        ),
        stem="group_normalization",
        keywords=("gn", "groupnorm", "instance", "normalise", "normalize"),
        key_fields=("groups",),
        keeps_shape=True,
        weighted=True,
    ),
    LayerSpec(
        "UnitNormalization",
        Category.NORMALISATION,
        "Scales the channels of each position so that their squares add up to 1.",
        (axes("Axes that are scaled together, the batch being 0; -1: the channels."),),
        stem="unit_normalization",
        keywords=("l2", "norm", "length", "normalise", "normalize"),
        keeps_shape=True,
    ),
    LayerSpec(
        "LayerScale",
        Category.NORMALISATION,
        "Multiplies each channel by a learned factor that starts small, as in ConvNeXt.",
        (
            Field(
                "init_values",
                Kind.FLOAT,
                1e-6,
                "What the factors start as.",
                keras_default=None,
            ),
            whole(
                "projection_dim",
                32,
                "How many factors: as many as there are channels.",
                keras_default=None,
            ),
            TRAINABLE,
        ),
        stem="layer_scale",
        keywords=("gamma", "convnext", "factor"),
        key_fields=("init_values",),
        positional=("init_values", "projection_dim"),
        module="keras.src.applications.convnext",
        weighted=True,
    ),
)
