"""What the Data page shows of a folder, made in the background so that any number is quick."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from cnnstudio.app.collector import much_is_made
from cnnstudio.app.tasks import Task, TaskRunner
from cnnstudio.data.settings import DataSettings
from cnnstudio.views.data.work import Counts, count_splits

if TYPE_CHECKING:
    from cnnstudio.data.doctor import Finding
    from cnnstudio.data.doctor_check import Check
    from cnnstudio.data.doctor_figures import Figures
    from cnnstudio.data.report import FolderReport, Picture

UNFIT = ("one-class", "no-classes", "no-training")  # findings that keep from training


@dataclass(frozen=True)
class Look:
    """A folder as it lies there (`report`) and as the project corrects it (`now`).

    `by_class` are the pictures of `now` by their class, `counts` what each split gets.
    """

    report: FolderReport
    settings: DataSettings
    check: Check | None
    now: FolderReport
    findings: tuple[Finding, ...]
    figures: Figures
    by_class: Mapping[str, tuple[Picture, ...]]
    counts: Counts


def look(
    report: FolderReport, settings: DataSettings, check: Check | None, before: Look | None
) -> Look:
    """Everything the page shows; `before` saves what did not change."""
    with much_is_made() as lasting:
        lasting(report.images)
        return _look(report, settings, check, before)


def _look(
    report: FolderReport, settings: DataSettings, check: Check | None, before: Look | None
) -> Look:
    from cnnstudio.data.corrections import corrected
    from cnnstudio.data.doctor import examine
    from cnnstudio.data.doctor_figures import figures

    if before is not None and before.report is report and _same(before.settings, settings):
        now, by_class, found = before.now, before.by_class, before.figures
    else:
        now = corrected(report, settings)
        groups: dict[str, list[Picture]] = {}
        for picture in now.pictures:
            if picture.label is not None:
                groups.setdefault(picture.label, []).append(picture)
        by_class = {name: tuple(group) for name, group in groups.items()}
        found = figures(now)
    findings, counts = examine(report, settings, check, now), count_splits(report, settings)
    if counts.problem and now is not report:
        # The corrections may be what makes it unfit; the findings know.
        reasons = [each.why for each in findings if each.kind in UNFIT]
        counts = replace(counts, problem=reasons[0]) if reasons else counts
    return Look(report, settings, check, now, findings, found, by_class, counts)


def _same(one: DataSettings, other: DataSettings) -> bool:
    """Whether two settings correct alike."""
    names = ("excluded", "relabelled", "merged", "moved")
    return all(getattr(one, name) == getattr(other, name) for name in names)


class Looker(QObject):
    """Looks whenever the folder, the settings or the check changed; the newest wish counts."""

    # A `Look`; `last` has it already.
    looked = Signal(object)

    def __init__(self, tasks: TaskRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._task: Task | None = None
        self._wanted: tuple[FolderReport, DataSettings, Check | None] | None = None
        self.last: Look | None = None

    def look(self, report: FolderReport, settings: DataSettings, check: Check | None) -> None:
        """Look, unless just that is being looked at or was."""
        known, wanted = self.last, self._wanted
        if wanted is None and known is not None:
            wanted = (known.report, known.settings, known.check)
        if wanted is not None and wanted[0] is report and wanted[2] is check:
            same = wanted[1] is settings or wanted[1] == settings
            if same:
                return
        if self._task is not None:
            self._task.cancel()
        self._wanted = (report, settings, check)
        self._task = self._tasks.run(look, report, settings, check, known, on_done=self._done)

    def _done(self, found: Look) -> None:
        self._task = self._wanted = None
        self.last = found
        self.looked.emit(found)
