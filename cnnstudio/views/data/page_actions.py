"""The actions of the Data page, in its menu and with their keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence

from cnnstudio.app.document import Document
from cnnstudio.data.corrections import corrects
from cnnstudio.data.settings import Split
from cnnstudio.views.data.corrector import SPLIT_TITLES
from cnnstudio.views.data.picture_actions import PictureActions

if TYPE_CHECKING:
    from cnnstudio.views.data_page import DataPage


class PageActions(QObject):
    """Makes the actions of `page`; what they act on are the pictures chosen in the shown view."""

    def __init__(self, page: DataPage, document: Document) -> None:
        super().__init__(page)
        self._document = document
        self._page = page
        self._add("Look through the folder again", "rescanAction", page.rescan, "F5")
        self.check = self._add("Check every picture", "checkAction", page.check, "F7")
        self.report = self._add("Export the report…", "reportAction", page.export_report)
        self._line()
        layout, splitting = page.bar.layout_button, page.splitting
        self.reading = [
            self._add("Read classes from a table…", "readTableAction", layout.ask_table),
            self._add("Read classes from the file names…", "readNamesAction", layout.ask_pattern),
        ]
        self.keep = self._add("Keep the split", "keepSplitAction", splitting.keep, "Ctrl+Alt+K")
        self.forget = self._add("Forget the kept split", "forgetSplitAction", splitting.forget)
        self.folds = self._add("Train all folds", "trainFoldsAction", splitting.train_folds)
        self._line()
        self.chosen = [
            self._add("Set the chosen pictures aside", "asideAction", self._aside, "Del"),
            self._add("Change their class…", "relabelAction", self._relabel, "Ctrl+L"),
        ]
        for split, title in SPLIT_TITLES.items():
            slot = self._moving(split)
            self.chosen.append(self._add(f"Move them to {title.lower()}", f"{split}Action", slot))
        self.back = self._add(
            "Take all corrections back", "takeBackAction", page.corrector.take_back_all
        )
        self._line()
        for bar in (page.browser.actions_bar, page.findings.detail.actions_bar):
            bar.changed.connect(self.refresh)
        page.filled.turned.connect(self.refresh)

    def refresh(self) -> None:
        """Enable what can be done now."""
        page = self._page
        bar = self._bar()
        chosen = bar is not None and bar.any_chosen
        for action in self.chosen:
            action.setEnabled(chosen)
        known = page.looker.last is not None and page.stack.currentWidget() is page.filled
        self.check.setEnabled(known and not page.full_check.running)
        self.report.setEnabled(known)
        split = self._document.data.split
        for action in self.reading:
            action.setEnabled(known)
        self.keep.setEnabled(known and split.recorded is None)
        self.forget.setEnabled(split.recorded is not None)
        self.folds.setEnabled(known and split.by == "folds" and split.recorded is None)
        self.back.setEnabled(known and corrects(self._document.data))

    def _bar(self) -> PictureActions | None:
        """The bar of the grid that is seen."""
        page = self._page
        for bar in (page.browser.actions_bar, page.findings.detail.actions_bar):
            if bar.isVisible():
                return bar
        return None

    def _aside(self) -> None:
        bar = self._bar()
        if bar is not None and bar.any_chosen:
            self._page.corrector.set_aside(bar.paths())

    def _relabel(self) -> None:
        bar = self._bar()
        if bar is not None:
            bar.ask_for_label()

    def _moving(self, split: Split) -> Callable[[], None]:
        def move() -> None:
            bar = self._bar()
            if bar is not None and bar.any_chosen:
                self._page.corrector.move(bar.paths(), split)

        return move

    def _add(self, text: str, name: str, slot: Callable[[], object], keys: str = "") -> QAction:
        action = QAction(text, self._page)
        action.setObjectName(name)
        if keys:
            action.setShortcut(QKeySequence(keys))
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        action.triggered.connect(lambda _checked=False: slot())
        self._page.addAction(action)
        return action

    def _line(self) -> None:
        line = QAction(self._page)
        line.setSeparator(True)
        self._page.addAction(line)
