"""What the tab "Units" asks of a network, in the background thread for inference. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from cnnstudio.evaluation.predict import Classifier
    from cnnstudio.evaluation.units import Exciting

TOGETHER = 8  # units for which pictures are made up at the same time
MOST_PICTURES = 1000
BEST = 12


@dataclass(frozen=True, eq=False)
class Imagined:
    """Pictures made up for some units, or on the way there.

    `pictures` is uint8 (units, height, width, channels); `words` are a line for each unit, empty
    on the way.
    """

    units: tuple[int, ...]
    pictures: NDArray[np.uint8]
    words: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Found:
    """The pictures of the data that excite each unit most, of `looked_at` pictures."""

    best: dict[int, tuple[Exciting, ...]]
    looked_at: int


class Units:
    """Units of the network in use; used by the background thread alone."""

    def __init__(self, classifier_of: Callable[[Path], Classifier]) -> None:
        self._classifier_of = classifier_of

    def imagine(self, model: Path, layer: str, units: Sequence[int], task: Any) -> None:
        """Make up a picture for each unit; told by `task.progress(Imagined)` again and again.

        Raises `StudioError`, `Cancelled`.
        """
        from cnnstudio.evaluation.units import dreams

        classifier = self._classifier_of(model)
        for first in range(0, len(units), TOGETHER):
            group = tuple(units[first : first + TOGETHER])
            found = dreams(
                classifier,
                layer,
                group,
                progress=partial(self._on_the_way, task, group),
                cancelled=task.cancelled,
            )
            words = tuple(f"{each.before:.3g} → {each.after:.3g}" for each in found)
            task.progress(Imagined(group, np.stack([each.picture for each in found]), words))

    @staticmethod
    def _on_the_way(
        task: Any, group: tuple[int, ...], _step: int, _of: int, pictures: NDArray[np.uint8]
    ) -> None:
        task.progress(Imagined(group, pictures))

    def find(
        self, model: Path, layer: str, units: Sequence[int], paths: Sequence[Path], task: Any
    ) -> Found:
        """The pictures that excite each unit most. Raises `StudioError`, `Cancelled`."""
        from cnnstudio.evaluation.units import most_exciting

        best = most_exciting(
            self._classifier_of(model),
            layer,
            units,
            paths,
            most=BEST,
            progress=lambda done: task.progress((done, len(paths))),
            cancelled=task.cancelled,
        )
        return Found(best, len(paths))
