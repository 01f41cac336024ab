"""Keras's optimizers: what each takes, its defaults, and what it keeps for every weight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

OptimizerName = Literal[
    "SGD",
    "RMSprop",
    "Adam",
    "AdamW",
    "Adadelta",
    "Adagrad",
    "Adamax",
    "Adafactor",
    "Nadam",
    "Ftrl",
    "Lion",
    "Lamb",
    "Muon",
]


@dataclass(frozen=True)
class OptimizerSpec:
    """One optimizer of Keras.

    Attributes:
        arguments: its own arguments with Keras's defaults, in the order the window shows them.
        slots: the numbers it keeps for every trained weight: `""` always, an argument's name
            where that is not zero or false. Small sums over rows and columns are not counted.
        about: when to take it, in a sentence.
        weight_decay: Keras's default of that argument.
    """

    arguments: Mapping[str, Any]
    slots: tuple[str, ...]
    about: str
    weight_decay: float | None = None


_BETAS = {"beta_1": 0.9, "beta_2": 0.999}
_EPSILON = {"epsilon": 1e-7}
OPTIMIZERS: Mapping[OptimizerName, OptimizerSpec] = {
    "SGD": OptimizerSpec(
        {"momentum": 0.0, "nesterov": False},
        ("momentum",),
        "Plain steps against the gradient; with a momentum of 0.9, a rate of 0.01 to 0.1 and a "
        "schedule it often ends best.",
    ),
    "RMSprop": OptimizerSpec(
        {"rho": 0.9, "momentum": 0.0, **_EPSILON, "centered": False},
        ("", "momentum", "centered"),
        "Divides each step by the size of recent gradients.",
    ),
    "Adam": OptimizerSpec(
        {**_BETAS, **_EPSILON, "amsgrad": False},
        ("", "", "amsgrad"),
        "Averages gradients and their squares; works without much tuning.",
    ),
    "AdamW": OptimizerSpec(
        {**_BETAS, **_EPSILON, "amsgrad": False},
        ("", "", "amsgrad"),
        "Adam with weight decay apart from the gradient: usual for large networks.",
        weight_decay=0.004,
    ),
    "Adadelta": OptimizerSpec(
        {"rho": 0.95, **_EPSILON},
        ("", ""),
        "Finds its own step sizes; its paper uses a learning rate of 1.",
    ),
    "Adagrad": OptimizerSpec(
        {"initial_accumulator_value": 0.1, **_EPSILON},
        ("",),
        "Steps shrink with the sum of all squared gradients; needs a larger rate, 0.01 to 0.1.",
    ),
    "Adamax": OptimizerSpec(
        {**_BETAS, **_EPSILON},
        ("", ""),
        "Adam with the largest recent gradient in place of the mean square.",
    ),
    "Adafactor": OptimizerSpec(
        {
            "beta_2_decay": -0.8,
            "epsilon_1": 1e-30,
            "epsilon_2": 1e-3,
            "clip_threshold": 1.0,
            "relative_step": True,
        },
        ("",),
        "Saves memory on large networks; shrinks its steps by itself.",
    ),
    "Nadam": OptimizerSpec(
        {**_BETAS, **_EPSILON}, ("", ""), "Adam that looks ahead as Nesterov's momentum does."
    ),
    "Ftrl": OptimizerSpec(
        {
            "learning_rate_power": -0.5,
            "initial_accumulator_value": 0.1,
            "l1_regularization_strength": 0.0,
            "l2_regularization_strength": 0.0,
            "l2_shrinkage_regularization_strength": 0.0,
            "beta": 0.0,
        },
        ("", ""),
        "Follow the regularised leader: made for sparse, shallow models.",
    ),
    "Lion": OptimizerSpec(
        {"beta_1": 0.9, "beta_2": 0.99},
        ("",),
        "Steps of equal size by sign; takes a rate 3 to 10 times smaller than Adam's.",
    ),
    "Lamb": OptimizerSpec(
        {**_BETAS, **_EPSILON}, ("", ""), "Adam with a step in proportion to each layer's weights."
    ),
    "Muon": OptimizerSpec(
        {
            "momentum": 0.95,
            "nesterov": True,
            "ns_steps": 5,
            "rms_rate": 0.2,
            "muon_a": 3.4445,
            "muon_b": -4.775,
            "muon_c": 2.0315,
            "adam_lr_ratio": 1.0,
            "adam_beta_1": 0.9,
            "adam_beta_2": 0.999,
            "adam_weight_decay": 0.004,
            **_EPSILON,
        },
        # A matrix has one, everything else two.
        ("", ""),
        "Makes the step of every matrix of weights orthogonal, Adam does the rest.",
        weight_decay=0.004,
    ),
}
# Arguments that every optimizer takes, with Keras's defaults; `weight_decay` is in the spec.
COMMON: Mapping[str, Any] = {
    "clipnorm": None,
    "clipvalue": None,
    "global_clipnorm": None,
    "use_ema": False,
    "ema_momentum": 0.99,
    "ema_overwrite_frequency": None,
    "gradient_accumulation_steps": None,
}
