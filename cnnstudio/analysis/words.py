"""Values, shares and tables in plain text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def share_text(share: float | None) -> str:
    """`+12 %`, `−3.1 %`, `× 5.2`, `÷ 30`; empty for None."""
    if share is None:
        return ""
    if share >= 1:
        return f"× {share + 1:,.1f}"
    if -1 < share <= -0.9:
        return f"÷ {1 / (share + 1):,.0f}"
    percent = max(abs(share) * 100, 0.1)
    sign = "+" if share > 0 else "−"
    return f"{sign}{percent:.0f} %" if percent >= 9.95 else f"{sign}{percent:.1f} %"


def value_text(value: Any) -> str:
    """The value of a setting: `3×3`, `yes`, `none`."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, tuple):
        parts = [value_text(part) for part in value]
        whole = all(isinstance(part, int) for part in value)
        return "×".join(parts) if whole else f"({', '.join(parts)})"
    return str(value)


def columns(rows: Sequence[Sequence[str]], right: set[int] | None = None) -> list[str]:
    """Lines with cells as wide as the widest of their column."""
    if not rows:
        return []
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            cell.rjust(width) if right and column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
