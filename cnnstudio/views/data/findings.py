"""What a scan has to say: notes, files that were skipped, files that are equal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QScrollArea,
    QStackedWidget,
    QTabWidget,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.views import theme
from cnnstudio.views.data.findings_model import (
    PATH_ROLE,
    FindingsModel,
    Group,
    duplicate_groups,
    skipped_groups,
)
from cnnstudio.views.widgets import Secondary, name_widget

if TYPE_CHECKING:
    from cnnstudio.data.scan import FolderReport

EXPANDED_MOST = 24  # files that are listed without a click


class Findings(QStackedWidget):
    """Three tabs, or a word that all is well."""

    # A right click on a file: Path and the place on the screen.
    menu_wanted = Signal(object, QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("findings")
        self.notes = QLabel()
        name_widget(self.notes, "dataNotes", "Notes on the folder")
        self.notes.setTextFormat(Qt.TextFormat.PlainText)
        self.notes.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.notes.setWordWrap(True)
        self.notes.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.notes.setMargin(theme.S8)
        self._notes_page = QScrollArea()
        self._notes_page.setWidgetResizable(True)
        self._notes_page.setWidget(self.notes)
        self.skipped = self._tree("skippedTree", "Skipped files, by reason")
        self.duplicates = self._tree("duplicatesTree", "Groups of equal files")
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        for part, title in (
            (_with_margin(self._notes_page), "Notes"),
            (_with_margin(self.skipped), "Skipped"),
            (_with_margin(self.duplicates), "Duplicates"),
        ):
            self.tabs.addTab(part, title)
        self._nothing = QWidget()
        inside = QVBoxLayout(self._nothing)
        inside.setContentsMargins(theme.S16, theme.S12, theme.S16, theme.S12)
        fine = Secondary("Every file is a picture that can be used, and no two are equal.")
        inside.addWidget(fine)
        inside.addStretch(1)
        self.addWidget(self._nothing)
        self.addWidget(self.tabs)

    def show_report(self, report: FolderReport) -> None:
        """Show what `report` found, the first tab with something in it in front."""
        self.notes.setText("\n\n".join(report.problems))
        skipped, duplicates = skipped_groups(report), duplicate_groups(report)
        self._fill(self.skipped, skipped, report.folder)
        self._fill(self.duplicates, duplicates, report.folder)
        counts = (len(report.problems), len(report.skipped), len(duplicates))
        for tab, (word, count) in enumerate(
            zip(("Notes", "Skipped", "Duplicates"), counts, strict=True)
        ):
            self.tabs.setTabText(tab, f"{word} {count:,}" if count else word)
            self.tabs.setTabEnabled(tab, count > 0)
        found = next((tab for tab, count in enumerate(counts) if count), None)
        self.setCurrentWidget(self._nothing if found is None else self.tabs)
        self.tabs.setCurrentIndex(found or 0)

    @staticmethod
    def _fill(view: QTreeView, groups: list[Group], folder: Path) -> None:
        model = view.model()
        assert isinstance(model, FindingsModel)
        model.set_groups(groups, folder)
        if sum(len(group.paths) for group in groups) <= EXPANDED_MOST:
            view.expandAll()

    def _tree(self, name: str, accessible: str) -> QTreeView:
        view = QTreeView()
        name_widget(view, name, accessible)
        view.setModel(FindingsModel(view))
        view.setHeaderHidden(True)
        view.setIndentation(theme.S16)
        view.setUniformRowHeights(True)
        view.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.customContextMenuRequested.connect(lambda point: self._ask(view, point))
        return view

    def _ask(self, view: QTreeView, point: QPoint) -> None:
        path = view.indexAt(point).data(PATH_ROLE)
        if path is not None:
            self.menu_wanted.emit(path, view.viewport().mapToGlobal(point))


def _with_margin(view: QWidget) -> QFrame:
    frame = QFrame()
    frame.setProperty("role", "panel")
    inside = QVBoxLayout(frame)
    inside.setContentsMargins(theme.S8, theme.S4, 0, 0)
    inside.addWidget(view)
    return frame
