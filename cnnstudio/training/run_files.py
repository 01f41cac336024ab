"""The files of a run, read back: what is damaged is named, and read as far as it can be.

Needs no TensorFlow.
"""

from __future__ import annotations

import csv
import json
import math
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cnnstudio.errors import StudioError
from cnnstudio.graph.project import Project, load_project
from cnnstudio.keras_build.trained import (
    CHECKPOINT_FOLDER,
    CLASSES_FILE,
    ENVIRONMENT_FILE,
    EVENTS_FILE,
    METRICS_FILE,
    MODEL_FILE,
    PROJECT_FILE,
    SPLIT_FILE,
)
from cnnstudio.training import checkpoint
from cnnstudio.training.care import PERSON_FILE
from cnnstudio.training.errors import TrainingError, first_line
from cnnstudio.training.lock import is_locked

ENDS = ("finished", "stopped", "failed")
# An event takes at most a few hundred bytes; the last ones are in the last part of the file.
_TAIL = 16_384
_ANEW = "The run cannot be gone on with"


@dataclass(frozen=True)
class Damage:
    """A file that is missing or not what it was, and the way out."""

    path: Path
    what: str
    way_out: str

    def __str__(self) -> str:
        return f"{self.path} {self.what}. {self.way_out}"


class RunFiles:
    """The files of the run in a folder, each read once.

    `thorough` reads all of them to their ends; otherwise large ones are looked at where damage
    usually shows. A run that is being trained (`locked`) is taken as it is.

    Attributes:
        damages: the damaged files.
        locked: whether a program trains the run now.
        project: what was trained, None if it cannot be read.
        first, last: the first and the last event, empty if unknown.
        rows: the epochs of `metrics.csv`, from 1, without columns that have no figure.
        state: where the checkpoint is; None if there is none that can be read.
        has_checkpoint: whether there is one, or what is left of one.
        classes: their names; those of the first event where the list is damaged.
    """

    def __init__(self, path: Path, *, thorough: bool = False, locked: bool | None = None) -> None:
        self.path = path
        self.damages: list[Damage] = []
        self.locked = is_locked(path) if locked is None else locked
        self.project: Project | None = None
        self.state: checkpoint.State | None = None
        self._thorough = thorough
        self.first, self.last = self._ends()
        self.rows, table_fault = epochs_of(path / METRICS_FILE)
        self._look_at_checkpoint()
        self._look_at_project()
        self.classes = self._look_at_classes()
        if not self.locked:
            self._look_at_events()
            self._look_at_table(table_fault)
            self._look_at_model()
            self._look_at_rest()

    @property
    def ended(self) -> bool:
        """Whether its last word is that it ended, not that it trains."""
        return self.last.get("event") in ENDS

    @property
    def kept(self) -> bool:
        """Whether it ended with a checkpoint for sure: it was finished or stopped."""
        return self.last.get("event") in ("finished", "stopped")

    def _blame(self, name: str, what: str, way_out: str) -> None:
        if not self.locked:
            self.damages.append(Damage(self.path / name, what, way_out))

    def _ends(self) -> tuple[dict[str, Any], dict[str, Any]]:
        try:
            with (self.path / EVENTS_FILE).open("rb") as file:
                first = file.readline(_TAIL)
                size = file.seek(0, 2)
                file.seek(max(0, size - _TAIL))
                lines = file.read().splitlines()
        except OSError:
            return {}, {}
        events = (parsed(line.decode("utf-8", "replace")) for line in reversed(lines))
        last = next((event for event in events if event is not None), {})
        return parsed(first.decode("utf-8", "replace")) or {}, last

    def _look_at_project(self) -> None:
        try:
            self.project = load_project(self.path / PROJECT_FILE)
        except StudioError as error:
            reason = error.message.removeprefix(f"{self.path / PROJECT_FILE}").lstrip(": ")
            missing = not (self.path / PROJECT_FILE).exists()
            self.damages.append(
                Damage(
                    self.path / PROJECT_FILE,
                    "is missing" if missing else f"cannot be read: {reason.rstrip('.')}",
                    f"Put it back from a copy. {_ANEW} without it; {MODEL_FILE} still classifies, "
                    "and can be imported as a project.",
                )
            )

    def _look_at_checkpoint(self) -> None:
        folder = self.path / CHECKPOINT_FOLDER
        file = folder / checkpoint.STATE_FILE
        there = file.exists()
        self.has_checkpoint = there
        if not there and not self.kept and not any(folder.glob("*.npz")):
            return  # it broke off before its first checkpoint
        way_out = (
            f"Put it back from a copy. {_ANEW} without it; open it as a new project with its "
            "weights and train that."
        )
        try:
            state, arrays = checkpoint.read_state(folder)
        except TrainingError as error:
            what = _reason(error, file) if there else "is missing"
            self._blame(f"{CHECKPOINT_FOLDER}/{file.name}", what, way_out)
            return
        self.state = state
        fault = zip_fault(folder / arrays, thorough=self._thorough)
        if fault:
            self.state = None
            self._blame(f"{CHECKPOINT_FOLDER}/{arrays}", fault, way_out)

    def _look_at_classes(self) -> tuple[str, ...]:
        known = self.first.get("classes")
        told = tuple(map(str, known)) if isinstance(known, list) else ()
        try:
            text = (self.path / CLASSES_FILE).read_text(encoding="utf-8")
            found, what = tuple(text.splitlines()), "does not hold the classes of the training"
        except FileNotFoundError:
            found, what = (), "is missing"
        except (OSError, UnicodeDecodeError):
            found, what = (), "cannot be read"
        if told and found != told:
            self._blame(CLASSES_FILE, what, f"Write them into it, one a line: {', '.join(told)}.")
            return told
        if not found:
            self._blame(CLASSES_FILE, what, "Write the names of the classes into it, one a line.")
        return found

    def _look_at_events(self) -> None:
        file = self.path / EVENTS_FILE
        way_out = "Nothing else needs it: curves by step are lost, those by epoch are not."
        done = max((int(row["epoch"]) for row in self.rows), default=0)
        if not file.exists():
            self._blame(EVENTS_FILE, "is missing", way_out)
        elif not self.first or (self._thorough and _spoilt(file)):
            self._blame(EVENTS_FILE, "is damaged", way_out)
        elif not self.ended and _number(self.last.get("epoch")) < done:
            self._blame(EVENTS_FILE, "is cut short", way_out)

    def _look_at_table(self, fault: str) -> None:
        done = self.state.epoch if self.state is not None else 0
        rows = {int(row["epoch"]) for row in self.rows}
        missing = [epoch for epoch in range(1, done + 1) if epoch not in rows]
        way_out = "Put it back from a copy; nothing else needs it, but its curves have gaps."
        if not (self.path / METRICS_FILE).exists():
            if done or self.last.get("event") == "finished":
                self._blame(METRICS_FILE, "is missing", way_out)
        elif fault:
            self._blame(METRICS_FILE, fault, way_out)
        elif missing:
            what = f"has no row of {len(missing):,} of {done:,} epochs"
            self._blame(METRICS_FILE, what, way_out)

    def _look_at_model(self) -> None:
        file = self.path / MODEL_FILE
        way_out = "Go on with the run: it is written again at the end of an epoch."
        if not file.exists():
            if self.kept or (self.state is not None and self.state.epoch > 0):
                self._blame(MODEL_FILE, "is missing", way_out)
        elif fault := zip_fault(file, thorough=self._thorough):
            self._blame(MODEL_FILE, fault, way_out)

    def _look_at_rest(self) -> None:
        for name, needed, way_out in (
            (ENVIRONMENT_FILE, True, "Nothing needs it: it says which versions trained the run."),
            (PERSON_FILE, False, "The name, notes and star of the run are lost: give them again."),
        ):
            try:
                document = json.loads((self.path / name).read_text(encoding="utf-8"))
                if not isinstance(document, dict):
                    self._blame(name, "is damaged", way_out)
            except FileNotFoundError:
                if needed:
                    self._blame(name, "is missing", way_out)
            except (OSError, ValueError):
                self._blame(name, "is damaged", way_out)
        way_out = "Put it back from a copy; without it other pictures are held out to measure on."
        try:
            with (self.path / SPLIT_FILE).open(encoding="utf-8", newline="") as file:
                if not {"path", "split"} <= set(next(csv.reader(file), [])):
                    self._blame(SPLIT_FILE, "is damaged", way_out)
        except FileNotFoundError:
            pass  # runs of earlier versions have none
        except (OSError, UnicodeDecodeError, csv.Error):
            self._blame(SPLIT_FILE, "is damaged", way_out)


def parsed(line: str) -> dict[str, Any] | None:
    """An event, or None for a line that a crash cut short."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None


def epochs_of(path: Path) -> tuple[list[dict[str, float]], str]:
    """The rows of a `metrics.csv`, `epoch` from 1, and what is wrong with it, if anything is."""
    if path.exists() and not path.is_file():
        return [], "is no file"  # a device may have no end
    try:
        with path.open(encoding="utf-8", newline="") as file:
            lines = list(csv.reader(file))
    except FileNotFoundError:
        return [], ""
    except OSError as error:
        return [], f"cannot be read: {first_line(error)}"
    except (UnicodeDecodeError, csv.Error):
        return [], "is damaged"
    if not lines or not {"epoch", "loss"} <= set(lines[0]):
        return [], "is damaged"
    return list(_rows(lines[0], lines[1:]).values()), ""


def _rows(columns: Sequence[str], lines: Sequence[Sequence[str]]) -> dict[float, dict[str, float]]:
    """The rows by epoch; of an epoch that is there twice, the last."""
    rows: dict[float, dict[str, float]] = {}
    for line in lines:
        row = {}
        for name, text in zip(columns, line, strict=False):
            try:
                row[name] = float(text)
            except ValueError:
                continue
        # A line that a crash cut short has no end.
        whole = len(line) == len(columns)
        if whole and "loss" in row and math.isfinite(epoch := row.get("epoch", math.nan)):
            rows[epoch] = {**row, "epoch": epoch + 1}
    return rows


def zip_fault(path: Path, *, thorough: bool) -> str:
    """What is wrong with a file that is an archive inside; empty if nothing is."""
    try:
        if not zipfile.is_zipfile(path):
            return "is damaged" if path.exists() else "is missing"
        with zipfile.ZipFile(path) as archive:
            spoilt = archive.testzip() if thorough else None
            return f"is damaged ({spoilt} inside it)" if spoilt else ""
    except Exception as error:  # noqa: BLE001 - zlib and zipfile have errors of their own
        return f"is damaged ({first_line(error)})"


def _spoilt(file: Path) -> bool:
    """Whether there are lines in a log that no crash leaves: those are text, cut short."""
    try:
        with file.open(encoding="utf-8") as lines:
            return any(line.strip() and not line.startswith("{") for line in lines)
    except (OSError, UnicodeDecodeError):
        return True


def _number(value: Any) -> float:
    return value if isinstance(value, int | float) else math.inf


def _reason(error: StudioError, file: Path) -> str:
    """What an error about a file says of it."""
    said = error.message.removeprefix(str(file)).split(": ")[0].split(", so ")[0]
    return said.strip().rstrip(".") or "is damaged"


def best_of(rows: Sequence[Mapping[str, float]], training: Mapping[str, Any]) -> dict[str, float]:
    """The row of the epoch that `model.keras` holds; empty without a row."""
    stopping = training.get("early_stopping", {})
    monitor = stopping.get("monitor", "val_loss") if stopping.get("enabled") else "val_loss"
    if rows and monitor not in rows[0]:
        monitor = monitor.removeprefix("val_")
    known = [row for row in rows if monitor in row and math.isfinite(row[monitor])]
    if not known:
        return dict(rows[0]) if rows else {}
    choose = max if monitor.endswith("accuracy") else min
    return dict(choose(known, key=lambda row: row[monitor]))
