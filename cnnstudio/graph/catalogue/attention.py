"""Layers in which positions look at one another."""

from __future__ import annotations

from cnnstudio.graph.catalogue.fields import LARGEST, SEED, weights, whole
from cnnstudio.graph.spec import Arity, Call, Category, Field, Kind, LayerSpec

SPECS = (
    LayerSpec(
        "MultiHeadAttention",
        Category.ATTENTION,
        "Lets every position gather what it needs from all others; the first link asks, the "
        "second is looked at.",
        (
            whole("num_heads", 4, "How many times attention is paid side by side.",
                  keras_default=None),
            whole("key_dim", 32, "Size of the questions and keys of each head.",
                  keras_default=None),
            whole(
                "value_dim",
                None,
                "Size of the values that each head gathers.",
                optional=True,
                none_means="same as key_dim",
            ),
            Field(
                "dropout",
                Kind.FLOAT,
                0.0,
                "Share of the attention dropped in training.",
                minimum=0.0,
                maximum=1.0,
                exclusive_maximum=True,
            ),
            Field("use_bias", Kind.BOOL, True, "Add learned numbers to what is computed."),
            Field(
                "output_shape",
                Kind.WHOLES,
                None,
                "Channels of the output.",
                minimum=1,
                maximum=LARGEST,
                optional=True,
                none_means="as many as come in",
                advanced=True,
            ),
            *weights(("kernel", "weights")),
            SEED,
        ),
        Arity.MANY,
        "attention",
        ("self-attention", "transformer", "vit", "query", "key", "value"),
        ("num_heads", "key_dim"),
        ("num_heads", "key_dim"),
        weighted=True,
        call=Call.APART,
    ),
)  # fmt: skip
