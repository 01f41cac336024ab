"""Runs on disk: listed for people, and read back for their curves. Needs no TensorFlow."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from cnnstudio.errors import StudioError
from cnnstudio.graph.project import load_project
from cnnstudio.keras_build.trained import (
    CHECKPOINT_FOLDER,
    CLASSES_FILE,
    EVENTS_FILE,
    METRICS_FILE,
    MODEL_FILE,
    PROJECT_FILE,
)
from cnnstudio.training import checkpoint
from cnnstudio.training.care import Remark, read_remark
from cnnstudio.training.errors import TrainingError, first_line
from cnnstudio.training.lock import is_locked

RunState = Literal["running", "finished", "stopped", "failed", "interrupted", "damaged"]
_ENDS: dict[str, RunState] = {"finished": "finished", "stopped": "stopped", "failed": "failed"}
# An event takes at most a few hundred bytes; the last ones are in the last part of the file.
_TAIL = 16_384


@dataclass(frozen=True)
class RunInfo:
    """A run on disk.

    Attributes:
        state: `running` while a program trains it, `interrupted` when that ended without a word
            (a crash, a power cut), `damaged` when files are missing or cannot be read.
        reason: why, for `failed` and `damaged`.
        seconds: training time without pauses, as far as the checkpoint knows.
        settings: the project's `data` and `training` parts as used.
        resumable: whether it can be gone on with.
        has_model: whether `model.keras` is there.
        remark: the name, notes and star that a person gave it.
    """

    path: Path
    name: str
    state: RunState
    reason: str = ""
    started: datetime | None = None
    epochs_done: int = 0
    epochs: int = 0
    best_epoch: int | None = None
    best_accuracy: float | None = None
    best_loss: float | None = None
    best_val_accuracy: float | None = None
    best_val_loss: float | None = None
    seconds: float | None = None
    classes: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    resumable: bool = False
    has_model: bool = False
    remark: Remark = field(default_factory=Remark)

    def to_json(self) -> dict[str, Any]:
        """The run as plain JSON data."""
        return {
            "run": str(self.path),
            "name": self.name,
            "state": self.state,
            "reason": self.reason,
            "started": self.started.isoformat() if self.started else None,
            "epochs_done": self.epochs_done,
            "epochs": self.epochs,
            "best_epoch": self.best_epoch,
            "accuracy": self.best_accuracy,
            "loss": self.best_loss,
            "val_accuracy": self.best_val_accuracy,
            "val_loss": self.best_val_loss,
            "seconds": self.seconds,
            "classes": list(self.classes),
            "settings": dict(self.settings),
            "title": self.remark.title,
            "notes": self.remark.notes,
            "starred": self.remark.starred,
        }


@dataclass(frozen=True)
class History:
    """What a run logged, for curves.

    Attributes:
        batches: `batch` events as JSON data (`epoch`, `step`, `steps`, `loss`, `accuracy`, …), in
            order of training; of epochs that were trained again, the last time.
        epochs: rows of `metrics.csv`, `epoch` from 1, `loss`, `accuracy`, `val_…`, `learning_rate`.
        rates: `learning_rate` events: where the rate was changed by hand or on a plateau.
    """

    batches: tuple[Mapping[str, Any], ...] = ()
    epochs: tuple[Mapping[str, float], ...] = ()
    rates: tuple[Mapping[str, Any], ...] = ()


def list_runs(folder: Path) -> list[RunInfo]:
    """The runs in a folder, newest first; none if there is no such folder. Never raises."""
    try:
        paths = [path for path in folder.iterdir() if path.is_dir() and _looks_like_run(path)]
    except OSError:
        return []
    runs = [run_info(path) for path in paths]
    # Those whose start is unknown come last; names begin with the time.
    return sorted(runs, key=lambda run: (run.started or datetime.min, run.name), reverse=True)


def run_info(path: Path) -> RunInfo:
    """What is known about one run; a damaged one says why instead of raising."""
    try:
        return _info(path)
    except StudioError as error:
        return RunInfo(path, path.name, "damaged", error.message)
    except Exception as error:  # noqa: BLE001 - files of any content may lie there
        return RunInfo(path, path.name, "damaged", f"{path} cannot be read: {first_line(error)}.")


def ended(path: Path) -> bool:
    """Whether the last word of a run is that it ended, not that it trains."""
    return str(_ends(path / EVENTS_FILE)[1].get("event")) in _ENDS


def read_history(path: Path) -> History:
    """What a run logged so far. Raises `TrainingError` if a file cannot be read."""
    batches: list[Mapping[str, Any]] = []
    rates: list[Mapping[str, Any]] = []
    try:
        file = (path / EVENTS_FILE).open(encoding="utf-8", errors="replace")
        with file:
            for line in file:
                found = batches if line.startswith('{"event": "batch"') else rates
                if found is rates and not line.startswith('{"event": "learning_rate"'):
                    continue
                event = _parsed(line)
                if event is None:
                    continue
                # What was trained again takes the place of what was there.
                place = (event["epoch"], event["step"])
                while found and (found[-1]["epoch"], found[-1]["step"]) >= place:
                    found.pop()
                found.append(event)
    except FileNotFoundError:
        pass
    except (OSError, KeyError, TypeError) as error:
        raise TrainingError(f"{path / EVENTS_FILE} cannot be read: {first_line(error)}.") from None
    return History(tuple(batches), tuple(_epochs(path / METRICS_FILE)), tuple(rates))


def _looks_like_run(path: Path) -> bool:
    return any((path / name).exists() for name in (PROJECT_FILE, EVENTS_FILE, MODEL_FILE))


def _info(path: Path) -> RunInfo:
    project = load_project(path / PROJECT_FILE)
    first, last = _ends(path / EVENTS_FILE)
    rows = _epochs(path / METRICS_FILE)
    best = _best(rows, project.training)
    seconds, resumable = None, False
    try:
        state, _ = checkpoint.read_state(path / CHECKPOINT_FOLDER)
        seconds, resumable = state.seconds, True
    except TrainingError:
        pass
    kind = str(last.get("event"))
    end: RunState = "running" if is_locked(path) else _ENDS.get(kind, "interrupted")
    if end == "interrupted" and not (path / CHECKPOINT_FOLDER / checkpoint.STATE_FILE).exists():
        # It died before its first checkpoint: going on begins at the beginning.
        resumable = True
    return RunInfo(
        path=path,
        name=path.name,
        state=end,
        reason=str(last.get("message", "")) if end == "failed" else "",
        started=datetime.fromtimestamp(first["time"]) if "time" in first else None,
        epochs_done=len(rows),
        epochs=int(project.training.get("epochs", 0)),
        best_epoch=int(best["epoch"]) if best else None,
        best_accuracy=best.get("accuracy"),
        best_loss=best.get("loss"),
        best_val_accuracy=best.get("val_accuracy"),
        best_val_loss=best.get("val_loss"),
        seconds=seconds,
        classes=_classes(path / CLASSES_FILE),
        settings={"data": dict(project.data), "training": dict(project.training)},
        resumable=resumable,
        has_model=(path / MODEL_FILE).is_file(),
        remark=read_remark(path),
    )


def _best(rows: list[dict[str, float]], training: Mapping[str, Any]) -> dict[str, float]:
    """The row of the epoch that `model.keras` holds; empty without a row."""
    stopping = training.get("early_stopping", {})
    monitor = stopping.get("monitor", "val_loss") if stopping.get("enabled") else "val_loss"
    if rows and monitor not in rows[0]:
        monitor = monitor.removeprefix("val_")
    known = [row for row in rows if monitor in row and math.isfinite(row[monitor])]
    if not known:
        return rows[0] if rows else {}
    choose = max if monitor.endswith("accuracy") else min
    return choose(known, key=lambda row: row[monitor])


def _ends(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The first event of a run and the last one, empty where there is none."""
    try:
        with path.open("rb") as file:
            first = file.readline()
            size = file.seek(0, 2)
            file.seek(max(0, size - _TAIL))
            lines = file.read().splitlines()
    except FileNotFoundError:
        return {}, {}
    events = (_parsed(line.decode("utf-8", "replace")) for line in reversed(lines))
    last = next((event for event in events if event is not None), {})
    return _parsed(first.decode("utf-8", "replace")) or {}, last


def _epochs(path: Path) -> list[dict[str, float]]:
    """The rows of `metrics.csv` with epochs from 1, without columns that have no figure."""
    try:
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            table = list(csv.DictReader(file))
    except FileNotFoundError:
        return []
    except (OSError, csv.Error) as error:
        raise TrainingError(f"{path} cannot be read: {first_line(error)}.") from None
    rows = []
    for line in table:
        row = {}
        for name, text in line.items():
            try:
                row[name] = float(text)
            except (TypeError, ValueError):
                continue
        if "epoch" in row and "loss" in row:
            row["epoch"] += 1
            rows.append(row)
    return rows


def _classes(path: Path) -> tuple[str, ...]:
    try:
        return tuple(path.read_text(encoding="utf-8").splitlines())
    except (OSError, UnicodeDecodeError):
        return ()


def _parsed(line: str) -> dict[str, Any] | None:
    """An event, or None for a line that a crash cut short."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) else None
