"""Choosing the trained network: the last run, any run, or a `.keras` file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from cnnstudio.app.models import ModelFacts
from cnnstudio.app.tasks import Task
from cnnstudio.app.trainer import State
from cnnstudio.views import theme
from cnnstudio.views.context import Context
from cnnstudio.views.dialogs import choose_file
from cnnstudio.views.widgets import Button, Secondary, name_widget

PATH_ROLE = Qt.ItemDataRole.UserRole + 1
FILES_KEPT = 5
FILTER = "Trained networks (*.keras *.h5 *.hdf5);;All files (*)"


@dataclass(frozen=True)
class Choice:
    """An entry of the list: a run or a model file."""

    path: Path
    text: str
    usable: bool


class ModelChooser(QWidget):
    """The trained networks there are. Follows the last run until the person chooses another."""

    # Another network is chosen, or there is one now: Path or None, and whether a person did it.
    chosen = Signal(object, bool)
    # What was told of the file is to be changed.
    tell_wanted = Signal()

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._listing: Task | None = None
        self._path: Path | None = None
        self._follows = True
        self._listed = False
        # The networks that can be used, the newest first.
        self.choices: tuple[Choice, ...] = ()
        self.list = QComboBox()
        name_widget(self.list, "modelChooser", "Trained network", "The trained network to use")
        self.list.setModel(QStandardItemModel(self.list))
        self.list.setMinimumWidth(320)
        self.list.setMaximumWidth(520)
        self.list.setPlaceholderText("No trained network yet")
        self.list.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.list.activated.connect(self._activated)
        self.open_button = Button("Open .keras file…", "openModelButton", self.choose_file)
        self.facts = Secondary("")
        self.facts.setObjectName("modelFacts")
        self.facts.setWordWrap(False)
        self.tell_button = Button("As told…", "toldButton", self.tell_wanted.emit)
        self.tell_button.setToolTip(
            "Change what was told of this file: its pixels, its size or the names of its classes"
        )
        self.tell_button.hide()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.S8)
        row.addWidget(self.list, 3)
        row.addWidget(self.open_button)
        row.addWidget(self.tell_button)
        row.addSpacing(theme.S8)
        row.addWidget(self.facts)
        row.addStretch(1)
        context.trainer.state_changed.connect(self._training_changed)
        context.run_changed.connect(self.choose_run)

    @property
    def path(self) -> Path | None:
        """The run folder or model file that is chosen."""
        return self._path

    @property
    def listed(self) -> bool:
        """Whether the runs folder was looked through."""
        return self._listed

    def refresh(self) -> None:
        """Look for runs again, in the background."""
        if self._listing is not None:
            self._listing.cancel()
        self._listing = self._context.tasks.run(
            _list_choices,
            self._context.runs_folder,
            self._files(),
            self._context.trainer.run if self._context.trainer.state.active else None,
            self._path,
            on_done=self._fill,
        )

    def choose_run(self, run: Path) -> None:
        """Follow the run that was just trained, or keep to the one that was chosen elsewhere."""
        self._follows = run == self._context.trainer.run
        if not self._follows:
            self._path = Path(run)
        self.refresh()

    def choose_file(self) -> None:
        known = self._files()
        choose_file(
            self, "Open a trained network", FILTER, self.open_file,
            start=known[0].parent if known else None,
        )  # fmt: skip

    def open_file(self, path: Path) -> None:
        """Use a `.keras` or `.h5` file; it stays in the list."""
        path = Path(path).absolute()
        files = [path, *(known for known in self._files() if known != path)][:FILES_KEPT]
        self._context.settings.set_value("classify/models", [str(file) for file in files])
        self._follows = False
        self._set(path, by_hand=True)
        self.refresh()

    def show_facts(self, facts: ModelFacts) -> None:
        """Say what the loaded network takes and answers."""
        size = " × ".join(map(str, (*facts.image_size, facts.channels)))
        count = len(facts.classes)
        self.facts.setText(f"takes {size}  ·  {count:,} classes")
        self.facts.setToolTip(", ".join(facts.classes[:40]) + ("…" if count > 40 else ""))
        # Before it was asked, the page asks.
        self.tell_button.setVisible(bool(facts.left_open) and facts.asked)

    def _files(self) -> list[Path]:
        known = self._context.settings.value("classify/models", [])
        items = [known] if isinstance(known, str) else known or []
        return [path for path in map(Path, items) if path.is_file()]

    def _fill(self, choices: list[Choice]) -> None:
        self._listing = None
        self._listed = True
        usable = [choice for choice in choices if choice.usable]
        self.choices = tuple(usable)
        newest = usable[0].path if usable else None
        path = newest if self._follows else self._path
        with QSignalBlocker(self.list):
            self.list.clear()
            model: Any = self.list.model()
            for choice in choices:
                item = QStandardItem(choice.text)
                item.setData(choice.path, PATH_ROLE)
                item.setToolTip(str(choice.path))
                item.setEnabled(choice.usable)
                model.appendRow(item)
            self._show_current(path)
        self._set(path)

    def _show_current(self, path: Path | None) -> None:
        rows = [self.list.itemData(row, PATH_ROLE) for row in range(self.list.count())]
        self.list.setCurrentIndex(rows.index(path) if path in rows else -1)

    def _activated(self, row: int) -> None:
        path = self.list.itemData(row, PATH_ROLE)
        self._follows = row == 0
        self._set(path, by_hand=True)

    def _set(self, path: Path | None, *, by_hand: bool = False) -> None:
        if path != self._path:
            self._path = path
            self.facts.setText("")
            self.tell_button.hide()
        self.chosen.emit(path, by_hand)

    def _training_changed(self, state: State) -> None:
        if not state.active or self.isVisible():
            self.refresh()


def _list_choices(
    folder: Path, files: list[Path], training: Path | None, current: Path | None
) -> list[Choice]:
    """Runs, newest first, then model files that were opened."""
    from cnnstudio.training.runs import list_runs

    runs = list_runs(folder)
    choices = []
    last = next((run.path for run in runs if run.has_model), None)
    for run in runs:
        if not run.has_model and run.path != training:
            continue
        words = [run.name]
        if run.best_val_accuracy is not None:
            words.append(f"{100 * run.best_val_accuracy:.1f} %")
        if run.path == training:
            words.append("training now" if run.has_model else "training, no epoch finished yet")
        elif run.path == last:
            words.append("last run")
        choices.append(Choice(run.path, "  ·  ".join(words), run.has_model))
    if current is not None and current not in files and current.is_file():
        files = [current, *files]
    choices += [Choice(file, f"{file.name}  ·  {file.parent.name}", True) for file in files]
    return choices
