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


class FineTune(StrictSettings):
    """A second phase in the same run: frozen layers are trained too, at a lower rate."""

    enabled: bool = Field(
        default=False,
        description="After the epochs above, which train what is not frozen on the canvas, train "
        "frozen layers too at a lower rate: first the new head, then all. Batch normalisation that "
        "was frozen stays so and works with its stored averages.",
    )
    epochs: int = Field(
        default=10, ge=1, le=100_000, description="Further epochs, after those of the head."
    )
    learning_rate: float | None = Field(
        default=None,
        gt=0,
        le=1000,
        description="The rate of the second phase, where the schedule begins anew; empty is a "
        "tenth of the learning rate. Larger steps would destroy what the frozen layers know.",
    )
    unfreeze_from: str = Field(
        default="",
        description="The first layer that is trained then, with all that depends on it; empty "
        "unfreezes all. Later layers fit new pictures with less risk.",
    )


class HistogramSettings(StrictSettings):
    """Weights and gradients measured on the way, layer by layer."""

    enabled: bool = Field(
        default=False,
        description="Measure how weights and gradients are spread while it trains, and keep that "
        "with the run. It takes at most a two-hundredth of the time.",
    )
    every: int = Field(
        default=0,
        ge=0,
        le=1_000_000,
        description="Steps from one measurement to the next; 0 is once an epoch.",
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
    fine_tune: FineTune = Field(
        default_factory=FineTune,
        description="A second phase that trains frozen layers too, at a lower rate.",
    )
    histograms: HistogramSettings = Field(
        default_factory=HistogramSettings,
        description="How weights and gradients are spread, measured while it trains.",
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

    @property
    def fine_tune_rate(self) -> float:
        """The learning rate of the second phase."""
        rate = self.fine_tune.learning_rate
        return self.optimizer.learning_rate / 10 if rate is None else rate

    def epochs_in_all(self, border: int | None = None) -> int:
        """Epochs of both phases; `border` are those that the first one had, where it is over."""
        if not self.fine_tune.enabled:
            return self.epochs
        return (self.epochs if border is None else border) + self.fine_tune.epochs

    def lasting(self, epochs: int, border: int | None = None) -> TrainingSettings:
        """The same for so many epochs in all: more or fewer of the last phase.

        Without epochs left for a second phase there is none, unless it has begun.
        """
        if not self.fine_tune.enabled or (border is None and epochs <= self.epochs):
            tune = self.fine_tune.model_copy(update={"enabled": False})
            return self.model_copy(update={"epochs": epochs, "fine_tune": tune})
        head = self.epochs if border is None else border
        tune = self.fine_tune.model_copy(update={"epochs": max(1, epochs - head)})
        return self.model_copy(update={"fine_tune": tune})

    def renamed(self, old: str, new: str) -> TrainingSettings:
        """The settings after a layer got another name."""
        if self.fine_tune.unfreeze_from != old:
            return self
        fine_tune = self.fine_tune.model_copy(update={"unfreeze_from": new})
        return self.model_copy(update={"fine_tune": fine_tune})


def figure_for(monitor: str, validates: bool) -> str:
    """The figure that a monitor means: without validation pictures the training's own."""
    return monitor if validates else monitor.removeprefix("val_")
