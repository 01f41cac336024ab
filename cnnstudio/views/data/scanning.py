"""What the Data page shows while a folder is looked through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QRect, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from cnnstudio.views import theme
from cnnstudio.views.pictures import Thumbnails, paint_picture
from cnnstudio.views.widgets import Button, ElidedLabel, Secondary, Title, name_widget


class ScanCard(QWidget):
    """How many files were seen, which is being read, and Stop."""

    stopped = Signal()

    def __init__(self, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
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
        card.setFixedWidth(600)
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
        self.classes = GrowingClasses(thumbnails)
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
        self.classes.show_counts({}, {})

    def show_progress(self, progress: Any) -> None:
        """Show a `ScanProgress`."""
        seen, total = progress.files_seen, progress.total
        if progress.unit == "bytes":
            self.count.setText(f"{seen / 1e6:,.1f}")
            self.words.setText(f"of {total / 1e6:,.1f} MB fetched" if total else "MB fetched")
            seen, total = seen // 1000, total and total // 1000  # a bar counts to 2³¹
        else:
            self.count.setText(f"{seen:,}")
            self.words.setText(f"of {total:,} files" if total else "files seen")
        self.bar.setRange(0, total or 0)
        self.bar.setValue(seen if total else 0)
        self.current.setText(str(progress.current))
        self.classes.show_counts(progress.classes, progress.first)


class GrowingClasses(QWidget):
    """The classes found so far with counts and first pictures, growing while one looks."""

    ROWS = 8
    ROW = 40
    NAME, COUNT, BAR, PICTURE = 152, 72, 120, 32

    def __init__(self, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("scanClasses")
        self._thumbnails = thumbnails
        self._counts: dict[str, int] = {}
        self._first: Mapping[str, Sequence[Path]] = {}
        thumbnails.loaded.connect(lambda _path: self.update())
        self.hide()

    def show_counts(self, counts: Mapping[str, int], first: Mapping[str, Sequence[Path]]) -> None:
        """Show how many pictures each class has, and its `first` ones."""
        self._counts = dict(counts)
        self._first = first
        rows = min(len(counts), self.ROWS) + (len(counts) > self.ROWS)
        self.setFixedHeight(self.ROW * rows)
        self.setVisible(rows > 0)
        words = ", ".join(f"{name}: {count:,}" for name, count in list(counts.items())[: self.ROWS])
        self.setAccessibleName(words)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.current()
        painter = QPainter(self)
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        painter.setFont(theme.font(theme.SECONDARY_SIZE))
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        most = max(self._counts.values(), default=1)
        pictures = self.NAME + self.COUNT + self.BAR + 2 * theme.S16
        # In the order in which they came: a row that stays in its place can be read.
        for row, (name, count) in enumerate(list(self._counts.items())[: self.ROWS]):
            top = row * self.ROW
            painter.setPen(colours.color("text"))
            shown = painter.fontMetrics().elidedText(
                name, Qt.TextElideMode.ElideMiddle, self.NAME - theme.S8
            )
            painter.drawText(0, top, self.NAME, self.ROW, left, shown)
            painter.drawText(self.NAME, top, self.COUNT, self.ROW, right, f"{count:,}")
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.color("accent"))
            x = self.NAME + self.COUNT + theme.S16
            width = max(3.0, self.BAR * count / most)
            painter.drawRoundedRect(QRectF(x, top + self.ROW / 2 - 3, width, 6), 3, 3)
            for place, path in enumerate(self._first.get(name, ())):
                x = pictures + place * (self.PICTURE + theme.S4)
                frame = QRect(x, top + (self.ROW - self.PICTURE) // 2, self.PICTURE, self.PICTURE)
                paint_picture(painter, frame, self._thumbnails.pixmap(path), radius=4)
        if len(self._counts) > self.ROWS:
            painter.setPen(colours.color("secondary"))
            more = f"and {len(self._counts) - self.ROWS:,} more classes"
            painter.drawText(0, self.ROWS * self.ROW, self.width(), self.ROW, left, more)
