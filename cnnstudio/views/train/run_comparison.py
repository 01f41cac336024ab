"""The window that shows two runs side by side: what they reached, settings, networks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QTableView,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.analysis.compare import Side
from cnnstudio.analysis.words import columns
from cnnstudio.app.networks import open_side
from cnnstudio.training.differences import (
    UNUSED,
    Differences,
    Figure,
    Setting,
    differences,
    value_words,
)
from cnnstudio.training.runs import run_info
from cnnstudio.views import theme
from cnnstudio.views.compare.dialog import ComparePanel
from cnnstudio.views.table_model import Column, Index, TableModel
from cnnstudio.views.theme import S4, S8, S12, S16, S24
from cnnstudio.views.train.plot import short_name
from cnnstudio.views.train.plot import title_of as curve_title
from cnnstudio.views.train.progress import in_words
from cnnstudio.views.train.run_columns import title_of
from cnnstudio.views.widgets import (
    TEXT_COLOR_ROLE,
    Button,
    ColoredTextDelegate,
    ElidedLabel,
    PrimaryButton,
    Secondary,
    Title,
    name_widget,
    set_property,
)

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_TITLES = {"best_epoch": "Best epoch", "epochs_done": "Epochs trained", "seconds": "Time"}


class Opened:
    """Two runs with their networks, read in the background."""

    def __init__(self, found: Differences, sides: tuple[Side, Side]) -> None:
        self.found = found
        self.sides = sides


def open_two(old: Path, new: Path) -> Opened:
    """Read two runs. Raises `StudioError`."""
    sides = (open_side(old), open_side(new))
    return Opened(differences(run_info(old), run_info(new)), sides)


class Figures(QFrame):
    """A line for each figure; the better one stands out."""

    def __init__(self, found: Differences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        name_widget(self, "runFigures", "What both runs reached")
        grid = QGridLayout(self)
        grid.setContentsMargins(S16, S12, S16, S12)
        grid.setHorizontalSpacing(S24)
        grid.setVerticalSpacing(S4)
        for place, stretch in enumerate((3, 3, 3, 2)):
            grid.setColumnStretch(place, stretch)
        for place, title in enumerate(names_of(found), 1):
            name = ElidedLabel(title, mode=Qt.TextElideMode.ElideLeft)
            name.setAlignment(_RIGHT)
            name.setFont(theme.font(bold=True))
            grid.addWidget(name, 0, place)
        for line, figure in enumerate(found.figures, 1):
            grid.addWidget(Secondary(figure_title(figure)), line, 0)
            for place, value in enumerate((figure.old, figure.new), 1):
                better = figure.better == (-1 if place == 1 else 1)
                label = QLabel(figure_words(figure, value))
                label.setAlignment(_RIGHT)
                label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                label.setFont(theme.font(mono=True, bold=better))
                if better:
                    set_property(label, "role", "success")
                which = "first" if place == 1 else "second"
                said = f"{figure_title(figure)}, {which} run" + (", the better" if better else "")
                name_widget(label, f"{figure.key}_{which}", said)
                grid.addWidget(label, line, place)
            difference = Secondary(difference_words(figure))
            difference.setAlignment(_RIGHT)
            name_widget(difference, f"{figure.key}_difference", f"{figure_title(figure)}, more")
            grid.addWidget(difference, line, 3)


class SettingModel(TableModel):
    """Settings of two runs, those that differ or all."""

    def __init__(self, found: Differences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._found = found
        self.columns = (Column("Setting"), *map(Column, names_of(found)))
        self.show_rows(only_differences=True)

    def show_rows(self, *, only_differences: bool) -> None:
        found = self._found
        self.show_entries(found.differing if only_differences else found.settings)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        setting: Setting = self.entries[index.row()]
        value = (setting.key, setting.old, setting.new)[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return setting_title(setting.key) if index.column() == 0 else value_words(value)
        if role == Qt.ItemDataRole.ToolTipRole:
            return value_words(value)
        if role == TEXT_COLOR_ROLE:
            plain = index.column() == 0 or not setting.differs or value == UNUSED
            return "secondary" if plain else "text"
        return super().data(index, role)


class SettingTable(QTableView):
    """The settings side by side; Copy takes all that is shown."""

    def __init__(self, model: SettingModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        name_widget(self, "runSettings", "Settings of both runs")
        self.setModel(model)
        self.setItemDelegate(ColoredTextDelegate(self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(theme.HIT)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsClickable(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)


class RunComparison(QDialog):
    """Two runs: figures and settings on one tab, networks on the other."""

    def __init__(self, opened: Opened, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("runComparison")
        self.setWindowTitle("Compare runs")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.found = opened.found
        self.model = SettingModel(self.found, self)
        self.table = SettingTable(self.model)
        self.only = QCheckBox("Only differences")
        name_widget(self.only, "onlyDifferentSettings", "Only settings that differ")
        self.only.setChecked(True)
        self.only.toggled.connect(lambda on: self.model.show_rows(only_differences=on))
        self.networks = ComparePanel(*opened.sides)
        self.tabs = QTabWidget()
        self.tabs.setObjectName("runComparisonTabs")
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self._first(), "Results and settings")
        network = QWidget()
        inside = QVBoxLayout(network)
        inside.setContentsMargins(0, S12, 0, 0)
        inside.addWidget(self.networks)
        count = len(self.networks.comparison.differences)
        self.tabs.addTab(network, f"Networks ({count:,} differences)" if count else "Networks")
        below = QHBoxLayout()
        below.setSpacing(S8)
        below.addStretch(1)
        below.addWidget(Button("Copy as text", "copyRunComparison", self.copy_text))
        below.addWidget(PrimaryButton("Close", "closeRunComparison", self.accept))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(S16, S16, S16, S16)
        layout.setSpacing(S12)
        layout.addWidget(Title("Compare runs"))
        layout.addWidget(self.tabs, 1)
        layout.addLayout(below)
        for button in self.findChildren(Button):
            button.setAutoDefault(False)
        self.table.setFocus()
        self.resize(960, 720)

    def _first(self) -> QWidget:
        count = len(self.found.differing)
        words = f"{count:,} settings differ." if count != 1 else "One setting differs."
        headline = Secondary(words if count else "The settings are the same.")
        headline.setObjectName("runSettingsHeadline")
        above = QHBoxLayout()
        above.setSpacing(S12)
        above.addWidget(headline, 1)
        above.addWidget(self.only)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, S12, 0, 0)
        layout.setSpacing(S12)
        layout.addWidget(Figures(self.found))
        layout.addLayout(above)
        layout.addWidget(self.table, 1)
        return page

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_text()
        else:
            super().keyPressEvent(event)

    def copy_text(self) -> None:
        """Put what the tab shows on the clipboard, as text."""
        if self.tabs.currentIndex() == 1:
            self.networks.copy_text()
        else:
            QGuiApplication.clipboard().setText(self.text())

    def text(self) -> str:
        """Figures and the settings that are shown, as text."""
        found = self.found
        names = names_of(found)
        figures = [
            (figure_title(f), figure_words(f, f.old), figure_words(f, f.new)) for f in found.figures
        ]
        settings = [
            (each.key, value_words(each.old), value_words(each.new)) for each in self.model.entries
        ]
        lines = columns([("", *names), *figures], right={1, 2})
        lines += ["", *columns([("", *names), *settings])]
        return "\n".join(lines) + "\n"


def names_of(found: Differences) -> tuple[str, str]:
    """What the two are called; with their times where they are called the same."""
    runs = (found.old, found.new)
    old, new = (title_of(run) for run in runs)
    if old != new:
        return old, new
    first, second = (short_name(run.name) for run in runs)
    return first, second


def difference_words(figure: Figure) -> str:
    """How much more the second run has, of what is a share or a loss."""
    if figure.old is None or figure.new is None or figure.key in _TITLES:
        return ""
    more = figure.new - figure.old
    return f"{'+' if more > 0 else '−'}{abs(more):.4f}" if more else ""


def figure_title(figure: Figure) -> str:
    """`Val accuracy` for `val_accuracy`."""
    if figure.key in _TITLES:
        return _TITLES[figure.key]
    plain = figure.key.removeprefix("val_")
    word = curve_title(plain)
    return word if plain == figure.key else f"Val {word[:1].lower()}{word[1:]}"


def figure_words(figure: Figure, value: float | None) -> str:
    """A figure as a person reads it."""
    if value is None:
        return "–"
    if figure.key == "seconds":
        return in_words(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.4f}"


def setting_title(key: str) -> str:
    """`optimizer · learning_rate` for `training.optimizer.learning_rate`."""
    part, _, rest = key.partition(".")
    words = rest.replace(".", " · ")
    return f"data · {words}" if part == "data" else words
