"""Softmax and the loss it is trained with, term by term."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Softmax:
    """Scores turned into probabilities.

    Attributes:
        scores: the last layer's outputs z, (classes,).
        exponentials: exp(z − max z), (classes,); taking the maximum off changes no quotient.
        probabilities: exponentials divided by their sum, (classes,).
    """

    scores: NDArray[np.float64]
    exponentials: NDArray[np.float64]
    probabilities: NDArray[np.float64]

    def loss(self, true_class: int) -> float:
        """Categorical cross-entropy: −ln of the probability given to the true class."""
        with np.errstate(divide="ignore"):
            return float(-np.log(self.probabilities[true_class]))

    def gradient(self, true_class: int) -> NDArray[np.float64]:
        """Derivative of the loss by each score: the probability, less 1 for the true class."""
        slope = self.probabilities.copy()
        slope[true_class] -= 1
        return slope


def softmax(scores: ArrayLike) -> Softmax:
    """Probabilities of `scores` (classes,): exp(z_i) / Σ exp(z_j)."""
    values = np.asarray(scores, float)
    exponentials = np.exp(values - values.max())
    return Softmax(values, exponentials, exponentials / exponentials.sum())
