"""The range test suggests a rate that learns, and changes nothing."""

import itertools
import math

import pytest
from small_trainings import make_pictures, make_project, run

from cnnstudio.errors import Cancelled
from cnnstudio.training.errors import TrainingError
from cnnstudio.training.range_test import HIGHEST, LOWEST, STEPS, Point, find_rate, suggest


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_pictures(tmp_path_factory.mktemp("pictures") / "colours")


def test_the_suggested_rate_learns_better_than_one_far_from_it(keras, tmp_path, folder):
    seen = []
    project = make_project(folder)
    test = find_rate(project, on_point=seen.append)
    assert tuple(seen) == test.points
    rates = [point.rate for point in test.points]
    assert rates[0] == LOWEST
    factors = {round(b / a, 6) for a, b in itertools.pairwise(rates)}
    assert factors == {round((HIGHEST / LOWEST) ** (1 / (STEPS - 1)), 6)}
    assert 1e-5 < test.suggestion < 10
    losses = {}
    for name, rate in (("suggested", test.suggestion), ("tiny", test.suggestion / 1000)):
        project = make_project(folder, epochs=2, optimizer={"learning_rate": rate})
        losses[name] = run(project, tmp_path / name)[1].of("epoch")[-1].loss
    assert losses["suggested"] < losses["tiny"]


def curve(function):
    rates = [LOWEST * (HIGHEST / LOWEST) ** (n / (STEPS - 1)) for n in range(STEPS)]
    return [Point(rate, function(rate), function(rate)) for rate in rates]


def test_the_suggestion_is_where_the_loss_falls_fastest():
    # A fall in the middle of the logarithms, then a rise.
    points = curve(lambda r: 2 - math.tanh(2 * math.log10(r / 1e-3)) + max(0, r - 0.5) * 9)
    assert suggest(points) == pytest.approx(1e-3, rel=0.2)
    assert suggest(curve(lambda r: 1 + r)) is None
    assert suggest(points[:5]) is None


def test_it_stops_when_asked_and_says_what_is_wrong(keras, tmp_path, folder):
    seen = []
    test = find_rate(make_project(folder), on_point=seen.append, stopping=lambda: len(seen) >= 3)
    assert len(test.points) == 3
    assert test.suggestion is None
    with pytest.raises(Cancelled):
        find_rate(make_project(folder), stopping=lambda: True)
    with pytest.raises(TrainingError, match="does not take label smoothing"):
        find_rate(make_project(folder, loss="mean_squared_error", label_smoothing=0.1))
