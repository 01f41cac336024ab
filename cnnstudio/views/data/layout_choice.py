"""Where the classes of a folder are read from, and the other ways to read them."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from cnnstudio.data.settings import LayoutSettings
from cnnstudio.views.data.pattern_dialog import PatternDialog
from cnnstudio.views.dialogs import choose_file
from cnnstudio.views.strip import StripAction
from cnnstudio.views.widgets import Button

if TYPE_CHECKING:
    from cnnstudio.data.report import FolderReport, LayoutOffer

_NAMES_SHOWN = 3
_TABLES = "Tables (*.csv *.tsv *.tab *.txt);;All files (*)"


class LayoutButton(Button):
    """Says where the classes come from; its menu offers what else was found."""

    # A person wants the classes read in this way: `LayoutSettings`.
    wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Classes", "layoutButton", parent=parent)
        self._report: FolderReport | None = None
        self._choices = QMenu(self)
        self._choices.aboutToShow.connect(self._fill)
        self.setMenu(self._choices)
        self.setToolTip(LayoutSettings.model_fields["kind"].description or "")
        self.hide()

    def show_report(self, report: FolderReport | None) -> None:
        """Say where the classes of `report` come from; None hides the button."""
        self._report = report
        self.setVisible(report is not None)
        if report is not None:
            text = f"Classes: {_source(report.layout)}" if report.classes else "Classes: none found"
            self.setText(text.replace("&", "&&"))
            self.setAccessibleName(text)

    def ways(self, report: FolderReport) -> list[StripAction]:
        """Buttons for a folder in which no classes were found: what else there is to read."""
        if report.classes:
            return []
        found: list[StripAction] = [
            (offer_words(offer), partial(self.wanted.emit, offer.layout))
            for offer in report.offers[:2]
        ]
        return found or [("Describe the file names…", self.ask_pattern)]

    def ask_pattern(self) -> None:
        """Let the person write how the files are named."""
        report = self._report
        if report is None:
            return
        names = [picture.path.name for picture in report.pictures]
        names += [skipped.path.name for skipped in report.skipped if _by_name(skipped.reason)]
        offered = next((o.layout.pattern for o in report.offers if o.layout.pattern), None)
        pattern = report.layout.pattern or offered or "{class}_*"
        dialog = PatternDialog(names, pattern, self)
        dialog.chosen.connect(
            lambda chosen: self.wanted.emit(LayoutSettings(kind="filename", pattern=chosen))
        )
        dialog.open()

    def ask_table(self) -> None:
        """Let the person choose the table of the classes."""
        report = self._report
        if report is not None:
            choose_file(
                self,
                "Choose the table of pictures and classes",
                _TABLES,
                partial(self._take_table, report.folder),
                start=report.folder,
            )

    def _take_table(self, folder: Path, path: Path) -> None:
        inside = path.is_relative_to(folder)
        file = path.relative_to(folder).as_posix() if inside else str(path)
        self.wanted.emit(LayoutSettings(kind="csv", file=file))

    def _fill(self) -> None:
        self._choices.clear()
        report = self._report
        if report is None:
            return
        layouts = {LayoutSettings(): "Automatic"}
        layouts[LayoutSettings(kind="folders")] = "A folder for each class"
        if report.asked.kind in ("csv", "filename"):
            layouts[report.asked] = _capital(_source(report.layout))
        for offer in report.offers:
            layouts[offer.layout] = offer_words(offer)
        for number, (layout, text) in enumerate(layouts.items()):
            action = QAction(text.replace("&", "&&"), self._choices)
            action.setObjectName(f"layout_{layout.kind}_{number}")
            action.setCheckable(True)
            action.setChecked(layout == report.asked)
            action.triggered.connect(partial(self._choose, layout))
            self._choices.addAction(action)
        self._choices.addSeparator()
        for text, name, slot in (
            ("Choose a table…", "layoutTableAction", self.ask_table),
            ("Describe the file names…", "layoutPatternAction", self.ask_pattern),
        ):
            action = self._choices.addAction(text, slot)
            action.setObjectName(name)

    def _choose(self, layout: LayoutSettings, _checked: bool = False) -> None:
        if self._report is not None and layout != self._report.asked:
            self.wanted.emit(layout)


def offer_words(offer: LayoutOffer) -> str:
    """ "Use labels.csv: cat, dog", "Class from the name: cat, dog and 3 more"."""
    names = ", ".join(offer.classes[:_NAMES_SHOWN])
    if len(offer.classes) > _NAMES_SHOWN:
        names += f" and {len(offer.classes) - _NAMES_SHOWN} more"
    if offer.layout.kind == "csv":
        return f"Use {offer.layout.file}: {names}"
    if offer.layout.kind == "filename":
        return f"Class from the name: {names}"
    return f"Class from the folder: {names}"


def _source(layout: LayoutSettings) -> str:
    if layout.kind == "csv":
        return Path(layout.file or "").name
    return f"names {layout.pattern}" if layout.kind == "filename" else "folders"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _by_name(reason: str) -> bool:
    """Whether a file was left out because of its name, and would fit another pattern."""
    return reason.startswith("its name does not fit")
