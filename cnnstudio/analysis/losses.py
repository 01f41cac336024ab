"""Losses and the scores they are made for: what analysis, training and source go by."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from cnnstudio.graph.network import Network

# "classes": the scores share 1 between the classes; "each": every score is a yes or no of its own;
# "distance": the scores are compared with 0 and 1 as numbers.
Kind = Literal["classes", "each", "distance"]

LOSSES: Mapping[str, Kind] = MappingProxyType(
    {
        "sparse_categorical_crossentropy": "classes",
        "categorical_crossentropy": "classes",
        "binary_crossentropy": "each",
        "mean_squared_error": "distance",
        "categorical_focal_crossentropy": "classes",
        "binary_focal_crossentropy": "each",
    }
)
AUTO = "auto"
SHARING = frozenset({"softmax", "sparsemax"})
SQUASHING = frozenset({"sigmoid", "hard_sigmoid"})
# What leaves these gives is what reaches them, as far as the choice of a loss goes.
HANDING_ON = frozenset({"Dropout", "Flatten", "GlobalAveragePooling2D", "Reshape"})


def score_function(network: Network, name: str) -> str:
    """The activation whose values come out of a layer, seen through those that hand them on."""
    while True:
        layer, inputs = network[name], network.inputs_of(name)
        if layer.type in {"Softmax", "ReLU"}:
            return layer.type.lower()
        activation = str(layer.settings.get("activation", "linear"))
        passes = layer.type in HANDING_ON or (layer.type == "Activation" and activation == "linear")
        if not passes or len(inputs) != 1:
            return activation
        name = inputs[0]


def one_for_two(units: int, classes: int | None) -> bool:
    """Whether a single score tells two classes apart."""
    return (units, classes) == (1, 2)


def chosen_loss(setting: str, function: str, *, single: bool, mixed: bool = False) -> str:
    """The loss that a setting means for scores that `function` gives.

    `auto`: a single score takes binary cross-entropy; sigmoids too, each a yes or no of its own;
    everything else categorical cross-entropy, on class numbers or, where labels are `mixed`, on
    rows of shares.
    """
    if setting != AUTO:
        return setting
    if single or function in SQUASHING:
        return "binary_crossentropy"
    return "categorical_crossentropy" if mixed else "sparse_categorical_crossentropy"


def takes_logits(loss: str, function: str) -> bool:
    """Whether the loss has to make probabilities of raw scores itself."""
    return LOSSES.get(loss) != "distance" and function not in SHARING | SQUASHING
