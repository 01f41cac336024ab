"""Looks at a training after every epoch: what classes are taken for, dead units, hints."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cnnstudio.errors import StudioError
from cnnstudio.training.confusion import Confusion
from cnnstudio.training.hints import Hints, Probe

if TYPE_CHECKING:
    import keras
    import numpy as np

# Seconds from one look at the units to the next.
PROBES = 10.0


@dataclass(frozen=True)
class Seen:
    """What an epoch showed: hints as sentences, and the confusion matrix of the validation."""

    hints: list[str]
    confusion: np.ndarray[Any, Any] | None


class Observer:
    """Looks on. `pictures` gives a few of the training's, uint8, to try the units on."""

    def __init__(
        self,
        model: keras.Model,
        classes: tuple[str, ...],
        confusion: Confusion | None,
        pictures: Callable[[], np.ndarray[Any, Any]],
    ) -> None:
        self.classes = classes
        self._confusion = confusion
        self._counted = False
        self._probe = Probe(model)
        self._pictures = pictures
        self._hints = Hints(classes)
        self._probed = float("-inf")

    def validation_begins(self) -> None:
        """Count from here on."""
        if self._confusion is not None:
            self._confusion.reset()
            self._counted = True

    def epoch_ended(self, figures: Mapping[str, float], rate: float, epoch: int) -> Seen:
        """What epoch `epoch` (from 1) showed."""
        matrix = None
        if self._confusion is not None and self._counted:
            matrix, self._counted = self._confusion.matrix(), False
        dead: dict[str, float] = {}
        now = time.perf_counter()
        # The first epochs decide which units die; no look before they had time to.
        if epoch >= 2 and now - self._probed >= PROBES:
            self._probed = now
            # Pictures that are gone end the training in their own way.
            with contextlib.suppress(StudioError):
                dead = self._probe.dead(self._pictures())
        return Seen(self._hints.epoch(figures, rate, matrix, dead), matrix)
