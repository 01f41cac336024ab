"""What happens between the batches: rates, events, pause, stop, feature maps, checkpoints.

`Loop` holds the state of a run while `keras.Model.fit` trains; `callback.as_callback` hands Keras
its methods. All of it runs in the training thread.

It overrides no `on_train_batch_end`: Keras would then wait for every batch's figures. It looks at
the running metrics before a batch instead, at most every 50 ms.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from cnnstudio.training import checkpoint, events
from cnnstudio.training.averages import Averages
from cnnstudio.training.best import judge, monitored
from cnnstudio.training.control import Control
from cnnstudio.training.errors import not_a_number
from cnnstudio.training.folder import RunFolder
from cnnstudio.training.live import Live
from cnnstudio.training.meter import Meter
from cnnstudio.training.observing import Observer
from cnnstudio.training.rates import Rates
from cnnstudio.training.saving import INSIDE_EPOCH, Saver
from cnnstudio.training.settings import TrainingSettings

if TYPE_CHECKING:
    import keras
    import numpy as np

# Seconds from one batch event to the next.
BATCH_EVENTS = 0.2


class Stopping(Exception):  # noqa: N818 - not an error
    """Leaves `fit` because the person pressed Stop."""


class SkippedPicture(Protocol):
    """A picture that could not be read, as `cnnstudio.data` reports it."""

    @property
    def path(self) -> Any: ...
    @property
    def reason(self) -> str: ...


class Loop:
    """A run while it trains."""

    def __init__(
        self,
        model: keras.Model,
        folder: RunFolder,
        settings: TrainingSettings,
        state: checkpoint.State,
        *,
        control: Control,
        on_event: Callable[[events.Event], None],
        skipped: Sequence[Sequence[SkippedPicture]],
        result: Callable[[], keras.Model],
        validates: bool,
        on_settings: Callable[[TrainingSettings], None],
    ) -> None:
        self._on_settings = on_settings
        self.observer: Observer | None = None
        self.model = model
        self.folder = folder
        # As at the start; more or fewer epochs are asked for on the way.
        self._asked = self.settings = settings
        self.state = state
        self._control = control
        self._on_event = on_event
        self._skipped_lists = skipped
        self._skipped_seen = [0] * len(skipped)
        self._validates = validates
        self._monitor = monitored(settings, validates)
        self._meter = Meter(model)
        self._averages = Averages(model)
        self._saver = Saver(model, folder, result, self._averages)
        self._rates = Rates(settings, state, validates=validates)
        self._rate: float | None = None
        self.live = Live(model, folder, settings.histograms, control, self.tell)
        # Batches of this epoch done before this `fit`.
        self._offset = 0
        self.validating = False
        self._epoch_metrics: list[np.ndarray[Any, Any]] = []
        # Set before resuming in the middle of an epoch.
        self.metrics_to_restore: list[np.ndarray[Any, Any]] = []
        now = time.perf_counter()
        self._epoch_started = self._training_ended = now
        self._seconds_before = state.seconds
        self._clock = now

    @property
    def epochs(self) -> int:
        """Epochs in all, as the person wants them now."""
        return self._rates.epochs

    @property
    def until(self) -> int:
        """Those after which the phase ends."""
        return self._rates.until

    @property
    def goes_on(self) -> bool:
        """Whether a second phase follows."""
        return self.settings.fine_tune.enabled and self.state.border is None

    # --- from Keras

    def epoch_begins(self) -> None:
        """Before the first batch of an epoch, or of its rest."""
        self._offset = self.state.step
        self.validating = False
        if self.metrics_to_restore:
            for variable, array in zip(
                self.model.metrics_variables, self.metrics_to_restore, strict=True
            ):
                variable.assign(array)
            self.metrics_to_restore = []
        self._epoch_metrics = []
        self._meter.begin(rest=self._offset > 0)
        self._epoch_started = time.perf_counter()

    def batch_begins(self, batch: int) -> None:
        """Before batch `batch` (from 0) of this `fit`'s epoch."""
        self.state.step = self._offset + batch
        if batch and time.perf_counter() - self._meter.last >= BATCH_EVENTS:
            self._report()
        self._between()
        self._change_rate()
        if self._saver.due(INSIDE_EPOCH):
            self.save_checkpoint()
        self._set_rate()

    def validation_begins(self) -> None:
        """After the last batch of an epoch."""
        self._training_done()
        self.validating = True
        self._epoch_metrics = [
            checkpoint.copy_of(variable) for variable in self.model.metrics_variables
        ]
        self._averages.show()
        if self.observer is not None:
            self.observer.validation_begins()

    def validation_batch_begins(self) -> None:
        """Before each batch of validation."""
        self._between()

    def epoch_ends(self, logs: Mapping[str, float]) -> None:
        """After validation: keep what the epoch gave, tell, and decide whether to go on."""
        if not self.validating:
            self._training_done()
        trained = self._training_ended - self._epoch_started
        state = self.state
        state.epoch, state.step = state.epoch + 1, 0
        self.validating = False
        rate = self._learning_rate()
        figures = {name: float(value) for name, value in logs.items()}
        best = judge(state, self.settings, self._monitor, figures)
        self._between_pictures()
        if best:
            self._saver.keep_best()
        self._averages.hide()
        self.folder.epoch(state.epoch, {**figures, "learning_rate": rate})
        now = time.perf_counter()
        state.seconds = self._seconds_before + now - self._clock
        reduced = self._rates.epoch_ended(figures)
        if state.epoch >= self.until or state.early or self._saver.due():
            self.save_checkpoint()
        images = self._meter.images - self._meter.images_at_start
        self.tell(
            events.EpochDone(
                run=self.folder.path,
                epoch=state.epoch,
                epochs=self.epochs,
                loss=figures["loss"],
                metrics={name: value for name, value in figures.items() if name != "loss"},
                learning_rate=rate,
                images_per_second=images / trained if trained > 0 else 0.0,
                seconds=now - self._epoch_started,
                best=best,
            )
        )
        if self.observer is not None:
            self._observe(self.observer, figures, rate)
        self.live.epoch_ended(state, last=state.early or state.epoch >= self.epochs)
        if reduced:
            self._tell_rate(rate, reduced=True)
        if state.epoch >= self.until:
            self.model.stop_training = True
        if state.early:
            self.model.stop_training = True
            self.message(
                f"Early stopping: {self._monitor} has not improved for {state.waited} "
                f"{'epoch' if state.waited == 1 else 'epochs'}; the best was epoch "
                f"{state.best_epoch}."
            )

    # --- for the engine

    def tell(self, event: events.Event) -> None:
        """Write an event to the run and hand it on."""
        self.folder.event(event)
        self._on_event(event)

    def message(self, text: str) -> None:
        """Tell the person something."""
        self.tell(events.Message(run=self.folder.path, text=text))

    def save_checkpoint(self) -> None:
        """Write the checkpoint of this moment, and the best model before it."""
        metrics: Sequence[Any] = ()
        if self.state.step:
            metrics = self._epoch_metrics or [
                checkpoint.copy_of(v) for v in self.model.metrics_variables
            ]
        self._saver.save(self.state, metrics)

    def save_model(self) -> None:
        """Put the weights of this moment, or their averages, into `model.keras`."""
        self._saver.keep_now()

    def begin_phase(self) -> None:
        """Begin the second phase; the model is compiled for it."""
        state, before = self.state, self.epochs
        state.border, state.phase_best, state.waited = state.epoch, None, 0
        state.early, state.plateau, state.rate_factor = False, {}, 1.0
        self._averages = Averages(self.model)
        self._saver.averages = self._averages
        self._rates = Rates(self.settings, state, validates=self._validates)
        self._rate = None
        self._set_rate()
        # Before anything else is kept: going on from before it would begin with another best.
        self.save_checkpoint()
        if self.epochs != before:
            self.tell(events.EpochsChanged(run=self.folder.path, epochs=self.epochs))

    def stopped(self) -> None:
        """Bring the state up to the moment of stopping."""
        self._averages.hide()
        self._saver.write_best()
        self.state.seconds = self._seconds_before + time.perf_counter() - self._clock

    # --- inside

    def _observe(self, observer: Observer, figures: Mapping[str, float], rate: float) -> None:
        """Tell what the epoch means, and what the classes were taken for."""
        seen = observer.epoch_ended(figures, rate, self.state.epoch)
        if seen.confusion is not None:
            self.tell(
                events.ConfusionReady(
                    run=self.folder.path,
                    epoch=self.state.epoch,
                    classes=observer.classes,
                    matrix=seen.confusion,
                )
            )
        for hint in seen.hints:
            self.message(hint)

    def _between(self) -> None:
        self._between_pictures()
        if self._control.paused and not self._control.stopping:
            self._pause()
        if self._control.stopping:
            raise Stopping
        self._take_epochs()
        self.live.between(self.state, validating=self.validating)

    def _take_epochs(self) -> None:
        epochs = self._control.take_epochs()
        if epochs is not None and epochs != self.epochs:
            self.settings = self._asked.lasting(epochs, self.state.border)
            self._rates.last(self.settings)
            self._on_settings(self.settings)
            self.tell(events.EpochsChanged(run=self.folder.path, epochs=epochs))

    def _change_rate(self) -> None:
        """Do what a person asked for: kept at once, so that no crash takes it back."""
        wanted = self._control.take_learning_rate()
        if wanted is None:
            return
        before = self._rates.now()
        if not self._rates.change_to(wanted):
            self.message("The schedule has brought the learning rate to 0: it cannot be changed.")
            return
        self.save_checkpoint()
        self._tell_rate(before)

    def _tell_rate(self, before: float, *, reduced: bool = False) -> None:
        state = self.state
        at_end = state.step == 0 and state.epoch > 0
        self.tell(
            events.RateChanged(
                run=self.folder.path,
                epoch=state.epoch + (not at_end),
                step=state.steps_per_epoch if at_end else state.step,
                steps=state.steps_per_epoch,
                before=_shortened(before),
                learning_rate=_shortened(self._rates.now()),
                reduced=reduced,
            )
        )

    def _set_rate(self) -> None:
        rate = self._rates.now()
        if rate != self._rate:
            self.model.optimizer.learning_rate = self._rate = rate

    def _between_pictures(self) -> None:
        for number, skipped in enumerate(self._skipped_lists):
            while self._skipped_seen[number] < len(skipped):
                picture = skipped[self._skipped_seen[number]]
                self._skipped_seen[number] += 1
                name = str(picture.path)
                if name not in self.state.skipped:
                    self.state.skipped.append(name)
                    self.tell(
                        events.Skipped(
                            run=self.folder.path, path=picture.path, reason=picture.reason
                        )
                    )

    def _pause(self) -> None:
        run, epoch, step = self.folder.path, self.state.epoch + 1, self.state.step
        self.tell(events.Paused(run=run, epoch=epoch, step=step))
        waited = self._control.wait_while_paused(lambda: self.live.look(self.state))
        # As if the pause had not been.
        self._clock += waited
        self._epoch_started += waited
        self._meter.last += waited
        if self.validating:
            self._training_ended += waited
        if not self._control.stopping:
            self.tell(events.Resumed(run=run, epoch=epoch, step=step, seconds=waited))

    def _training_done(self) -> None:
        self.state.step = self.state.steps_per_epoch
        self._report()
        self._training_ended = time.perf_counter()

    def _report(self) -> None:
        reading = self._meter.read()
        if reading is None:
            return
        recent = dict(reading.recent)
        loss = recent.pop("loss")
        self.tell(
            events.BatchDone(
                run=self.folder.path,
                epoch=self.state.epoch + 1,
                step=self.state.step,
                steps=self.state.steps_per_epoch,
                loss=loss,
                metrics=recent,
                means=reading.means,
                learning_rate=self._learning_rate(),
                images_per_second=reading.images_per_second,
            )
        )
        if not math.isfinite(loss):
            state = self.state
            raise not_a_number(state.epoch + 1, state.step, self._learning_rate(), self.folder.kept)

    def _learning_rate(self) -> float:
        return _shortened(float(self.model.optimizer.learning_rate.numpy()))


def _shortened(rate: float) -> float:
    """0.001, not what is nearest to it in 32 bits."""
    return float(f"{rate:.7g}")
