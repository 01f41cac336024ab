"""The network in a few strokes: what is seen of it from far away, and in the overview."""

from __future__ import annotations

from collections.abc import Callable, Collection
from itertools import pairwise

from PySide6.QtCore import QLineF, QRectF, Qt
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

    def forget(self) -> None:
        self._cards = None

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
        scale = painter.worldTransform().m11()
        grow = max(0.0, (2 / scale - size.CARD_HEIGHT) / 2)
        painter.setPen(Qt.PenStyle.NoPen)
        for brush, cards in self._cards or ():
            painter.setBrush(brush)
            if grow:
                cards = [card.adjusted(-grow, -grow, grow, grow) for card in cards]
            painter.drawRects(cards)

    def _collect(self) -> None:
        look = paints()
        groups: dict[object, tuple[QBrush, list[QRectF]]] = {}
        for item in self._layers():
            brush = item.ground()
            key: object = brush.color().rgb()
            if item.isSelected():
                key, brush = "selected", look.accent
            elif item.severity is not None:
                key, brush = item.severity, look.problem(item.severity)[0].brush()
            groups.setdefault(key, (brush, []))[1].append(item.card)
        self._cards = list(groups.values())
        self._lines = [
            QLineF(*start, *end) for item in self._links() for start, end in pairwise(item.route)
        ]
