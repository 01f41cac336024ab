"""Checkpoints: all that going on exactly where a training stopped needs.

A checkpoint folder holds one array file and `state.json`, which names it. The array file is
written first under a new name, `state.json` is then moved into place, and only then is the array
file before it removed: whenever the writing is interrupted, a whole checkpoint is left.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnstudio.training.errors import TrainingError, first_line

if TYPE_CHECKING:
    import keras
    import numpy as np

VERSION = 1
STATE_FILE = "state.json"
Arrays = dict[str, "np.ndarray[Any, Any]"]


@dataclass
class State:
    """Where a training is, apart from the arrays.

    Attributes:
        epoch: epochs completed.
        step: batches trained in the epoch after those.
        steps_per_epoch: batches in an epoch.
        optimizer: Keras's name of it.
        order: what the order of pictures depends on; a step means the same only where it is equal.
        best: lowest (or highest) monitored figure so far, and the epoch it belongs to, from 1.
        waited: epochs since the best of the phase.
        early: whether early stopping ended the training.
        seconds: training time so far, pauses not counted.
        skipped: pictures that could not be read.
        learning_rate: the rate in the settings; the factors below were meant for that.
        rate_factor: what a person's changes and reductions on plateaus multiply the schedule with.
        plateau: what "reduce on plateau" remembers.
        border: epochs of the first phase, once the second has begun; None before.
        phase_best: the best monitored figure of the second phase.
    """

    epoch: int = 0
    step: int = 0
    steps_per_epoch: int = 0
    optimizer: str = ""
    order: dict[str, Any] = field(default_factory=dict)
    best: float | None = None
    best_epoch: int | None = None
    best_metrics: dict[str, float] = field(default_factory=dict)
    waited: int = 0
    early: bool = False
    seconds: float = 0.0
    skipped: list[str] = field(default_factory=list)
    learning_rate: float | None = None
    rate_factor: float = 1.0
    plateau: dict[str, Any] = field(default_factory=dict)
    border: int | None = None
    phase_best: float | None = None


def capture(model: keras.Model, metrics: Sequence[np.ndarray[Any, Any]] = ()) -> Arrays:
    """Copies of every variable: weights, random states of dropout, optimizer, running metrics.

    `metrics` are given apart because validation reuses the model's own.
    """
    arrays = {
        f"{group}/{number}": copy_of(variable)
        for group, variables in _variables(model).items()
        for number, variable in enumerate(variables)
    }
    arrays.update({f"metrics/{number}": array for number, array in enumerate(metrics)})
    return arrays


def sound(model: keras.Model, arrays: Arrays) -> bool:
    """Whether all trained weights among `capture`'s arrays are numbers."""
    import numpy as np

    return all(
        bool(np.isfinite(arrays[f"model/{number}"]).all())
        for number, variable in enumerate(model.variables)
        if variable.trainable
    )


def copy_of(variable: keras.Variable) -> np.ndarray[Any, Any]:
    """The value of a variable now."""
    import numpy as np

    return np.array(variable.value.numpy())


def restore(model: keras.Model, arrays: Arrays, folder: Path) -> list[np.ndarray[Any, Any]]:
    """Put `capture`'s arrays back into a compiled model of the same network.

    Returns the running metrics. Raises `TrainingError` if the model is another one.
    """
    # Keras's optimizer for mixed precision would get its variables twice.
    if not model.optimizer.built:
        with model.distribute_strategy.scope():
            model.optimizer.build(model.trainable_variables)
    groups = _variables(model)
    expected = sum(len(variables) for variables in groups.values())
    weights = [name for name in arrays if not name.startswith("metrics/")]
    fits = len(weights) == expected and all(
        f"{group}/{number}" in arrays and arrays[f"{group}/{number}"].shape == tuple(variable.shape)
        for group, variables in groups.items()
        for number, variable in enumerate(variables)
    )
    if not fits:
        raise TrainingError(
            f"The checkpoint in {folder} belongs to another network or optimizer: continue with "
            "the network and the optimizer of the run, or train anew."
        )
    for group, variables in groups.items():
        for number, variable in enumerate(variables):
            variable.assign(arrays[f"{group}/{number}"])
    return [arrays[f"metrics/{number}"] for number in range(len(arrays) - expected)]


def save(folder: Path, state: State, arrays: Arrays) -> None:
    """Write a checkpoint in place of the one before. Raises OSError."""
    import numpy as np

    folder.mkdir(exist_ok=True)
    name = f"epoch-{state.epoch:05d}-step-{state.step:07d}.npz"
    beside = folder / f"{name}.part"
    try:
        with beside.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        # A full disk has room again for what is to be written of it.
        beside.unlink(missing_ok=True)
        raise
    os.replace(beside, folder / name)
    _flush(folder)
    document = {"version": VERSION, "arrays": name, **asdict(state)}
    write_whole(folder / STATE_FILE, json.dumps(document, indent=1))
    for other in folder.iterdir():
        if other.suffix in {".npz", ".part"} and other.name != name:
            other.unlink(missing_ok=True)


def write_whole(path: Path, text: str) -> None:
    """Write a text file so that a crash leaves the old one or the new one. Raises OSError."""
    beside = path.with_name(f"{path.name}.part")
    with beside.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)


def _flush(folder: Path) -> None:
    """Have the names in a folder on the disk, where the system offers that."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)


def load(folder: Path) -> tuple[State, Arrays]:
    """Read a checkpoint. Raises `TrainingError` naming the file that is missing or damaged."""
    import numpy as np

    state, name = read_state(folder)
    path = folder / name
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            return state, {key: stored[key] for key in stored.files}
    except FileNotFoundError:
        raise TrainingError(
            f"{path} is missing, so the run cannot be continued: train anew."
        ) from None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise TrainingError(
            f"{path} is damaged ({first_line(error)}), so the run cannot be continued: train anew."
        ) from None


def read_state(folder: Path) -> tuple[State, str]:
    """The state alone, and the name of the array file it belongs to. Raises `TrainingError`."""
    path = folder / STATE_FILE
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["version"] > VERSION:
            raise TrainingError(
                f"{path} was written by a newer CNN Studio: continue the run with that."
            )
        known = {field_.name for field_ in fields(State)}
        state = State(**{name: document[name] for name in known if name in document})
        if not all(isinstance(n, int) for n in (state.epoch, state.step, state.steps_per_epoch)):
            raise ValueError("no place in the training")
        return state, str(document["arrays"])
    except FileNotFoundError:
        raise TrainingError(
            f"{folder.parent} has no checkpoint to continue from: train anew."
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(
            f"{path} is damaged ({first_line(error)}), so the run cannot be continued: train anew."
        ) from None


def _variables(model: keras.Model) -> dict[str, list[Any]]:
    return {"model": list(model.variables), "optimizer": list(model.optimizer.variables)}
