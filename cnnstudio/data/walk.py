"""Going through folders: what lies in them, without files of the system and without loops."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

from cnnstudio.data.pictures import explain
from cnnstudio.data.report import Skipped
from cnnstudio.data.settings import Split

SPLIT_NAMES: dict[str, Split] = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}
Entries = tuple[list[os.DirEntry[str]], list[os.DirEntry[str]]]

_SYSTEM_NAMES = {"thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "icon\r", "@eadir"}


class Walk:
    """Goes through the folders below a root.

    `skipped` are folders and links that could not be entered, with reasons, `ignored` files of the
    system and hidden ones. `visit` is called with every file that `below` finds; what it raises
    ends the walk.
    """

    def __init__(self, visit: Callable[[str], None]) -> None:
        self.skipped: list[Skipped] = []
        self.ignored: list[Skipped] = []
        self._visit = visit
        self._seen: set[tuple[int, int]] = set()

    def entries(self, folder: str) -> Entries:
        """Sub-folders (links last) and files of a folder, sorted by name. Raises `OSError`."""
        folders, files = [], []
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if _of_system(entry.name):
                    self.ignored.append(Skipped(Path(entry.path), "system file"))
                elif _is(entry.is_dir):
                    folders.append(entry)
                elif _is(entry.is_file):
                    files.append(entry)
                elif entry.is_symlink():
                    self.skipped.append(Skipped(Path(entry.path), "a link that leads nowhere"))
                else:
                    self.skipped.append(Skipped(Path(entry.path), "not a file"))
        folders.sort(key=lambda entry: entry.is_symlink())
        identity = os.stat(folder)
        self._seen.add((identity.st_dev, identity.st_ino))
        return folders, files

    def entries_or_skip(self, folder: str) -> Entries:
        """As `entries`; a folder that cannot be read is skipped."""
        try:
            return self.entries(folder)
        except OSError as error:
            self.skipped.append(Skipped(Path(folder), explain(error)))
            return [], []

    def enter(self, entry: os.DirEntry[str]) -> bool:
        """Whether the folder was not seen yet."""
        try:
            found = os.stat(entry.path)
        except OSError as error:
            self.skipped.append(Skipped(Path(entry.path), explain(error)))
            return False
        identity = (found.st_dev, found.st_ino)
        if identity in self._seen:
            reason = "a link to a folder that was read already"
            self.skipped.append(Skipped(Path(entry.path), reason))
            return False
        self._seen.add(identity)
        return True

    def below(self, entry: os.DirEntry[str]) -> Iterator[str]:
        """Every file below a folder, in order of names; links back are not followed."""
        waiting = [entry]
        while waiting:
            entry = waiting.pop()
            if not self.enter(entry):
                continue
            folders, files = self.entries_or_skip(entry.path)
            for file in files:
                self._visit(file.path)
                yield file.path
            waiting += reversed(folders)


def _is(kind: Callable[[], bool]) -> bool:
    """What an entry is; a link that leads to itself is nothing, and raises."""
    try:
        return kind()
    except OSError:
        return False


def has_folders(entry: os.DirEntry[str]) -> bool:
    """Whether there are folders in a folder."""
    try:
        with os.scandir(entry.path) as inner:
            return any(_is(found.is_dir) and not _of_system(found.name) for found in inner)
    except OSError:
        return False


def name_of(entry: os.DirEntry[str]) -> str:
    """A folder's name as a label."""
    return as_label(os.fsencode(entry.name).decode("utf-8", "replace"))


def as_label(text: str) -> str:
    """A class name: one spelling for accents, always writable as UTF-8."""
    return unicodedata.normalize("NFC", text)


def _of_system(name: str) -> bool:
    return name.startswith(".") or name.lower() in _SYSTEM_NAMES
