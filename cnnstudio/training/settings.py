"""How a network is trained: the `training` part of a project file, with types, ranges and help.

The descriptions of the fields are the help texts that the window and `--help` show.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cnnstudio.training.optimizers import OptimizerSettings
from cnnstudio.training.schedule import Monitor, ScheduleSettings
from cnnstudio.training.strict import StrictSettings

LossName = Literal[
    "auto",
    "sparse_categorical_crossentropy",
    "categorical_crossentropy",
    "binary_crossentropy",
    "mean_squared_error",
]


class EarlyStopping(StrictSettings):
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


class TrainingSettings(StrictSettings):
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
    schedule: ScheduleSettings = Field(
        default_factory=ScheduleSettings,
        description="How the learning rate moves while training.",
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


def figure_for(monitor: str, validates: bool) -> str:
    """The figure that a monitor means: without validation pictures the training's own."""
    return monitor if validates else monitor.removeprefix("val_")
