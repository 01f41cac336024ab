"""Where each feature map stands in a grid: plain geometry, computed once a layout."""

from __future__ import annotations

import math
from dataclasses import dataclass

GAP, LABEL, MARGIN = 8, 16, 8
SMALLEST, LARGEST = 28.0, 640.0


@dataclass(frozen=True)
class Grid:
    """Cells of `width` × `height` pixels in `columns`, `step` from one left edge to the next."""

    count: int
    width: float
    height: float
    columns: int
    step: float

    @classmethod
    def of(
        cls, count: int, aspect: float, room: tuple[int, int], zoom: float | None, most: float
    ) -> Grid:
        """Lay out `count` maps of `aspect` height by width in `room` (width, height).

        `zoom` is the cell width; None fits all of them in, if they stay readable, none wider than
        `most`.
        """
        across = room[0] - 2 * MARGIN
        width = min(_fitting(count, aspect, room), most) if zoom is None else zoom
        columns = max(1, int((across + GAP + 0.01) // (width + GAP)))
        step = width + GAP
        if zoom is None and 1 < columns <= count:
            # Fitted maps spread over the width.
            spare = (across - columns * width) / (columns - 1)
            step = width + min(max(spare, GAP), 3 * GAP)
        return cls(count, width, max(width * aspect, 4.0), columns, step)

    @property
    def row_height(self) -> float:
        return self.height + GAP + LABEL

    @property
    def total_height(self) -> int:
        rows = math.ceil(self.count / self.columns)
        return math.ceil(rows * self.row_height + 2 * MARGIN - GAP)

    def corner(self, index: int) -> tuple[float, float]:
        """Left and top of a cell, not scrolled."""
        row, column = divmod(index, self.columns)
        return MARGIN + column * self.step, MARGIN + row * self.row_height

    def rows_seen(self, top: float, height: float) -> range:
        """The indices of the cells that show between `top` and `top + height`."""
        first = max(0, int((top - MARGIN) // self.row_height))
        last = max(0, int((top + height - MARGIN) // self.row_height))
        return range(first * self.columns, min((last + 1) * self.columns, self.count))

    def index_at(self, x: float, y: float) -> int | None:
        """The cell, label included, at a place that is not scrolled."""
        column, row = int((x - MARGIN) // self.step), int((y - MARGIN) // self.row_height)
        index = row * self.columns + column
        if not (0 <= column < self.columns and row >= 0 and index < self.count):
            return None
        left, top = self.corner(index)
        inside = x <= left + self.width and y <= top + self.height + LABEL
        return index if inside else None


def _fitting(count: int, aspect: float, room: tuple[int, int]) -> float:
    """The largest cell width with which every map is seen at once, at least `SMALLEST`."""
    across, tall = room[0] - 2 * MARGIN, room[1] - 2 * MARGIN
    best = SMALLEST
    for columns in range(1, count + 1):
        width = (across + GAP) / columns - GAP
        if width <= best:
            break
        by_height = ((tall + GAP) / math.ceil(count / columns) - GAP - LABEL) / aspect
        best = max(best, min(width, by_height))
    return best
