"""The learning rate of a run: its schedule, what a person changed, what a plateau reduced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cnnstudio.training.schedule import Plateau, share_at
from cnnstudio.training.settings import TrainingSettings, figure_for

if TYPE_CHECKING:
    from cnnstudio.training.checkpoint import State


class Rates:
    """Gives the rate of every step of a phase. All that it remembers is in the run's `State`.

    `epochs` are those in all, `until` those after which the phase ends.
    """

    def __init__(self, settings: TrainingSettings, state: State, *, validates: bool) -> None:
        self._schedule = settings.schedule
        self._state = state
        first = state.border is None
        self._rate = settings.optimizer.learning_rate if first else settings.fine_tune_rate
        self._monitor = figure_for(self._schedule.monitor, validates)
        self.last(settings)
        if state.learning_rate != self._rate:
            # A new run, or another rate than before: what was changed by hand was meant for that.
            state.learning_rate, state.rate_factor = self._rate, 1.0

    def last(self, settings: TrainingSettings) -> None:
        """Go on for as many epochs as these settings say."""
        border = self._state.border
        self.epochs = settings.epochs_in_all(border)
        self.until = settings.epochs if border is None else self.epochs

    def now(self) -> float:
        """The rate of the step that comes next."""
        return self._rate * self._share() * self._state.rate_factor

    def change_to(self, rate: float) -> bool:
        """Go on with `rate`, and in proportion to it later; False where the schedule is at 0."""
        scheduled = self._rate * self._share()
        if scheduled <= 0:
            return False
        self._state.rate_factor = rate / scheduled
        return True

    def epoch_ended(self, figures: Mapping[str, float]) -> bool:
        """Whether the rate was reduced because nothing improves."""
        if self._schedule.name != "reduce_on_plateau":
            return False
        state, value = self._state, figures[self._monitor]
        plateau = Plateau(**state.plateau)
        larger = not self._monitor.endswith("loss")
        reduces = plateau.reduces(self._schedule, value, larger_is_better=larger)
        state.plateau = dict(vars(plateau))
        if not reduces or state.rate_factor <= self._schedule.end:
            return False
        state.rate_factor = max(state.rate_factor * self._schedule.factor, self._schedule.end)
        return True

    def _share(self) -> float:
        state = self._state
        # Each phase has the schedule from its beginning.
        before = state.border or 0
        step = (state.epoch - before) * state.steps_per_epoch + state.step
        return share_at(self._schedule, step, state.steps_per_epoch, self.until - before)
