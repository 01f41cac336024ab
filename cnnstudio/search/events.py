"""What a search tells while it goes on, beside the events of the training of each trial."""

from __future__ import annotations

import time as clock
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar


@dataclass(frozen=True, kw_only=True)
class _Event:
    kind: ClassVar[str] = ""
    time: float = field(default_factory=clock.time)

    def to_json(self) -> dict[str, Any]:
        """One line of `search --json`, as plain JSON data."""
        line: dict[str, Any] = {"event": self.kind}
        for field_ in fields(self):
            value = getattr(self, field_.name)
            if isinstance(value, Mapping):
                value = dict(value)
            line[field_.name] = str(value) if isinstance(value, Path) else value
        return line


@dataclass(frozen=True, kw_only=True)
class SearchBegan(_Event):
    """This process works on the study from now on; `done` trials of it have ended before.

    `trials` is the budget; a grid has so many `combinations`, and `note` says what the budget
    means for them.
    """

    kind: ClassVar[str] = "search_started"
    study: str
    trials: int | None
    done: int
    combinations: int | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class TrialBegan(_Event):
    """A trial begins here, or goes on (`resumed`) where it was stopped or killed."""

    kind: ClassVar[str] = "trial_started"
    trial: int
    values: Mapping[str, Any]
    resumed: bool = False


@dataclass(frozen=True, kw_only=True)
class TrialEnded(_Event):
    """A trial ended here: `complete`, `pruned`, `failed`, `waiting` (stopped) or `lost`.

    `figure` is the best of its epochs; `reason` says why where it did not complete.
    """

    kind: ClassVar[str] = "trial_ended"
    trial: int
    state: str
    figure: float | None
    run: Path | None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class SearchWaits(_Event):
    """It looks whether another computer still trains a trial, or was switched off."""

    kind: ClassVar[str] = "search_waits"
    trials: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class SearchEnded(_Event):
    """This process is done: the budget is used up, or it was stopped.

    `trial` is the best so far, with its figure and values; `running` trials go on elsewhere;
    `note` says in words why it ended, `next` what it goes on with where it was stopped.
    """

    kind: ClassVar[str] = "search_ended"
    study: str
    stopped: bool
    done: int
    running: int
    trial: int | None
    figure: float | None
    values: Mapping[str, Any]
    note: str = ""
    next: str = ""


SearchEvent = SearchBegan | TrialBegan | TrialEnded | SearchWaits | SearchEnded
