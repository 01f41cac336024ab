"""What stays of a list when another takes its place."""

from __future__ import annotations

from collections.abc import Sequence


def alike_ends(before: Sequence[object], after: Sequence[object]) -> tuple[int, int]:
    """How many entries two lists share at their top, and below those at their bottom."""
    top, bottom = 0, 0
    shorter = min(len(before), len(after))
    while top < shorter and before[top] == after[top]:
        top += 1
    while bottom < shorter - top and before[-1 - bottom] == after[-1 - bottom]:
        bottom += 1
    return top, bottom
