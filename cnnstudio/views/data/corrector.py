"""The corrections a person makes: each is one step of the document, and touches no file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMenu, QWidget

from cnnstudio.app.document import Document
from cnnstudio.data import corrections
from cnnstudio.data.report import count, relative
from cnnstudio.data.settings import DataSettings, Split
from cnnstudio.views.data.class_dialog import ask_for_class

if TYPE_CHECKING:
    from cnnstudio.data.doctor import Change

SPLIT_TITLES: dict[Split, str] = {"train": "Training", "val": "Validation", "test": "Test"}
CLASSES_IN_MENU = 12


class Corrector(QObject):
    """Changes the corrections of the document's data; pictures are named by their files."""

    # What was done, in words.
    done = Signal(str)

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes as they are now."""
        return self._document.class_names

    def set_aside(self, paths: Iterable[Path]) -> None:
        """Leave pictures out."""
        keys = self._keys(paths)
        self._set(f"Set {count(len(keys), 'picture')} aside", corrections.set_aside, keys)

    def relabel(self, paths: Iterable[Path], label: str) -> None:
        """Give pictures another class."""
        report, keys = self._document.report, self._keys(paths)
        if report is not None and label:
            text = f"Call {count(len(keys), 'picture')} {label}"
            self._set(text, corrections.relabel, report, keys, label)

    def move(self, paths: Iterable[Path], split: Split) -> None:
        """Put pictures into another split."""
        report, keys = self._document.report, self._keys(paths)
        if report is not None:
            text = f"Move {count(len(keys), 'picture')} to {SPLIT_TITLES[split].lower()}"
            self._set(text, corrections.move, report, keys, split)

    def merge(self, names: Iterable[str], into: str) -> None:
        """Take classes together; a single one gets another name."""
        report, names = self._document.report, list(names)
        if report is None or not into:
            return
        new = len(names) == 1 and into not in self.classes
        text = f"Rename {names[0]} to {into}" if new else f"Merge classes into {into}"
        self._set(text, corrections.merge, report, names, into)

    def separate(self, into: str) -> None:
        """End the merging of classes into `into`."""
        self._set(f"Separate what was merged into {into}", corrections.separate, into)

    def take_back(self, paths: Iterable[Path]) -> None:
        """End all corrections of pictures."""
        keys = self._keys(paths)
        text = f"Take back the corrections of {count(len(keys), 'picture')}"
        self._set(text, corrections.take_back, keys)

    def take_back_all(self) -> None:
        """End all corrections."""
        self._set("Take back all corrections", corrections.take_back_all)

    def apply(self, title: str, change: Change) -> None:
        """Do what a finding offers."""
        report = self._document.report
        if report is not None:
            self._document.set_data(change.applied(self._document.data, report), title)

    def ask_for_label(self, parent: QWidget, paths: list[Path]) -> None:
        """Let the person choose or type the class of pictures."""
        what = paths[0].name if len(paths) == 1 else count(len(paths), "picture")
        ask_for_class(
            parent, "Change the class", f"The class of {what}:", self.classes,
            lambda label: self.relabel(paths, label),
        )  # fmt: skip

    def ask_for_merging(self, parent: QWidget, names: list[str]) -> None:
        """Let the person choose the class that others become, or type a new name."""
        if len(names) == 1:
            title, text = "Rename or merge", f"What {names[0]} is called; an existing class takes "
            text += "its pictures:"
        else:
            title, text = "Merge classes", f"What these {len(names):,} classes become:"
        ask_for_class(
            parent, title, text, self.classes, lambda into: self.merge(names, into), names[0]
        )

    def fill_menu(self, menu: QMenu, parent: QWidget, paths: list[Path]) -> None:
        """Everything that can be done with pictures."""
        many = f" {len(paths):,} pictures" if len(paths) > 1 else ""
        menu.addAction(f"Set{many} aside\tDel", lambda: self.set_aside(paths))
        classes = self.classes
        if len(classes) <= CLASSES_IN_MENU:
            inside = menu.addMenu("Change the class to")
            for name in classes:
                inside.addAction(name.replace("&", "&&"), self._relabelling(paths, name))
            inside.addSeparator()
            inside.addAction("Another…\tCtrl+L", lambda: self.ask_for_label(parent, paths))
        else:
            menu.addAction("Change the class…\tCtrl+L", lambda: self.ask_for_label(parent, paths))
        self.fill_splits(menu.addMenu("Move to"), lambda: paths)
        if corrections.touched(self._document.data) & set(self._keys(paths)):
            menu.addAction("Take back", lambda: self.take_back(paths))

    def fill_splits(self, menu: QMenu, paths: Callable[[], list[Path]]) -> None:
        """An entry for each split, moving what `paths` gives."""
        for split, title in SPLIT_TITLES.items():
            menu.addAction(title, self._moving(paths, split))

    def _relabelling(self, paths: list[Path], name: str) -> Callable[[], None]:
        return lambda: self.relabel(paths, name)

    def _moving(self, paths: Callable[[], list[Path]], split: Split) -> Callable[[], None]:
        return lambda: self.move(paths(), split)

    def _keys(self, paths: Iterable[Path]) -> list[str]:
        report = self._document.report
        return [] if report is None else [relative(report.folder, path) for path in paths]

    def _set(self, text: str, change: Callable[..., DataSettings], *arguments: object) -> None:
        self._document.set_data(change(self._document.data, *arguments), text)
        self.done.emit(text)
