"""What a person watches besides figures while a network trains, made between two batches.

Feature maps or what mattered of the watched picture, histograms of weights and gradients, and what
the training takes of the machine. Each takes a small share of the time at most.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cnnstudio.errors import StudioError
from cnnstudio.training import events
from cnnstudio.training.checkpoint import State
from cnnstudio.training.control import Control
from cnnstudio.training.errors import first_line
from cnnstudio.training.folder import RunFolder
from cnnstudio.training.gauging import Batch, Gauge
from cnnstudio.training.load import LoadMeter, process_memory
from cnnstudio.training.settings import HistogramSettings
from cnnstudio.training.watching import Watcher

if TYPE_CHECKING:
    import keras


class Live:
    """Looks at a model while it trains, in the training thread; `tell` hands on what is seen."""

    def __init__(
        self,
        model: keras.Model,
        folder: RunFolder,
        settings: HistogramSettings,
        control: Control,
        tell: Callable[[events.Event], None],
    ) -> None:
        self._model = model
        self._folder = folder
        self._settings = settings
        self._control = control
        self._tell = tell
        self._watcher = Watcher(model)
        self._load = LoadMeter()
        self._gauge: Gauge | None = None

    def hold(self, batch: Callable[[], Batch]) -> None:
        """Measure gradients on this batch, made when first needed."""
        self._gauge = Gauge(self._model, batch)

    def between(self, state: State, *, validating: bool) -> None:
        """Before a batch."""
        self.look(state)
        if not validating and state.step:
            self._measure(state, state.epoch + 1, state.step)
        if self._load.due():
            self._tell(
                events.LoadRead(
                    run=self._folder.path, memory=process_memory(), gpus=self._load.gpus()
                )
            )

    def epoch_ended(self, state: State, *, last: bool) -> None:
        """After an epoch and its validation; the `last` one of the run as it is planned."""
        self._measure(state, state.epoch, state.steps_per_epoch, epoch_ends=True, last=last)
        if last:
            # What stays on the screen is of the network as it ended.
            self._look(state.epoch, state.steps_per_epoch, again=True)

    def look(self, state: State) -> None:
        """Look at the watched picture, if that is due."""
        self._look(state.epoch + 1, state.step)

    def _look(self, epoch: int, step: int, *, again: bool = False) -> None:
        watched = self._control.watched
        try:
            seen = self._watcher.seen(watched, again=again)
        except StudioError as error:
            self._say(error.message)
            return
        if seen is None or watched is None:
            return
        place: dict[str, Any] = {
            "run": self._folder.path,
            "epoch": epoch,
            "step": step,
        }
        if watched.look is None:
            self._tell(events.FeatureMapsReady(layer=watched.layer, maps=seen, **place))
        else:
            self._tell(events.Looked(layer=watched.layer, seen=seen, **place))

    def _measure(
        self, state: State, epoch: int, step: int, *, epoch_ends: bool = False, last: bool = False
    ) -> None:
        every = self._control.measuring
        # Who begins to look sees something at once.
        at_once = every is not None and self._gauge is not None and self._gauge.unused
        if every is None and self._settings.enabled:
            every = self._settings.every
        if every is None or self._gauge is None:
            return
        done = (epoch - 1) * state.steps_per_epoch + step
        if not (self._gauge.due(every, done, epoch_ends=epoch_ends, last=last) or at_once):
            return
        try:
            weights = self._gauge.measure()
        except StudioError:
            # Pictures that are gone end the training in their own way.
            return
        except Exception as error:  # noqa: BLE001 - memory that is too small for it, say
            self._gauge = None
            self._say(
                "Weights and gradients cannot be measured in this training "
                f"({first_line(error)}); it goes on without."
            )
            return
        event = events.HistogramsReady(
            run=self._folder.path,
            epoch=epoch,
            step=step,
            steps=state.steps_per_epoch,
            weights=weights,
        )
        self._folder.histograms(event, done)
        self._tell(event)

    def _say(self, text: str) -> None:
        self._tell(events.Message(run=self._folder.path, text=text))
