"""Weights and gradients of every layer, live and of runs on disk: figures, and how they moved."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QSpinBox,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.app.tasks import Task
from cnnstudio.training.events import HistogramsReady, Started
from cnnstudio.training.gauging import Measured
from cnnstudio.training.settings import HistogramSettings
from cnnstudio.views import theme
from cnnstudio.views.context import Context
from cnnstudio.views.table_model import Column, Index, TableModel
from cnnstudio.views.train.spread_plot import SpreadPlot
from cnnstudio.views.train.spreads import Spreads
from cnnstudio.views.widgets import ElidedLabel, Secondary, name_widget

WAITING = (
    "Open while a network trains, this tab shows how the weights of each layer are spread, and how "
    "hard the gradients pull at them."
)
NOTHING = (
    "Nothing was measured in this run. Open this tab while it trains, or switch on “Also when "
    "closed” before it starts."
)
PACE = "No more is measured than takes a two-hundredth of the time: very short epochs are left out."
_NONE = "–"
USUAL_STEPS = 100


class WeightsModel(TableModel):
    """The newest measurement, a row for each array of weights."""

    columns = (
        Column("Layer"),
        Column("Weights"),
        Column("Norm", True, "Square root of the sum of the squares of the weights"),
        Column("Gradient", True, "Norm of the gradient of the loss, on one held batch"),
        Column(
            "Ratio",
            True,
            "Norm of the gradient by that of the weights: near 0 a layer hardly learns, and what "
            "grows without end runs away",
        ),
        Column("Mean", True),
        Column("Deviation", True, "Standard deviation of the weights"),
        Column("Zeros", True, "Share of weights that are exactly 0"),
    )

    def update_entries(self, entries: Any) -> None:
        """Show newer figures of the same weights without losing what is selected."""
        if len(entries) != len(self.entries):
            self.show_entries(entries)
            return
        self.entries = entries
        if entries:
            last = self.index(len(entries) - 1, len(self.columns) - 1)
            self.dataChanged.emit(self.index(0, 0), last)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return super().data(index, role)
        one: Measured = self.entries[index.row()]
        values, gradient, ratio = one.values, one.gradient, one.ratio
        cells = (
            one.layer,
            one.weight,
            f"{values.norm:.3g}",
            _NONE if gradient is None else f"{gradient.norm:.3g}",
            _NONE if ratio is None else f"{ratio:.2g}",
            f"{values.mean:.3g}",
            f"{values.deviation:.3g}",
            f"{values.zeros:.0%}" if values.zeros >= 0.005 else "",
        )
        return cells[index.column()]


class WeightsTab(QWidget):
    """Has the training measure while it is open; shows that run or another."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._live: tuple[Path | None, Spreads] = (None, Spreads())
        self._run: Path | None = None
        self.spreads = Spreads()
        self._reading: Task | None = None
        self._problem = ""
        self.setObjectName("weightsTab")
        self.setAccessibleName("Weights and gradients")
        self._make_controls()
        self.model = WeightsModel(self)
        self.table = QTableView(self)
        name_widget(self.table, "weightsTable", "Weights and gradients of every layer")
        self.table.setModel(self.model)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setShowGrid(False)
        self.table.setTabKeyNavigation(False)
        self.table.setWordWrap(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(theme.HIT)
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setMinimumSectionSize(48)
        # Long names give way to the figures; a person may pull them wider.
        self.table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        for column, width in ((0, 116), (1, 104)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
            header.resizeSection(column, width)
        self.table.selectionModel().selectionChanged.connect(self._show_strips)
        self.weights_plot = SpreadPlot("weightsPlot", "Weights", self)
        self.gradients_plot = SpreadPlot("gradientsPlot", "Gradients", self)
        self._lay_out()
        context.trainer.events.connect(self._happened)
        context.trainer.state_changed.connect(lambda _state: self._show())
        context.document.training_changed.connect(self._follow_settings)
        self._follow_settings()
        self._show()

    def _make_controls(self) -> None:
        self.when_box = QComboBox(self)
        name_widget(self.when_box, "measureWhen", "When weights and gradients are measured")
        self.when_box.addItems(["once an epoch", "every so many steps"])
        self.when_box.activated.connect(self._when_chosen)
        self.steps_box = QSpinBox(self)
        self.steps_box.setRange(1, 1_000_000)
        self.steps_box.setSuffix(" steps")
        self.steps_box.setKeyboardTracking(False)
        self.steps_box.setFixedHeight(theme.HIT)
        name_widget(self.steps_box, "measureSteps", "Steps from one measurement to the next")
        self.steps_box.valueChanged.connect(lambda steps: self._set("every", steps))
        self.always_box = QCheckBox("Also when closed", self)
        name_widget(
            self.always_box,
            "measureAlways",
            "Measure while this tab is closed too",
            "Measure in every training of this project, also while nobody looks; kept with the run",
        )
        self.always_box.toggled.connect(lambda on: self._set("enabled", on))
        self.status = ElidedLabel("", self, Qt.TextElideMode.ElideRight)
        self.status.setObjectName("weightsStatus")
        self.status.setProperty("role", "secondary")
        self.status.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def _lay_out(self) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(theme.S16, theme.S4, theme.S16, theme.S4)
        bar.setSpacing(theme.S8)
        label = QLabel("Measure", self)
        label.setProperty("role", "secondary")
        label.setBuddy(self.when_box)
        label.setToolTip(PACE)
        for widget in (label, self.when_box, self.steps_box, self.always_box):
            bar.addWidget(widget)
        bar.addWidget(self.status, 1)
        self._empty = Secondary("", self)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setFixedWidth(420)
        plots = QWidget(self)
        pair = QHBoxLayout(plots)
        pair.setContentsMargins(0, 0, 0, 0)
        pair.setSpacing(0)
        pair.addWidget(self.weights_plot)
        pair.addWidget(self.gradients_plot)
        self._split = QSplitter(Qt.Orientation.Horizontal, self)
        self._split.addWidget(self.table)
        self._split.addWidget(plots)
        self._split.setSizes([490, 340])
        self._split.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        layout.addWidget(self._empty, 1, Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(self._split, 1)

    # -- what a person sets -------------------------------------------------------------------

    @property
    def _settings(self) -> HistogramSettings:
        return self._context.document.training.histograms

    def _when_chosen(self, choice: int) -> None:
        self._set("every", USUAL_STEPS if choice else 0)

    def _set(self, name: str, value: Any) -> None:
        if getattr(self._settings, name) == value:
            return
        document = self._context.document
        histograms = self._settings.model_copy(update={name: value})
        document.set_training(
            document.training.model_copy(update={"histograms": histograms}),
            "Change what is measured",
            merge_key=("training", "histograms", name),
        )

    def _follow_settings(self) -> None:
        settings = self._settings
        for widget in (self.when_box, self.steps_box, self.always_box):
            widget.blockSignals(True)
        self.when_box.setCurrentIndex(1 if settings.every else 0)
        self.steps_box.setValue(settings.every or USUAL_STEPS)
        self.steps_box.setVisible(settings.every > 0)
        self.always_box.setChecked(settings.enabled)
        for widget in (self.when_box, self.steps_box, self.always_box):
            widget.blockSignals(False)
        self._ask()

    def _ask(self) -> None:
        """Have the training that goes on, and those to come, measure as wanted now."""
        wanted = self.isVisible() or self._settings.enabled
        self._context.trainer.measure(self._settings.every if wanted else None)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._ask()
        self._show()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._ask()

    # -- what there is to show ----------------------------------------------------------------

    def show_run(self, run: Path) -> None:
        """Show what was measured in a run: live at once, of others when it is read."""
        if run == self._run:
            return
        self._run = run
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        live_run, live = self._live
        if run == live_run:
            self._use(live)
        else:
            self._read(run, self._use)

    def _read(self, run: Path, then: Any) -> None:
        from cnnstudio.training.histogram_log import read_histograms

        self._reading = self._context.tasks.run(
            read_histograms,
            run,
            on_done=lambda found: then(Spreads(found)),
            on_failed=self._unreadable,
        )

    def _unreadable(self, message: str) -> None:
        self._use(Spreads(), message)

    def _use(self, spreads: Spreads, problem: str = "") -> None:
        self.spreads, self._problem = spreads, problem
        self._show()

    def _words(self) -> str:
        """What is said where there is nothing to show."""
        live = self.spreads is self._live[1] and self._context.trainer.state.active
        return self._problem or (WAITING if live or self._run is None else NOTHING)

    def _happened(self, happened: tuple[Any, ...]) -> None:
        measured = False
        for event in happened:
            if isinstance(event, Started):
                self._begin(event)
            elif isinstance(event, HistogramsReady):
                self._live[1].add(event)
                measured = True
        if measured and self.spreads is self._live[1]:
            self._show()

    def _begin(self, event: Started) -> None:
        spreads = Spreads()
        self._live = (event.run, spreads)
        self._run = event.run
        self._use(spreads)
        if event.run is not None and (event.epoch or event.step):
            # It goes on: what was measured before comes first.
            self._read(event.run, partial(self._continue, spreads))

    def _continue(self, fresh: Spreads, earlier: Spreads) -> None:
        if self._live[1] is fresh:
            fresh.precede(earlier)
            self._show()

    def _show(self) -> None:
        if not self.isVisible():
            return
        latest = self.spreads.latest
        self._empty.setText(self._words())
        self._empty.setVisible(latest is None)
        self._split.setVisible(latest is not None)
        if latest is None:
            self.status.setText("")
            self.model.show_entries(())
            return
        count = len(self.spreads)
        times = "1 measurement" if count == 1 else f"{count:,} measurements"
        where = f"epoch {latest.epoch:,}"
        if latest.step < latest.steps:
            where += f", step {latest.step:,}"
        self.status.setText(f"{times}, the last in {where}")
        self.model.update_entries(self.spreads.weights)
        if not self.table.selectionModel().hasSelection():
            self.table.selectRow(0)
        self._show_strips()

    def _show_strips(self, *_: object) -> None:
        rows = self.table.selectionModel().selectedRows()
        if not rows or rows[0].row() >= len(self.model.entries):
            return
        one: Measured = self.model.entries[rows[0].row()]
        for plot, gradient, empty in (
            (self.weights_plot, False, ""),
            (self.gradients_plot, True, "Not trained: no gradient pulls at these."),
        ):
            plot.show_strip(self.spreads.strip(one.layer, one.weight, gradient=gradient), empty)
