"""The curves of a run: loss and accuracy side by side, with hover, smoothing, log scale, saving."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.views import theme
from cnnstudio.views.context import Context
from cnnstudio.views.train.plot import Plot
from cnnstudio.views.train.save import save_curves
from cnnstudio.views.train.series import History

REDRAW = 250  # milliseconds between two redraws while points arrive: four a second


class LossCurves(QWidget):
    """Loss and accuracy by batch and by epoch, training and validation.

    `add_batch` and `add_epoch` append points; the panels are repainted at most four times a second.
    """

    saved = Signal(object)

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.setObjectName("lossCurves")
        self.setAccessibleName("Loss and accuracy curves")
        self.history = History()
        self.run_name = ""
        self.plots = [Plot("loss", self), Plot("accuracy", self)]
        self._timer = QTimer(self, singleShot=True, interval=REDRAW)
        self._timer.timeout.connect(self._redraw)

        self._title = QLabel("", self)
        self._title.setProperty("role", "secondary")
        self.smooth_box = QCheckBox("Smooth", self)
        self.smooth_box.setObjectName("smoothCurves")
        self.smooth_box.setAccessibleName("Smooth the curves by batch")
        self.smooth_box.setToolTip("Show the curve by batch as a running mean of about ten points")
        self.log_box = QCheckBox("Log scale", self)
        self.log_box.setObjectName("logScale")
        self.log_box.setAccessibleName("Logarithmic scale for the loss")
        self.log_box.setToolTip("Equal factors take equal heights: small losses stay visible")
        self.save_button = QPushButton("Save…", self)
        self.save_button.setObjectName("saveCurvesButton")
        self.save_button.setAccessibleName("Save the curves as PNG, SVG, PDF or CSV")
        self.save_button.setProperty("role", "quiet")
        self.save_button.setEnabled(False)
        self.smooth_box.toggled.connect(self._set_smooth)
        self.log_box.toggled.connect(self._set_log)
        self.save_button.clicked.connect(self.ask_where)

        bar = QHBoxLayout()
        bar.setContentsMargins(theme.S16, theme.S4, theme.S8, 0)
        bar.setSpacing(theme.S16)
        bar.addWidget(self._title, 1)
        bar.addWidget(self.smooth_box)
        bar.addWidget(self.log_box)
        bar.addWidget(self.save_button)
        self._panels = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._panels.setSpacing(0)
        for plot in self.plots:
            self._panels.addWidget(plot, 1)
            plot.hovered.connect(self._hover)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        layout.addLayout(self._panels, 1)
        theme.watcher.theme_changed.connect(self._redraw)

    # -- points -------------------------------------------------------------------------------

    def show_history(self, history: History, epochs: float, name: str) -> None:
        """Show a run's curves from now on; points added later go to `history`."""
        self.history, self.run_name = history, name
        self._title.setText(name)
        for plot in self.plots:
            plot.history, plot.epochs = history, max(epochs, 1.0)
        self._redraw()

    def add_batch(self, epoch: float, values: dict[str, float]) -> None:
        """Append the figures of a batch; `epoch` 1.5 is halfway through the second epoch."""
        self.history.add_batch(epoch, values)
        self.changed()

    def add_epoch(self, epoch: float, values: dict[str, float]) -> None:
        self.history.add_epoch(epoch, values)
        self.changed()

    def changed(self) -> None:
        """Points were added: repaint soon."""
        if not self._timer.isActive():
            self._timer.start()

    def _redraw(self) -> None:
        self.save_button.setEnabled(not self.history.empty)
        for plot in self.plots:
            plot.update()

    # -- controls -----------------------------------------------------------------------------

    def _set_smooth(self, on: bool) -> None:
        for plot in self.plots:
            plot.smooth = on
            plot.update()

    def _set_log(self, on: bool) -> None:
        # Accuracy stays linear: between 0 and 1 a log scale would flatten what matters.
        self.plots[0].log = on
        self.plots[0].update()

    def _hover(self, epoch: float | None) -> None:
        for plot in self.plots:
            plot.cursor_epoch = epoch
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
        """Write the curves in the background; a notification tells when it is done."""
        write = partial(
            save_curves,
            self.history.copy(),
            path,
            theme.current(),
            self.run_name,
            log=self.plots[0].log,
            smooth=self.plots[0].smooth,
        )
        self._context.tasks.run(write, on_done=self._was_saved)

    def _was_saved(self, path: Path) -> None:
        self._context.notify(f"Curves saved as {path}.", "success")
        self.saved.emit(path)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < 560 and self.height() > 380
        direction = QBoxLayout.Direction
        self._panels.setDirection(direction.TopToBottom if narrow else direction.LeftToRight)
