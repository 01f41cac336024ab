"""How far a study is and why it ended, in sentences for the window and the command line."""

from __future__ import annotations

from cnnstudio.search.info import StudyInfo
from cnnstudio.search.sampling import limit_of
from cnnstudio.search.settings import SearchSettings


def grid_words(settings: SearchSettings, combinations: int | None) -> str:
    """What the budget means for a grid, before the start; empty where it fits or is no grid."""
    if combinations is None or settings.trials in (None, combinations):
        return ""
    many = _combinations(combinations)
    if settings.trials is not None and settings.trials < combinations:
        verb = "is" if settings.trials == 1 else "are"
        return f"The grid has {many}, of which only {settings.trials:,} {verb} tried."
    return f"The grid has {many}: the search ends when all are tried."


def used_up(info: StudyInfo, settings: SearchSettings, combinations: int | None) -> str:
    """What of the budget is used up, as a sentence; empty while there is something to do.

    `settings` has the budget that is asked for now; `combinations` are those of a grid.
    """
    done = info.done
    limit = limit_of(settings.trials, combinations)
    if limit is not None and done >= limit:
        if combinations is None:
            said = "The trial is done" if limit == 1 else f"All {limit:,} trials are done"
            broke = sum(trial.state == "failed" for trial in info.trials)
            return f"{said}; {broke:,} broke off." if broke else f"{said}."
        if limit < combinations:
            verb = "is" if limit == 1 else "are"
            return f"{limit:,} of the grid's {_combinations(combinations)} {verb} tried."
        if limit == 1:
            return "The grid's one combination is tried."
        return f"All {_combinations(combinations)} of the grid are tried."
    hours = settings.hours
    if hours is not None and done == len(info.trials) and info.seconds >= hours * 3600:
        spent = "hour of training is" if hours == 1 else f"{hours:g} hours of training are"
        return f"The {spent} used up, after {_trials(done)}."
    return ""


def ended_words(info: StudyInfo, combinations: int | None, *, stopped: bool) -> str:
    """How a search of this process ended, as a sentence."""
    if said := used_up(info, info.settings, combinations):
        return said
    limit = limit_of(info.settings.trials, combinations)
    far = _trials(info.done) if limit is None else f"{info.done:,} of {_trials(limit)}"
    if stopped:
        return f"Stopped after {far}."
    if info.running:
        verb = "is" if info.running == 1 else "are"
        return f"{far} done; {info.running:,} {verb} still trained by other processes."
    return f"Ended after {far}."


def goes_on_with(info: StudyInfo) -> str:
    """What whoever continues takes up first: `trial 3 where it was`."""
    left = [trial for trial in info.trials if trial.state in ("waiting", "interrupted")]
    if not left:
        return f"trial {len(info.trials) + 1:,}"
    *before, last = (f"{trial.number:,}" for trial in left)
    if not before:
        return f"trial {last}" + (" where it was" if left[0].run else "")
    return f"trials {', '.join(before)} and {last} where they were"


def _combinations(many: int) -> str:
    return f"{many:,} combination" + ("" if many == 1 else "s")


def _trials(many: int) -> str:
    return f"{many:,} trial" + ("" if many == 1 else "s")
