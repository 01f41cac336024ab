"""The curves of a run, or of several: one panel a metric, hover, smoothing, log scale, saving."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.views import theme
from cnnstudio.views.context import Context
from cnnstudio.views.train.plot import Plot, title_of
from cnnstudio.views.train.save import Shown, save_curves
from cnnstudio.views.train.series import History
from cnnstudio.views.widgets import ElidedLabel, QuietButton, name_widget

# Metrics whose curves are shown until a person chooses others.
FIRST = ("loss", "accuracy")
LOGARITHMIC = ("loss", "learning_rate")


class LossCurves(QWidget):
    """Every metric by batch and by epoch, training and validation, of the run shown and others.

    Who adds points to the history calls `redraw`.
    """

    saved = Signal(object)

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.setObjectName("lossCurves")
        self.setAccessibleName("Loss and accuracy curves")
        self.history = History()
        self.run_name = ""
        self._others: list[tuple[str, History]] = []
        self._epochs = 1.0
        self.chosen: list[str] = list(FIRST)
        self._plots: dict[str, Plot] = {}
        self._title = ElidedLabel("", self)
        self._title.setProperty("role", "secondary")
        self.measures_button = QuietButton("Curves", "curvesButton", parent=self)
        self.measures_button.setAccessibleName("Choose which curves are shown")
        self.measures_button.setToolTip("Choose which metrics are shown")
        self.measures_menu = QMenu(self)
        self.measures_menu.aboutToShow.connect(self._fill_menu)
        self.measures_button.setMenu(self.measures_menu)
        self.step_box = self._box(
            "By step", "curvesByStep", "Count in steps, not in epochs", "Count in steps"
        )
        self.smooth_box = self._box(
            "Smooth",
            "smoothCurves",
            "Show each curve as a running mean of about ten points",
            "Smooth the curves",
        )
        self.log_box = self._box(
            "Log scale",
            "logScale",
            "Equal factors take equal heights: small losses stay visible",
            "Logarithmic scale for loss and learning rate",
        )
        self.save_button = QuietButton("Save…", "saveCurvesButton", self.ask_where, parent=self)
        self.save_button.setAccessibleName("Save the curves as PNG, SVG, PDF or CSV")
        self.save_button.setEnabled(False)

        bar = QHBoxLayout()
        bar.setContentsMargins(theme.S16, theme.S4, theme.S8, 0)
        bar.setSpacing(theme.S12)
        bar.addWidget(self._title, 1)
        bar.addWidget(self.measures_button)
        for box in (self.step_box, self.smooth_box, self.log_box):
            bar.addWidget(box)
        bar.addWidget(self.save_button)
        self._panels = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._panels.setSpacing(0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        layout.addLayout(self._panels, 1)
        theme.watcher.theme_changed.connect(self.redraw)
        self._show_panels()

    def _box(self, text: str, name: str, tip: str, meaning: str) -> QCheckBox:
        box = QCheckBox(text, self)
        name_widget(box, name, meaning, tip)
        box.toggled.connect(self._draw_otherwise)
        return box

    # -- points -------------------------------------------------------------------------------

    def show_history(self, history: History, epochs: float, name: str) -> None:
        """Show a run's curves from now on; points added later go to `history`."""
        self.history, self.run_name = history, name
        self._epochs = max(epochs, 1.0)
        self._others = []
        self._apply()

    def overlay(self, others: Sequence[tuple[str, History]]) -> None:
        """Lay other runs over the one that is shown."""
        self._others = list(others)
        self._apply()

    def set_epochs(self, epochs: float) -> None:
        """The run shown will have so many epochs."""
        self._epochs = max(epochs, 1.0)
        self._apply()

    @property
    def runs(self) -> list[tuple[str, History]]:
        """What is shown, by name."""
        return [(self.run_name, self.history), *self._others]

    def _apply(self) -> None:
        names = [name for name, _ in self.runs]
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        self._title.setText(names[0] + more)
        self._title.setToolTip("\n".join(names))
        for plot in self._plots.values():
            plot.runs, plot.epochs = self.runs, self._epochs
        self.redraw()

    def redraw(self) -> None:
        """Paint what is known now."""
        self.save_button.setEnabled(not self.history.empty)
        for plot in self.plots:
            plot.update()

    # -- panels -------------------------------------------------------------------------------

    @property
    def plots(self) -> list[Plot]:
        """The panels in sight."""
        return [self._plots[measure] for measure in self.chosen]

    def known(self) -> list[str]:
        """Metrics that have curves, the usual ones first."""
        found = [*FIRST, *(m for _, history in self.runs for m in history.metrics)]
        return [*dict.fromkeys(m for m in found if m != "learning_rate"), "learning_rate"]

    def choose(self, measure: str, on: bool) -> None:
        """Show a metric's curves, or do not; one panel always stays."""
        wanted = [m for m in self.known() if (on if m == measure else m in self.chosen)]
        if wanted:
            self.chosen = wanted
            self._show_panels()

    def _fill_menu(self) -> None:
        self.measures_menu.clear()
        for measure in self.known():
            action = self.measures_menu.addAction(title_of(measure))
            action.setObjectName(f"show_{measure}")
            action.setCheckable(True)
            action.setChecked(measure in self.chosen)
            action.toggled.connect(partial(self.choose, measure))

    def _show_panels(self) -> None:
        for measure in self.chosen:
            if measure not in self._plots:
                plot = self._plots[measure] = Plot(measure, self)
                plot.hovered.connect(self._hover)
        for measure, plot in self._plots.items():
            self._panels.removeWidget(plot)
            plot.setVisible(measure in self.chosen)
        for plot in self.plots:
            self._panels.addWidget(plot, 1)
        self._draw_otherwise()
        self._apply()

    # -- controls -----------------------------------------------------------------------------

    def _draw_otherwise(self, _on: bool = False) -> None:
        for measure, plot in self._plots.items():
            plot.smooth = self.smooth_box.isChecked()
            plot.by_step = self.step_box.isChecked()
            # Shares stay linear: between 0 and 1 a log scale would flatten what matters.
            plot.log = self.log_box.isChecked() and measure in LOGARITHMIC
            plot.update()

    def _hover(self, share: float | None) -> None:
        for plot in self.plots:
            plot.at = share
            plot.update()

    def ask_where(self) -> None:
        """Let the person choose a file for the curves."""
        path, _ = QFileDialog.getSaveFileName(
            self,
            "Save the curves",
            f"{self.run_name or 'curves'}.png",
            "Picture (*.png);;Drawing (*.svg);;PDF (*.pdf);;Table of all points (*.csv)",
        )
        if path:
            self.save(Path(path))

    def save(self, path: Path) -> None:
        """Write what is shown in the background; a notification tells when it is done."""
        shown = Shown(
            [(name, history.copy()) for name, history in self.runs],
            list(self.chosen),
            log=self.log_box.isChecked(),
            smooth=self.smooth_box.isChecked(),
            by_step=self.step_box.isChecked(),
        )
        self._context.tasks.run(
            partial(save_curves, shown, path, theme.current()), on_done=self._was_saved
        )

    def _was_saved(self, path: Path) -> None:
        self._context.notify(f"Curves saved as {path}.", "success")
        self.saved.emit(path)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < 300 * len(self.chosen) and self.height() > 180 * len(self.chosen)
        direction = QBoxLayout.Direction
        self._panels.setDirection(direction.TopToBottom if narrow else direction.LeftToRight)
