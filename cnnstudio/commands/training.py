"""Commands that train and list runs; the engine is the window's."""

from __future__ import annotations

import argparse
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnstudio.app.paths import runs_folder
from cnnstudio.commands.output import (
    byte_count,
    figure,
    print_json,
    print_line,
    print_table,
)
from cnnstudio.errors import StudioError, UsageError
from cnnstudio.graph.project import SUFFIX, Project, load_project

if TYPE_CHECKING:
    from cnnstudio.training.control import Control
    from cnnstudio.training.events import Finished


def train(options: argparse.Namespace) -> int:
    """Train a project, or go on with a run; the engine is the window's."""
    from cnnstudio.training.control import Control

    project = _project_to_train(options)
    control = Control()
    report = _TrainReport(options.json)
    before = signal.signal(signal.SIGINT, lambda *_: control.stop())
    try:
        if options.find_rate:
            _find_rate(options, project, control)
        elif options.folds is None:
            _run(options, project, control, report)
        else:
            _cross_validate(options, project, control, report)
    finally:
        signal.signal(signal.SIGINT, before)
    return 0


def _run(
    options: argparse.Namespace,
    project: Project,
    control: Control,
    report: _TrainReport,
    name: str = "",
) -> None:
    from cnnstudio.app.paths import cache_folder
    from cnnstudio.training.run import train as run

    stem = options.file.stem if options.file else "network"
    run(
        project,
        data_folder=options.data,
        runs_folder=options.runs or runs_folder(),
        on_event=report,
        control=control,
        resume=options.resume,
        name=stem + name,
        cache_folder=cache_folder(),
    )


def _cross_validate(
    options: argparse.Namespace, project: Project, control: Control, report: _TrainReport
) -> None:
    """Train once for each fold; print the mean and the spread of the figures."""
    from cnnstudio.training.folds import fold_projects, spread_of

    if options.resume is not None:
        raise UsageError("cnnstudio train: --folds begins new runs; leave out --resume.")
    if options.folds < 2:
        raise UsageError("cnnstudio train: --folds takes 2 or more.")
    for number, fold in enumerate(fold_projects(project, options.folds), 1):
        if not options.json:
            print(f"fold {number} of {options.folds}", flush=True)
        _run(options, fold, control, report, f"-fold-{number}-of-{options.folds}")
        if control.stopping:
            break
    done = report.finished
    spread = spread_of([event.metrics for event in done])
    if options.json:
        figures = {
            name: {"mean": each.mean, "deviation": each.deviation, "values": list(each.values)}
            for name, each in spread.items()
        }
        runs = [str(event.run) for event in done]
        print_line({"event": "folds", "folds": options.folds, "runs": runs, "metrics": figures})
        return
    print(f"\n{len(done)} of {options.folds} folds, the best epoch of each:")
    print_table(
        ("figure", "mean", "spread", *(f"fold {n}" for n in range(1, len(done) + 1))),
        [
            (name, figure(each.mean), figure(each.deviation), *map(figure, each.values))
            for name, each in spread.items()
        ],
        right=set(range(1, len(done) + 3)),
    )


def _find_rate(options: argparse.Namespace, project: Project, control: Control) -> None:
    """The range test; with --json a line a batch, and one with the suggestion."""
    from cnnstudio.app.paths import cache_folder
    from cnnstudio.training.range_test import Point, find_rate

    if options.resume is not None:
        raise UsageError("cnnstudio train: --find-rate tries a project; leave out --resume.")

    def show(point: Point) -> None:
        if options.json:
            print_line({"event": "rate", "learning_rate": point.rate, "loss": point.loss})

    test = find_rate(
        project,
        data_folder=options.data,
        cache_folder=cache_folder(),
        on_point=show,
        stopping=lambda: control.stopping,
    )
    if options.json:
        print_line({"event": "suggestion", "learning_rate": test.suggestion})
    elif test.suggestion is None:
        print("The loss never fell clearly: no learning rate can be suggested.")
    else:
        print(
            f"Suggested learning rate: {test.suggestion:g}; train with "
            f"--set training.optimizer.learning_rate={test.suggestion:g}"
        )


def runs(options: argparse.Namespace) -> None:
    """List runs, or compare two of them."""
    from cnnstudio.training.runs import list_runs

    folder = options.folder or runs_folder()
    if options.folder and not folder.is_dir():
        raise StudioError(f"There is no folder {folder}.")
    if options.compare is not None:
        _compare_runs(options, folder)
        return
    if options.all:
        raise UsageError("cnnstudio runs: --all goes with --compare.")
    found = list_runs(folder, thorough=options.check)
    if options.json:
        print_json([run.to_json() for run in found])
        return
    if not found:
        print(f"No runs in {folder} yet: cnnstudio train makes one.")
        return
    print_table(
        ("run", "state", "epochs", "val accuracy", "val loss", "started"),
        [
            (
                run.path.name,
                run.state,
                f"{run.epochs_done}/{run.epochs}",
                figure(run.best_val_accuracy),
                figure(run.best_val_loss),
                f"{run.started:%Y-%m-%d %H:%M}" if run.started else "",
            )
            for run in found
        ],
        right={2, 3, 4},
    )
    for damage in (damage for run in found for damage in run.damages):
        print(f"damaged: {damage}", file=sys.stderr)


def _compare_runs(options: argparse.Namespace, folder: Path) -> None:
    """Two runs side by side: figures, settings, networks."""
    from cnnstudio.analysis.compare import compare
    from cnnstudio.app.networks import open_side
    from cnnstudio.training.differences import differences, value_words
    from cnnstudio.training.runs import run_info

    paths = [path if path.is_dir() else folder / path for path in options.compare]
    for path, named in zip(paths, options.compare, strict=True):
        if not path.is_dir():
            raise StudioError(f"There is no run {named}, here or in {folder}.")
    old, new = (run_info(path, thorough=options.check) for path in paths)
    networks = compare(*(open_side(path) for path in paths))
    found = differences(old, new)
    if options.json:
        told = found.to_json(only_differences=not options.all)
        print_json({**told, "network": networks.to_json()})
        return
    print_table(
        ("best epoch", old.name, new.name),
        [
            (each.key.replace("_", " "), *(_plain(value) for value in (each.old, each.new)))
            for each in found.figures
        ],
        right={1, 2},
    )
    settings = found.settings if options.all else found.differing
    print()
    if settings:
        print_table(
            ("setting", old.name, new.name),
            [(each.key, value_words(each.old), value_words(each.new)) for each in settings],
        )
    else:
        print("The settings are the same.")
    print(f"\n{networks.to_text(byte_count, only_differences=not options.all)}", end="")


def _plain(value: float | None) -> str:
    return f"{value:,}" if isinstance(value, int) else figure(value)


# The events scripts rely on.
STREAMED = frozenset({"started", "batch", "epoch", "finished", "stopped", "failed"})


class _TrainReport:
    """Prints training events: a JSON object a line, or a line an epoch for people."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self.finished: list[Finished] = []

    def __call__(self, event: Any) -> None:
        from cnnstudio.training import events

        if isinstance(event, events.Finished):
            self.finished.append(event)
        if self._as_json:
            if event.kind in STREAMED:
                print_line(event.to_json())
            return
        if isinstance(event, events.Started):
            print(f"Training on {event.device}; the run is kept in {event.run}", flush=True)
        elif isinstance(event, events.EpochDone):
            figures = "  ".join(
                f"{name} {value:.4f}"
                for name, value in {"loss": event.loss, **event.metrics}.items()
            )
            print(
                f"epoch {event.epoch}/{event.epochs}  {figures}  "
                f"{event.images_per_second:,.0f} images/s",
                flush=True,
            )
        elif isinstance(event, events.PhaseBegun):
            print(
                f"Fine-tuning: {event.layers} layers, {event.parameters:,} parameters, learning "
                f"rate {event.learning_rate:g}",
                flush=True,
            )
        elif isinstance(event, events.Skipped):
            print(f"skipped {event.path}: {event.reason}", file=sys.stderr)
        elif isinstance(event, events.Message):
            print(event.text, file=sys.stderr)
        elif isinstance(event, events.Finished):
            print(f"Finished: {event.run}")
        elif isinstance(event, events.Stopped):
            print(f"Stopped; go on with: cnnstudio train --resume {event.run}")


def _project_to_train(options: argparse.Namespace) -> Project:
    """The project named, with the assignments of `--set`, `--epochs` and `--data` put in."""
    from cnnstudio.data.settings import DataSettings
    from cnnstudio.data.settings_model import apply_assignments, settings_from_json
    from cnnstudio.training.settings import TrainingSettings

    if options.resume is not None:
        from cnnstudio.keras_build.trained import PROJECT_FILE

        if options.file is not None:
            raise UsageError("cnnstudio train: give a project or --resume RUN, not both.")
        if not options.resume.is_dir():
            raise StudioError(f"There is no run {options.resume}.")
        project = load_project(options.resume / PROJECT_FILE)
    elif options.file is None:
        raise UsageError("cnnstudio train: name a project, or a run with --resume RUN.")
    else:
        project = project_in(options.file)
    assignments = list(options.assignments)
    if options.epochs is not None and options.resume is None:
        assignments.append(f"training.epochs={options.epochs}")
    parts = apply_assignments({"data": project.data, "training": project.training}, assignments)
    if options.epochs is not None and options.resume is not None:
        from cnnstudio.training.resume import with_epochs

        parts["training"] = with_epochs(parts["training"], options.resume, options.epochs)
    settings_from_json(DataSettings, parts["data"], "data")
    settings_from_json(TrainingSettings, parts["training"], "training")
    return replace(project, data=parts["data"], training=parts["training"])


def project_in(path: Path) -> Project:
    """The project in a file. Raises `StudioError`, also for a model or a run."""
    if path.suffix in {".keras", ".h5"} or path.is_dir():
        raise StudioError(f"{path} is not a project: name a {SUFFIX} file.")
    return load_project(path)
