"""The chosen picture large, with every class it might be."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from cnnstudio.app.tasks import Task, TaskRunner
from cnnstudio.evaluation.predict import Prediction, Unreadable
from cnnstudio.views import theme
from cnnstudio.views.classify.results import doubts, paint_bars, percent
from cnnstudio.views.pictures import read_thumbnail
from cnnstudio.views.viewer import Canvas
from cnnstudio.views.widgets import Button, ElidedLabel, Secondary, Title, set_property

ROW = 24
SIDE = 1024  # pixels the picture is decoded to at most


class ClassBars(QWidget):
    """All classes of one prediction as bars."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("classBars")
        self._ranked: Sequence[tuple[str, float]] = ()

    @property
    def ranked(self) -> Sequence[tuple[str, float]]:
        return self._ranked

    def show_ranked(self, ranked: Sequence[tuple[str, float]]) -> None:
        self._ranked = ranked
        self.setFixedHeight(ROW * len(ranked))
        self.setAccessibleName(", ".join(f"{name} {percent(share)}" for name, share in ranked))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRect(0, 0, self.width(), self.height())
        paint_bars(painter, area, self._ranked, row=ROW, name_width=min(136, self.width() // 3))


class Detail(QFrame):
    """The panel at the right of the table."""

    # What mattered in the picture is wanted: Path.
    why_wanted = Signal(object)

    def __init__(self, tasks: TaskRunner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self.setObjectName("predictionDetail")
        self._tasks = tasks
        self._task: Task | None = None
        self._path: Path | None = None
        self.canvas = Canvas()
        self.canvas.setObjectName("predictionPicture")
        self.canvas.setMinimumHeight(200)
        self.answer = Title("")
        self.answer.setObjectName("predictionAnswer")
        self.answer.setWordWrap(True)
        self.name = ElidedLabel("")
        self.name.setProperty("role", "secondary")
        self.note = Secondary("")
        self.why_button = Button(
            "What mattered", "whyButton", lambda: self.why_wanted.emit(self._path), icon="search"
        )
        self.why_button.setToolTip("Grad-CAM and others, on the Explore page")
        self.bars = ClassBars()
        scroll = QScrollArea(widgetResizable=True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(theme.S16, theme.S4, theme.S16, theme.S12)
        column.addWidget(self.bars)
        column.addStretch(1)
        scroll.setWidget(inside)
        words = QVBoxLayout()
        words.setContentsMargins(theme.S16, theme.S12, theme.S16, theme.S8)
        words.setSpacing(theme.S4)
        head = QHBoxLayout()
        head.addWidget(self.answer, 1)
        head.addWidget(self.why_button, 0, Qt.AlignmentFlag.AlignTop)
        words.addLayout(head)
        words.addWidget(self.note)
        words.addWidget(self.name)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.canvas, 3)
        outer.addLayout(words)
        outer.addWidget(scroll, 2)
        self.show_result(None)

    def show_result(self, result: Prediction | Unreadable | None) -> None:
        """Show one row of the table; None for none."""
        self.why_button.setVisible(isinstance(result, Prediction))
        if result is None:
            self._path = None
            self.canvas.show_image(None, "Choose a row to see its picture")
            for label in (self.answer, self.name, self.note):
                label.setText("")
            self.bars.show_ranked(())
            return
        self.name.setText(str(result.path))
        if isinstance(result, Unreadable):
            self._path = result.path
            self._cancel()
            self.canvas.show_image(None, "No picture to show")
            set_property(self.answer, "role", "error")
            self.answer.setText("Could not be read")
            self.note.setText(result.reason)
            self.bars.show_ranked(())
            return
        set_property(self.answer, "role", "title")
        name, share = result.ranked[0]
        self.answer.setText(f"{name}  {percent(share)}")
        self.note.setText(doubts(result))
        self.bars.show_ranked(result.ranked)
        if result.path != self._path:
            self._path = result.path
            self._cancel()
            self._task = self._tasks.run(
                read_thumbnail,
                result.path,
                SIDE,
                on_done=self.canvas.show_image,
                on_failed=lambda reason: self.canvas.show_image(None, reason),
            )

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None
