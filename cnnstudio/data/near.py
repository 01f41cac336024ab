"""Near duplicates: pictures that show the same after resizing, compressing, brightening, cropping.

A `Print` is made of each picture: a perceptual hash of 64 bits (the signs of the low frequencies of
its grey tones against their median; C. Zauner, "Implementation and Benchmarking of Perceptual Image
Hash Functions", 2010) and a picture of 16 × 16 grey tones with its colours. Pictures whose hashes
differ in at most `DISTANCE` bits are compared by their tones, also a little enlarged for what was
cropped: where the details correlate by `ALIKE`, and the colours agree, they are near duplicates.
Pictures of few pixels have few details: they must agree in them by `SMALL_ALIKE`, not enlarged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np

from cnnstudio.errors import Cancelled

DISTANCE = 10  # of 64 bits
ALIKE = 0.85
SMALL_ALIKE = 0.97
SMALL = 48  # pixels: pictures with a smaller side are told from each other more strictly
SIDE = 64  # pixels: prints are made of pictures of this side

_TONES = 16  # the tones compared, a side
_COLOURS = 4  # the colours compared, a side
_COLOUR_SHIFT = 14.0  # of 255, on average
_FLAT = 2.0  # standard deviation of the tones of a picture with nothing in it
_ZOOMS = (1.03, 1.065)
_BAND = 16  # bits
_PART = 1 << 20  # pairs handled at a time

Numbers = np.ndarray[Any, Any]


# What is kept of a picture to find others like it, as bytes: many of them cost little memory, and
# the collector of garbage nothing. `flat`: one tone only; `small`: few pixels.
Print = bytes
_PRINT = np.dtype(
    [
        ("hash", ">u8"),
        ("grey", "u1", (_TONES, _TONES)),
        ("colours", "u1", (_COLOURS, _COLOURS, 2)),
        ("flat", "?"),
        ("small", "?"),
    ]
)


def print_of(pixels: Numbers, small: bool) -> Print:
    """The print of uint8 RGB pixels (h, w, 3) of about `SIDE`; `small`: the file has few pixels."""
    from PIL import Image

    image = Image.fromarray(pixels).convert("YCbCr")
    grey = image.getchannel(0)
    box = Image.Resampling.BOX
    fine = np.asarray(grey.resize((32, 32), box), np.float32)
    low = (_cosines() @ fine @ _cosines().T).ravel()[1:]
    bits = np.packbits(np.append(low > np.median(low), False))
    tones = np.asarray(grey.resize((_TONES, _TONES), box))
    colours = np.asarray(image.resize((_COLOURS, _COLOURS), box))[..., 1:]
    flags = bytes((float(fine.std()) < _FLAT, small))
    return bits.tobytes() + tones.tobytes() + colours.tobytes() + flags


def is_flat(picture: Print) -> bool:
    """Whether a picture is of one tone only."""
    return picture[-2] == 1


def near_groups(
    prints: Sequence[Print], cancelled: Callable[[], bool] | None = None
) -> list[tuple[int, ...]]:
    """Groups of near duplicates, as indices into `prints`. Raises `Cancelled`."""
    every = np.frombuffer(b"".join(prints), _PRINT)
    used = np.flatnonzero(~every["flat"])
    if len(used) < 2:
        return []
    kept = every[used]
    small = kept["small"]
    groups = _Union(len(used))
    for left, right in close_pairs(kept["hash"].astype(np.uint64), cancelled=cancelled):
        for begin in range(0, len(left), 4096):
            one, other = left[begin : begin + 4096], right[begin : begin + 4096]
            if cancelled is not None and cancelled():
                raise Cancelled
            few = small[one] | small[other]
            for place in np.flatnonzero(_alike(kept[one], kept[other], few)):
                groups.join(int(one[place]), int(other[place]))
    return [tuple(int(used[index]) for index in group) for group in groups.groups()]


def close_pairs(
    hashes: Numbers, distance: int = DISTANCE, cancelled: Callable[[], bool] | None = None
) -> Iterator[tuple[Numbers, Numbers]]:
    """Pairs (left, right) of indices whose uint64 hashes differ in at most `distance` bits.

    Of equal hashes the first stands for all, and is paired with each. Four bands of 16 bits: in one
    of them a pair differs in at most `distance` // 4 bits, so only such bands are looked up. A pair
    may come more than once. Raises `Cancelled`.
    """
    unique, first, inverse = np.unique(hashes, return_index=True, return_inverse=True)
    stands = first[inverse]
    others = np.flatnonzero(stands != np.arange(len(hashes)))
    if len(others):
        yield stands[others], others
    flips = distance // (64 // _BAND)
    bits = [1 << bit for bit in range(_BAND)]
    masks = [sum(chosen) for many in range(flips + 1) for chosen in combinations(bits, many)]
    numbers = np.arange(len(unique))
    for shift in range(0, 64, _BAND):
        keys = ((unique >> np.uint64(shift)) & np.uint64(0xFFFF)).astype(np.int64)
        order = np.argsort(keys, kind="stable")
        starts = np.searchsorted(keys[order], np.arange((1 << _BAND) + 1))
        for mask in masks:
            if cancelled is not None and cancelled():
                raise Cancelled
            wanted = keys ^ mask
            counts = starts[wanted + 1] - starts[wanted]
            for begin, end in _parts(counts):
                many = counts[begin:end]
                left = np.repeat(numbers[begin:end], many)
                if not len(left):
                    continue
                place = np.arange(len(left)) - np.repeat(np.cumsum(many) - many, many)
                right = order[np.repeat(starts[wanted[begin:end]], many) + place]
                kept = left < right
                left, right = left[kept], right[kept]
                kept = _differing(unique[left] ^ unique[right]) <= distance
                if kept.any():
                    yield first[left[kept]], first[right[kept]]


def _parts(counts: Numbers) -> Iterator[tuple[int, int]]:
    """Stretches of `counts` with a sum of about `_PART`."""
    sums = np.cumsum(counts)
    begin, done = 0, 0
    while begin < len(counts):
        end = max(int(np.searchsorted(sums, done + _PART, side="right")), begin + 1)
        yield begin, end
        begin, done = end, int(sums[end - 1])


def _differing(values: Numbers) -> Numbers:
    """The number of bits set in each uint64."""
    table = _bit_counts()
    return table[values.view(np.uint16).reshape(-1, 4)].sum(axis=1)


def _alike(one: Numbers, other: Numbers, few: Numbers) -> Numbers:
    """Which pairs of prints (n) show the same; `few`: a picture of the pair has few pixels."""
    least = np.where(few, SMALL_ALIKE, ALIKE)
    shift = np.abs(one["colours"].astype(np.float32) - other["colours"]).mean(axis=(1, 2, 3))
    fits = shift <= _COLOUR_SHIFT
    a, b = one["grey"].astype(np.float32), other["grey"].astype(np.float32)
    found = fits & (_correlation(a, b) >= least)
    for zoom in _ZOOMS:
        matrix = _enlarging(zoom)
        for x, y in ((a, b), (b, a)):
            left = np.flatnonzero(fits & ~found & ~few)
            if not len(left):
                return found
            enlarged = matrix @ y[left] @ matrix.T
            found[left] = _correlation(x[left], enlarged) >= least[left]
    return found


def _correlation(a: Numbers, b: Numbers) -> Numbers:
    """How the details of pictures (n, 16, 16) agree: what differs from their surroundings."""
    a, b = _details(a), _details(b)
    norms = np.sqrt((a * a).sum(axis=(1, 2)) * (b * b).sum(axis=(1, 2)))
    return (a * b).sum(axis=(1, 2)) / np.maximum(norms, 1e-6)


def _details(tones: Numbers) -> Numbers:
    around = np.pad(tones, ((0, 0), (1, 1), (1, 1)), mode="edge")
    rows = around[:, :-2] + around[:, 1:-1] + around[:, 2:]
    return tones - (rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:]) / 9


@cache
def _cosines() -> Numbers:
    """The first 8 functions of the cosine transform of 32 numbers, (8, 32)."""
    places = 2 * np.arange(32) + 1
    return np.cos(np.pi * places[None, :] * np.arange(8)[:, None] / 64).astype(np.float32)


@cache
def _enlarging(zoom: float) -> Numbers:
    """The matrix that enlarges the middle of `_TONES` numbers, bilinearly."""
    places = np.clip(
        (np.arange(_TONES) + 0.5 - _TONES / 2) / zoom + _TONES / 2 - 0.5, 0, _TONES - 1
    )
    below = np.minimum(places.astype(int), _TONES - 2)
    matrix = np.zeros((_TONES, _TONES), np.float32)
    matrix[np.arange(_TONES), below] = 1 - (places - below)
    matrix[np.arange(_TONES), below + 1] = places - below
    return matrix


@cache
def _bit_counts() -> Numbers:
    numbers = np.arange(1 << 16, dtype=np.uint16)
    return np.unpackbits(numbers.view(np.uint8).reshape(-1, 2), axis=1).sum(axis=1).astype(np.uint8)


class _Union:
    """Sets of numbers that were joined pair by pair."""

    def __init__(self, size: int) -> None:
        self._over = list(range(size))

    def _top(self, number: int) -> int:
        while self._over[number] != number:
            self._over[number] = self._over[self._over[number]]
            number = self._over[number]
        return number

    def join(self, one: int, other: int) -> None:
        one, other = sorted((self._top(one), self._top(other)))
        self._over[other] = one

    def groups(self) -> list[tuple[int, ...]]:
        """Those with two or more members, in order of their first."""
        found: dict[int, list[int]] = {}
        for number in range(len(self._over)):
            found.setdefault(self._top(number), []).append(number)
        return [tuple(group) for group in found.values() if len(group) > 1]
