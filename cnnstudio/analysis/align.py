"""Alignment of two sequences of layers by type, settings and shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cnnstudio.analysis.info import LayerInfo

# How finely settings are told apart: the share of equal ones, out of so many.
_LIKENESS = 8
# More than this many comparisons would take seconds: then only what is alike at both ends counts.
_MOST = 4_000_000


def aligned(old: Sequence[LayerInfo], new: Sequence[LayerInfo]) -> list[tuple[int, int]]:
    """Pairs of indices, rising in both: as many pairs of one type as there can be.

    Among those, the ones whose settings and output shapes are most alike. A longest common
    subsequence with weights (Wagner and Fischer), O(len(old) · len(new)).
    """
    numbers: dict[object, int] = {}
    before = [_tokens(info, numbers) for info in old]
    after = [_tokens(info, numbers) for info in new]
    start, end_old, end_new = 0, len(old), len(new)
    while start < min(end_old, end_new) and before[start] == after[start]:
        start += 1
    tail = []
    while start < min(end_old, end_new) and before[end_old - 1] == after[end_new - 1]:
        end_old, end_new = end_old - 1, end_new - 1
        tail.append((end_old, end_new))
    head = [(index, index) for index in range(start)]
    if (end_old - start) * (end_new - start) <= _MOST:
        known = {}
        for info, tokens in zip((*old, *new), (*before, *after), strict=True):
            known[tokens[1]] = info.settings
        middle = _best(before[start:end_old], after[start:end_new], known)
    else:
        middle = []
    return [*head, *((start + a, start + b) for a, b in middle), *reversed(tail)]


def _tokens(info: LayerInfo, numbers: dict[object, int]) -> tuple[int, int, int]:
    """Type, settings and shape as numbers, equal where those are."""
    keys: tuple[object, ...] = (
        info.type,
        (info.type, tuple(info.settings.items())),
        ("shape", info.output_shape),
    )
    type_, settings, shape = (numbers.setdefault(key, len(numbers)) for key in keys)
    return type_, settings, shape


def _best(
    old: Sequence[tuple[int, int, int]],
    new: Sequence[tuple[int, int, int]],
    known: Mapping[int, Mapping[str, Any]],
) -> list[tuple[int, int]]:
    alike: dict[tuple[int, int], int] = {}
    # So much that no sum of likeness makes up for a pair less.
    pair = (2 * _LIKENESS + 1) * min(len(old), len(new)) + 1
    table = [[0] * (len(new) + 1)]
    for type_, settings, shape in old:
        above, row, left = table[-1], [0], 0
        for column, (other, others, size) in enumerate(new):
            most = above[column + 1]
            if left > most:
                most = left
            if type_ == other:
                like = alike.get((settings, others))
                if like is None:
                    like = _likeness(known[settings], known[others])
                    alike[settings, others] = like
                score = above[column] + pair + 2 * like + (shape == size)
                if score > most:
                    most = score
            row.append(most)
            left = most
        table.append(row)
    pairs = []
    a, b = len(old), len(new)
    while a and b:
        if table[a][b] == table[a - 1][b]:
            a -= 1
        elif table[a][b] == table[a][b - 1]:
            b -= 1
        else:
            a, b = a - 1, b - 1
            pairs.append((a, b))
    return pairs[::-1]


def _likeness(old: Mapping[str, Any], new: Mapping[str, Any]) -> int:
    if not old:
        return _LIKENESS
    equal = sum(key in new and new[key] == value for key, value in old.items())
    return _LIKENESS * equal // len(old)
