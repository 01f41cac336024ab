"""Layers that disturb training so that nothing is relied on alone."""

from __future__ import annotations

from cnnstudio.graph.catalogue.fields import SEED, rate
from cnnstudio.graph.spec import Category, Field, Kind, LayerSpec


def _noise(
    type_: str, summary: str, field: Field, stem: str, keywords: tuple[str, ...]
) -> LayerSpec:
    return LayerSpec(
        type_,
        Category.REGULARISATION,
        summary,
        (field, SEED),
        stem=stem,
        keywords=("regularise", "overfitting", *keywords),
        key_fields=(field.name,),
        positional=(field.name,),
        keeps_shape=True,
    )


SPECS = (
    _noise(
        "Dropout",
        "Sets a random share of values to zero while training, so that none is relied on alone.",
        rate("Share of values dropped in training; 0.1 to 0.5 is usual."),
        "dropout",
        (),
    ),
    _noise(
        "SpatialDropout2D",
        "Sets whole feature maps to zero at random while training.",
        rate("Share of feature maps dropped in training."),
        "spatial_dropout",
        ("channel",),
    ),
    _noise(
        "GaussianDropout",
        "Multiplies values by random factors around 1 while training.",
        rate("As for Dropout: the factors spread by √(rate / (1 − rate))."),
        "gaussian_dropout",
        ("noise",),
    ),
    _noise(
        "GaussianNoise",
        "Adds random numbers around 0 while training.",
        Field(
            "stddev",
            Kind.FLOAT,
            0.1,
            "Spread of the numbers added.",
            minimum=0.0,
            maximum=1.0,
            keras_default=None,
        ),
        "gaussian_noise",
        ("random",),
    ),
    LayerSpec(
        "StochasticDepth",
        Category.REGULARISATION,
        "Leaves a residual branch out for some pictures while training, as in ConvNeXt.",
        (
            Field(
                "drop_path_rate",
                Kind.FLOAT,
                0.1,
                "Share of pictures that go without the branch.",
                minimum=0.0,
                maximum=1.0,
                exclusive_maximum=True,
                keras_default=None,
            ),
        ),
        stem="stochastic_depth",
        keywords=("regularise", "drop path", "convnext"),
        key_fields=("drop_path_rate",),
        positional=("drop_path_rate",),
        keeps_shape=True,
        module="keras.src.applications.convnext",
    ),
)
