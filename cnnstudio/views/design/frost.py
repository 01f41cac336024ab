"""How frozen layers look on the canvas: a snowflake, drawn as lines so that an SVG has it too."""

from __future__ import annotations

from functools import cache
from math import cos, pi, sin

from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QPainter

from cnnstudio.views.design import metrics as size
from cnnstudio.views.design.paints import paints

RADIUS = 7.0
# Room that the flake takes from the first line of a card, and from its right edge on.
ROOM = 22.0


def paint_flake(painter: QPainter, right: float, *, whole: bool) -> None:
    """A snowflake in the upper right corner of a card, `right` being how far from its edge.

    Not `whole`: some layers of a block are frozen, others trained.
    """
    look = paints()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(look.frost if whole else look.frost_part)
    centre = QPointF(size.CARD_WIDTH - right, 17.0)
    painter.drawLines([line.translated(centre) for line in _lines()])


@cache
def _lines() -> list[QLineF]:
    lines = []
    for number in range(6):
        angle = pi / 2 + number * pi / 3
        fork = _towards(angle, 0.55 * RADIUS)
        lines.append(QLineF(QPointF(), _towards(angle, RADIUS)))
        lines += [
            QLineF(fork, fork + _towards(angle + side * pi / 4, 0.38 * RADIUS)) for side in (-1, 1)
        ]
    return lines


def _towards(angle: float, far: float) -> QPointF:
    return QPointF(far * cos(angle), -far * sin(angle))
