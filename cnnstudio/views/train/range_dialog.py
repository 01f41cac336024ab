"""The learning-rate range test as a dialog: a curve that grows, and the rate it suggests."""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from cnnstudio.app import paths
from cnnstudio.app.tasks import Task
from cnnstudio.training.range_test import HIGHEST, LOWEST, Point, RangeTest, find_rate
from cnnstudio.views import theme
from cnnstudio.views.context import Context
from cnnstudio.views.train.number_edit import shortest
from cnnstudio.views.train.plot import small_font
from cnnstudio.views.train.series import log_ticks, ticks
from cnnstudio.views.widgets import Button, PrimaryButton, Secondary

LEFT, RIGHT, TOP, BOTTOM = 48, 16, 12, 28


class RangePlot(QWidget):
    """The smoothed loss over the logarithm of the learning rate."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("rangePlot")
        self.setAccessibleName("Loss over the learning rate")
        self.setMinimumSize(420, 240)
        self.points: list[Point] = []
        self.suggestion: float | None = None

    def add(self, point: Point) -> None:
        """Another batch."""
        self.points.append(point)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme.current()
        rect = QRectF(self.rect()).adjusted(LEFT, TOP, -RIGHT, -BOTTOM)
        losses = [point.smooth for point in self.points] or [0.0, 1.0]
        # What ran away at the end would flatten the rest.
        low = min(losses)
        high = max(min(max(losses), 1.5 * losses[0]), low + 0.05 * (abs(low) or 1))
        low -= 0.05 * (high - low)

        def place(rate: float, loss: float) -> QPointF:
            share = math.log(rate / LOWEST) / math.log(HIGHEST / LOWEST)
            up = (min(loss, high * 1.2) - low) / (high - low)
            return QPointF(rect.left() + share * rect.width(), rect.bottom() - up * rect.height())

        painter.setFont(small_font(self))
        flags = Qt.AlignmentFlag
        for value in ticks(low, high, 5) if self.points else []:
            y = place(LOWEST, value).y()
            painter.setPen(QPen(QColor(colours.border), 1))
            painter.drawLine(QPointF(rect.left(), y), QPointF(rect.right(), y))
            painter.setPen(QColor(colours.secondary))
            box = QRectF(0, y - 9, LEFT - 8, 18)
            painter.drawText(box, flags.AlignRight | flags.AlignVCenter, f"{value:.3g}")
        painter.setPen(QPen(QColor(colours.border), 1))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        painter.setPen(QColor(colours.secondary))
        for rate in log_ticks(LOWEST, HIGHEST, 8):
            at = place(rate, low).x()
            painter.drawText(
                QRectF(at - 30, rect.bottom() + 5, 60, 18), flags.AlignHCenter, shortest(rate)
            )
        painter.setClipRect(rect.adjusted(-1, -1, 1, 1))
        if self.suggestion is not None:
            at = place(self.suggestion, low).x()
            painter.setPen(QPen(QColor(colours.success), 2, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(at, rect.top()), QPointF(at, rect.bottom()))
        painter.setPen(QPen(QColor(colours.accent), 2))
        painter.drawPolyline(QPolygonF([place(p.rate, p.smooth) for p in self.points]))
        painter.end()


class RangeDialog(QDialog):
    """Runs the test beside everything else; the rate it suggests is one button away."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("rangeDialog")
        self.setWindowTitle("Find a learning rate")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._context = context
        self.result_of_test: RangeTest | None = None
        self._task: Task | None = None
        about = Secondary(
            "A short training in which the learning rate grows with every batch. A rate from where "
            "the loss falls fastest learns well; your network is not changed.",
            self,
        )
        self.plot = RangePlot(self)
        self.said = QLabel("Preparing…", self)
        self.said.setObjectName("rangeResult")
        self.said.setWordWrap(True)
        self.stop_button = Button("Stop", "stopRangeButton", self._stop, parent=self)
        self.use_button = PrimaryButton("Use this rate", "useRateButton", self._use, parent=self)
        self.use_button.setEnabled(False)
        self.close_button = Button("Close", "closeRangeButton", self.close, parent=self)
        row = QHBoxLayout()
        row.setSpacing(theme.S8)
        row.addWidget(self.stop_button)
        row.addStretch(1)
        row.addWidget(self.close_button)
        row.addWidget(self.use_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.S16, theme.S16, theme.S16, theme.S16)
        layout.setSpacing(theme.S12)
        layout.addWidget(about)
        layout.addWidget(self.plot, 1)
        layout.addWidget(self.said)
        layout.addLayout(row)
        self.resize(560, 440)
        self._stopping = False
        document = context.document
        self._task = context.inference.run(
            self._test,
            document.project,
            document.report,
            on_done=self._done,
            on_failed=self._failed,
            on_progress=self._measured,
        )

    def _test(self, project: Any, report: Any, *, task: Task) -> RangeTest:
        """In the background; a closed dialog cancels the task."""
        return find_rate(
            project,
            report=report,
            cache_folder=paths.cache_folder(),
            on_point=task.progress,
            stopping=lambda: self._stopping or task.cancelled(),
        )

    def _measured(self, point: Point) -> None:
        self.plot.add(point)
        self.said.setText(f"Rate {point.rate:.2g}: loss {point.loss:.3g}")

    def _done(self, test: RangeTest) -> None:
        self._task = None
        self.result_of_test = test
        self.stop_button.setEnabled(False)
        self.plot.suggestion = test.suggestion
        self.plot.update()
        if test.suggestion is None:
            self.said.setText(
                "The loss never fell clearly, so no rate can be suggested: look at the network "
                "and the pictures, or let the test run to its end."
            )
            return
        self.said.setText(f"Suggested learning rate: {shortest(test.suggestion)}")
        self.use_button.setEnabled(True)
        self.use_button.setFocus()

    def _failed(self, message: str) -> None:
        self._task = None
        self.stop_button.setEnabled(False)
        self.said.setText(message)

    def _stop(self) -> None:
        self._stopping = True
        self.stop_button.setEnabled(False)

    def _use(self) -> None:
        test, document = self.result_of_test, self._context.document
        if test is None or test.suggestion is None:
            return
        training = document.training
        optimizer = training.optimizer.model_copy(update={"learning_rate": test.suggestion})
        document.set_training(
            training.model_copy(update={"optimizer": optimizer}), "Suggested learning rate"
        )
        self.close()

    def done(self, result: int) -> None:
        """However it is closed, the test ends."""
        self._end()
        super().done(result)

    def closeEvent(self, event: Any) -> None:
        self._end()
        super().closeEvent(event)

    def _end(self) -> None:
        self._stopping = True
        if self._task is not None:
            self._task.cancel()
            self._task = None
