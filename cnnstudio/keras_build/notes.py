"""What a `.keras` file of ours says besides what Keras reads: class names, the preparation.

A `.keras` file is a zip archive of which Keras reads the members it knows, so the note travels in
the file itself and whoever has only Keras loads it as ever.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from cnnstudio.graph.preparation import Preparation

_MEMBER = "cnnstudio.json"


@dataclass(frozen=True)
class Note:
    """Class names in the order of the outputs, and the preparation as a project's data part."""

    classes: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)


def add_note(file: Path, classes: Sequence[str], data: Mapping[str, Any]) -> None:
    """Put a note into a `.keras` file that has none. Raises `OSError`."""
    known = [each.name for each in fields(Preparation)]
    document = {
        "classes": list(classes),
        "data": {name: data[name] for name in known if name in data},
    }
    with zipfile.ZipFile(file, "a") as archive:
        if _MEMBER not in archive.namelist():
            archive.writestr(_MEMBER, json.dumps(document, indent=2, ensure_ascii=False))


def note_in(file: Path) -> Note | None:
    """The note in a model file, or None if there is none that can be read."""
    if not zipfile.is_zipfile(file):
        return None
    try:
        with zipfile.ZipFile(file) as archive:
            document = json.loads(archive.read(_MEMBER))
        classes, data = document["classes"], document["data"]
    except (OSError, KeyError, TypeError, ValueError, zipfile.BadZipFile):
        return None
    if not isinstance(data, dict) or not isinstance(classes, list):
        return None
    return Note(tuple(str(name) for name in classes), data)
