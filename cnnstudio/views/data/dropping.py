"""Folders and files dropped on the Data page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QWidget

from cnnstudio.graph.project import SUFFIX
from cnnstudio.views.drop import DropVeil, local_paths


class FolderDrop(QObject):
    """Takes what is dropped on `page` and gives it to `dropped`, except projects."""

    def __init__(self, page: QWidget, dropped: Callable[[list[Path]], object]) -> None:
        super().__init__(page)
        self._dropped = dropped
        page.setAcceptDrops(True)
        self._veil = DropVeil(page, "Drop to open this folder")
        page.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.DragEnter and isinstance(event, QDragEnterEvent):
            # What is dragged from this page is no new folder.
            if event.source() is None and pictures_in(event.mimeData()):
                event.acceptProposedAction()
                self._veil.raise_over()
                return True
        elif kind in (QEvent.Type.DragLeave, QEvent.Type.Hide):
            self._veil.hide()
        elif kind == QEvent.Type.Drop and isinstance(event, QDropEvent):
            self._veil.hide()
            found = pictures_in(event.mimeData())
            if found:
                event.acceptProposedAction()
                self._dropped(found)
                return True
        return False


def pictures_in(mime: QMimeData) -> list[Path]:
    """What was dropped, unless it is a project: the window opens those."""
    dropped = local_paths(mime)
    return [] if any(path.suffix == SUFFIX for path in dropped) else dropped
