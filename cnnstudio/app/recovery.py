"""Recovery files: what is not saved yet is kept beside, and offered after a crash.

Each open project has a file of its own in the recovery folder and a lock beside it; a recovery file
that nobody locks was left by a program that did not end as it should.
"""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QLockFile, QObject, QTimer, SignalInstance

from cnnstudio.app import paths
from cnnstudio.app.document import Document
from cnnstudio.app.tasks import TaskRunner
from cnnstudio.errors import StudioError
from cnnstudio.graph.project import SUFFIX, Project, load_project, save_project

log = logging.getLogger(__name__)
# Milliseconds after a change.
DELAY = 3000
_KEY = "recovery"


@dataclass(frozen=True)
class Rescued:
    """A project that was never saved: its recovery file, and the file it belongs to, if any."""

    file: Path
    project: Project
    path: Path | None
    saved: datetime

    @property
    def title(self) -> str:
        return self.path.name if self.path else "an untitled project"


def _changes(document: Document) -> tuple[SignalInstance, ...]:
    """The signals of all that a project file holds."""
    return (
        document.changed,
        document.data_changed,
        document.training_changed,
        document.search_changed,
    )


class Recovery(QObject):
    """Writes the recovery file of a document a few seconds after each change."""

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._file = paths.recovery_folder() / f"{uuid.uuid4().hex}{SUFFIX}"
        self._lock: QLockFile | None = None
        self._runner = TaskRunner("recovery", self)
        self._timer = QTimer(self, singleShot=True, interval=DELAY)
        self._timer.timeout.connect(self.write)
        for signal in _changes(document):
            signal.connect(self._timer.start)
        document.project_changed.connect(self._saved_or_not)

    def write(self) -> None:
        """Write the recovery file now, in the background, if there is something to save."""
        if self._document.dirty and self._locked():
            path = self._document.path
            project = replace(
                self._document.project,
                extra={**self._document.project.extra, _KEY: {"path": str(path) if path else None}},
            )
            # A failure is only logged: the person is told when Save fails.
            self._runner.run(save_project, project, self._file, on_failed=log.warning)

    def flush(self) -> None:
        """Wait until what is being written is written."""
        self._runner.wait()

    def find(self) -> list[Rescued]:
        """Recovery files that other, dead programs left, newest first."""
        found = []
        folder = paths.recovery_folder()
        for file in folder.glob(f"*{SUFFIX}") if folder.is_dir() else ():
            if file == self._file or not _abandoned(file):
                continue
            try:
                project = load_project(file)
                saved = datetime.fromtimestamp(file.stat().st_mtime)
            except (StudioError, OSError):
                continue
            origin = project.extra.get(_KEY)
            path = origin.get("path") if isinstance(origin, dict) else None
            extra = {key: value for key, value in project.extra.items() if key != _KEY}
            found.append(
                Rescued(file, replace(project, extra=extra), Path(path) if path else None, saved)
            )
        return sorted(found, key=lambda one: one.saved, reverse=True)

    def restore(self, rescued: Rescued) -> None:
        """Go on with a rescued project. Its file goes when it is written again, never before."""
        try:
            self._document.restore(rescued.project, rescued.path)
        except StudioError as error:
            self._document.failed.emit(error.message)
            return
        if self._locked():
            try:
                rescued.file.replace(self._file)
            except OSError as error:
                log.warning("%s", error)

    def discard(self, rescued: Rescued) -> None:
        """Delete a recovery file the person does not want."""
        rescued.file.unlink(missing_ok=True)

    def close(self, *, keep: bool = False) -> None:
        """End; the recovery file goes, unless it is to be kept."""
        self._timer.stop()
        self._runner.shutdown()
        if not keep:
            self._file.unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.unlock()
            self._lock = None

    def _saved_or_not(self) -> None:
        if self._document.dirty:
            self._timer.start()
            return
        self._timer.stop()
        if self._lock is not None:
            self._runner.run(self._file.unlink, True)

    def _locked(self) -> bool:
        if self._lock is None:
            try:
                self._file.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                log.warning("%s", error)
                return False
            lock = QLockFile(str(self._file.with_suffix(".lock")))
            lock.setStaleLockTime(0)
            if not lock.tryLock(0):
                return False
            self._lock = lock
        return True


def _abandoned(file: Path) -> bool:
    lock = QLockFile(str(file.with_suffix(".lock")))
    lock.setStaleLockTime(0)
    if not lock.tryLock(0):
        return False
    lock.unlock()
    return True
