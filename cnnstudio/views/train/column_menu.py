"""Which columns of the table of runs are in sight; remembered for the next start."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QTableView

from cnnstudio.app.settings import Settings
from cnnstudio.training.runs import RunInfo
from cnnstudio.views.train.run_columns import COLUMNS, PLACES

KEY = "train/run_columns"


class ColumnMenu(QObject):
    """Shows and hides columns, from a menu that the header and a button open."""

    def __init__(self, view: QTableView, settings: Settings) -> None:
        super().__init__(view)
        self._view = view
        self._settings = settings
        self._noted = False
        known = settings.value(KEY)
        # One column of an INI file comes back as text.
        kept = [known] if isinstance(known, str) else known
        self._chosen = isinstance(kept, list) and "run" in kept
        self.shown = set(kept) if self._chosen else {c.key for c in COLUMNS if c.usual}
        self.menu = QMenu("Columns", view)
        self.menu.setObjectName("runColumnsMenu")
        self.actions: dict[str, QAction] = {}
        self._fill()
        header = view.horizontalHeader()
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._open)
        self.apply(())

    def apply(self, runs: Sequence[RunInfo]) -> None:
        """Show what is chosen. Until a person chooses, notes are hidden where there are none."""
        self._noted = any(run.remark.notes for run in runs)
        self._show()

    def _fill(self) -> None:
        groups: dict[str, QMenu] = {}
        for column in COLUMNS:
            menu = self.menu
            if column.group:
                if column.group not in groups:
                    groups[column.group] = self.menu.addMenu(column.group)
                menu = groups[column.group]
            action = menu.addAction(column.heading)
            action.setObjectName(f"runColumn_{column.key}")
            action.setCheckable(True)
            # Runs without a name are nothing to choose from.
            action.setEnabled(column.key != "run")
            action.triggered.connect(lambda on, key=column.key: self.choose(key, on))
            self.actions[column.key] = action
        self.menu.addSeparator()
        usual = self.menu.addAction("The usual ones")
        usual.setObjectName("runColumnsUsual")
        usual.triggered.connect(lambda _checked=False: self.choose_usual())

    def choose(self, key: str, on: bool) -> None:
        """Show or hide a column, and remember that."""
        now = {name for name, action in self.actions.items() if action.isChecked()}
        self.shown = now | {key} if on else now - {key}
        self._chosen = True
        self._settings.set_value(KEY, [name for name in PLACES if name in self.shown])
        self._show()

    def choose_usual(self) -> None:
        """Show the columns that are there until a person chooses others."""
        self._chosen, self.shown = False, {c.key for c in COLUMNS if c.usual}
        self._settings.set_value(KEY, [])
        self._show()

    def _show(self) -> None:
        for key, place in PLACES.items():
            wanted = key in self.shown and (key != "notes" or self._chosen or self._noted)
            self._view.setColumnHidden(place, not wanted)
            self.actions[key].setChecked(wanted)

    def _open(self, point: QPoint) -> None:
        self.menu.popup(self._view.horizontalHeader().mapToGlobal(point))
