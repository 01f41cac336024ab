"""What the Data page shows while a folder is looked through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from cnnstudio.views import theme
from cnnstudio.views.widgets import Button, ElidedLabel, Secondary, Title, name_widget


class ScanCard(QWidget):
    """How many files were seen, which is being read, and Stop."""

    stopped = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("scanCard")
        self.title = Title("")
        self.count = QLabel("")
        self.count.setObjectName("scanCount")
        self.count.setFont(theme.font(28, bold=True))
        self.words = Secondary("files seen")
        self.bar = QProgressBar(textVisible=False)
        name_widget(self.bar, "scanProgress", "Progress of looking through the folder")
        self.current = ElidedLabel("", mode=Qt.TextElideMode.ElideMiddle)
        self.current.setProperty("role", "secondary")
        self.stop_button = Button("Stop", "stopScanButton", self.stopped.emit, icon="stop")
        card = QFrame()
        card.setProperty("role", "card")
        card.setFixedWidth(480)
        inside = QVBoxLayout(card)
        inside.setContentsMargins(theme.S24, theme.S24, theme.S24, theme.S24)
        inside.setSpacing(theme.S12)
        inside.addWidget(self.title)
        line = QHBoxLayout()
        line.setSpacing(theme.S8)
        line.addWidget(self.count, 0, Qt.AlignmentFlag.AlignBaseline)
        line.addWidget(self.words, 1, Qt.AlignmentFlag.AlignBaseline)
        inside.addLayout(line)
        inside.addWidget(self.bar)
        inside.addWidget(self.current)
        self.classes = GrowingClasses()
        inside.addWidget(self.classes)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.stop_button)
        inside.addLayout(row)
        outer = QVBoxLayout(self)
        outer.addStretch(2)
        outer.addWidget(card, 0, Qt.AlignmentFlag.AlignHCenter)
        outer.addStretch(3)

    def begin(self, title: str, folder: str) -> None:
        """Start again at nothing seen."""
        self.title.setText(title)
        self.count.setText("0")
        self.words.setText("files seen")
        self.current.setText(folder)
        self.bar.setRange(0, 0)
        self.classes.show_counts({})

    def show_progress(self, progress: Any) -> None:
        """Show a `ScanProgress`."""
        self.count.setText(f"{progress.files_seen:,}")
        total = progress.total
        self.words.setText(f"of {total:,} files" if total else "files seen")
        self.bar.setRange(0, total or 0)
        self.bar.setValue(progress.files_seen if total else 0)
        self.current.setText(str(progress.current))
        self.classes.show_counts(progress.classes)


class GrowingClasses(QWidget):
    """The classes found so far with their counts: the largest few, growing while one looks."""

    ROWS = 8
    ROW = 24

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("scanClasses")
        self._counts: dict[str, int] = {}
        self.hide()

    def show_counts(self, counts: Mapping[str, int]) -> None:
        self._counts = dict(counts)
        rows = min(len(counts), self.ROWS + 1)
        self.setFixedHeight(self.ROW * rows)
        self.setVisible(rows > 0)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(theme.SECONDARY_SIZE))
        middle = Qt.AlignmentFlag.AlignVCenter
        most = max(self._counts.values(), default=1)
        # In the order in which they came: a row that stays in its place can be read.
        for row, (name, count) in enumerate(list(self._counts.items())[: self.ROWS]):
            top = row * self.ROW
            painter.setPen(colours.color("text"))
            shown = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, 152)
            painter.drawText(0, top, 160, self.ROW, Qt.AlignmentFlag.AlignLeft | middle, shown)
            right = Qt.AlignmentFlag.AlignRight | middle
            painter.drawText(160, top, 64, self.ROW, right, f"{count:,}")
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.color("accent"))
            width = max(3.0, (self.width() - 240) * count / most)
            painter.drawRoundedRect(QRectF(240, top + self.ROW / 2 - 3, width, 6), 3, 3)
        if len(self._counts) > self.ROWS:
            painter.setPen(colours.color("secondary"))
            more = f"and {len(self._counts) - self.ROWS:,} more classes"
            painter.drawText(0, self.ROWS * self.ROW, self.width(), self.ROW, int(middle), more)
