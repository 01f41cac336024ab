"""Links on the canvas."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPainterPathStroker, QPolygonF
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from cnnstudio.graph.network import Link
from cnnstudio.views.design import metrics as size
from cnnstudio.views.design.curves import rounded
from cnnstudio.views.design.items import CanvasItem
from cnnstudio.views.design.paints import paints
from cnnstudio.views.design.routing import Route

# Links run below cards.
_BELOW = -1


class LinkItem(CanvasItem):
    """A link along its route, corners rounded, a small arrow at its end."""

    def __init__(self, link: Link, route: Route) -> None:
        super().__init__(QRectF())
        self.link = link
        self.route: Route = ()
        self._local: Route = ()
        self.hovered = False
        self.target = False
        self._path = QPainterPath()
        self._shape: QPainterPath | None = None
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsSelectable)
        self.setZValue(_BELOW)
        self.set_route(route)

    def set_route(self, route: Route) -> None:
        if route == self.route:
            return
        self.route = route
        x0, y0 = route[0]
        local = tuple([(x - x0, y - y0) for x, y in route])
        if local != self._local:
            self._local = local
            self._shape = None
            self._path = rounded(local)
            xs, ys = [x for x, _ in local], [y for _, y in local]
            left, top = min(xs) - 8, min(ys) - 8
            self.setRect(QRectF(left, top, max(xs) + 8 - left, max(ys) + 8 - top))
        self.setPos(x0, y0)

    def shift(self, route: Route) -> None:
        """Follow a route that is the one so far, elsewhere."""
        self.route = route
        self.setPos(*route[0])

    def set_hovered(self, hovered: bool) -> None:
        if self.hovered != hovered:
            self.hovered = hovered
            self.update()

    def set_target(self, target: bool) -> None:
        if self.target != target:
            self.target = target
            # Seen over the card that is held above it.
            self.setZValue(4 if target else _BELOW)
            self.update()

    def shape(self) -> QPainterPath:
        if self._shape is None:
            stroker = QPainterPathStroker()
            stroker.setWidth(14)
            self._shape = stroker.createStroke(self._path)
        return self._shape

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        look = paints()
        pen = look.link
        if self.target:
            pen = look.link_target
        elif self.isSelected():
            pen = look.link_selected
        elif self.hovered:
            pen = look.link_hover
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(self._path)
        x, y = self._local[-1]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(pen.brush())
        tip = y - size.PORT_RADIUS + 1.5
        painter.drawPolygon(
            QPolygonF([QPointF(x - 3.5, tip - 6), QPointF(x + 3.5, tip - 6), QPointF(x, tip)])
        )
