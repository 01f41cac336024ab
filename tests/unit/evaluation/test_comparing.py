"""Two evaluations side by side: counts by hand, the test as SciPy has it."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest

from cnnstudio.evaluation.comparing import Comparison, ComparisonError, Pair, compared
from cnnstudio.evaluation.evaluate import evaluate, evaluate_samples


def test_each_picture_is_in_one_group(trained, pictures):
    first = evaluate(trained, pictures)
    flipped = replace(trained, classes=list(reversed(trained.classes)))
    samples = [(record.path, record.truth) for record in reversed(first.records)]
    second = evaluate_samples(flipped, samples, where="here")
    found = compared(first, second)
    groups = (found.both, found.first, found.second, found.neither)
    assert found.images == len(first.records) == sum(map(len, groups))
    assert found.accuracies == (first.accuracy, second.accuracy)
    paths = [pair.path for group in groups for pair in group]
    assert len(set(paths)) == len(paths)
    for pair in (*found.first, *found.second):
        assert pair.first.correct != pair.second.correct
        assert pair.first.path == pair.second.path
    for group in groups:
        sure = [pair.confidence for pair in group]
        assert sure == sorted(sure, reverse=True)
    same = [
        a.predicted == b.predicted for a, b in zip(first.records, second.records[::-1], strict=True)
    ]
    assert found.agreement == pytest.approx(np.mean(same))
    itself = compared(first, first)
    assert itself.agreement == 1
    assert itself.chance == 1
    with pytest.raises(ComparisonError, match="different pictures"):
        compared(first, replace(second, records=()))


@pytest.mark.parametrize(("one", "other"), [(0, 1), (3, 3), (9, 1), (4000, 3800), (0, 40)])
def test_chance_is_the_exact_test_of_mcnemar(trained, one, other):
    pair = Pair(None, None)
    found = Comparison((), (pair,) * one, (pair,) * other, (), 0)
    wanted = binomtest(min(one, other), one + other, 0.5).pvalue
    assert found.chance == pytest.approx(wanted, rel=1e-6)
