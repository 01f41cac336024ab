"""Which class and which part each file of a folder belongs to: by the folders that it lies in, by a
table beside it, or by its name."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from cnnstudio.data.name_patterns import CLASS, Guess, NamePattern, guess_pattern
from cnnstudio.data.pictures import SUFFIXES, explain
from cnnstudio.data.report import DataError, LayoutOffer, Skipped, count
from cnnstudio.data.report import listed as words
from cnnstudio.data.settings import LayoutSettings, Split
from cnnstudio.data.tables import TABLE_SUFFIXES, Files, Table
from cnnstudio.data.walk import SPLIT_NAMES, Walk, as_label, has_folders, name_of

NO_CLASS = "not in a class folder"
NO_PICTURE = "not a picture"


class File(NamedTuple):
    """A file and what it is said to show."""

    path: str
    label: str | None
    split: Split | None


@dataclass
class Listed:
    """What a folder holds, and where the classes were read.

    Attributes:
        layout: never "auto".
        files: those that may be pictures; without a class where none was found.
        classes: names of classes that have a folder, with or without pictures.
        skipped: files left out, with reasons.
    """

    layout: LayoutSettings
    files: list[File] = field(default_factory=list)
    classes: set[str] = field(default_factory=set)
    skipped: list[Skipped] = field(default_factory=list)
    offers: tuple[LayoutOffer, ...] = ()
    remarks: tuple[str, ...] = ()


def list_files(root: Path, layout: LayoutSettings, walk: Walk) -> Listed:
    """The files of a folder with their classes. Raises `DataError`."""
    found = _read_folders(root, walk)
    tables = _tables(root, found)
    guess = None
    if len(found.classes) < 2 or layout.kind == "filename":
        guess = guess_pattern(_picture_names(found))
    if layout.kind == "csv":
        listed = _by_table(found, _the_table(root, layout, found, tables))
    elif layout.kind == "filename":
        listed = _by_name(root, found, layout.pattern or _guessed(root, guess))
    elif layout.kind == "auto" and len(found.classes) < 2 and len(tables) == 1:
        listed = _by_table(found, tables[0])
    else:
        listed = _by_folders(found)
    listed.offers = _offers(found, tables, guess, listed.layout)
    return listed


@dataclass
class _Found:
    """The files of a folder: those in class folders with their class, and those outside."""

    files: list[File] = field(default_factory=list)
    outside: list[File] = field(default_factory=list)
    classes: set[str] = field(default_factory=set)

    @property
    def everything(self) -> list[File]:
        return self.outside + self.files


def _read_folders(root: Path, walk: Walk) -> _Found:
    """The files of a folder with a folder for each class, or train, val and test of those.

    Raises `DataError` when the folder cannot be read.
    """
    try:
        folders, files = walk.entries(str(root))
    except OSError as error:
        raise DataError(f"The folder {root} {explain(error)}; check its permissions.") from None
    found = _Found(outside=[File(entry.path, None, None) for entry in files])
    splits = [entry for entry in folders if name_of(entry).lower() in SPLIT_NAMES]
    others = [entry for entry in folders if entry not in splits]
    if splits and (not others or any(has_folders(entry) for entry in splits)):
        for entry in splits:
            split = SPLIT_NAMES[name_of(entry).lower()]
            if walk.enter(entry):
                inner, loose = walk.entries_or_skip(entry.path)
                found.outside += [File(file.path, None, split) for file in loose]
                _read_classes(inner, split, found, walk)
        for entry in others:
            found.outside += [File(path, None, None) for path in walk.below(entry)]
    else:
        _read_classes(folders, None, found, walk)
    return found


def _read_classes(
    folders: list[os.DirEntry[str]], split: Split | None, found: _Found, walk: Walk
) -> None:
    for entry in folders:
        label = name_of(entry)
        found.classes.add(label)
        found.files += [File(path, label, split) for path in walk.below(entry)]


def _by_folders(found: _Found) -> Listed:
    layout = LayoutSettings(kind="folders")
    if not found.files and not found.classes:
        # A flat folder: its pictures are shown, and the report says what is missing.
        return Listed(layout, found.outside)
    skipped = [_left_out(file.path, NO_CLASS) for file in found.outside]
    return Listed(layout, found.files, found.classes, skipped)


def _by_table(found: _Found, table: Table) -> Listed:
    assigned = table.assign()
    listed = Listed(LayoutSettings(kind="csv", file=table.setting), remarks=tuple(assigned.remarks))
    listed.skipped = assigned.skipped
    told = {str(skipped.path) for skipped in assigned.skipped}
    unlisted = 0
    for file in found.everything:
        if file.path in assigned.labels:
            label, split = assigned.labels[file.path]
            listed.files.append(File(file.path, label, split or file.split))
        elif file.path not in told and file.path != str(table.path):
            skipped = _left_out(file.path, f"not in {table.name}")
            listed.skipped.append(skipped)
            unlisted += skipped.reason != NO_PICTURE
    if unlisted:
        verb = "is" if unlisted == 1 else "are"
        listed.remarks += (f"{count(unlisted, 'picture')} {verb} not in {table.name}.",)
    return listed


def _by_name(root: Path, found: _Found, pattern: str) -> Listed:
    compiled = NamePattern(pattern, CLASS)
    listed = Listed(LayoutSettings(kind="filename", pattern=pattern))
    for file in found.everything:
        name = file.path.rpartition(os.sep)[2]
        label = compiled.find(name) if _is_picture(name) else None
        if label is not None:
            listed.files.append(File(file.path, as_label(label), file.split))
        else:
            reason = f"its name does not fit {pattern}"
            listed.skipped.append(_left_out(file.path, reason))
    if not listed.files:
        raise DataError(
            f"No picture in {root} has a name that fits {pattern}. In a pattern {{class}} stands "
            "for the class and * for any text: {class}_* for cat_012.jpg."
        )
    return listed


def _the_table(root: Path, layout: LayoutSettings, found: _Found, tables: list[Table]) -> Table:
    """The table that is named, else the one that fits. Raises `DataError`."""
    if layout.file is not None:
        path = root / layout.file
        if not path.is_file():
            raise DataError(f"There is no table {path}.")
        return Table(path, root, Files(root, _paths(found)))
    if len(tables) == 1:
        return tables[0]
    if tables:
        names = words([table.name for table in tables])
        raise DataError(f"{root} has several tables of pictures ({names}): say which one to use.")
    raise DataError(
        f"{root} has no table of its pictures: a .csv file is expected with a line for each, its "
        "path and its class (1.jpg,cat)."
    )


def _tables(root: Path, found: _Found) -> list[Table]:
    """The tables in the folder itself that name files in it, the best first."""
    paths = [
        Path(file.path)
        for file in found.outside
        if file.path.lower().endswith(TABLE_SUFFIXES) and os.path.dirname(file.path) == str(root)
    ]
    if not paths:
        return []
    files = Files(root, _paths(found))
    tables = []
    for path in paths:
        # Other texts are no tables.
        with contextlib.suppress(DataError):
            tables.append(Table(path, root, files))
    good = [table for table in tables if len(table.classes) > 1 and table.fitting]
    return sorted(good, key=lambda table: -table.fitting)


def _offers(
    found: _Found, tables: list[Table], guess: Guess | None, used: LayoutSettings
) -> tuple[LayoutOffer, ...]:
    """Other ways to tell the classes than the one that is used."""
    offers = [
        LayoutOffer(LayoutSettings(kind="csv", file=table.setting), table.classes, table.fitting)
        for table in tables
        if table.setting != used.file
    ]
    if len(found.classes) < 2 and guess is not None and guess.pattern != used.pattern:
        layout = LayoutSettings(kind="filename", pattern=guess.pattern)
        number = sum(guess.classes.values())
        offers.append(LayoutOffer(layout, tuple(guess.classes), number))
    if len(found.classes) > 1 and used.kind != "folders":
        classes = tuple(sorted(found.classes))
        offers.append(LayoutOffer(LayoutSettings(kind="folders"), classes, len(found.files)))
    return tuple(offers)


def _guessed(root: Path, guess: Guess | None) -> str:
    if guess is None:
        raise DataError(
            f"The names of the files in {root} show no classes: say how they are written, with "
            "{class} where the class stands ({class}_* for cat_012.jpg)."
        )
    return guess.pattern


def _picture_names(found: _Found) -> list[str]:
    names = (file.path.rpartition(os.sep)[2] for file in found.everything)
    return [name for name in names if _is_picture(name)]


def _paths(found: _Found) -> list[str]:
    return [file.path for file in found.everything]


def _left_out(path: str, reason: str) -> Skipped:
    return Skipped(Path(path), reason if _is_picture(path) else NO_PICTURE)


def _is_picture(path: str) -> bool:
    return os.path.splitext(path)[1].lower() in SUFFIXES
