"""The one training: an explicit state machine over the thread that owns Keras."""

from __future__ import annotations

import enum
import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from cnnstudio.app import paths
from cnnstudio.app.collector import MANY, much_is_made
from cnnstudio.app.errors import describe
from cnnstudio.app.postbox import Postbox
from cnnstudio.app.tasks import join_at_exit
from cnnstudio.errors import Cancelled
from cnnstudio.training import events
from cnnstudio.training.control import Control, Look

if TYPE_CHECKING:
    import numpy as np

    from cnnstudio.data.scan import FolderReport
    from cnnstudio.graph.project import Project
    from cnnstudio.search.settings import SearchSettings

# What moves all the time; the rest is news.
_FIGURES = (
    events.BatchDone,
    events.EpochDone,
    events.ConfusionReady,
    events.FeatureMapsReady,
    events.Looked,
    events.HistogramsReady,
    events.LoadRead,
)


class State(enum.Enum):
    """Where the training is. `FINISHED` is also the state after Stop."""

    IDLE = "no training yet"
    PREPARING = "preparing"
    RUNNING = "training"
    PAUSED = "paused"
    STOPPING = "stopping"
    FINISHED = "finished"
    FAILED = "failed"

    @property
    def active(self) -> bool:
        """Whether a training exists that has not ended."""
        return self in _ACTIVE


_ACTIVE = {State.PREPARING, State.RUNNING, State.PAUSED, State.STOPPING}
_ENDS = {State.FINISHED, State.FAILED}
TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.IDLE: frozenset({State.PREPARING}),
    State.PREPARING: frozenset({State.RUNNING, State.STOPPING, *_ENDS}),
    State.RUNNING: frozenset({State.PAUSED, State.STOPPING, *_ENDS}),
    State.PAUSED: frozenset({State.RUNNING, State.STOPPING, *_ENDS}),
    State.STOPPING: frozenset(_ENDS),
    State.FINISHED: frozenset({State.PREPARING}),
    State.FAILED: frozenset({State.PREPARING}),
}


@dataclass(frozen=True)
class _Ended:
    """The training thread is done with a request."""

    run: Path | None
    error: str = ""


@dataclass(frozen=True)
class _Warm:
    """TensorFlow is loaded, or could not be."""

    device: str
    error: str = ""


class Trainer(QObject):
    """Starts, pauses and stops trainings; all Keras work of a training happens in its thread.

    No method waits, except `shutdown`.
    """

    state_changed = Signal(object)
    # What happened, in order: a tuple of `cnnstudio.training.events`, as often as `Postbox` says.
    events = Signal(object)
    # The device in plain words is known: str.
    device_changed = Signal(str)
    # A training could not start or broke off, or TensorFlow cannot be loaded: the sentence.
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = State.IDLE
        self._run: Path | None = None
        self._device = ""
        self._control = Control()
        self._watched: tuple[str | None, Any, Look | None] = (None, None, None)
        self._measuring: int | None = None
        self._requests: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._postbox = Postbox(self)
        self._postbox.delivered.connect(self._deliver)
        self._thread: threading.Thread | None = None
        self._told = False
        self._searching = False
        self._closed = False

    @property
    def state(self) -> State:
        return self._state

    @property
    def run(self) -> Path | None:
        """The folder of the run that is training, or was last."""
        return self._run

    @property
    def device(self) -> str:
        """What it trains on, in plain words; empty until TensorFlow is loaded."""
        return self._device

    @property
    def searching(self) -> bool:
        """Whether what trains, or did last, is a search: training after training."""
        return self._searching

    def warm_up(self) -> None:
        """Load TensorFlow in the training thread; `device_changed` tells when it is there."""
        self._request(self._warm)

    def start(
        self,
        project: Project,
        *,
        runs_folder: Path,
        data_folder: Path | None = None,
        report: FolderReport | None = None,
        resume: Path | None = None,
        name: str = "network",
    ) -> bool:
        """Start a training, or go on with the run `resume`.

        False, and nothing happens, if one is going on. A new run's folder is named after `name`.
        """
        return self._begin(
            lambda control: self._train(
                project,
                data_folder=data_folder,
                runs_folder=runs_folder,
                control=control,
                resume=resume,
                report=report,
                name=name,
                cache_folder=paths.cache_folder(),
            ),
            resume,
        )

    def search(
        self,
        project: Project,
        settings: SearchSettings,
        *,
        study: str,
        runs_folder: Path,
        report: FolderReport | None = None,
        name: str = "network",
    ) -> bool:
        """Work on the study in a storage until its budget is used up or `stop`.

        False, and nothing happens, if a training is going on. `events` brings those of the search
        too (`cnnstudio.search.events`).
        """
        return self._begin(
            lambda control: self._search(
                project,
                settings,
                study=study,
                runs_folder=runs_folder,
                control=control,
                report=report,
                name=name,
                cache_folder=paths.cache_folder(),
            ),
            None,
            searching=True,
        )

    def _begin(
        self, job: Callable[[Control], object], run: Path | None, *, searching: bool = False
    ) -> bool:
        if State.PREPARING not in TRANSITIONS[self._state] or self._closed:
            return False
        self._control = control = Control()
        control.watch(*self._watched)
        control.measure(self._measuring)
        self._run = run
        self._told = False
        self._searching = searching
        self._go(State.PREPARING)
        self._request(lambda: job(control))
        return True

    def pause(self) -> bool:
        """Wait after the batch that is running."""
        if self._state is not State.RUNNING:
            return False
        self._control.pause()
        return self._go(State.PAUSED)

    def resume(self) -> bool:
        """Go on after a pause."""
        if self._state is not State.PAUSED:
            return False
        self._control.resume()
        return self._go(State.RUNNING)

    def stop(self) -> bool:
        """End the training after the batch that is running; its run keeps what it has."""
        if State.STOPPING not in TRANSITIONS[self._state]:
            return False
        self._control.stop()
        return self._go(State.STOPPING)

    def set_learning_rate(self, rate: float) -> bool:
        """Train with another learning rate from the next batch on."""
        if self._state not in (State.RUNNING, State.PAUSED):
            return False
        self._control.set_learning_rate(rate)
        return True

    def set_epochs(self, epochs: int) -> bool:
        """Train for another number of epochs in all."""
        if self._state not in (State.RUNNING, State.PAUSED):
            return False
        self._control.set_epochs(epochs)
        return True

    def watch(
        self,
        layer: str | None,
        picture: np.ndarray[Any, Any] | None = None,
        look: Look | None = None,
    ) -> None:
        """Ask for feature maps of `picture` (uint8, as the network takes it) now and later.

        With `look`, for what that makes of the layer and the picture in the training thread.
        """
        self._watched = (layer, picture, look)
        self._control.watch(layer, picture, look)

    def measure(self, every: int | None) -> None:
        """Measure weights and gradients now and later: each epoch (0), or after so many steps.

        None leaves it to the settings of the training.
        """
        self._measuring = every
        self._control.measure(every)

    def shutdown(self, timeout: float = 30.0) -> bool:
        """Stop, and join the thread; False if it has not ended after `timeout` seconds."""
        self._closed = True
        self._control.stop()
        if self._thread is not None:
            self._requests.put(None)
            self._thread.join(timeout)
            if self._thread.is_alive():
                return False
            self._thread = None
        self._postbox.deliver()
        return True

    def _go(self, state: State) -> bool:
        if state not in TRANSITIONS[self._state]:
            return False
        self._state = state
        self.state_changed.emit(state)
        return True

    def _request(self, job: Callable[[], object]) -> None:
        if self._closed:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="cnnstudio-keras", daemon=True)
            self._thread.start()
            join_at_exit(self)
        self._requests.put(job)

    # --- in the training thread

    def _work(self) -> None:
        while (job := self._requests.get()) is not None:
            job()

    def _warm(self) -> None:
        if self._closed:
            return
        try:
            # To look TensorFlow through for garbage would hold up everything for half a second.
            with much_is_made() as lasting:
                from cnnstudio.training.device import describe_device

                device = describe_device()
                lasting(MANY)
        except BaseException as error:  # noqa: BLE001 - a broken installation raises anything
            self._post(_Warm("", describe(error)))
        else:
            self._post(_Warm(device))

    def _train(self, project: Project, **how: Any) -> None:
        run = how["resume"]
        try:
            from cnnstudio.training.run import train

            run = train(project, on_event=self._post, **how)
        except Cancelled:
            # Stopped before there was anything to keep.
            self._post(_Ended(run))
        except BaseException as error:  # noqa: BLE001 - the thread lives on, the person is told
            self._post(_Ended(run, describe(error)))
        else:
            self._post(_Ended(run))

    def _search(self, project: Project, settings: SearchSettings, **how: Any) -> None:
        try:
            from cnnstudio.search.run import search

            search(project, settings, on_event=self._post, **how)
        except Cancelled:
            self._post(_Ended(None))
        except BaseException as error:  # noqa: BLE001 - the thread lives on, the person is told
            self._post(_Ended(None, describe(error)))
        else:
            self._post(_Ended(None))

    def _post(self, event: object) -> None:
        self._postbox.post(event, news=not isinstance(event, _FIGURES))

    # --- in the GUI thread

    def _deliver(self, posted: list[object]) -> None:
        happened: list[object] = []
        ended: _Ended | None = None
        for event in posted:
            if isinstance(event, _Ended):
                ended = event
            elif isinstance(event, _Warm):
                self._warmed(event)
            else:
                happened.append(event)
        for event in happened:
            self._told = self._told or isinstance(event, events.Failed)
            if isinstance(event, events.Started):
                self._run = event.run
                self._know_device(event.device)
                self._go(State.RUNNING)
        if happened:
            self.events.emit(tuple(happened))
        if ended is not None:
            self._end(ended)

    def _end(self, ended: _Ended) -> None:
        if ended.run is not None:
            self._run = ended.run
        if not ended.error:
            self._go(State.FINISHED)
            return
        if not self._told:
            self.events.emit((events.Failed(run=self._run, message=ended.error),))
        self._go(State.FAILED)
        self.failed.emit(ended.error)

    def _warmed(self, event: _Warm) -> None:
        if event.error:
            self._know_device("TensorFlow is missing")
            self.failed.emit(event.error)
        else:
            self._know_device(event.device)

    def _know_device(self, device: str) -> None:
        if device != self._device:
            self._device = device
            self.device_changed.emit(device)
