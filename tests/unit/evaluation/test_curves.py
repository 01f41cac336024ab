"""Curves and calibration equal scikit-learn's and what can be counted by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from cnnstudio.evaluation.curves import (
    calibration,
    precision_recall_curve,
    roc_curve,
    top_k_accuracy,
)


@st.composite
def answers(draw):
    classes = draw(st.integers(2, 5))
    count = draw(st.integers(2, 40))
    seed = draw(st.integers(0, 2**16))
    random = np.random.default_rng(seed)
    scores = random.random((count, classes)).round(draw(st.integers(1, 6))) + 1e-3
    return random.integers(0, classes, count), scores / scores.sum(axis=1, keepdims=True)


@given(answers())
def test_areas_are_those_of_scikit_learn(given):
    truths, probabilities = given
    for index in range(probabilities.shape[1]):
        positive = truths == index
        roc = roc_curve(truths, probabilities, index)
        both = precision_recall_curve(truths, probabilities, index)
        assert (np.diff(roc.x) >= 0).all()
        assert (np.diff(both.x) >= 0).all()
        if positive.any() and not positive.all():
            wanted = metrics.roc_auc_score(positive, probabilities[:, index])
            assert roc.area == pytest.approx(wanted)
            wanted = metrics.average_precision_score(positive, probabilities[:, index])
            assert both.area == pytest.approx(wanted)
        else:
            assert roc.area is None
            assert both.area is None


@given(answers(), st.integers(1, 5))
def test_top_k(given, k):
    truths, probabilities = given
    hits = 0
    for truth, row in zip(truths, probabilities, strict=True):
        better = (row > row[truth]).sum() + (row[:truth] == row[truth]).sum()
        hits += better < k
    assert top_k_accuracy(truths, probabilities, k) == pytest.approx(hits / len(truths))


def test_calibration_by_hand():
    probabilities = np.array([[0.95, 0.05], [0.92, 0.08], [0.35, 0.65], [1.0, 0.0]])
    found = calibration(np.array([0, 1, 1, 0]), probabilities)
    assert found.pictures.tolist() == [0] * 6 + [1, 0, 0, 3]
    assert found.accuracy[6] == 1
    assert found.accuracy[9] == pytest.approx(2 / 3)
    assert found.confidence[9] == pytest.approx((0.95 + 0.92 + 1) / 3)
    wanted = (1 * (1 - 0.65) + 3 * abs((0.95 + 0.92 + 1) / 3 - 2 / 3)) / 4
    assert found.error == pytest.approx(wanted)
    assert np.isnan(found.accuracy[0])
