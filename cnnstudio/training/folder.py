"""A run's folder while it is written. `cnnstudio.training.runs` reads what is written here.

Whatever fails raises a `TrainingError` that names the file.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import platform
import re
import time
from collections.abc import Mapping
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from cnnstudio.data.dataset import Dataset, split_table
from cnnstudio.graph.project import Project, project_to_json
from cnnstudio.keras_build.notes import add_note
from cnnstudio.keras_build.trained import (
    CHECKPOINT_FOLDER,
    CLASSES_FILE,
    ENVIRONMENT_FILE,
    EVENTS_FILE,
    HISTOGRAMS_FILE,
    METRICS_FILE,
    MODEL_FILE,
    PROJECT_FILE,
    SPLIT_FILE,
    TENSORBOARD_FOLDER,
    run_project,
)
from cnnstudio.training import checkpoint
from cnnstudio.training.errors import TrainingError, writing
from cnnstudio.training.events import BatchDone, Event, HistogramsReady
from cnnstudio.training.histogram_log import HistogramLog
from cnnstudio.training.lock import Lock
from cnnstudio.training.tensorboard import write_histograms, write_scalar

if TYPE_CHECKING:
    import keras

# Batch events are kept this often, in seconds, while a run is young; later less often, so that a
# run of days leaves megabytes, not gigabytes.
FINEST, COARSEST, BATCHES_KEPT = 0.05, 1.0, 20_000
FLUSH_AFTER = 1.0


class RunFolder:
    """One run's folder, locked while it is open."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.kept = ""
        self._events: TextIO | None = None
        self._flushed = self._last_batch = self._opened = time.monotonic()
        self._boards: dict[str, Any] = {}
        self._histogram_log = HistogramLog(path)
        try:
            self._lock = Lock(path)
        except BlockingIOError:
            raise TrainingError(
                f"{path} is being trained right now, in another window or terminal: stop it there "
                "first."
            ) from None
        except OSError as error:
            raise TrainingError(f"{path} cannot be written: {error.strerror}.") from None

    @classmethod
    def create(cls, runs_folder: Path, name: str, started: datetime) -> RunFolder:
        """Make a new folder, `2026-11-21_14-03-05_small-cnn`."""
        slug = re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-.").lower()[:40] or "network"
        stem = f"{started:%Y-%m-%d_%H-%M-%S}_{slug}"
        number = 1
        with writing(runs_folder):
            runs_folder.mkdir(parents=True, exist_ok=True)
            while True:
                path = runs_folder / (stem if number == 1 else f"{stem}-{number}")
                try:
                    path.mkdir()
                except FileExistsError:
                    number += 1
                else:
                    return cls(path)

    @property
    def checkpoint_folder(self) -> Path:
        """Where the checkpoint is."""
        return self.path / CHECKPOINT_FOLDER

    def describe(self, project: Project, classes: tuple[str, ...], more: Mapping[str, Any]) -> None:
        """Write the project as trained, the classes and the environment (`more` is added)."""
        document = json.dumps(project_to_json(project), indent=2, ensure_ascii=False) + "\n"
        environment = {**_environment(), **more}
        for name, text in (
            (PROJECT_FILE, document),
            (CLASSES_FILE, "".join(f"{name}\n" for name in classes)),
            (ENVIRONMENT_FILE, json.dumps(environment, indent=2, ensure_ascii=False) + "\n"),
        ):
            with writing(self.path / name):
                checkpoint.write_whole(self.path / name, text)

    def divided(self, dataset: Dataset) -> None:
        """Write which picture was in which part."""
        with writing(self.path / SPLIT_FILE):
            checkpoint.write_whole(self.path / SPLIT_FILE, split_table(dataset))

    def event(self, event: Event) -> None:
        """Append an event to `events.jsonl`; of the batches, a selection."""
        now = time.monotonic()
        if not event.written:
            return
        if isinstance(event, BatchDone) and event.step < event.steps:
            apart = min(COARSEST, max(FINEST, (now - self._opened) / BATCHES_KEPT))
            if now - self._last_batch < apart:
                return
            self._last_batch = now
        with writing(self.path / EVENTS_FILE, self.kept):
            file = self._open_events()
            file.write(json.dumps(event.to_json(), ensure_ascii=False) + "\n")
            if not isinstance(event, BatchDone) or now - self._flushed >= FLUSH_AFTER:
                file.flush()
                self._flushed = now

    def epoch(self, epoch: int, logs: Mapping[str, float]) -> None:
        """Append an epoch (from 1) to `metrics.csv` and TensorBoard's files.

        The table is what `keras.callbacks.CSVLogger` writes: epochs from 0, columns sorted.
        """
        path = self.path / METRICS_FILE
        columns = sorted(logs)
        if not any(name.startswith("val_") for name in columns):
            columns += [f"val_{name}" for name in columns]
        with writing(path, self.kept):
            new = not path.exists()
            with path.open("a", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                if new:
                    writer.writerow(["epoch", *columns])
                writer.writerow([epoch - 1, *(logs.get(name, "NA") for name in columns)])
        with writing(self.path / TENSORBOARD_FOLDER, self.kept):
            self._tensorboard(epoch, logs)

    def histograms(self, event: HistogramsReady, step: int) -> None:
        """Keep a measurement of the weights, and write it for TensorBoard; `step` of the run."""
        with writing(self.path / HISTOGRAMS_FILE, self.kept):
            self._histogram_log.add(event)
        with writing(self.path / TENSORBOARD_FOLDER, self.kept):
            write_histograms(self._board("train"), event, step)

    def forget_after(self, epoch: int) -> None:
        """Take rows of epochs after `epoch` out of `metrics.csv`: they are trained again."""
        path = self.path / METRICS_FILE
        with writing(path, self.kept):
            if not path.exists():
                return
            rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
            # A row cut short is of an epoch that no checkpoint holds.
            whole = [row for row in rows if row and len(row) == len(rows[0])]
            stay = [row for row in whole if not row[0].isdigit() or int(row[0]) < epoch]
            if stay != rows:
                text = io.StringIO(newline="")
                csv.writer(text).writerows(stay)
                checkpoint.write_whole(path, text.getvalue())

    def save_model(self, model: keras.Model) -> None:
        """Put the model, as it is now, into `model.keras`."""
        path = self.path / MODEL_FILE
        # Keras goes by the suffix.
        beside = path.with_name("model.part.keras")
        with writing(path, self.kept):
            try:
                model.save(beside)
                self._note(beside)
                os.replace(beside, path)
            finally:
                beside.unlink(missing_ok=True)

    def _note(self, file: Path) -> None:
        """Write into a model what it takes to use it elsewhere."""
        project, listed = run_project(file), self.path / CLASSES_FILE
        if project is not None and listed.exists():
            add_note(file, listed.read_text(encoding="utf-8").splitlines(), project.data)

    @property
    def has_model(self) -> bool:
        """Whether `model.keras` is there."""
        return (self.path / MODEL_FILE).exists()

    def save_checkpoint(self, state: checkpoint.State, arrays: checkpoint.Arrays) -> None:
        """Write the checkpoint."""
        with writing(self.checkpoint_folder, self.kept):
            checkpoint.save(self.checkpoint_folder, state, arrays)
        self.kept_until(state)

    def kept_until(self, state: checkpoint.State) -> None:
        """Note what the checkpoint on disk holds, for the messages of what fails later."""
        where = f"epoch {state.epoch}" + (f", step {state.step}" if state.step else "")
        self.kept = f"What was trained until {where} is kept in {self.path}."

    def close(self) -> None:
        """Close the files and let go of the lock. Never raises: the training is over."""
        for board in self._boards.values():
            # The disk may be gone; nothing is lost by it.
            with contextlib.suppress(Exception):
                board.close()
        self._boards = {}
        if self._events is not None:
            with contextlib.suppress(OSError):
                self._events.close()
            self._events = None
        self._lock.release()

    def _open_events(self) -> TextIO:
        if self._events is None:
            path = self.path / EVENTS_FILE
            # A line cut short by a crash must not swallow the next.
            cut = path.exists() and path.read_bytes()[-1:] not in {b"", b"\n"}
            self._events = path.open("a", encoding="utf-8", newline="\n")
            if cut:
                self._events.write("\n")
        return self._events

    def _tensorboard(self, epoch: int, logs: Mapping[str, float]) -> None:
        for name, value in logs.items():
            board = self._board("validation" if name.startswith("val_") else "train")
            write_scalar(board, f"epoch_{name.removeprefix('val_')}", value, epoch - 1)
        for writer in self._boards.values():
            writer.flush()

    def _board(self, name: str) -> Any:
        """A writer of TensorBoard's files, `train` or `validation` as Keras calls them."""
        import tensorflow as tf

        if name not in self._boards:
            folder = self.path / TENSORBOARD_FOLDER / name
            self._boards[name] = tf.summary.create_file_writer(str(folder))
        return self._boards[name]


def _environment() -> dict[str, Any]:
    versions: dict[str, str | None] = {}
    for package in ("cnnstudio", "tensorflow", "keras", "numpy", "pillow"):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = None
    return {
        "versions": versions,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "machine": platform.machine(),
    }
