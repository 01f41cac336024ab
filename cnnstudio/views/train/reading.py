"""The curves of runs on disk."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from cnnstudio.data.settings_model import settings_from_json
from cnnstudio.graph.project import Project, load_project
from cnnstudio.keras_build.trained import PROJECT_FILE
from cnnstudio.training.runs import read_history
from cnnstudio.training.settings import TrainingSettings
from cnnstudio.views.train.series import History

# What a batch event says besides figures.
_NO_FIGURES = {"event", "run", "time", "epoch", "step", "steps", "images_per_second"}


def read_curves(path: Path) -> tuple[History, int]:
    """The curves of a run on disk and its number of epochs. Raises `TrainingError`."""
    found = read_history(path)
    history = History()
    epochs = 0
    for batch in found.batches:
        at = batch["epoch"] - 1 + batch["step"] / max(batch["steps"], 1)
        values = {name: v for name, v in batch.items() if name not in _NO_FIGURES}
        history.add_batch(
            at, {name: math.nan if v is None else float(v) for name, v in values.items()}
        )
        history.steps = batch["steps"]
        epochs = max(epochs, batch["epoch"])
    for row in found.epochs:
        figures = {k: v for k, v in row.items() if k not in ("epoch", "learning_rate")}
        history.add_epoch(row["epoch"], figures)
        epochs = max(epochs, int(row["epoch"]))
    for change in found.rates:
        at = change["epoch"] - 1 + change["step"] / max(change["steps"], 1)
        history.mark(at, rate_mark(change["learning_rate"]))
    for phase in found.phases:
        history.mark(float(phase["epoch"]), phase_mark(phase["learning_rate"]))
    return history, epochs


def read_several(paths: Sequence[Path]) -> list[tuple[str, History]]:
    """The curves of several runs with their names. Raises `TrainingError`."""
    return [(path.name, read_curves(path)[0]) for path in paths]


def rate_mark(rate: float) -> str:
    """What stands at the place where the learning rate was changed."""
    return f"rate {rate:.3g}"


def phase_mark(rate: float) -> str:
    """What stands at the place where the second phase began."""
    return f"fine-tuning, rate {rate:.3g}"


def read_to_continue(
    run: Path, change: Callable[[TrainingSettings], TrainingSettings] | None = None
) -> tuple[Project, History]:
    """The project of a run, its training changed, and its curves so far. Raises `StudioError`."""
    project, (history, _) = load_project(run / PROJECT_FILE), read_curves(run)
    if change is not None:
        training = settings_from_json(TrainingSettings, project.training, "training")
        project = replace(project, training=change(training).to_json())
    return project, history
