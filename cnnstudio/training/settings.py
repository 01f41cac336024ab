"""How a network is trained: the `training` part of a project file, with types, ranges and help.

The descriptions of the fields are the help texts that the window and `--help` show.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from cnnstudio.data.settings_model import SettingsModel

OptimizerName = Literal["SGD", "RMSprop", "Adagrad", "Adam", "AdamW"]
LossName = Literal[
    "auto",
    "sparse_categorical_crossentropy",
    "categorical_crossentropy",
    "binary_crossentropy",
    "mean_squared_error",
]
Monitor = Literal["val_loss", "val_accuracy", "loss", "accuracy"]

# The arguments each optimizer takes, in the order the window shows them.
OPTIMIZER_ARGUMENTS: dict[str, tuple[str, ...]] = {
    "SGD": ("learning_rate", "momentum", "nesterov", "weight_decay"),
    "RMSprop": ("learning_rate", "rho", "momentum", "epsilon", "weight_decay"),
    "Adagrad": ("learning_rate", "initial_accumulator_value", "epsilon", "weight_decay"),
    "Adam": ("learning_rate", "beta_1", "beta_2", "epsilon", "weight_decay"),
    "AdamW": ("learning_rate", "beta_1", "beta_2", "epsilon", "weight_decay"),
}
# Numbers that each optimizer of Keras keeps for every trainable weight, without momentum.
_SLOTS = {"SGD": 0, "RMSprop": 1, "Adagrad": 1, "Adam": 2, "AdamW": 2}


class _Settings(SettingsModel):
    # Strict: "epochs": true is a mistake, not 1.
    model_config = ConfigDict(strict=True, validate_default=True)


class OptimizerSettings(_Settings):
    """The optimizer and its arguments, under Keras's names.

    Arguments that the chosen optimizer does not take keep their value and are not used
    (`OPTIMIZER_ARGUMENTS` says which it takes).
    """

    name: OptimizerName = Field(
        default="Adam",
        description="The rule that turns gradients into steps. Adam works without much tuning; "
        "SGD with momentum often ends a little better.",
    )
    learning_rate: float = Field(
        default=1e-3,
        gt=0,
        le=100,
        description="Length of each step. Too large and the loss jumps or becomes not-a-number; "
        "too small and nothing happens. 0.001 suits Adam, 0.01 SGD.",
    )
    momentum: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="Share of the last step that is kept in the next; 0.9 is usual with SGD.",
    )
    nesterov: bool = Field(
        default=False, description="Look ahead: take the gradient where the momentum leads."
    )
    rho: float = Field(
        default=0.9, ge=0, lt=1, description="How slowly the average of squared gradients follows."
    )
    beta_1: float = Field(
        default=0.9, ge=0, lt=1, description="How slowly the average of gradients follows."
    )
    beta_2: float = Field(
        default=0.999,
        ge=0,
        lt=1,
        description="How slowly the average of squared gradients follows.",
    )
    epsilon: float = Field(
        default=1e-7, gt=0, le=1, description="Keeps a division from being by zero."
    )
    initial_accumulator_value: float = Field(
        default=0.1, ge=0, description="Where the sums of squared gradients start."
    )
    weight_decay: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Share of each weight taken away at every step; keeps weights small. "
        "Empty is Keras's own: 0.004 for AdamW, none for the others.",
    )

    def arguments(self) -> dict[str, Any]:
        """What `keras.optimizers.<name>` is called with."""
        arguments = {name: getattr(self, name) for name in OPTIMIZER_ARGUMENTS[self.name]}
        if self.weight_decay is None:
            del arguments["weight_decay"]
        return arguments

    @property
    def slots_per_weight(self) -> int:
        """Numbers that the optimizer keeps for each trainable weight, besides its gradient."""
        moving = "momentum" in OPTIMIZER_ARGUMENTS[self.name] and self.momentum > 0
        return _SLOTS[self.name] + int(moving)


class EarlyStopping(_Settings):
    """Stop when a figure has not improved for some epochs."""

    enabled: bool = Field(
        default=False, description="Stop before the last epoch when nothing improves."
    )
    patience: int = Field(
        default=5, ge=1, le=100_000, description="Epochs without an improvement before it stops."
    )
    monitor: Monitor = Field(
        default="val_loss",
        description="The figure that has to improve. Without validation pictures, val_loss means "
        "loss and val_accuracy means accuracy.",
    )
    restore_best: bool = Field(
        default=True,
        description="Keep the best epoch's weights as the result; otherwise the last epoch's.",
    )


class TrainingSettings(_Settings):
    """All settings of a training run."""

    epochs: int = Field(
        default=10, ge=1, le=100_000, description="How often every training picture is seen."
    )
    batch_size: int = Field(
        default=32,
        ge=1,
        le=65_536,
        description="Pictures in each step. Larger batches need more memory and give smoother, "
        "fewer steps.",
    )
    optimizer: OptimizerSettings = Field(
        default_factory=OptimizerSettings, description="The rule that changes the weights."
    )
    loss: LossName = Field(
        default="auto",
        description="What training makes small. auto chooses it from the last layer: "
        "cross-entropy, binary for one sigmoid unit.",
    )
    early_stopping: EarlyStopping = Field(
        default_factory=EarlyStopping,
        description="Stop before the last epoch when nothing improves.",
    )
    seed: int = Field(
        default=0,
        ge=0,
        le=2**31 - 1,
        description="Fixes the first weights, dropout and the order of the pictures.",
    )
    deterministic: bool = Field(
        default=False,
        description="Give the same weights, bit for bit, on every repetition on this machine; "
        "slower, on a GPU above all. Once used it holds until the program ends.",
    )
