"""What the tab "Points" asks of a network, in the background thread for inference. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cnnstudio.data.settings import DataSettings
from cnnstudio.views.explore.work import Part, samples_of

if TYPE_CHECKING:
    from cnnstudio.data.scan import FolderReport
    from cnnstudio.evaluation.embedding import Features, Method
    from cnnstudio.evaluation.predict import Classifier


@dataclass(frozen=True)
class Point:
    """A picture among the points: its class, and the class it is taken for."""

    path: Path
    truth: str
    predicted: str


@dataclass(frozen=True, eq=False)
class Cloud:
    """Pictures as points, `xy` (n, 2) between −1 and 1, y upwards."""

    points: tuple[Point, ...]
    xy: NDArray[np.float64]
    classes: tuple[str, ...]
    layer: str
    note: str


class Clouds:
    """Points of the network in use; features are kept, so that another method is quick."""

    def __init__(self, classifier_of: Callable[[Path], Classifier]) -> None:
        self._classifier_of = classifier_of
        self._kept: tuple[Any, Features] | None = None

    def make(
        self,
        model: Path,
        part: Part,
        method: Method,
        data: DataSettings,
        report: FolderReport | None,
        task: Any,
    ) -> Cloud:
        """The pictures of a part of the data as points; `task` gets `(done, pictures)`.

        Raises `StudioError`, `Cancelled`.
        """
        from cnnstudio.evaluation.embedding import features, points

        classifier = self._classifier_of(model)
        samples, _ = samples_of(model, part, data, report, task.cancelled)
        truths = {path: label or "" for path, label in samples}
        key = (classifier, tuple(truths))
        if self._kept is None or self._kept[0] != key:
            found = features(
                classifier,
                list(truths),
                progress=lambda done: task.progress((done, len(truths))),
                cancelled=task.cancelled,
            )
            self._kept = (key, found)
        found = self._kept[1]
        task.progress((len(truths), 0))
        placed = points(found, method, cancelled=task.cancelled)
        classes = tuple(classifier.trained.classes)
        shown = tuple(
            Point(found.paths[row], truths[found.paths[row]], classes[found.predicted[row]])
            for row in placed.chosen.tolist()
        )
        return Cloud(shown, placed.xy, classes, found.layer, placed.note)
