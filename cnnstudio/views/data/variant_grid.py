"""Pictures in rows: at the left the original, beside it its variants."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRect, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QToolTip, QVBoxLayout, QWidget

from cnnstudio.views import theme
from cnnstudio.views.data.variants import Variants
from cnnstudio.views.picture_grid import GAP
from cnnstudio.views.pictures import image_of, paint_picture
from cnnstudio.views.widgets import Secondary

TILE = 96  # logical pixels: a tile is about as wide
HEAD = 28
LINE = 15  # of a caption
APART = 24  # between the originals and their variants
MOST_ROWS, MOST_COLUMNS = 6, 8


class VariantGrid(QWidget):
    """Paints `Variants`; a message stands where variants are to come."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("augmentationGrid")
        self.setAccessibleName("Training pictures and what the augmentation makes of them")
        self._found: Variants | None = None
        self._originals: list[QPixmap] = []
        self._variants: list[list[QPixmap]] = []
        self._caption = LINE + 3
        self._message = Secondary()
        self._message.setObjectName("augmentationMessage")
        self._message.setFixedWidth(360)
        self._message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._nothing = ""
        self._ways = QWidget()
        self._place = QWidget(self)
        column = QVBoxLayout(self._place)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.S12)
        column.addStretch(2)
        for part in (self._message, self._ways):
            # An alignment flag instead would give a wrapped label one line of height.
            row = QHBoxLayout()
            row.addStretch(1)
            row.addWidget(part)
            row.addStretch(1)
            column.addLayout(row)
        column.addStretch(3)

    @property
    def varied(self) -> bool:
        """Whether variants are shown."""
        return bool(self._variants)

    @property
    def found(self) -> Variants | None:
        """What is shown."""
        return self._found

    @property
    def message(self) -> str:
        """What stands in the place of the variants."""
        return self._message.text() if self._place.isVisible() else ""

    def set_ways(self, text: str, buttons: Sequence[QPushButton]) -> None:
        """What is said where nothing is switched on, and the buttons that help."""
        self._nothing = text
        row = QHBoxLayout(self._ways)
        row.setContentsMargins(0, 0, 0, 0)
        for button in buttons:
            row.addWidget(button)

    def set_mixed(self, mixed: bool) -> None:
        """Leave room below the tiles for the names of two classes, or of one."""
        self._caption = (2 if mixed else 1) * LINE + 3

    def room(self) -> tuple[int, int]:
        """How many rows, and how many variants in each, there is room for."""
        _, rows, columns = self._tile()
        return rows, columns

    def say(self, text: str) -> None:
        """Put a message where the variants are to come."""
        self._message.setText(text)
        self._ways.hide()
        self._place.show()
        self._arrange()

    def show_variants(self, found: Variants | None, *, nothing: bool = False) -> None:
        """Show pictures; `nothing` where there are no variants because nothing is switched on."""
        self._found = found
        rows = found.variants if found else ()
        self._originals = [_pixmap(pixels) for pixels in (found.originals if found else ())]
        self._variants = [[_pixmap(pixels) for pixels in row] for row in rows]
        if nothing:
            self.say(self._nothing)
            self._ways.show()
        elif rows:
            self._place.hide()
        variants = len(rows[0]) if rows else 0
        self.setAccessibleDescription(
            f"{len(self._originals)} pictures with {variants} variants of each"
        )
        self._arrange()
        self.update()

    # --- where things are

    def _tile(self) -> tuple[int, int, int]:
        """The side of a tile, the number of rows, and that of variants in a row."""
        width, height = self.width() - 2 * theme.S16 - APART, self.height() - HEAD - GAP
        columns = min(MOST_COLUMNS, max(2, width // (TILE + GAP)) - 1)
        rows = min(MOST_ROWS, max(1, height // (TILE + self._caption + GAP)))
        room = min(width // (columns + 1), height // rows - self._caption) - GAP
        return min(2 * TILE, max(32, room)), rows, columns

    def _cell(self, row: int, column: int) -> QRect:
        """The tile of a variant, or with column −1 of an original."""
        side, *_ = self._tile()
        left = theme.S16 + (column + 1) * (side + GAP) + (APART if column >= 0 else 0)
        return QRect(left, HEAD + row * (side + self._caption + GAP), side, side)

    def _arrange(self) -> None:
        left = self._cell(0, 0).left()
        self._place.setGeometry(left, HEAD, max(0, self.width() - left), self.height() - HEAD)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        found = self._found
        if found is None or not self._originals:
            return
        painter = QPainter(self)
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        look = theme.current()
        painter.setFont(theme.font(theme.SECONDARY_SIZE, bold=True))
        painter.setPen(look.color("secondary"))
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        first = self._cell(0, -1).left()
        painter.drawText(QRect(first, 0, 200, HEAD), middle, "Original")
        second = self._cell(0, 0).left()
        if self._variants:
            room = QRect(second, 0, self.width() - second, HEAD)
            painter.drawText(room, middle, "As the network may see it")
        bottom = self._cell(len(self._originals) - 1, 0).bottom() + self._caption
        line = QRect(second - APART // 2 - GAP // 2, HEAD, 1, bottom - HEAD)
        painter.fillRect(line, look.color("border"))
        painter.setFont(theme.font(theme.SMALLEST_SIZE))
        for row, pixmap in enumerate(self._originals):
            self._paint_tile(painter, self._cell(row, -1), pixmap, found.labels[row])
            for column, variant in enumerate(self._variants[row] if self._variants else ()):
                words = [f"{100 * share:.0f} % {name}" for name, share in found.shares[row][column]]
                self._paint_tile(painter, self._cell(row, column), variant, *words)

    def _paint_tile(self, painter: QPainter, cell: QRect, pixmap: QPixmap, *words: str) -> None:
        paint_picture(painter, cell, pixmap)
        painter.setPen(theme.current().color("secondary"))
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        room = QRect(cell.left() + 2, cell.bottom() + 3, cell.width() - 4, LINE)
        for text in words:
            elide = Qt.TextElideMode.ElideRight
            text = painter.fontMetrics().elidedText(text, elide, room.width())
            painter.drawText(room, middle, text)
            room.translate(0, LINE)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self._words(event.pos()), self)
            return True
        return super().event(event)

    def _words(self, at: QPoint) -> str:
        """The file and the classes of the tile at a place."""
        found = self._found
        if found is None:
            return ""
        for row, name in enumerate(found.names):
            if self._cell(row, -1).contains(at):
                return f"{name}\n{found.labels[row]}"
            for column, shares in enumerate(found.shares[row] if found.shares else ()):
                if self._cell(row, column).contains(at):
                    words = [f"{100 * share:.0f} % {label}" for label, share in shares]
                    return "\n".join([name, *(words or [found.labels[row]])])
        return ""


def _pixmap(pixels: np.ndarray) -> QPixmap:
    return QPixmap.fromImage(image_of(pixels))
