"""The command that searches over settings; the engine is the window's."""

from __future__ import annotations

import argparse
import signal
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cnnstudio.app.paths import runs_folder
from cnnstudio.commands.output import figure, print_line, print_table
from cnnstudio.commands.training import STREAMED, project_in
from cnnstudio.errors import UsageError

if TYPE_CHECKING:
    from cnnstudio.graph.project import Project
    from cnnstudio.search.info import StudyInfo
    from cnnstudio.search.settings import SearchSettings

# Rows of the ranking at the end.
_SHOWN = 10


def search(options: argparse.Namespace) -> int:
    """Work on a study until its budget is used up or Ctrl+C."""
    from cnnstudio.app.paths import cache_folder
    from cnnstudio.search.run import search as run
    from cnnstudio.training.control import Control

    project, settings, budget = _asked_for(options)
    study = options.study or settings.study
    if not study:
        raise UsageError(
            "cnnstudio search: say with --study where the trials are written down: a file, or the "
            "URL of a database."
        )
    control = Control()
    told = _Report(options.json)
    before = signal.signal(signal.SIGINT, lambda *_: control.stop())
    try:
        info = run(
            project,
            settings,
            study=study,
            runs_folder=options.runs or runs_folder(),
            on_event=told,
            control=control,
            data_folder=options.data,
            name=options.file.stem,
            cache_folder=cache_folder(),
            budget=budget,
        )
    finally:
        signal.signal(signal.SIGINT, before)
    if not options.json:
        _print_ranking(info)
        print(told.ended)
    return 0


def _asked_for(options: argparse.Namespace) -> tuple[Project, SearchSettings, set[str]]:
    """The project and the search with `--set`, `--space` and the budget put in.

    Third, what of the budget was asked for: the rest is the study's, if there is one.
    """
    from cnnstudio.data.settings import DataSettings
    from cnnstudio.data.settings_model import apply_assignments, settings_from_json
    from cnnstudio.search.settings import PART, SearchSettings, parse_entry
    from cnnstudio.search.study import BUDGET
    from cnnstudio.training.settings import TrainingSettings

    project = project_in(options.file)
    assignments = list(options.assignments)
    asked = {name: getattr(options, name) for name in BUDGET}
    assignments += [f"{PART}.{name}={value}" for name, value in asked.items() if value is not None]
    parts = apply_assignments(
        {"data": project.data, "training": project.training, PART: project.extra.get(PART, {})},
        assignments,
    )
    for entry in options.space:
        key, equals, text = entry.partition("=")
        if not equals:
            raise UsageError(
                f'cnnstudio search: "{entry}" is not KEY=VALUES, for example '
                "training.optimizer.learning_rate=1e-4..1e-1:log."
            )
        space = parts[PART].setdefault("space", {})
        space[key.strip()] = parse_entry(text).to_json()
    settings_from_json(DataSettings, parts["data"], "data")
    settings_from_json(TrainingSettings, parts["training"], "training")
    settings = settings_from_json(SearchSettings, parts[PART], PART)
    given = {each.partition("=")[0].strip() for each in assignments}
    budget = {name for name in BUDGET if f"{PART}.{name}" in given}
    return replace(project, data=parts["data"], training=parts["training"]), settings, budget


class _Report:
    """Prints what happens: a JSON object a line, or a line a trial for people."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._trial: int | None = None
        # The last line, below the ranking.
        self.ended = ""

    def __call__(self, event: Any) -> None:
        from cnnstudio.search import events

        own = isinstance(event, events.SearchEvent)
        if isinstance(event, events.TrialBegan):
            self._trial = event.trial
        if self._as_json:
            if own:
                print_line(event.to_json())
            elif event.kind in STREAMED:
                print_line({**event.to_json(), "trial": self._trial})
        else:
            self._say(event)

    def _say(self, event: Any) -> None:
        from cnnstudio.search import events
        from cnnstudio.search.sampling import limit_of
        from cnnstudio.training.events import Skipped

        if isinstance(event, events.SearchBegan):
            limit = limit_of(event.trials, event.combinations)
            many = "" if limit is None else f" of {limit}"
            print(f"Study {event.study}: {event.done}{many} trials done", flush=True)
            if event.note:
                cut = event.trials is not None and event.trials < (event.combinations or 0)
                way = f" --trials {event.combinations} tries all." if cut else ""
                print(event.note + way, flush=True)
        elif isinstance(event, events.TrialBegan):
            verb = "goes on" if event.resumed else "begins"
            print(f"trial {event.trial} {verb}: {values_text(event.values)}", flush=True)
        elif isinstance(event, events.TrialEnded):
            said = "" if event.figure is None else f" at {figure(event.figure)}"
            stopped = event.state == "waiting"
            why = f": {event.reason}" if event.reason and not stopped else ""
            print(f"trial {event.trial} {_state(event.state)}{said}{why}", flush=True)
        elif isinstance(event, events.SearchWaits):
            numbers = ", ".join(map(str, event.trials))
            print(f"waiting whether trial {numbers} still trains elsewhere", flush=True)
        elif isinstance(event, events.SearchEnded):
            self.ended = event.note
            if event.next:
                self.ended += f" The same command goes on with {event.next}."
        elif isinstance(event, Skipped):
            print(f"skipped {event.path}: {event.reason}", file=sys.stderr)


def values_text(values: Any) -> str:
    """The values of a trial in a line; of each key the last words tell enough."""
    return ", ".join(
        f"{'.'.join(name.split('.')[1:])} {value:.4g}"
        if isinstance(value, float)
        else f"{'.'.join(name.split('.')[1:])} {value}"
        for name, value in values.items()
    )


def _print_ranking(info: StudyInfo) -> None:
    shown = [trial for trial in info.ranked if trial.figure is not None][:_SHOWN]
    if not shown:
        return
    keys = list(info.settings.space)
    many = len(info.trials)
    best = "The best of one trial" if many == 1 else f"The best of {many} trials"
    print(f"\n{best} by {info.settings.monitor}:")
    print_table(
        ("trial", "state", info.settings.monitor, *(key.rpartition(".")[2] for key in keys), "run"),
        [
            (
                str(trial.number),
                _state(trial.state),
                figure(trial.figure),
                *(_short(trial.values.get(key, "")) for key in keys),
                trial.run.name if trial.run else "",
            )
            for trial in shown
        ],
        right={0, *range(2, 3 + len(keys))},
    )


def _state(state: str) -> str:
    """A trial's state in a word: one that waits was stopped."""
    return "stopped" if state == "waiting" else state


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
