"""Which predictions are shown: by words, by class, and those the network is not sure of."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence

from PySide6.QtCore import QObject, QSignalBlocker, QSortFilterProxyModel, Qt, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QSlider, QWidget

from cnnstudio.evaluation.predict import Unreadable
from cnnstudio.views import theme
from cnnstudio.views.classify.results import RESULT_ROLE, SURE, Index, Result, ResultModel
from cnnstudio.views.widgets import Button, Secondary, name_widget

ALL, UNSURE, UNREAD = "All classes", "Not sure", "Not read"
_PAUSE = 200  # milliseconds between two counts while results stream in, at least
_SHARE = 0.02  # of the time that counting may take


class ResultFilter(QSortFilterProxyModel):
    """Rows whose name or class holds the words, of one class or pile."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.words = ""
        self.pile = ALL
        self.threshold = SURE

    @property
    def results(self) -> Sequence[Result]:
        """All results, in the order of arrival."""
        source = self.sourceModel()
        return source.results if isinstance(source, ResultModel) else ()

    def set_filter(self, words: str, pile: str, threshold: float) -> None:
        """Show rows with `words`, of a class or pile; below `threshold` a row is not sure."""
        wanted = (words.casefold().strip(), pile, threshold)
        if wanted != (self.words, self.pile, self.threshold):
            self.words, self.pile, self.threshold = wanted
            self.invalidate()

    def pile_of(self, result: Result) -> str:
        """The class of a result, or the pile it is in instead."""
        if isinstance(result, Unreadable):
            return UNREAD
        name, share = result.ranked[0]
        return name if share >= self.threshold else UNSURE

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        result = self.sourceModel().index(row, 0, parent).data(RESULT_ROLE)
        if self.pile not in (ALL, self.pile_of(result)):
            return False
        if not self.words:
            return True
        named = "" if isinstance(result, Unreadable) else result.ranked[0][0]
        return self.words in f"{result.path.name} {named}".casefold()


class FilterBar(QWidget):
    """The controls of a `ResultFilter`, and sorting what is shown into folders."""

    sort_wanted = Signal()

    def __init__(self, rows: ResultFilter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = rows
        self.search = QLineEdit(self)
        name_widget(self.search, "resultSearch", "Search pictures by name or class")
        self.search.setPlaceholderText("Search name or class")
        self.search.setClearButtonEnabled(True)
        self.search.setMaximumWidth(260)
        self.piles = QComboBox(self)
        name_widget(self.piles, "resultClass", "Class to show")
        self.piles.setMinimumWidth(180)
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        name_widget(
            self.slider,
            "resultThreshold",
            "Sure from",
            "Pictures whose best class is less likely than this go on the pile “Not sure”",
        )
        self.slider.setRange(0, 100)
        self.slider.setValue(round(100 * rows.threshold))
        self.slider.setFixedWidth(140)
        self.share = QLabel("", self)
        self.share.setFixedWidth(40)
        self.sort_button = Button(
            "Sort into folders…", "sortIntoFoldersButton", self.sort_wanted.emit, icon="folder"
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.S16, 0, theme.S16, theme.S8)
        row.setSpacing(theme.S8)
        row.addWidget(self.search, 1)
        row.addWidget(self.piles)
        row.addSpacing(theme.S8)
        row.addWidget(Secondary("Sure from", self))
        row.addWidget(self.slider)
        row.addWidget(self.share)
        row.addStretch(1)
        row.addWidget(self.sort_button)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_PAUSE)
        self._later.timeout.connect(self._count)
        self.search.textChanged.connect(self._filter)
        self.piles.activated.connect(self._filter)
        self.slider.valueChanged.connect(self._threshold_moved)
        source = rows.sourceModel()
        for changed in (source.rowsInserted, source.modelReset, source.dataChanged):
            changed.connect(self._changed)
        self._count()

    @property
    def threshold(self) -> float:
        """From which probability on the network counts as sure (0–1)."""
        return self.slider.value() / 100

    def _threshold_moved(self) -> None:
        self._filter()
        self._later.start()

    def _filter(self) -> None:
        self.share.setText(f"{self.slider.value()} %")
        pile = self.piles.currentData() or ALL
        self._rows.set_filter(self.search.text(), pile, self.threshold)

    def _changed(self) -> None:
        if not self._later.isActive():
            self._later.start()

    def _count(self) -> None:
        """The classes that there are, with how many pictures each has."""
        self._later.stop()
        start = time.perf_counter()
        results = self._rows.results
        found = Counter(map(self._rows.pile_of, results))
        chosen = self.piles.currentData() or ALL
        with QSignalBlocker(self.piles):
            self.piles.clear()
            self.piles.addItem(f"{ALL} ({len(results):,})", ALL)
            for pile in _order(found):
                self.piles.addItem(f"{pile} ({found[pile]:,})", pile)
            self.piles.setCurrentIndex(max(0, self.piles.findData(chosen)))
        self.sort_button.setEnabled(len(results) > found[UNREAD])
        self._filter()
        taken = time.perf_counter() - start
        self._later.setInterval(max(_PAUSE, round(1000 * taken / _SHARE)))


def _order(found: Iterable[str]) -> list[str]:
    """Classes by name, the piles behind them."""
    piles = [pile for pile in (UNSURE, UNREAD) if pile in found]
    return [*sorted(set(found) - {UNSURE, UNREAD}, key=str.casefold), *piles]
