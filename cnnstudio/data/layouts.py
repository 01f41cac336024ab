"""Which class and which part each file of a folder belongs to, by the folders that it lies in."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from cnnstudio.data.pictures import explain
from cnnstudio.data.report import DataError
from cnnstudio.data.settings import Split
from cnnstudio.data.walk import Walk, has_folders, name_of

SPLIT_NAMES: dict[str, Split] = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}


class File(NamedTuple):
    """A file and what it is said to show."""

    path: str
    label: str | None
    split: Split | None


@dataclass
class Listed:
    """What a folder holds.

    Attributes:
        files: those with a class.
        outside: those in no class folder.
        class_folders: names of classes that have a folder, with or without pictures.
    """

    files: list[File] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    class_folders: set[str] = field(default_factory=set)


def list_folders(root: Path, walk: Walk) -> Listed:
    """The files of a folder with a folder for each class, or train, val and test of those.

    Raises `DataError` when the folder cannot be read.
    """
    try:
        folders, files = walk.entries(str(root))
    except OSError as error:
        raise DataError(f"The folder {root} {explain(error)}; check its permissions.") from None
    listed = Listed()
    splits = [entry for entry in folders if name_of(entry).lower() in SPLIT_NAMES]
    others = [entry for entry in folders if entry not in splits]
    listed.outside = [entry.path for entry in files]
    if splits and (not others or any(has_folders(entry) for entry in splits)):
        for entry in splits:
            split = SPLIT_NAMES[name_of(entry).lower()]
            if walk.enter(entry):
                inner, loose = walk.entries_or_skip(entry.path)
                listed.outside += [file.path for file in loose]
                _list_classes(inner, split, listed, walk)
        for entry in others:
            listed.outside += walk.below(entry)
    else:
        _list_classes(folders, None, listed, walk)
    return listed


def _list_classes(
    folders: list[os.DirEntry[str]], split: Split | None, listed: Listed, walk: Walk
) -> None:
    for entry in folders:
        label = name_of(entry)
        listed.class_folders.add(label)
        listed.files += [File(path, label, split) for path in walk.below(entry)]
