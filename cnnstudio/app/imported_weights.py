"""Weights that came with an import: files in the cache until their project is saved."""

from __future__ import annotations

import contextlib
import shutil
import time
import uuid
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from cnnstudio.app import paths
from cnnstudio.graph.project import SUFFIX, Project
from cnnstudio.keras_build.trained import PROJECT_FILE
from cnnstudio.keras_build.weights import KEY, weights_file

# Seconds after which a file that nobody names was left by a program that ended badly.
OLD = 7 * 24 * 3600


class ImportedWeights:
    """The files that one window has made."""

    def __init__(self) -> None:
        self._made: list[Path] = []

    def new_file(self) -> Path:
        """Where to write weights; may be called from any thread."""
        folder = _folder()
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{uuid.uuid4().hex}.h5"
        self._made.append(file)
        return file

    def copy_for_undo(self, project: Project) -> Project:
        """The project with a copy of its weights: saving another writes over the file they are in.

        Raises OSError.
        """
        old = weights_file(project)
        if old is None or not old.is_file():
            return project
        kept = self.new_file()
        shutil.copyfile(old, kept)
        return replace(project, extra={**project.extra, KEY: str(kept)})

    def close(self, *, keep: bool) -> None:
        """The window closes: its files go, unless its project is kept or a run names them."""
        if not keep:
            with contextlib.suppress(OSError):
                _remove_unnamed(self._made)
        self._made.clear()


def sweep(*, older_than: float = OLD) -> None:
    """Delete what programs have left that did not end as they should, and nobody names any more."""
    now = time.time()
    with contextlib.suppress(OSError):  # another window may be at it: next time, then
        _remove_unnamed(
            file for file in _folder().glob("*.h5") if now - file.stat().st_mtime > older_than
        )


def _folder() -> Path:
    return paths.cache_folder() / "imported"


def _remove_unnamed(files: Iterable[Path]) -> None:
    there = [file for file in files if file.is_file()]
    if not there:
        return
    named = "\n".join(
        project.read_text(encoding="utf-8", errors="replace")
        for project in (
            *paths.recovery_folder().glob(f"*{SUFFIX}"),
            *paths.runs_folder().glob(f"*/{PROJECT_FILE}"),
        )
    )
    for file in there:
        if file.name not in named:
            file.unlink(missing_ok=True)
