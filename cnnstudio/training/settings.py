"""How a network is trained: the `training` part of a project file, with types, ranges and help.

The descriptions of the fields are the help texts that the window and `--help` show.
"""

from __future__ import annotations

from typing import Annotated, Literal

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
    "categorical_focal_crossentropy",
    "binary_focal_crossentropy",
]
MetricName = Literal["top_k", "precision", "recall", "f1", "auc"]
Precision = Literal["float32", "mixed_float16", "mixed_bfloat16"]


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
        "cross-entropy, binary for one sigmoid unit. Focal losses look at what is still wrong, "
        "where classes are uneven.",
    )
    label_smoothing: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="Share of each label that is spread over all classes: 0.1 keeps the network "
        "from being too sure. For cross-entropies.",
    )
    focal_gamma: float = Field(
        default=2.0, ge=0, le=10, description="How much less pictures count that are well known."
    )
    focal_alpha: float = Field(
        default=0.25, gt=0, le=1, description="Factor of the whole focal loss."
    )
    metrics: tuple[MetricName, ...] = Field(
        default=(),
        description="Figures besides loss and accuracy: top_k counts a picture as known when its "
        "class is among the k likeliest; precision, recall, F1 and AUC are means over the classes.",
    )
    top_k: int = Field(default=5, ge=2, le=1000, description="The k of top_k.")
    class_weights: dict[str, Annotated[float, Field(ge=0, le=1e6)]] = Field(
        default_factory=dict,
        description="How much a picture of a class counts in the loss, by the class's name: "
        "cat=2, dog=1. Classes not named count 1.",
    )
    precision: Precision = Field(
        default="float32",
        description="mixed_float16 computes in 16 bits on a GPU, about twice as fast with half the "
        "memory; mixed_bfloat16 on newer GPUs and TPUs. Weights stay in 32 bits.",
    )
    jit_compile: Literal["auto", "on", "off"] = Field(
        default="auto",
        description="XLA: compile the whole step. Often faster on a GPU, slower for small networks "
        "on a CPU; auto leaves it to Keras.",
    )
    steps_per_execution: int = Field(
        default=1,
        ge=1,
        le=10_000,
        description="Batches run in one go: faster for small networks on a GPU; Pause, Stop and "
        "the learning rate then wait for so many.",
    )
    devices: Literal["one", "all"] = Field(
        default="one",
        description="all shares each batch between all GPUs of this computer.",
    )
    gpu_memory_growth: bool = Field(
        default=True,
        description="Take a GPU's memory as it is needed, not all at once, so that other programs "
        "have some too. Holds from the first training until the program ends.",
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
