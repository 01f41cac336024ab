"""Copying classified pictures into a folder for each class, as a person asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QProgressDialog, QWidget

from cnnstudio.app.tasks import Task
from cnnstudio.evaluation.predict import Prediction
from cnnstudio.views.classify.results import Result
from cnnstudio.views.context import Context
from cnnstudio.views.dialogs import choose_folder
from cnnstudio.views.file_manager import show_in_folder
from cnnstudio.views.widgets import name_widget

if TYPE_CHECKING:
    from cnnstudio.evaluation.sorting import Sorted


class Sorter(QObject):
    """Asks for a folder, copies in the background with progress and Stop, and says what came."""

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(parent)
        self._context = context
        self._window = parent
        self._task: Task | None = None
        self._dialog: QProgressDialog | None = None

    def ask(self, parent: QWidget, results: Sequence[Result], threshold: float) -> None:
        """Let the person choose where to, and sort `results` there."""
        found = [result for result in results if isinstance(result, Prediction)]
        if found and self._task is None:
            choose_folder(
                parent,
                f"Copy {len(found):,} pictures into folders by class",
                partial(self.sort, found, threshold),
            )

    def sort(self, results: Sequence[Result], threshold: float, folder: Path) -> None:
        """Copy pictures into `folder`/class, those below `threshold` into `folder`/unsure."""
        dialog = QProgressDialog(f"Copying into {folder}…", "Stop", 0, len(results), self._window)
        name_widget(dialog, "sortingProgress", "Progress of copying")
        dialog.setMinimumDuration(300)
        dialog.canceled.connect(self.stop)
        self._dialog = dialog
        self._task = self._context.tasks.run(
            _sorted,
            results,
            folder,
            threshold,
            on_done=self._done,
            on_failed=self._failed,
            on_progress=dialog.setValue,
            latest=True,
        )

    def stop(self) -> None:
        """Stop copying; what is copied stays."""
        if self._task is not None:
            self._task.cancel()
            self._end()
            self._context.notify("Stopped copying; the pictures copied so far stay.")

    def _done(self, found: Sorted) -> None:
        self._end()
        copied = sum(found.copied.values())
        words = [f"{copied:,} pictures copied into {len(found.copied):,} folders"]
        if found.known:
            words.append(f"{found.known:,} were there already")
        if found.failed:
            first = found.failed[0]
            words.append(f"{len(found.failed):,} failed ({first.path.name}: {first.reason})")
        show = ("Show", lambda: show_in_folder(found.folder))
        text = ", ".join(words) + "."
        self._context.notify(text, "error" if found.failed else "success", show)

    def _failed(self, reason: str) -> None:
        self._end()
        self._context.notify(reason, "error")

    def _end(self) -> None:
        self._task = None
        if self._dialog is not None:
            dialog, self._dialog = self._dialog, None
            dialog.canceled.disconnect(self.stop)
            dialog.close()
            dialog.deleteLater()


def _sorted(results: Sequence[Result], folder: Path, threshold: float, task: Any) -> Sorted:
    from cnnstudio.evaluation.sorting import sort_into

    return sort_into(
        results, folder, threshold=threshold, progress=task.progress, cancelled=task.cancelled
    )
