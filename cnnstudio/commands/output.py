"""How commands answer: tables for people, JSON for scripts, CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from cnnstudio.errors import StudioError


def either(names: Iterable[str]) -> str:
    """`a, b or c`."""
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last


def size(shape: Sequence[int] | None) -> str:
    """`32×32×3`; a question mark where it is not known."""
    return "×".join(map(str, shape)) if shape else "?"


def byte_count(count: float) -> str:
    """Bytes in the unit that reads best, in powers of ten."""
    for unit in ("B", "KB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    raise AssertionError


def figure(value: float | None) -> str:
    """A figure with four decimals; a dash where there is none."""
    return "–" if value is None else f"{value:.4f}"


def print_json(document: Any) -> None:
    """Print one JSON document."""
    print(json.dumps(document, indent=2, ensure_ascii=False))


def print_line(document: Any) -> None:
    """Print one JSON object on a line of its own, at once."""
    print(json.dumps(document, ensure_ascii=False), flush=True)


def print_table(
    heading: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[int] = ()
) -> None:
    """Columns as wide as their widest cell; those in `right` right-aligned."""
    right = set(right)
    lines = [tuple(heading), *(tuple(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heading))]
    for line in lines:
        cells = (
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        print("  ".join(cells).rstrip())


def write_csv(path: Path, heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a table to a file. Raises `StudioError` naming the file."""
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(heading)
            writer.writerows(rows)
    except OSError as error:
        raise StudioError(f"{path} could not be written: {error.strerror}.") from None
