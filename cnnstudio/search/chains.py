"""Trials as people count them, out of Optuna's.

Optuna's trials end once and for all. One that was stopped or killed is followed by another with
the same values, which waits to be taken up: together they are one trial here, a chain. Nothing of
it needs a lock over several processes: who follows whom is told by the order in which trials were
made, which is the same for everybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

# What is written into Optuna's trials.
RANK, CONTINUES = "rank", "continues"
WORKER, BEAT = "worker", "beat"
RUN, REASON, SECONDS, WENT_ON = "run", "reason", "seconds", "went_on"
DONE = frozenset({"COMPLETE", "PRUNED"})


@dataclass(frozen=True)
class Chain:
    """One trial as people count them: `rank` from 0, and what it is made of, the oldest first."""

    rank: int
    members: tuple[FrozenTrial, ...]

    @property
    def current(self) -> FrozenTrial:
        """The one that counts: the first that was completed, else the last that may go on."""
        for member in self.members:
            if member.state.name in DONE:
                return member
        heirs: dict[int, int] = {}
        last = self.members[0]
        for member in self.members:
            parent = member.user_attrs.get(CONTINUES)
            if parent is None:
                continue
            # Two processes may have thought of it at once: the first counts.
            if heirs.setdefault(parent, member.number) == member.number:
                last = member
        return last

    @property
    def state(self) -> str:
        """Optuna's name of the state."""
        return str(self.current.state.name)

    @property
    def seconds(self) -> float:
        """Training time so far, as far as it was written down."""
        return max(seconds_of(member) for member in self.members)

    def last(self, attribute: str) -> Any:
        """What the newest member that says something says."""
        said = (member.user_attrs.get(attribute) for member in reversed(self.members))
        return next((each for each in said if each is not None), None)


def chains_of(trials: Sequence[FrozenTrial]) -> list[Chain]:
    """The trials of a study as people count them, in their order."""
    members: dict[int, list[FrozenTrial]] = {}
    fresh = 0
    for trial in sorted(trials, key=lambda trial: trial.number):
        rank = trial.user_attrs.get(RANK)
        if rank is None:
            rank, fresh = fresh, fresh + 1
        members.setdefault(rank, []).append(trial)
    return [Chain(rank, tuple(found)) for rank, found in sorted(members.items())]


def seconds_of(trial: FrozenTrial) -> float:
    """Training time of one of Optuna's trials; of one that runs, the time since it began."""
    said = trial.user_attrs.get(SECONDS)
    if said is not None:
        return float(said)
    beat = trial.user_attrs.get(BEAT) or {}
    seconds = float(beat.get("seconds", 0.0))
    if trial.state.name == "RUNNING" and trial.datetime_start is not None and not seconds:
        begun = trial.datetime_start
        now = datetime.now(UTC) if begun.tzinfo else datetime.now()
        seconds = max(0.0, (now - begun).total_seconds())
    return seconds
