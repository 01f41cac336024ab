"""The learning rate over the epochs, as the schedule will set it: drawn before the start."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from cnnstudio.app.document import Document
from cnnstudio.training.schedule import share_at
from cnnstudio.views import theme
from cnnstudio.views.train.number_edit import shortest
from cnnstudio.views.train.plot import small_font

LEFT, RIGHT, TOP, BOTTOM = 2, 2, 20, 18
# Where no pictures are known yet.
STEPS_ASSUMED = 100
POINTS = 400


class RateCurve(QWidget):
    """Draws what `training.schedule` gives, the engine's own function; hidden while it is flat."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.points: list[tuple[float, float]] = []
        # Where the second phase begins, in epochs.
        self.border: int | None = None
        self.setObjectName("rateCurve")
        self.setFixedHeight(112)
        document.training_changed.connect(self.refresh)
        document.data_changed.connect(self.refresh)
        theme.watcher.theme_changed.connect(self.update)
        self.refresh()

    @property
    def steps_per_epoch(self) -> int:
        """Batches in an epoch, as far as the pictures are known."""
        report = self._document.report
        if report is None:
            return STEPS_ASSUMED
        pictures = sum((report.splits.get("train") or report.classes).values())
        if not report.splits.get("train"):
            pictures -= round(pictures * self._document.data.validation_split)
        return max(1, math.ceil(pictures / self._document.training.batch_size))

    def refresh(self) -> None:
        """Compute the curve again."""
        settings = self._document.training
        tune = settings.fine_tune
        self.setVisible(settings.schedule.moves or tune.enabled)
        self.points = self._phase(settings.optimizer.learning_rate, settings.epochs)
        self.border = settings.epochs if tune.enabled else None
        if tune.enabled:
            later = self._phase(settings.fine_tune_rate, tune.epochs)
            self.points += [(settings.epochs + at, rate) for at, rate in later]
        first, last = self.points[0][1], self.points[-1][1]
        top = max(value for _, value in self.points)
        self.setAccessibleName(
            f"Learning rate from {first:.3g} to {last:.3g}, at most {top:.3g}, over "
            f"{settings.epochs_in_all():,} epochs"
            + (f"; fine-tuning from epoch {settings.epochs + 1:,} on" if tune.enabled else "")
        )
        self.setToolTip("The learning rate over the epochs, as it will be set step by step")
        self.update()

    def _phase(self, rate: float, epochs: int) -> list[tuple[float, float]]:
        """The rate over the epochs of one phase, from 0 on."""
        schedule, steps = self._document.training.schedule, self.steps_per_epoch
        total = steps * epochs
        stride = max(1, total // POINTS)
        return [
            (step / steps, rate * share_at(schedule, step, steps, epochs))
            for step in (*range(0, total, stride), total - 1)
        ]

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme.current()
        rect = QRectF(self.rect()).adjusted(LEFT, TOP, -RIGHT, -BOTTOM)
        top = max(value for _, value in self.points) or 1.0
        end = float(self._document.training.epochs_in_all())
        painter.setFont(small_font(self))
        painter.setPen(QColor(colours.secondary))
        flags = Qt.AlignmentFlag
        painter.drawText(
            QRectF(LEFT, 0, rect.width(), TOP - 2), flags.AlignLeft, shortest(float(f"{top:.4g}"))
        )
        below = QRectF(LEFT, rect.bottom() + 2, rect.width(), BOTTOM - 2)
        painter.drawText(below, flags.AlignLeft, "0")
        painter.drawText(below, flags.AlignRight, f"epoch {int(end):,}")
        painter.setPen(QPen(QColor(colours.border), 1))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        painter.drawLine(rect.topLeft(), rect.topRight())
        if self.border is not None:
            across = rect.left() + self.border / end * rect.width()
            painter.setPen(QPen(QColor(colours.secondary), 1, Qt.PenStyle.DotLine))
            painter.drawLine(QPointF(across, rect.top()), QPointF(across, rect.bottom()))
            painter.setPen(QColor(colours.secondary))
            word = "fine-tuning"
            fits = across + painter.fontMetrics().horizontalAdvance(word) <= rect.right()
            above = QRectF(across - (0 if fits else rect.width()), 0, rect.width(), TOP - 2)
            painter.drawText(above, flags.AlignLeft if fits else flags.AlignRight, word)
        line = [
            QPointF(rect.left() + x / end * rect.width(), rect.bottom() - y / top * rect.height())
            for x, y in self.points
        ]
        pen = QPen(QColor(colours.accent), 2)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.drawPolyline(QPolygonF(line))
        painter.end()
