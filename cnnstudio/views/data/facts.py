"""What a folder report and the settings mean, in words for the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from cnnstudio.data.report import GREY_MODES
from cnnstudio.data.settings import DataSettings
from cnnstudio.graph.network import Network

if TYPE_CHECKING:
    from cnnstudio.data.scan import FolderReport

SPLITS = {"train": "training", "val": "validation", "test": "test"}


def title(report: FolderReport) -> str:
    """How many pictures in how many classes."""
    return f"{_count(len(report.pictures), 'picture')} in {_count(len(report.classes), 'class')}"


def facts(report: FolderReport) -> str:
    """Size, colour, splits and what was left aside, in one line."""
    words = [_usual_size(report), _colours(report)]
    found = {split: sum(counts.values()) for split, counts in report.splits.items()}
    present = {split: count for split, count in found.items() if count}
    if len(present) > 1 or (present and "train" not in present):
        parts = [f"{SPLITS[key]} {present[key]:,}" for key in SPLITS if key in present]
        words.append("folders: " + ", ".join(parts))
    if report.skipped:
        words.append(f"{len(report.skipped):,} skipped")
    return "  ·  ".join(word for word in words if word)


def source(report: FolderReport) -> str:
    """Where the classes come from."""
    layout = report.layout
    if layout.kind == "csv":
        return f"the table {layout.file}"
    return "the file names" if layout.kind == "filename" else "the folders"


def size_hint(report: FolderReport) -> str:
    """How large the pictures are, for the settings."""
    return f"The pictures are {_usual_size(report).removeprefix('all ')}."


def suggestion(report: FolderReport, data: DataSettings) -> str:
    """The size and colour that fit these pictures, unless they are set already."""
    size, mode = tuple(report.suggested_size), report.suggested_color_mode
    if size == tuple(data.image_size) and mode == data.color_mode:
        return ""
    return f"{shape(size)}, {'grey' if mode == 'grayscale' else 'colour'}"


def mismatch(network: Network, data: DataSettings, classes: int) -> str:
    """What the data is against what the network takes, in one sentence."""
    grey = "grey" if data.color_mode == "grayscale" else "colour"
    has = f"This data has {classes:,} classes of {shape(data.image_size)} {grey} pictures"
    takes, wrong = [], False
    if len(network.sources) == 1:
        wanted = tuple(network[network.sources[0]]["shape"])
        takes.append(f"takes {shape(wanted)}")
        wrong = wanted != (*data.image_size, data.channels)
    last = next((name for name in reversed(network.order) if network[name].type == "Dense"), "")
    if last:
        units = network[last]["units"]
        takes.append(f"ends in {_count(units, 'unit')}")
    if not takes:
        return f"{has}."
    if not wrong and last:
        return f"This data has {classes:,} classes; the network {takes[-1]}."
    return f"{has}; the network {' and '.join(takes)}."


def shape(parts: Iterable[int]) -> str:
    """28 × 28 × 1."""
    return " × ".join(str(part) for part in parts)


def _usual_size(report: FolderReport) -> str:
    """Height × width: of all, of most, or the middle and the range."""
    sizes = report.sizes  # (width, height), the most frequent first
    if not sizes:
        return ""
    (width, height), most = next(iter(sizes.items()))
    if len(sizes) == 1:
        return f"all {height} × {width}"
    total = sum(sizes.values())
    if most > total / 2:
        return f"mostly {height} × {width}"
    heights, widths = _sorted(sizes, 1), _sorted(sizes, 0)
    middle = (_middle(heights, total), _middle(widths, total))
    least, largest = (heights[0][0], widths[0][0]), (heights[-1][0], widths[-1][0])
    return f"typically {shape(middle)} (from {shape(least)} to {shape(largest)})"


def _sorted(sizes: Mapping[tuple[int, int], int], side: int) -> list[tuple[int, int]]:
    return sorted((size[side], count) for size, count in sizes.items())


def _middle(lengths: list[tuple[int, int]], total: int) -> int:
    seen = 0
    for length, count in lengths:
        seen += count
        if 2 * seen >= total:
            return length
    return lengths[-1][0]


def _colours(report: FolderReport) -> str:
    grey = sum(n for mode, n in report.modes.items() if mode.partition(";")[0] in GREY_MODES)
    colour = sum(report.modes.values()) - grey
    if not grey or not colour:
        return "grey" if grey else "colour"
    return f"{colour:,} in colour, {grey:,} grey"


def _count(number: int, word: str) -> str:
    plural = word if number == 1 else (f"{word}es" if word.endswith("s") else f"{word}s")
    return f"{number:,} {plural}"
