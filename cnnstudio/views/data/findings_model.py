"""What a scan set aside, as a tree of two levels: a reason with its count, and the files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt

if TYPE_CHECKING:
    from cnnstudio.data.scan import FolderReport

Index = QModelIndex | QPersistentModelIndex

PATH_ROLE = Qt.ItemDataRole.UserRole + 1


@dataclass(frozen=True)
class Group:
    """Files that were set aside for one reason."""

    title: str
    paths: Sequence[Path]


def skipped_groups(report: FolderReport) -> list[Group]:
    """The skipped files by reason, the most frequent reason first."""
    by_reason: dict[str, list[Path]] = {}
    for skipped in report.skipped:
        by_reason.setdefault(skipped.reason, []).append(skipped.path)
    ordered = sorted(by_reason.items(), key=lambda item: -len(item[1]))
    return [Group(f"{_capital(reason)} · {len(paths):,}", paths) for reason, paths in ordered]


def duplicate_groups(report: FolderReport) -> list[Group]:
    """The sets of equal files."""
    return [
        Group(f"{Path(paths[0]).name} · {len(paths)} equal files", [Path(path) for path in paths])
        for paths in report.duplicates
    ]


class FindingsModel(QAbstractItemModel):
    """Groups at the top, their files below; works by index, so any number of files is quick."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._groups: list[Group] = []
        self._folder = Path()

    def set_groups(self, groups: list[Group], folder: Path) -> None:
        """Show `groups`, the paths relative to `folder`."""
        self.beginResetModel()
        self._groups = groups
        self._folder = folder
        self.endResetModel()

    # A group's index carries 0, a file's index the number of its group plus one.
    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        return self.createIndex(row, column, parent.row() + 1 if parent.isValid() else 0)

    def parent(self, index: Index = QModelIndex()) -> QModelIndex:  # type: ignore[override]  # noqa: B008
        if not index.isValid() or not index.internalId():
            return QModelIndex()
        return self.createIndex(int(index.internalId()) - 1, 0, 0)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        if not parent.isValid():
            return len(self._groups)
        return 0 if parent.internalId() else len(self._groups[parent.row()].paths)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        if not index.internalId():
            title = self._groups[index.row()].title
            shown = role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole)
            return title if shown else None
        path = self._groups[int(index.internalId()) - 1].paths[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            inside = path.is_relative_to(self._folder)
            return str(path.relative_to(self._folder)) if inside else str(path)
        if role == Qt.ItemDataRole.ToolTipRole:
            return str(path)
        return path if role == PATH_ROLE else None


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
