"""What a person says about a run, and runs put aside: nothing here deletes anything.

A run's name for people, notes and star stand in `person.json` in its folder, which keeps its name
so that scripts find it again. The trash is a folder `.trash` beside the runs.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from cnnstudio.training.checkpoint import write_whole
from cnnstudio.training.errors import TrainingError, writing
from cnnstudio.training.lock import is_locked

PERSON_FILE = "person.json"
TRASH = ".trash"


@dataclass(frozen=True)
class Remark:
    """What a person said about a run."""

    title: str = ""
    notes: str = ""
    starred: bool = False


def read_remark(run: Path) -> Remark:
    """What was said about a run; nothing where the file is missing or cannot be read."""
    try:
        said = json.loads((run / PERSON_FILE).read_text(encoding="utf-8"))
        return Remark(str(said["title"]), str(said["notes"]), bool(said["starred"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Remark()


def write_remark(run: Path, remark: Remark) -> None:
    """Keep what was said about a run. Raises `TrainingError`."""
    with writing(run / PERSON_FILE):
        write_whole(run / PERSON_FILE, json.dumps(asdict(remark), indent=1, ensure_ascii=False))


def trash_of(runs_folder: Path) -> Path:
    """Where runs that were put aside are."""
    return runs_folder / TRASH


def put_aside(run: Path) -> Path:
    """Move a run to the trash; where it is now. Raises `TrainingError`."""
    if is_locked(run):
        raise TrainingError(f"{run} is being trained right now: stop it first.")
    return _move(run, trash_of(run.parent))


def put_back(run: Path) -> Path:
    """Move a run out of the trash; where it is now. Raises `TrainingError`."""
    return _move(run, run.parent.parent)


def _move(run: Path, folder: Path) -> Path:
    with writing(run):
        folder.mkdir(exist_ok=True)
        target, number = folder / run.name, 2
        while target.exists():
            target, number = folder / f"{run.name}-{number}", number + 1
        os.rename(run, target)
    return target
