"""Pens, brushes and fonts of the canvas, made once for a theme."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPen

from cnnstudio.graph.spec import Category
from cnnstudio.views import theme
from cnnstudio.views.theme import Theme

# How many shades there are, the lightest being 1.
SHADES = 5
# The colour of each way of shading, as the bars in the summary table have it.
_HUES = {"parameters": "accent", "multiply_adds": "#b07cf7", "memory": "#18a999"}


class Paints:
    """What cards and links are painted with in one theme."""

    def __init__(self, look: Theme) -> None:
        self.theme = look
        self.window = QColor(look.window)
        self.dots = QPen(QColor(look.tint("secondary", "window", 0.34)), 1.6)
        self.dots.setCosmetic(True)
        self.card = QBrush(QColor(look.surface))
        self.border = QPen(QColor(look.border), 1)
        self.hover = QPen(QColor(look.tint("secondary", "surface", 0.7)), 1)
        self.selected = QPen(QColor(look.accent), 2)
        self.error = QPen(QColor(look.error), 1.8)
        self.warning = QPen(QColor(look.warning), 1.8)
        self.text = QPen(QColor(look.text))
        self.secondary = QPen(QColor(look.secondary))
        self.error_text, self.warning_text = QPen(QColor(look.error)), QPen(QColor(look.warning))
        self.error_ground = QBrush(QColor(look.tint("error", "window", 0.14)))
        self.warning_ground = QBrush(QColor(look.tint("warning", "window", 0.14)))
        self.accent = QBrush(QColor(look.accent))
        self.accent_ground = QBrush(look.color("accent", 0.12))
        link = QColor(look.tint("secondary", "window", 0.8))
        self.link = QPen(link, 1.5)
        self.link_hover = QPen(QColor(look.secondary), 2.2)
        self.link_selected = QPen(QColor(look.accent), 2.4)
        self.link_target = QPen(QColor(look.accent), 4)
        self.wire = QPen(QColor(look.accent), 2, Qt.PenStyle.DashLine)
        self.link_far = QPen(link, 1)
        self.link_far.setCosmetic(True)
        self.block = QBrush(QColor(look.tint("text", "surface", 0.75)))
        self.block_far = QBrush(QColor(look.tint("text", "surface", 0.45)))
        self.frame = QPen(QColor(look.tint("secondary", "window", 0.5)), 1)
        self.frame_ground = QBrush(QColor(look.tint("secondary", "window", 0.07)))
        self.chevron = QPen(QColor(look.secondary), 1.6)
        # Text on frost is never secondary either.
        self.frozen = QBrush(QColor(look.tint(look.frost, "surface", 0.16)))
        self.frozen_far = QBrush(QColor(look.tint(look.frost, "surface", 0.3)))
        self.frost = QPen(QColor(look.frost), 1.4)
        self.frost_part = QPen(QColor(look.tint("secondary", "surface", 0.8)), 1.2)
        for pen in (
            self.frost,
            self.frost_part,
            self.link,
            self.link_hover,
            self.link_selected,
            self.link_target,
            self.wire,
            self.chevron,
        ):
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        self.port = QBrush(QColor(look.tint("secondary", "window", 0.8)))
        self.family = {category: QBrush(QColor(hue)) for category, hue in look.family.items()}
        # Seen from far away a card is a block in a quieter tone of its family.
        self.far = {
            category: QBrush(QColor(look.tint(hue, "surface", 0.5)))
            for category, hue in look.family.items()
        }

        # Text on a shade is never secondary: it would lose its contrast.
        self.shades = {
            (way, level): QBrush(QColor(look.tint(hue, "surface", 0.1 * level)))
            for way, hue in _HUES.items()
            for level in range(1, SHADES + 1)
        }
        self.shades_far = {
            (way, level): QBrush(QColor(look.tint(hue, "surface", level / SHADES)))
            for way, hue in _HUES.items()
            for level in range(1, SHADES + 1)
        }
        self.shade_none_far = QBrush(QColor(look.tint("secondary", "window", 0.25)))

    def problem(self, severity: str) -> tuple[QPen, QPen, QBrush]:
        """Outline, text and ground for a problem."""
        if severity == "error":
            return self.error, self.error_text, self.error_ground
        return self.warning, self.warning_text, self.warning_ground


_made: dict[str, Paints] = {}


def paints() -> Paints:
    """The paints of the current theme."""
    look = theme.current()
    found = _made.get(look.name)
    if found is None or found.theme is not look:
        found = _made[look.name] = Paints(look)
    return found


@cache
def font(size: int, *, bold: bool = False) -> QFont:
    """A font of the canvas; cards ask for it at every paint."""
    return theme.font(size, bold=bold)


@cache
def metrics(size: int, *, bold: bool = False) -> QFontMetricsF:
    return QFontMetricsF(font(size, bold=bold))


def family_brush(category: Category) -> QBrush:
    return paints().family[category]
