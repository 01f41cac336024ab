"""The reins of one trial: those of the whole search, and an end of its own."""

from __future__ import annotations

from collections.abc import Callable

from cnnstudio.training.control import Control, Watched


class TrialControl(Control):
    """Pause, Stop and what is watched are those of the search; `stop` ends this trial alone.

    Its rate and its epochs are what is searched over: nobody changes them by hand.
    """

    def __init__(self, search: Control) -> None:
        super().__init__()
        self._search = search

    @property
    def paused(self) -> bool:
        return self._search.paused

    @property
    def stopping(self) -> bool:
        return self._stopping or self._search.stopping

    @property
    def watched(self) -> Watched | None:
        return self._search.watched

    @property
    def measuring(self) -> int | None:
        return self._search.measuring

    def wait_while_paused(self, woken: Callable[[], None] | None = None) -> float:
        return self._search.wait_while_paused(woken)
