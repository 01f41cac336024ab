"""Sizes on the canvas, in canvas units (pixels at 100 %)."""

from __future__ import annotations

CARD_WIDTH = 200.0
CARD_HEIGHT = 52.0
CARD_RADIUS = 8.0
# Figures stand right of the card, in a column of their own.
FIGURES_LEFT = CARD_WIDTH + 12.0
FIGURES_WIDTH = 176.0
# A problem beside the card, and where no other card stands at its right.
CHIP_WIDTH, WIDE_CHIP = 172.0, 260.0
# What a link must not run through: the card and its figures.
OBSTACLE_WIDTH = FIGURES_LEFT + FIGURES_WIDTH - 4.0
GRID = 20.0
PORT_RADIUS = 4.0
# How near a port counts as on it: beside it, and away from the card. Between two rows there must be
# room left to take hold of the link itself.
PORT_REACH, PORT_REACH_OUT = 14.0, 9.0
# How far a link goes straight down before it turns, and from lane to lane.
LEAD = 10.0
LANE = 10.0
# Below this scale text would be too small to read, and is left out.
TEXT_SCALE = 0.45
SMALLEST_SCALE = 0.01
LARGEST_SCALE = 4.0


def output_port(position: tuple[float, float]) -> tuple[float, float]:
    """Where links leave the layer whose card is at `position`."""
    return position[0] + CARD_WIDTH / 2, position[1] + CARD_HEIGHT


def input_port(position: tuple[float, float]) -> tuple[float, float]:
    """Where links reach the layer whose card is at `position`."""
    return position[0] + CARD_WIDTH / 2, position[1]


def snapped(position: tuple[float, float]) -> tuple[float, float]:
    """The nearest point of the grid."""
    return round(position[0] / GRID) * GRID, round(position[1] / GRID) * GRID
