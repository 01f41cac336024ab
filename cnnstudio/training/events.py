"""What a training tells while it goes on: frozen events, sent from the training thread.

Epochs and steps count from 1, as people do. `metrics` are Keras's names (`accuracy`,
`val_loss`, …) without `loss`, which has a place of its own. `time` is seconds since 1970.
"""

from __future__ import annotations

import math
import time as clock
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from cnnstudio.training.errors import Cause

if TYPE_CHECKING:
    import numpy as np

    from cnnstudio.training.gauging import Measured
    from cnnstudio.training.load import GpuLoad


@dataclass(frozen=True, kw_only=True)
class _Event:
    """What all events share: `kind` is the word in `"event"`, `run` the run folder.

    Those that are not `written` are not in the run's `events.jsonl`.
    """

    kind: ClassVar[str] = ""
    written: ClassVar[bool] = True
    run: Path | None = None
    time: float = field(default_factory=clock.time)

    def to_json(self) -> dict[str, Any]:
        """One line of `events.jsonl` and of `train --json`, as plain JSON data.

        `metrics` are spread into the object; a figure that is not a number becomes null.
        """
        line: dict[str, Any] = {"event": self.kind}
        for field_ in fields(self):
            value = getattr(self, field_.name)
            if field_.name == "metrics":
                line.update({name: _plain(figure) for name, figure in value.items()})
            elif field_.name not in {"means", "maps", "matrix"}:
                line[field_.name] = _plain(value)
        return line


@dataclass(frozen=True, kw_only=True)
class Started(_Event):
    """Training begins, or goes on: `epoch` and `step` are what was done before (0, 0 if new).

    `fine_tuning` says that it goes on in the second phase.
    """

    kind: ClassVar[str] = "started"
    classes: tuple[str, ...]
    training_images: int
    validation_images: int
    steps_per_epoch: int
    epochs: int
    device: str
    loss_name: str
    epoch: int = 0
    step: int = 0
    fine_tuning: bool = False


@dataclass(frozen=True, kw_only=True)
class BatchDone(_Event):
    """Batches were trained; at most about 5 events a second, and always one at an epoch's end.

    `loss` and `metrics` are means over the pictures since the last such event: over one batch
    where batches are slow. `means` are the running means of the epoch, `loss` among them, as in
    Keras's progress bar. `images_per_second` is measured since the last event too, pauses not
    counted; 0.0 when too little time has passed to tell.
    """

    kind: ClassVar[str] = "batch"
    epoch: int
    step: int
    steps: int
    loss: float
    metrics: Mapping[str, float]
    means: Mapping[str, float]
    learning_rate: float
    images_per_second: float


@dataclass(frozen=True, kw_only=True)
class EpochDone(_Event):
    """An epoch ended, validation included.

    `loss` and `metrics` are the epoch's means, `val_…` among the metrics. `seconds` counts
    training and validation without pauses, `images_per_second` the training alone. `best` says
    that no epoch before was better: `model.keras` gets its weights with the next checkpoint.
    """

    kind: ClassVar[str] = "epoch"
    epoch: int
    epochs: int
    loss: float
    metrics: Mapping[str, float]
    learning_rate: float
    images_per_second: float
    seconds: float
    best: bool


@dataclass(frozen=True, kw_only=True)
class Skipped(_Event):
    """A picture could not be read and is left out from now on."""

    kind: ClassVar[str] = "skipped"
    path: Path
    reason: str


@dataclass(frozen=True, kw_only=True)
class Message(_Event):
    """One or two sentences for the person: a hint, or what was decided for them."""

    kind: ClassVar[str] = "message"
    text: str


@dataclass(frozen=True, kw_only=True)
class Paused(_Event):
    """The training waits, after this step."""

    kind: ClassVar[str] = "paused"
    epoch: int
    step: int


@dataclass(frozen=True, kw_only=True)
class Resumed(_Event):
    """The training goes on after a pause of `seconds`."""

    kind: ClassVar[str] = "resumed"
    epoch: int
    step: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class RateChanged(_Event):
    """The learning rate was changed after this step: by a person, or on a plateau (`reduced`)."""

    kind: ClassVar[str] = "learning_rate"
    epoch: int
    step: int
    steps: int
    before: float
    learning_rate: float
    reduced: bool = False


@dataclass(frozen=True, kw_only=True)
class EpochsChanged(_Event):
    """There are to be another number of epochs in all: a person asked for it, or the first of two
    phases ended early.
    """

    kind: ClassVar[str] = "epochs"
    epochs: int


@dataclass(frozen=True, kw_only=True)
class PhaseBegun(_Event):
    """After this step frozen layers are trained too, with this rate at most.

    `layers` and `parameters` are those that are trained now.
    """

    kind: ClassVar[str] = "phase"
    epoch: int
    step: int
    steps: int
    learning_rate: float
    layers: int
    parameters: int


@dataclass(frozen=True, kw_only=True)
class FeatureMapsReady(_Event):
    """What a layer makes of the watched picture now.

    `maps` is float32, `(height, width, channels)`, or `(units,)` for a layer of vectors.
    """

    kind: ClassVar[str] = "feature_maps"
    written: ClassVar[bool] = False
    layer: str
    maps: np.ndarray[Any, Any]
    epoch: int
    step: int


@dataclass(frozen=True, kw_only=True)
class Looked(_Event):
    """What a person's own `look` made of the watched picture now."""

    kind: ClassVar[str] = "looked"
    written: ClassVar[bool] = False
    layer: str
    seen: Any
    epoch: int
    step: int


@dataclass(frozen=True, kw_only=True)
class HistogramsReady(_Event):
    """How all weights and their gradients are spread after this step; kept in a file of its own."""

    kind: ClassVar[str] = "histograms"
    written: ClassVar[bool] = False
    epoch: int
    step: int
    steps: int
    weights: tuple[Measured, ...]

    @property
    def place(self) -> tuple[int, int]:
        """Where in the training it was, for comparing."""
        return self.epoch, self.step

    @property
    def at(self) -> float:
        """The same in epochs."""
        return self.epoch - 1 + self.step / max(self.steps, 1)


@dataclass(frozen=True, kw_only=True)
class LoadRead(_Event):
    """What the training takes of the machine now: bytes of main memory, and its GPUs, if any."""

    kind: ClassVar[str] = "load"
    written: ClassVar[bool] = False
    memory: int | None
    gpus: tuple[GpuLoad, ...]


@dataclass(frozen=True, kw_only=True)
class ConfusionReady(_Event):
    """What the classes of the validation pictures are taken for, after an epoch.

    `matrix` is int32, a row for each class, a column for what it was taken for. Not written:
    `evaluate` gives it for the model that is kept.
    """

    kind: ClassVar[str] = "confusion"
    written: ClassVar[bool] = False
    epoch: int
    classes: tuple[str, ...]
    matrix: np.ndarray[Any, Any]


@dataclass(frozen=True, kw_only=True)
class _End(_Event):
    """How a run ended: epochs done in all, the best of them, training seconds without pauses."""

    epochs_done: int
    epochs: int
    best_epoch: int | None
    metrics: Mapping[str, float]
    seconds: float
    skipped: int


@dataclass(frozen=True, kw_only=True)
class Finished(_End):
    """All epochs are done, or early stopping ended them (`early`).

    `metrics` are the figures of the best epoch, the one in `model.keras`.
    """

    kind: ClassVar[str] = "finished"
    early: bool = False


@dataclass(frozen=True, kw_only=True)
class Stopped(_End):
    """The person pressed Stop; what was trained is kept and can be continued."""

    kind: ClassVar[str] = "stopped"


@dataclass(frozen=True, kw_only=True)
class Failed(_Event):
    """The training broke off. The same message is in the `TrainingError` that `train` raises.

    `resumable` says that the run can go on: from its checkpoint, or from the beginning without.
    """

    kind: ClassVar[str] = "failed"
    message: str
    cause: Cause = ""
    resumable: bool = False


Event = (
    Started
    | BatchDone
    | EpochDone
    | Skipped
    | Message
    | Paused
    | Resumed
    | RateChanged
    | EpochsChanged
    | PhaseBegun
    | FeatureMapsReady
    | Looked
    | HistogramsReady
    | LoadRead
    | ConfusionReady
    | Finished
    | Stopped
    | Failed
)


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
