"""How far a training is and how long it will take, worked out from its events. No Qt."""

from __future__ import annotations

from cnnstudio.training.events import (
    BatchDone,
    EpochDone,
    EpochsChanged,
    Event,
    LoadRead,
    Paused,
    PhaseBegun,
    RateChanged,
    Resumed,
    Started,
)


class Progress:
    """Fed with every event of a run; asked for what the progress bars show."""

    def __init__(self) -> None:
        self.epoch = 0
        self.epochs = 0
        self.step = 0
        self.steps = 0
        self.done = 0
        self.images_per_second = 0.0
        self.learning_rate: float | None = None
        self.fine_tuning = False
        self.load: LoadRead | None = None
        self._begun_at = 0.0
        self._begun_with = 0.0
        self._now = 0.0
        self._paused = 0.0
        self._paused_at: float | None = None
        self._epoch_seconds: float | None = None

    def add(self, event: Event) -> None:
        self._now = max(self._now, event.time)
        if isinstance(event, Started):
            self.epochs, self.steps = event.epochs, event.steps_per_epoch
            self.done, self.step = event.epoch, event.step
            self.epoch = min(event.epoch + 1, event.epochs)
            self.fine_tuning = event.fine_tuning
            self._begun_at, self._begun_with = event.time, self.run_share
        elif isinstance(event, BatchDone):
            self.epoch, self.step, self.steps = event.epoch, event.step, event.steps
            self.learning_rate = event.learning_rate
            if event.images_per_second > 0:
                old = self.images_per_second or event.images_per_second
                self.images_per_second = 0.8 * old + 0.2 * event.images_per_second
        elif isinstance(event, EpochDone):
            self.done, self.epochs = event.epoch, event.epochs
            self.step = self.steps if event.epoch >= event.epochs else 0
            self.epoch = min(event.epoch + 1, event.epochs)
            self._epoch_seconds = event.seconds
        elif isinstance(event, PhaseBegun):
            self.fine_tuning = True
        elif isinstance(event, EpochsChanged):
            self.epochs = event.epochs
        elif isinstance(event, RateChanged):
            self.learning_rate = event.learning_rate
        elif isinstance(event, LoadRead):
            self.load = event
        elif isinstance(event, Paused):
            self._paused_at = event.time
        elif isinstance(event, Resumed):
            self._paused += event.seconds
            self._paused_at = None

    @property
    def epoch_share(self) -> float:
        """How much of the epoch is done, 0 to 1; 1 after the last."""
        if self.epochs and self.done >= self.epochs:
            return 1.0
        return self.step / self.steps if self.steps else 0.0

    @property
    def run_share(self) -> float:
        """How much of all epochs is done, 0 to 1."""
        if not self.epochs:
            return 0.0
        if self.done >= self.epochs:
            return 1.0
        return min((self.done + self.epoch_share) / self.epochs, 1.0)

    @property
    def spent(self) -> float:
        """Seconds since it began or went on, without pauses."""
        until = self._paused_at if self._paused_at is not None else self._now
        return until - self._begun_at - self._paused

    @property
    def seconds_left(self) -> float | None:
        """Seconds until all epochs are done, None while that cannot be told.

        After an epoch its length counts, validation included; before, what the steps so far took.
        """
        left = self.epochs * (1 - self.run_share)
        if self._epoch_seconds is not None:
            return left * self._epoch_seconds
        done, spent = (self.run_share - self._begun_with) * self.epochs, self.spent
        # The first steps also build the graph: they say nothing about the others.
        if done * self.steps < 8 or spent < 1:
            return None
        return left * spent / done


def in_words(seconds: float) -> str:
    """A length of time as people say it: `45 s`, `3 min 20 s`, `2 h 5 min`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        # Seconds matter only where there are few minutes.
        minutes, rest = divmod(whole, 60)
        return f"{minutes} min {rest} s" if minutes < 10 and rest else f"{minutes} min"
    hours, rest = divmod(whole, 3600)
    return f"{hours} h {rest // 60} min"


def load_in_words(load: LoadRead) -> str:
    """What a training takes of the machine: `1.2 GB`, `1.2 GB · GPU 83 %, 4.1 of 80 GB`.

    What cannot be told is left out; on a machine without a GPU nothing is said of one.
    """
    said = [] if load.memory is None else [_gigabytes(load.memory)]
    for number, gpu in enumerate(load.gpus):
        name = "GPU" if len(load.gpus) == 1 else f"GPU {number}"
        parts = [] if gpu.busy is None else [f"{gpu.busy:.0%}"]
        if gpu.memory is not None:
            of = "" if gpu.installed is None else f" of {_gigabytes(gpu.installed)}"
            parts.append(_gigabytes(gpu.memory).removesuffix(" GB" if of else "") + of)
        if parts:
            said.append(f"{name} {', '.join(parts)}")
    return " · ".join(said)


def load_explained(load: LoadRead) -> str:
    """The same in sentences, with what could not be told."""
    said = []
    if load.memory is not None:
        said.append(f"CNN Studio takes {_gigabytes(load.memory)} of main memory.")
    if not load.gpus:
        said.append("No GPU trains: there is no load of one to show.")
    elif all(gpu.busy is None for gpu in load.gpus):
        said.append("How busy the GPU is cannot be told: NVIDIA's management library is missing.")
    else:
        said.append("Of a GPU: how busy it is, and the memory that TensorFlow holds there.")
    return "\n".join(said)


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.3g} GB" if size >= 9.95e8 else f"{size / 1e6:.0f} MB"
