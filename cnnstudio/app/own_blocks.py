"""The blocks a person keeps: one JSON file each in a folder, for all projects and windows."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from cnnstudio.app import paths
from cnnstudio.errors import StudioError
from cnnstudio.graph.project import write_atomically
from cnnstudio.graph.templates import Template, renamed, template_from_json, template_to_json

SUFFIX = ".json"
# No block that a person keeps is larger.
_LARGEST = 64 * 1024 * 1024


class OwnBlockError(StudioError):
    """A kept block that cannot be read, kept, renamed or deleted, with the reason."""


@dataclass(frozen=True)
class _Kept:
    file: Path
    template: Template


class OwnBlocks(QObject):
    """What is kept, by name. `refresh` sees what other windows kept or deleted."""

    changed = Signal()
    # Something could not be read or written: a sentence for the person.
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._kept: dict[str, _Kept] = {}
        self._seen: tuple[tuple[str, int, int], ...] | None = None
        self._broken: set[tuple[str, int, int]] = set()

    @property
    def folder(self) -> Path:
        return paths.own_blocks_folder()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all kept blocks, sorted."""
        return tuple(sorted(self._kept, key=str.casefold))

    def __contains__(self, name: object) -> bool:
        return name in self._kept

    def __getitem__(self, name: str) -> Template:
        return self._kept[name].template

    def get(self, name: str) -> Template | None:
        """The block of that name, if one is kept."""
        kept = self._kept.get(name)
        return kept.template if kept else None

    def refresh(self) -> None:
        """Read the folder again if anything in it changed. A broken file is skipped and told."""
        found = self._list()
        if found == self._seen:
            return
        self._seen = found
        kept: dict[str, _Kept] = {}
        for entry in found:
            file = self.folder / entry[0]
            try:
                template = read_block(file)
            except OwnBlockError as error:
                if entry not in self._broken:
                    self._broken.add(entry)
                    self.failed.emit(error.message)
                continue
            kept.setdefault(template.name, _Kept(file, template))
        if kept != self._kept:
            self._kept = kept
            self.changed.emit()

    def keep(self, template: Template) -> bool:
        """Keep a block, in the place of one with the same name; False if that failed."""
        old = self._kept.get(template.name)
        return self._write(template, old.file if old else self._free_file(template.name))

    def rename(self, name: str, new: str) -> bool:
        """Give a kept block another name; False if that cannot be."""
        new = new.strip()
        if name not in self._kept or new == name:
            return new == name
        if new in self._kept:
            self.failed.emit(f"There is already a block of your own called {new}.")
            return False
        try:
            template = renamed(self[name], new)
        except StudioError as error:
            self.failed.emit(error.message)
            return False
        old = self._kept[name].file
        return self._write(template, self._free_file(new)) and self._delete(old)

    def delete(self, name: str) -> bool:
        """Forget a kept block: its file goes. Networks that use it keep their layers."""
        return name in self._kept and self._delete(self._kept[name].file)

    def _list(self) -> tuple[tuple[str, int, int], ...]:
        try:
            return tuple(
                sorted(
                    (file.name, file.stat().st_mtime_ns, file.stat().st_size)
                    for file in self.folder.glob(f"*{SUFFIX}")
                    if file.is_file()
                )
            )
        except OSError:
            # Deleted by another window in between: the next look tells.
            return ()

    def _free_file(self, name: str) -> Path:
        stem = re.sub(r"[^\w\- ]+", "_", name).strip(" _")[:60] or "block"
        file, number = self.folder / f"{stem}{SUFFIX}", 2
        while file.exists():
            file, number = self.folder / f"{stem}_{number}{SUFFIX}", number + 1
        return file

    def _write(self, template: Template, file: Path) -> bool:
        text = json.dumps(template_to_json(template), indent=2, ensure_ascii=False) + "\n"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_atomically(file, text.encode())
        except OSError as error:
            self.failed.emit(
                f"The folder {self.folder} for your own blocks cannot be made: {error.strerror}."
            )
            return False
        except StudioError as error:
            self.failed.emit(error.message)
            return False
        self.refresh()
        return True

    def _delete(self, file: Path) -> bool:
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            self.failed.emit(f"{file} cannot be deleted: {error.strerror}.")
            return False
        self.refresh()
        return True


def read_block(file: Path) -> Template:
    """A kept block. Raises `OwnBlockError` naming the file."""
    try:
        if file.stat().st_size > _LARGEST:
            raise OwnBlockError(f"{file} is too large to be a block of your own; it was left out.")
        return template_from_json(json.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise OwnBlockError(f"{file} cannot be read: {error.strerror}.") from None
    except StudioError as error:
        raise OwnBlockError(f"Your own block in {file} was left out: {error}") from None
    except (ValueError, RecursionError):
        raise OwnBlockError(
            f"Your own block in {file} was left out: the file is damaged. Delete it, or restore "
            "a backup."
        ) from None
