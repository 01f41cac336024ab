"""What happens between the batches: events, pause, stop, feature maps, checkpoints.

`Loop` holds the state of a run while `keras.Model.fit` trains; `as_callback` hands Keras its
methods. All of it runs in the training thread.

It overrides no `on_train_batch_end`: Keras would then wait for every batch's figures. It looks at
the running metrics before a batch instead, at most every 50 ms.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from cnnstudio.errors import StudioError
from cnnstudio.keras_build.feature_model import layer_output
from cnnstudio.training import checkpoint, events
from cnnstudio.training.control import Control, Watched
from cnnstudio.training.folder import RunFolder
from cnnstudio.training.settings import TrainingSettings

if TYPE_CHECKING:
    import keras
    import numpy as np

# Seconds from one batch event, or set of feature maps, to the next.
BATCH_EVENTS = 0.2
FEATURE_MAPS = 1.0


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
        validates: bool,
    ) -> None:
        self.model = model
        self.folder = folder
        self.settings = settings
        self.state = state
        self._control = control
        self._on_event = on_event
        self._skipped_lists = skipped
        self._skipped_seen = [0] * len(skipped)
        self._validates = validates
        self._monitor = monitored(settings, validates)
        self._parts: dict[str, Any] = {}
        # Batches of this epoch done before this `fit`.
        self._offset = 0
        self.validating = False
        self._epoch_metrics: list[np.ndarray[Any, Any]] = []
        # Set before resuming in the middle of an epoch.
        self.metrics_to_restore: list[np.ndarray[Any, Any]] = []
        self._reported: dict[str, float] = {}
        self._images = 0.0
        self._images_at_start = 0.0
        self._watched: Watched | None = None
        self._failed_watch: Watched | None = None
        self._told_nan = False
        now = time.perf_counter()
        self._last_report = self._last_maps = self._epoch_started = self._training_ended = now
        self._seconds_before = state.seconds
        self._clock = now

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
        self._reported, self._images = self._sums() if self._offset else ({}, 0.0)
        self._images_at_start = self._images
        self._epoch_started = self._last_report = time.perf_counter()

    def batch_begins(self, batch: int) -> None:
        """Before batch `batch` (from 0) of this `fit`'s epoch."""
        self.state.step = self._offset + batch
        if batch and time.perf_counter() - self._last_report >= BATCH_EVENTS:
            self._report()
        self._between()

    def validation_begins(self) -> None:
        """After the last batch of an epoch."""
        self._training_done()
        self.validating = True
        self._epoch_metrics = [
            checkpoint.copy_of(variable) for variable in self.model.metrics_variables
        ]

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
        best = self._judge(figures)
        self._between_pictures()
        if best:
            self.folder.save_model(self.model)
        self.folder.epoch(state.epoch, {**figures, "learning_rate": rate})
        now = time.perf_counter()
        state.seconds = self._seconds_before + now - self._clock
        self.save_checkpoint()
        images = self._images - self._images_at_start
        self.tell(
            events.EpochDone(
                run=self.folder.path,
                epoch=state.epoch,
                epochs=self.settings.epochs,
                loss=figures["loss"],
                metrics={name: value for name, value in figures.items() if name != "loss"},
                learning_rate=rate,
                images_per_second=images / trained if trained > 0 else 0.0,
                seconds=now - self._epoch_started,
                best=best,
            )
        )
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
        """Write the checkpoint of this moment."""
        metrics: Sequence[Any] = ()
        if self.state.step:
            metrics = self._epoch_metrics or [
                checkpoint.copy_of(v) for v in self.model.metrics_variables
            ]
        self.folder.save_checkpoint(self.state, checkpoint.capture(self.model, metrics))

    def stopped(self) -> None:
        """Bring the state up to the moment of stopping."""
        self.state.seconds = self._seconds_before + time.perf_counter() - self._clock

    # --- inside

    def _between(self) -> None:
        self._between_pictures()
        if self._control.paused and not self._control.stopping:
            self._pause()
        if self._control.stopping:
            raise Stopping
        if self._control.watched is not None:
            self._feature_maps()

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
        waited = self._control.wait_while_paused(self._feature_maps)
        # As if the pause had not been.
        self._clock += waited
        self._epoch_started += waited
        self._last_report += waited
        if self.validating:
            self._training_ended += waited
        if not self._control.stopping:
            self.tell(events.Resumed(run=run, epoch=epoch, step=step, seconds=waited))

    def _training_done(self) -> None:
        self.state.step = self.state.steps_per_epoch
        self._report()
        self._training_ended = time.perf_counter()

    def _sums(self) -> tuple[dict[str, float], float]:
        """Each figure of the epoch so far times the pictures it is a mean of, and their number."""
        import keras

        images, sums = 0.0, {}
        for metric in self.model.metrics:
            for part in getattr(metric, "metrics", None) or [metric]:
                if not isinstance(part, keras.metrics.Mean):
                    results = self.model.get_metrics_result()
                    return {name: float(value) * images for name, value in results.items()}, images
                # Read as they are: computing the means costs TensorFlow half a millisecond.
                total, count = (float(v.value.numpy()) for v in (part.total, part.count))
                images = images or count
                sums[part.name] = total * (images / count) if count else 0.0
        return sums, images

    def _report(self) -> None:
        sums, images = self._sums()
        new = images - self._images
        if new <= 0:
            return
        now = time.perf_counter()
        seconds = now - self._last_report
        recent = {name: (sums[name] - self._reported.get(name, 0.0)) / new for name in sums}
        self._reported, self._images, self._last_report = sums, images, now
        loss = recent.pop("loss")
        self.tell(
            events.BatchDone(
                run=self.folder.path,
                epoch=self.state.epoch + 1,
                step=self.state.step,
                steps=self.state.steps_per_epoch,
                loss=loss,
                metrics=recent,
                means={name: value / images for name, value in sums.items()},
                learning_rate=self._learning_rate(),
                images_per_second=new / seconds if seconds > 1e-3 else 0.0,
            )
        )
        if not math.isfinite(loss) and not self._told_nan:
            self._told_nan = True
            self.message(
                f"The loss is no longer a number (epoch {self.state.epoch + 1}, step "
                f"{self.state.step}): the weights have run away and training on will not bring "
                f"them back. Stop, choose a learning rate below {self._learning_rate():g}, and "
                "check that the pixels are scaled by a Rescaling layer."
            )

    def _judge(self, figures: Mapping[str, float]) -> bool:
        """Whether the epoch is the best so far; notes it, and whether to stop early."""
        state, stopping = self.state, self.settings.early_stopping
        value = figures[self._monitor]
        sign = -1.0 if self._monitor.endswith("accuracy") else 1.0
        best = state.best is None or sign * value < sign * state.best
        if best and math.isfinite(value):
            state.best, state.waited = value, 0
        else:
            state.waited += 1
        best = best and (math.isfinite(value) or state.best_epoch is None)
        if best:
            state.best_epoch, state.best_metrics = state.epoch, dict(figures)
        state.early = stopping.enabled and state.waited >= stopping.patience
        return best

    def _learning_rate(self) -> float:
        # 0.001, not what is nearest to it in 32 bits.
        return float(f"{float(self.model.optimizer.learning_rate):.7g}")

    def _feature_maps(self) -> None:
        watched = self._control.watched
        now = time.perf_counter()
        fresh = watched is not self._watched
        if watched is None or watched is self._failed_watch:
            return
        if not fresh and now - self._last_maps < FEATURE_MAPS:
            return
        self._watched, self._last_maps = watched, now
        try:
            maps = layer_output(self.model, watched.layer, watched.picture, self._parts)
        except StudioError as error:
            self._failed_watch = watched
            self.message(error.message)
            return
        self.tell(
            events.FeatureMapsReady(
                run=self.folder.path,
                layer=watched.layer,
                maps=maps,
                epoch=self.state.epoch + 1,
                step=self.state.step,
            )
        )


def monitored(settings: TrainingSettings, validates: bool) -> str:
    """The figure that decides which epoch is the best.

    Early stopping's, where that is on, otherwise the loss of the validation pictures. Without
    validation pictures, the training's own.
    """
    stopping = settings.early_stopping
    name = stopping.monitor if stopping.enabled else "val_loss"
    return name if validates else name.removeprefix("val_")


def as_callback(loop: Loop) -> keras.callbacks.Callback:
    """`loop` as Keras takes it."""
    import keras

    class Callback(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
            loop.epoch_begins()

        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
            loop.batch_begins(batch)

        def on_test_begin(self, logs: Any = None) -> None:  # noqa: ARG002
            loop.validation_begins()

        def on_test_batch_begin(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
            loop.validation_batch_begins()

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
            loop.epoch_ends(logs)

    return Callback()
