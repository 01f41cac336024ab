"""Figures that look behind the likeliest class: ROC, precision and recall, calibration, top-k.

All take the true class numbers `(N,)` and probabilities `(N, classes)` of an evaluation; what is
not a number, of a network that diverged, counts as 0. ROC and precision-recall curves are those of
scikit-learn, one class against all others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Curve:
    """A curve over all thresholds of one class's probability.

    Attributes:
        x, y: ROC: share of the others taken for the class, share of the class recognised;
            precision-recall: recall, precision. Both from 0 to 1.
        area: below the curve (ROC: AUC; precision-recall: average precision); None for a class
            that has no pictures, or has all of them.
    """

    x: Array
    y: Array
    area: float | None


@dataclass(frozen=True)
class Calibration:
    """Whether a network that says 80 % is right in 80 of 100 cases.

    Attributes:
        confidence: mean probability of the likeliest class in each bin, `(bins,)`; NaN if empty.
        accuracy: share of those pictures that were right; NaN if empty.
        pictures: how many there are in each bin.
        error: mean distance of the two, weighted by the pictures (expected calibration error).
    """

    confidence: Array
    accuracy: Array
    pictures: Array
    error: float


def roc_curve(truths: Array, probabilities: Array, index: int) -> Curve:
    """The ROC curve of class `index` against all others."""
    from sklearn import metrics

    positive, scores = truths == index, np.nan_to_num(probabilities[:, index])
    if not _two_kinds(positive):
        return Curve(np.array([0.0, 1.0]), np.array([0.0, 1.0]), None)
    false, true, _ = metrics.roc_curve(positive, scores)
    return Curve(false, true, float(metrics.auc(false, true)))


def precision_recall_curve(truths: Array, probabilities: Array, index: int) -> Curve:
    """The precision-recall curve of class `index` against all others, by rising recall."""
    from sklearn import metrics

    positive, scores = truths == index, np.nan_to_num(probabilities[:, index])
    if not positive.any():
        return Curve(np.array([0.0, 1.0]), np.array([0.0, 0.0]), None)
    precision, recall, _ = metrics.precision_recall_curve(positive, scores)
    area = float(metrics.average_precision_score(positive, scores))
    return Curve(recall[::-1], precision[::-1], area if _two_kinds(positive) else None)


def calibration(truths: Array, probabilities: Array, bins: int = 10) -> Calibration:
    """Confidence against accuracy in equally wide bins (Guo et al., 2017)."""
    confidence = np.nan_to_num(probabilities.max(axis=1).astype(np.float64))
    right = probabilities.argmax(axis=1) == truths
    # The last bin holds 1 itself.
    place = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    pictures = np.bincount(place, minlength=bins)
    with np.errstate(invalid="ignore"):
        mean = np.bincount(place, confidence, bins) / pictures
        accuracy = np.bincount(place, right, bins) / pictures
    filled = pictures > 0
    distance = np.abs(mean[filled] - accuracy[filled])
    error = float((distance * pictures[filled]).sum() / max(1, pictures.sum()))
    return Calibration(mean, accuracy, pictures, error)


def top_k_accuracy(truths: Array, probabilities: Array, k: int) -> float:
    """The share of pictures whose class is among the `k` likeliest; of equals the first wins."""
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :k]
    return float((order == truths[:, None]).any(axis=1).mean())


def _two_kinds(positive: Array) -> bool:
    return bool(positive.any() and not positive.all())
