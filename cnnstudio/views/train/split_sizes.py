"""How many pictures a training would learn from and be checked on, counted in the background."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject, Signal

from cnnstudio.app.tasks import Task
from cnnstudio.views.context import Context
from cnnstudio.views.data.work import Counts, count_splits


class SplitSizes(QObject):
    """Counts again when the pictures or the data settings are other ones; `changed` tells."""

    changed = Signal()

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._asked: tuple[object, object] = (None, None)
        self._known: Mapping[str, int] | None = None
        self._task: Task | None = None

    def of_project(self) -> Mapping[str, int] | None:
        """Pictures by `train`, `val` and `test`; None while they are being counted or unknown."""
        document = self._context.document
        report, data = document.report, document.data
        if self._asked[0] is not report or self._asked[1] is not data:
            self._asked, self._known = (report, data), None
            if self._task is not None:
                self._task.cancel()
                self._task = None
            if report is not None:
                self._task = self._context.tasks.run(
                    count_splits, report, data, on_done=self._counted, on_failed=self._give_up
                )
        return self._known

    def _counted(self, found: Counts) -> None:
        self._task = None
        if not found.problem:
            self._known = found.counts
            self.changed.emit()

    def _give_up(self, _message: str) -> None:
        # Start says what is wrong; here the pictures by class stay.
        self._task = None
