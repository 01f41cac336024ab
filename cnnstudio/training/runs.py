"""Runs on disk: listed for people, and read back for their curves. Needs no TensorFlow."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from cnnstudio.data.settings_model import SettingsError, settings_from_json
from cnnstudio.keras_build.trained import EVENTS_FILE, METRICS_FILE, MODEL_FILE, PROJECT_FILE
from cnnstudio.training.care import Remark, read_remark
from cnnstudio.training.errors import TrainingError, first_line
from cnnstudio.training.meaning import meant
from cnnstudio.training.run_files import Damage, RunFiles, best_of, epochs_of, parsed
from cnnstudio.training.settings import TrainingSettings

RunState = Literal["running", "finished", "stopped", "failed", "interrupted", "damaged"]
_ENDS: dict[str, RunState] = {"finished": "finished", "stopped": "stopped", "failed": "failed"}
_KIND = re.compile(r'\{"event": "(\w+)"')


@dataclass(frozen=True)
class RunInfo:
    """A run on disk.

    Attributes:
        state: `running` while a program trains it, `interrupted` when that ended without a word
            (a crash, a power cut), `damaged` when nothing says what was trained.
        reason: why, for `failed` and `damaged`.
        figures: of the best epoch, the one in `model.keras`: losses and metrics by Keras's names.
        seconds: training time without pauses, as far as the checkpoint knows.
        settings: the project's `data` and `training` parts.
        used: the settings that had an effect, by their dotted names; see `meaning.meant`.
        resumable: whether it can be gone on with.
        has_model: whether `model.keras` is there.
        remark: the name, notes and star that a person gave it.
        damages: its files that are missing or damaged, each with the way out.
    """

    path: Path
    name: str
    state: RunState
    reason: str = ""
    started: datetime | None = None
    epochs_done: int = 0
    epochs: int = 0
    best_epoch: int | None = None
    figures: Mapping[str, float] = field(default_factory=dict)
    seconds: float | None = None
    classes: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    used: Mapping[str, Any] = field(default_factory=dict)
    resumable: bool = False
    has_model: bool = False
    remark: Remark = field(default_factory=Remark)
    damages: tuple[Damage, ...] = ()

    @property
    def best_accuracy(self) -> float | None:
        """Of the training pictures, in the best epoch."""
        return self.figures.get("accuracy")

    @property
    def best_loss(self) -> float | None:
        """Of the training pictures, in the best epoch."""
        return self.figures.get("loss")

    @property
    def best_val_accuracy(self) -> float | None:
        """Of the validation pictures, in the best epoch."""
        return self.figures.get("val_accuracy")

    @property
    def best_val_loss(self) -> float | None:
        """Of the validation pictures, in the best epoch."""
        return self.figures.get("val_loss")

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
            **{
                name: _finite(self.figures.get(name))
                for name in ("accuracy", "loss", "val_accuracy", "val_loss")
            },
            "figures": {name: _finite(value) for name, value in self.figures.items()},
            "seconds": self.seconds,
            "classes": list(self.classes),
            "settings": dict(self.settings),
            "title": self.remark.title,
            "notes": self.remark.notes,
            "starred": self.remark.starred,
            "damages": [
                {"file": str(each.path), "what": each.what, "way_out": each.way_out}
                for each in self.damages
            ],
        }


@dataclass(frozen=True)
class History:
    """What a run logged, for curves.

    Attributes:
        batches: `batch` events as JSON data (`epoch`, `step`, `steps`, `loss`, `accuracy`, …), in
            order of training; of epochs that were trained again, the last time.
        epochs: rows of `metrics.csv`, `epoch` from 1, `loss`, `accuracy`, `val_…`, `learning_rate`.
        rates: `learning_rate` events: where the rate was changed by hand or on a plateau.
        phases: `phase` events: where fine-tuning began.
    """

    batches: tuple[Mapping[str, Any], ...] = ()
    epochs: tuple[Mapping[str, float], ...] = ()
    rates: tuple[Mapping[str, Any], ...] = ()
    phases: tuple[Mapping[str, Any], ...] = ()


def list_runs(folder: Path, *, thorough: bool = False) -> list[RunInfo]:
    """The runs in a folder, newest first; none if there is no such folder. Never raises.

    `thorough` as in `run_info`.
    """
    try:
        paths = [path for path in folder.iterdir() if path.is_dir() and _looks_like_run(path)]
    except OSError:
        return []
    runs = [run_info(path, thorough=thorough) for path in paths]
    # Those whose start is unknown come last; names begin with the time.
    return sorted(runs, key=lambda run: (run.started or datetime.min, run.name), reverse=True)


def run_info(path: Path, *, thorough: bool = False) -> RunInfo:
    """What is known about one run; a damaged one says why instead of raising.

    `thorough` reads every file to its end to find damage, which takes time where models are large.
    """
    try:
        return _info(RunFiles(path, thorough=thorough))
    except Exception as error:  # noqa: BLE001 - files of any content may lie there
        return RunInfo(path, path.name, "damaged", f"{path} cannot be read: {first_line(error)}.")


def ended(path: Path) -> bool:
    """Whether the last word of a run is that it ended, not that it trains."""
    return RunFiles(path).ended


def read_history(path: Path) -> History:
    """What a run logged so far. Raises `TrainingError` if a file cannot be read."""
    events: dict[str, list[Mapping[str, Any]]] = {"batch": [], "learning_rate": [], "phase": []}
    if not (path / EVENTS_FILE).is_file():
        return History(epochs=tuple(epochs_of(path / METRICS_FILE)[0]))
    try:
        with (path / EVENTS_FILE).open(encoding="utf-8", errors="replace") as file:
            for line in file:
                kind = _KIND.match(line)
                found = events.get(kind[1]) if kind else None
                event = parsed(line) if found is not None else None
                if found is None or event is None or not _placed(event):
                    continue
                # What was trained again takes the place of what was there.
                place = (event["epoch"], event["step"])
                while found and (found[-1]["epoch"], found[-1]["step"]) >= place:
                    found.pop()
                found.append(event)
    except OSError as error:
        raise TrainingError(f"{path / EVENTS_FILE} cannot be read: {first_line(error)}.") from None
    batches, rates, phases = (tuple(found) for found in events.values())
    return History(batches, tuple(epochs_of(path / METRICS_FILE)[0]), rates, phases)


def _placed(event: Mapping[str, Any]) -> bool:
    """Whether an event says at which step of which epoch it was, and has figures to draw."""
    names = ("epoch", "step", "steps", "learning_rate")
    return all(isinstance(event.get(name), int | float) for name in names) and not any(
        isinstance(value, str | list | dict)
        for name, value in event.items()
        if name not in ("event", "run")
    )


def _looks_like_run(path: Path) -> bool:
    return any((path / name).exists() for name in (PROJECT_FILE, EVENTS_FILE, MODEL_FILE))


def _info(files: RunFiles) -> RunInfo:
    path, damages = files.path, tuple(files.damages)
    started = files.first.get("time")
    kind = str(files.last.get("event"))
    end: RunState = "running" if files.locked else _ENDS.get(kind, "interrupted")
    project, state = files.project, files.state
    reason = str(files.last.get("message", "")) if end == "failed" else ""
    training: Mapping[str, Any] = {}
    settings: dict[str, Any] = {}
    if project is None:
        end, reason = "damaged", str(damages[0])
        settings = {}
    else:
        training = project.training
        settings = {"data": dict(project.data), "training": dict(training)}
    best = best_of(files.rows, training)
    # It broke off before its first checkpoint: going on begins at the beginning.
    early = end in ("interrupted", "failed") and not files.has_checkpoint
    return RunInfo(
        path=path,
        name=path.name,
        state=end,
        reason=reason,
        started=datetime.fromtimestamp(started) if isinstance(started, int | float) else None,
        epochs_done=len(files.rows),
        epochs=_epochs(training, None if state is None else state.border),
        best_epoch=int(best.pop("epoch")) if best else None,
        figures=best,
        seconds=state.seconds if state is not None else None,
        classes=files.classes,
        settings=settings,
        used=meant(settings) if settings else {},
        resumable=project is not None and (state is not None or early),
        has_model=(path / MODEL_FILE).is_file(),
        remark=read_remark(path),
        damages=damages,
    )


def _epochs(training: Mapping[str, Any], border: int | None) -> int:
    """Epochs in all, of both phases; 0 where the settings make no sense."""
    try:
        settings = settings_from_json(TrainingSettings, training, "training")
    except SettingsError:
        return 0
    return settings.epochs_in_all(border)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
