"""How far a training is and how long it will take, worked out from its events. No Qt."""

from __future__ import annotations

from cnnstudio.training.events import (
    BatchDone,
    EpochDone,
    EpochsChanged,
    Event,
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
    def seconds_left(self) -> float | None:
        """Seconds until all epochs are done, None while that cannot be told.

        After an epoch its length counts, validation included; before, what the steps so far took.
        """
        left = self.epochs * (1 - self.run_share)
        if self._epoch_seconds is not None:
            return left * self._epoch_seconds
        done = (self.run_share - self._begun_with) * self.epochs
        until = self._paused_at if self._paused_at is not None else self._now
        spent = until - self._begun_at - self._paused
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
