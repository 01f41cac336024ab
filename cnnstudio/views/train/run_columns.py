"""The columns of the table of runs: what each says of a run, and what it is sorted by."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cnnstudio.training.differences import value_words
from cnnstudio.training.runs import RunInfo
from cnnstudio.views.train.progress import in_words


@dataclass(frozen=True)
class RunColumn:
    """A column. `value` is what it is sorted by, `text` what it shows; `usual` ones are in sight.

    `group` is where the menu of columns has it.
    """

    key: str
    heading: str
    text: Callable[[RunInfo], str]
    value: Callable[[RunInfo], Any]
    right: bool = False
    usual: bool = False
    group: str = ""
    tip: str = ""


def title_of(run: RunInfo) -> str:
    """What a person called a run, or its folder's name without the time that it begins with."""
    plain = re.sub(r"^\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d_", "", run.name)
    return run.remark.title or plain or run.name


def settings_of(run: RunInfo) -> str:
    """The settings that runs differ by most, in a few words."""
    training = run.settings.get("training", {})
    optimizer, schedule = training.get("optimizer", {}), training.get("schedule", {})
    said = (
        [f"{optimizer.get('name', '')} {optimizer.get('learning_rate', ''):g}"] if optimizer else []
    )
    if schedule.get("name", "constant") != "constant":
        said.append(str(schedule["name"]).replace("_", " "))
    if "batch_size" in training:
        said.append(f"batch {training['batch_size']:,}")
    return " · ".join(said)


def accuracy_of(run: RunInfo) -> float | None:
    """On the validation pictures where there were some."""
    return run.best_accuracy if run.best_val_accuracy is None else run.best_val_accuracy


def _loss(run: RunInfo) -> float | None:
    return run.best_loss if run.best_val_loss is None else run.best_val_loss


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _moment(when: datetime | None) -> str:
    """A time of this year without the year."""
    if when is None:
        return ""
    return f"{when:%d %b, %H:%M}" if when.year == datetime.now().year else f"{when:%d %b %Y}"


def _metric(key: str, heading: str) -> RunColumn:
    """A figure of the best epoch, on the validation pictures where there were some."""

    def value(run: RunInfo) -> float | None:
        names = [name for name in run.figures if re.fullmatch(key, name)]
        found = next((f"val_{n}" for n in names if f"val_{n}" in run.figures), None)
        name = found or next(iter(names), None)
        return None if name is None else run.figures[name]

    return RunColumn(
        key,
        heading,
        lambda run: _figure(value(run)),
        value,
        right=True,
        group="Figures",
        tip="On the validation pictures, of the epoch that is kept",
    )


def _setting(key: str, heading: str = "", *, right: bool = False) -> RunColumn:
    """A setting as it was used; empty where it had no effect."""

    def value(run: RunInfo) -> Any:
        return run.used.get(key)

    def text(run: RunInfo) -> str:
        return value_words(value(run)) if key in run.used else ""

    def order(run: RunInfo) -> Any:
        found = value(run)
        return (found if isinstance(found, int | float) else None) if right else text(run)

    heading = heading or key.rpartition(".")[2].replace("_", " ").capitalize()
    return RunColumn(key, heading, text, order, right=right, group="Settings", tip=key)


COLUMNS: tuple[RunColumn, ...] = (
    RunColumn(
        "run",
        "Run",
        lambda run: ("★ " if run.remark.starred else "") + title_of(run),
        lambda run: f"{int(not run.remark.starred)}{title_of(run).lower()}",
        usual=True,
    ),
    RunColumn(
        "state",
        "State",
        lambda run: f"{run.state}, damaged files" if _harmed(run) else run.state,
        lambda run: run.state,
        usual=True,
    ),
    RunColumn(
        "epochs",
        "Epochs",
        lambda run: f"{run.epochs_done:,} / {run.epochs:,}",
        lambda run: run.epochs_done,
        right=True,
        usual=True,
    ),
    RunColumn(
        "accuracy",
        "Accuracy",
        lambda run: _figure(accuracy_of(run)),
        accuracy_of,
        right=True,
        usual=True,
        tip="On the validation pictures, of the epoch that is kept",
    ),
    RunColumn(
        "loss",
        "Loss",
        lambda run: _figure(_loss(run)),
        _loss,
        right=True,
        usual=True,
        tip="On the validation pictures, of the epoch that is kept",
    ),
    _metric("precision", "Precision"),
    _metric("recall", "Recall"),
    _metric("f1", "F1"),
    _metric("auc", "AUC"),
    _metric(r"top_\d+", "Top k"),
    RunColumn(
        "best_epoch",
        "Best epoch",
        lambda run: "" if run.best_epoch is None else f"{run.best_epoch:,}",
        lambda run: run.best_epoch,
        right=True,
        group="Figures",
        tip="The epoch whose weights are kept",
    ),
    RunColumn("settings", "Settings", settings_of, settings_of, usual=True),
    _setting("training.optimizer.name", "Optimizer"),
    _setting("training.optimizer.learning_rate", right=True),
    _setting("training.schedule.name", "Schedule"),
    _setting("training.batch_size", right=True),
    _setting("training.loss", "Loss function"),
    _setting("training.optimizer.weight_decay", right=True),
    _setting("training.label_smoothing", right=True),
    _setting("training.early_stopping.enabled", "Early stopping"),
    _setting("training.precision"),
    _setting("training.seed", right=True),
    _setting("data.image_size"),
    _setting("data.balance"),
    _setting("data.validation_split", "Validation share", right=True),
    _setting("data.folder", "Pictures"),
    RunColumn(
        "time",
        "Time",
        lambda run: "" if run.seconds is None else in_words(run.seconds),
        lambda run: run.seconds,
        right=True,
        usual=True,
        tip="Training time without pauses",
    ),
    RunColumn(
        "notes",
        "Notes",
        lambda run: run.remark.notes.partition("\n")[0][:60],
        lambda run: run.remark.notes.lower(),
        usual=True,
        tip="Double-click a cell to write; Shift+Enter begins a line",
    ),
    RunColumn(
        "date",
        "Date",
        lambda run: _moment(run.started),
        lambda run: run.started.timestamp() if run.started else None,
        usual=True,
    ),
)
PLACES = {column.key: place for place, column in enumerate(COLUMNS)}


def _harmed(run: RunInfo) -> bool:
    return bool(run.damages) and run.state != "damaged"
