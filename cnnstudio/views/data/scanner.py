"""Looking through folders in the background, one at a time; the last reports are kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from cnnstudio.app.tasks import Task, TaskRunner
from cnnstudio.data.settings import LayoutSettings
from cnnstudio.views.data import work

if TYPE_CHECKING:
    from cnnstudio.data.scan import FolderReport

REPORTS_KEPT = 3


class Scanner(QObject):
    """Scans a folder, or makes a sample set first; a new wish takes the place of the old."""

    # A folder is being looked through: Path and a title for people.
    began = Signal(object, str)
    # A ScanProgress.
    progressed = Signal(object)
    # Path and FolderReport; `report_of` has it already.
    found = Signal(object, object)
    # Path and the sentence.
    failed = Signal(object, str)

    def __init__(self, tasks: TaskRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._task: Task | None = None
        self._reports: dict[tuple[Path, LayoutSettings], FolderReport] = {}
        self.folder: Path | None = None  # the folder being looked through
        self.layout = LayoutSettings()  # how it is read, or was last
        self.making = ""  # the sample set that is made, or was last; empty for a folder
        self._last: tuple[Any, ...] | None = None  # what was begun

    def report_of(self, folder: Path, layout: LayoutSettings) -> FolderReport | None:
        """What was found in `folder`, if it was looked through in this way lately."""
        return self._reports.get((folder, layout))

    def scan(self, folder: Path, layout: LayoutSettings) -> None:
        """Look through `folder`, whatever is known of it."""
        title = f"Looking through {folder.name or folder}"
        self._begin(work.scan, folder, layout, title, folder, layout)

    def make_sample(self, name: str, folder: Path, file: Path | None = None) -> None:
        """Write the sample set `name` to `folder` unless it is there, and look through it.

        A set of Keras is read from `file`, or downloaded.
        """
        title = f"Making the sample set {name}"
        self._begin(work.make_and_scan, folder, LayoutSettings(), title, name, folder, file)

    def again(self) -> None:
        """Do once more what was stopped or failed."""
        if self._last is not None:
            self._begin(*self._last)

    def stop(self) -> Path | None:
        """Stop at once; the folder that was being looked through, if any."""
        folder = self.folder
        if self._task is not None:
            self._task.cancel()
        self._task = self.folder = None
        return folder

    def _begin(
        self,
        function: Callable[..., Any],
        folder: Path,
        layout: LayoutSettings,
        title: str,
        *arguments: object,
    ) -> None:
        self.stop()
        self._last = (function, folder, layout, title, *arguments)
        self.making = str(arguments[0]) if function is work.make_and_scan else ""
        self.folder, self.layout = folder, layout
        self._reports.pop((folder, layout), None)
        self.began.emit(folder, title)
        self._task = self._tasks.run(
            function,
            *arguments,
            on_done=self._done,
            on_failed=self._failed,
            on_progress=self.progressed.emit,
            latest=True,
        )

    def _done(self, report: FolderReport) -> None:
        folder = self.stop()
        if folder is None:
            return
        self._reports = {(folder, report.asked): report, **self._reports}
        for old in list(self._reports)[REPORTS_KEPT:]:
            del self._reports[old]
        self.found.emit(folder, report)

    def _failed(self, reason: str) -> None:
        folder = self.stop()
        if folder is not None:
            self.failed.emit(folder, reason)
