"""A folder in figures: how large its pictures are, of what proportions, formats and modes."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from cnnstudio.data.report import FolderReport

_SIDES = (16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
# Width to height: the name of a proportion and where the next one begins.
_SHAPES = (
    ("1 : 2 or taller", 0.58),
    ("2 : 3", 0.71),
    ("3 : 4", 0.87),
    ("1 : 1", 1.15),
    ("4 : 3", 1.41),
    ("3 : 2", 1.64),
    ("16 : 9", 1.89),
    ("2 : 1 or wider", float("inf")),
)


@dataclass(frozen=True)
class Figures:
    """Pictures by the longer side in pixels, by width : height, by format and by mode.

    Sides and shapes are in order, from the first to the last that there is; formats and modes begin
    with the most frequent.
    """

    sides: Mapping[str, int]
    shapes: Mapping[str, int]
    formats: Mapping[str, int]
    modes: Mapping[str, int]


def figures(report: FolderReport) -> Figures:
    """The figures of the pictures in `report`."""
    sides, shapes = Counter[int](), Counter[int]()
    limits = [limit for _, limit in _SHAPES]
    for (width, height), number in report.sizes.items():
        sides[bisect_right(_SIDES, max(width, height))] += number
        shapes[bisect_right(limits, width / height)] += number
    formats = Counter(picture.format for picture in report.pictures)
    return Figures(
        {_side(place): sides[place] for place in _stretch(sides)},
        {_SHAPES[place][0]: shapes[place] for place in _stretch(shapes)},
        dict(formats.most_common()),
        dict(report.modes),
    )


def _stretch(places: Counter[int]) -> range:
    return range(min(places), max(places) + 1) if places else range(0)


def _side(place: int) -> str:
    if place == 0:
        return f"under {_SIDES[0]}"
    if place == len(_SIDES):
        return f"{_SIDES[-1]} or more"
    return f"{_SIDES[place - 1]}–{_SIDES[place] - 1}"
