"""The findings of the folder doctor: a list at the left, the chosen one at the right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from cnnstudio.views.context import Context
from cnnstudio.views.data import corrected_view, overview
from cnnstudio.views.data.corrected_view import CorrectedView
from cnnstudio.views.data.corrector import Corrector
from cnnstudio.views.data.finding_detail import FindingDetail
from cnnstudio.views.data.findings_list import FindingsList, entries
from cnnstudio.views.data.overview import Overview
from cnnstudio.views.pictures import Thumbnails

if TYPE_CHECKING:
    from cnnstudio.views.data.looking import Look

LEFT = 312


class FindingsView(QWidget):
    """Shows the findings of a `Look`."""

    def __init__(
        self,
        context: Context,
        corrector: Corrector,
        thumbnails: Thumbnails,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("findings")
        self._look: Look | None = None
        self.list = FindingsList()
        self.overview = Overview()
        self.detail = FindingDetail(context, corrector, thumbnails)
        self.corrected = CorrectedView(corrector, thumbnails)
        self.pages = QStackedWidget()
        for page in (self.overview, self.detail, self.corrected):
            self.pages.addWidget(page)
        self.list.selectionModel().currentChanged.connect(lambda *_: self._choose())
        right = QFrame()
        right.setProperty("role", "panel")
        inside = QVBoxLayout(right)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self.pages)
        middle = QSplitter(Qt.Orientation.Horizontal)
        middle.setChildrenCollapsible(False)
        middle.addWidget(self.list)
        middle.addWidget(right)
        middle.setStretchFactor(0, 0)
        middle.setStretchFactor(1, 1)
        middle.setSizes([LEFT, 800])
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(middle)

    def show_look(self, look: Look) -> None:
        """Show what was found; the line that was chosen stays chosen."""
        before, self._look = self._look, look
        self.overview.show_look(look)
        lines = entries(
            look.findings, overview.summary(look), corrected_view.summary(look.settings)
        )
        if any(button.hasFocus() for button in self.detail.buttons):
            # It goes: the keys must not go on to whatever comes next on the page.
            self.list.setFocus()
        other = before is None or before.report.folder != look.report.folder
        self.list.show_entries(lines, anew=other)
        self._choose()

    def show_line(self, key: str) -> None:
        """Choose the line `key`: "overview", "corrected" or the kind of a finding."""
        for row, entry in enumerate(self.list.model_.entries):
            if entry.key == key:
                self.list.setCurrentIndex(self.list.model_.index(row))

    def _choose(self) -> None:
        entry, look = self.list.current(), self._look
        if entry is None or look is None:
            return
        if entry.finding is not None:
            self.detail.show_finding(entry.finding, look.report.folder)
            self.pages.setCurrentWidget(self.detail)
        elif entry.key == "corrected":
            self.corrected.show_look(look)
            self.pages.setCurrentWidget(self.corrected)
        else:
            self.pages.setCurrentWidget(self.overview)
