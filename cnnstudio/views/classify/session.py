"""Classifying in the background: pictures come in, results stream out, a model stays loaded.

The engine is `cnnstudio.evaluation.predict`, the same that the command line uses.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from cnnstudio.app.models import ModelFacts, Models
from cnnstudio.app.tasks import Task, TaskRunner

TOP = 50  # classes kept for each picture: what the large view can show
BATCH = 16  # pictures between two questions whether to stop; of quick networks twice as many
QUICK = 200.0  # pictures a second
TURN = 0.5  # seconds before other work of the same thread gets its turn
CHUNK = 128  # pictures in that time while it is not known how quick the network is
MOST = 1024
HAND_ON = 0.05  # seconds that results are collected before the window gets them
# The same once there are more results than a screen holds: nobody sees the last ones arrive.
HAND_ON_LATER = 0.25
SCREEN = 100


class Session(QObject):
    """One row of work: what is dropped while something is classified joins it."""

    # Results as they come: a tuple of Prediction and Unreadable.
    arrived = Signal(object)
    # The figures below or `busy` changed.
    changed = Signal()
    # A model was loaded: ModelFacts.
    model_loaded = Signal(object)
    # Nothing can be classified: the sentence.
    failed = Signal(str)

    def __init__(
        self, inference: TaskRunner, models: Models, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._inference = inference
        self._models = models
        self._waiting: deque[Any] = deque()  # Path or Unreadable
        self._given: deque[tuple[Path, ...]] = deque()
        self._task: Task | None = None
        self._model: Path | None = None
        self._since = 0.0
        self._timed = 0
        self.loading = False
        self.done = 0
        self.total = 0

    @property
    def busy(self) -> bool:
        return self._task is not None

    @property
    def rate(self) -> float:
        """Pictures a second since the model was loaded; 0 before there is anything to say."""
        passed = time.perf_counter() - self._since
        return self._timed / passed if self._timed and passed > 0.2 else 0.0

    def classify(self, model: Path, paths: Iterable[Path]) -> None:
        """Classify pictures and the pictures in folders with the model at `model`."""
        if not self.busy:
            self.done = self.total = 0
        self._model = model
        self._given.append(tuple(paths))
        if not self.busy:
            self._timed = 0
            self._step()
        self.changed.emit()

    def stop(self) -> None:
        """End at once; what is there stays."""
        if self._task is not None:
            self._task.cancel()
        self._task = None
        self._given.clear()
        self._waiting.clear()
        self.loading = False
        self.changed.emit()

    def _step(self) -> None:
        """Hand the thread its next piece: a list to expand, or pictures to classify."""
        model = self._model
        if model is None or not (self._given or self._waiting):
            self._task = None
            self.changed.emit()
            return
        if self._given:
            paths = self._given.popleft()
            self._task = self._inference.run(
                _expand, paths, on_done=self._expanded, on_failed=self._broke
            )
            return
        count = min(MOST, max(BATCH, round(self.rate * TURN))) if self.rate else CHUNK
        chunk = [self._waiting.popleft() for _ in range(min(count, len(self._waiting)))]
        if not self._models.loaded(model):
            self.loading = True
        self._task = self._inference.run(
            self._classify,
            model,
            chunk,
            on_done=lambda _nothing: self._step(),
            on_failed=self._broke,
            on_progress=self._progress,
        )

    def _expanded(self, found: list[Any]) -> None:
        self._waiting.extend(found)
        self.total += len(found)
        self._step()
        self.changed.emit()

    def _classify(self, model: Path, chunk: Sequence[Any], *, task: Task) -> None:
        """In the thread: classify a piece, telling results in small groups."""
        from cnnstudio.evaluation.predict import Unreadable

        classifier = self._models.get(model)
        task.progress(self._models.facts(model))
        group: list[Any] = [item for item in chunk if isinstance(item, Unreadable)]
        files = [item for item in chunk if not isinstance(item, Unreadable)]
        told = time.perf_counter()
        size = BATCH if self.rate < QUICK else 2 * BATCH
        for result in classifier.classify(
            files, top=TOP, batch_size=size, cancelled=task.cancelled
        ):
            group.append(result)
            wait = HAND_ON if self.done < SCREEN else HAND_ON_LATER
            if time.perf_counter() - told > wait:
                task.progress(tuple(group))
                group, told = [], time.perf_counter()
        if group:
            task.progress(tuple(group))

    def _progress(self, news: Any) -> None:
        if isinstance(news, ModelFacts):
            if self.loading or not self._timed:
                self._since = time.perf_counter()
            self.loading = False
            self.model_loaded.emit(news)
        else:
            self.done += len(news)
            self._timed += len(news)
            self.arrived.emit(news)
        self.changed.emit()

    def _broke(self, sentence: str) -> None:
        self.stop()
        self.failed.emit(sentence)


def _expand(paths: Sequence[Path], *, task: Task) -> list[Any]:
    """The picture files that `paths` name, and what is none of it. Raises `Cancelled`."""
    from cnnstudio.errors import Cancelled
    from cnnstudio.evaluation.predict import expand_paths

    found = []
    for item in expand_paths(paths):
        if task.cancelled():
            raise Cancelled
        found.append(item)
    return found
