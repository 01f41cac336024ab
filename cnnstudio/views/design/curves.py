"""The shape of a link: its path with round corners, and how far a point is from it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainterPath

from cnnstudio.views.design.routing import Route

_CORNER = 8.0


def rounded(route: Sequence[tuple[float, float]]) -> QPainterPath:
    """A path along the points with round corners."""
    path = QPainterPath(QPointF(*route[0]))
    for before, corner, after in zip(route, route[1:], route[2:], strict=False):
        into = abs(corner[0] - before[0]) + abs(corner[1] - before[1])
        out = abs(after[0] - corner[0]) + abs(after[1] - corner[1])
        radius = min(_CORNER, into / 2, out / 2)
        path.lineTo(_towards(corner, before, radius))
        path.quadTo(QPointF(*corner), _towards(corner, after, radius))
    path.lineTo(QPointF(*route[-1]))
    return path


def _towards(start: tuple[float, float], end: tuple[float, float], by: float) -> QPointF:
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = abs(dx) + abs(dy) or 1.0
    return QPointF(start[0] + dx / length * by, start[1] + dy / length * by)


def distance(route: Route, point: QPointF) -> float:
    """How far a point is from a route; its runs are level or upright."""
    x, y = point.x(), point.y()
    best = float("inf")
    for (x1, y1), (x2, y2) in itertools.pairwise(route):
        dx = max(min(x1, x2) - x, 0.0, x - max(x1, x2))
        dy = max(min(y1, y2) - y, 0.0, y - max(y1, y2))
        best = min(best, (dx * dx + dy * dy) ** 0.5)
    return best
