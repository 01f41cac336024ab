"""Convolution and pooling one window at a time.

A `Slide` is the whole computation: the padded picture, and for each output value the window it came
from. Sizes follow `floor((W − F + 2P) / S) + 1`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Grid = NDArray[np.float64]
Pooling = Literal["max", "average"]

KERNELS: Mapping[str, Grid] = {
    "identity": np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]], float),
    "edges": np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]], float),
    "strong edges": np.array([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]], float),
    "diagonal edges": np.array([[1, 0, -1], [0, 0, 0], [-1, 0, 1]], float),
    "sharpen": np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]], float),
    "box blur": np.full((3, 3), 1 / 9),
    "Gaussian blur": np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]], float) / 16,
    "Sobel x": np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], float),
    "Sobel y": np.array([[1, 2, 1], [0, 0, 0], [-1, -2, -1]], float),
}


@dataclass(frozen=True)
class Step:
    """One output value and how it came about.

    Attributes:
        row, column: place in the output.
        top, left: place of the window in the padded picture.
        window: the values under the window, (F, F).
        terms: what each value adds: products for a convolution, values for a pooling, (F, F).
        value: the output value.
    """

    row: int
    column: int
    top: int
    left: int
    window: Grid
    terms: Grid
    value: float


@dataclass(frozen=True)
class Slide:
    """All steps of one pass over a picture, row by row.

    Attributes:
        padded: the picture with its zero padding, (H + 2P, W + 2P).
        size: height and width of the window.
        stride, padding: in pixels.
        output: (H_out, W_out).
        unused: rows and columns at the bottom and right that no window reaches.
    """

    padded: Grid
    size: int
    stride: int
    padding: int
    steps: tuple[Step, ...]
    output: Grid
    unused: tuple[int, int]


def convolve(picture: Grid, kernel: Grid, *, stride: int = 1, padding: int = 0) -> Slide:
    """Slide `kernel` (F, F) over `picture` (H, W): multiply value by value, add up.

    As Keras and every deep-learning library do, without turning the kernel over. Raises ValueError
    when the kernel is larger than the padded picture.
    """
    return _slide(
        picture, len(kernel), stride, padding, lambda window: window * kernel, lambda t: t.sum()
    )


def pool(picture: Grid, size: int, *, stride: int | None = None, kind: Pooling = "max") -> Slide:
    """Keep the largest value, or the mean, of each `size` × `size` window of `picture` (H, W)."""
    reduce: Callable[[Grid], float] = np.max if kind == "max" else np.mean
    return _slide(picture, size, stride or size, 0, lambda window: window, reduce)


def _slide(
    picture: Grid,
    size: int,
    stride: int,
    padding: int,
    contribute: Callable[[Grid], Grid],
    reduce: Callable[[Grid], float],
) -> Slide:
    padded = np.pad(np.asarray(picture, float), padding)
    height, width = padded.shape
    if size > height or size > width:
        raise ValueError(
            f"A {size} × {size} window is larger than the {height} × {width} picture: "
            "use a smaller window or more padding."
        )
    rows, columns = (height - size) // stride + 1, (width - size) // stride + 1
    steps = []
    for row in range(rows):
        for column in range(columns):
            top, left = row * stride, column * stride
            window = padded[top : top + size, left : left + size].copy()
            terms = contribute(window)
            steps.append(Step(row, column, top, left, window, terms, float(reduce(terms))))
    output = np.array([step.value for step in steps]).reshape(rows, columns)
    unused = ((height - size) % stride, (width - size) % stride)
    return Slide(padded, size, stride, padding, tuple(steps), output, unused)
