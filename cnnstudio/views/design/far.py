"""What is painted below the items: the dots, and from far away the network in a few strokes."""

from __future__ import annotations

from collections.abc import Callable, Collection

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QPainter

from cnnstudio.views.design import metrics as size
from cnnstudio.views.design.block_items import FrameItem
from cnnstudio.views.design.items import LayerItem
from cnnstudio.views.design.link_item import LinkItem
from cnnstudio.views.design.paints import paints


class FarView:
    """Cards of one colour are painted at once, and so are all links.

    `forget` says that something looks different or stands elsewhere.
    """

    def __init__(
        self,
        layers: Callable[[], Collection[LayerItem]],
        links: Callable[[], Collection[LinkItem]],
        frames: Callable[[], Collection[FrameItem]],
    ) -> None:
        self._layers, self._links, self._frames = layers, links, frames
        self._cards: list[tuple[QBrush, list[QRectF]]] | None = None
        self._lines: list[QLineF] = []
        self._area: QRectF | None = None

    def forget(self) -> None:
        self._cards = self._area = None

    @property
    def area(self) -> QRectF:
        """The cards and what runs beside them, without figures."""
        if self._area is None:
            spots = [item.spot for item in self._layers()] or [(0.0, 0.0)]
            across = [x for item in self._links() for x, _ in item.route]
            left = min([*across, *(x for x, _ in spots)])
            right = max([*across, *(x + size.CARD_WIDTH for x, _ in spots)])
            top, bottom = min(y for _, y in spots), max(y for _, y in spots) + size.CARD_HEIGHT
            self._area = QRectF(left, top, right - left, bottom - top)
            for frame in self._frames():
                self._area = self._area.united(frame.area)
        return self._area

    def draw(self, painter: QPainter) -> None:
        """Paint frames, links and cards in the scene's coordinates."""
        look = paints()
        if self._cards is None:
            self._collect()
        for frame in self._frames():
            frame.paint_ground(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(look.link_far)
        painter.drawLines(self._lines)
        # A card smaller than two pixels would vanish.
        shape = painter.worldTransform()
        wider = max(0.0, (2 / shape.m11() - size.CARD_WIDTH) / 2)
        higher = max(0.0, (2 / shape.m22() - size.CARD_HEIGHT) / 2)
        painter.setPen(Qt.PenStyle.NoPen)
        for brush, cards in self._cards or ():
            painter.setBrush(brush)
            if wider or higher:
                cards = [card.adjusted(-wider, -higher, wider, higher) for card in cards]
            painter.drawRects(cards)

    def _collect(self) -> None:
        look = paints()
        groups: dict[object, tuple[QBrush, list[QRectF]]] = {}
        wide, high = size.CARD_WIDTH, size.CARD_HEIGHT
        for item in self._layers():
            if item.isSelected():
                key: object = "selected"
                brush = look.accent
            elif item.problems and (severity := item.severity) is not None:
                key, brush = severity, look.problem(severity)[0].brush()
            else:
                brush = item.ground()
                # Cards of a family or a shade share one brush.
                key = id(brush)
            group = groups.get(key)
            if group is None:
                group = groups[key] = (brush, [])
            x, y = item.spot
            group[1].append(QRectF(x, y, wide, high))
        self._cards = list(groups.values())
        lines = []
        for link in self._links():
            x, y = link.route[0]
            for end_x, end_y in link.route[1:]:
                lines.append(QLineF(x, y, end_x, end_y))
                x, y = end_x, end_y
        self._lines = lines


def paint_dots(painter: QPainter, area: QRectF) -> None:
    """The ground with the points of the grid, fewer of them from far away."""
    look = paints()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.fillRect(area, look.window)
    scale = painter.worldTransform().m11()
    step = size.GRID
    while step * scale < 18:
        step *= 2
    left, top = area.left() // step, area.top() // step
    columns = int(area.right() // step - left) + 1
    rows = int(area.bottom() // step - top) + 1
    painter.setPen(look.dots)
    painter.drawPoints(
        [
            QPointF((left + column) * step, (top + row) * step)
            for row in range(rows + 1)
            for column in range(columns + 1)
        ]
    )
