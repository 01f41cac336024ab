"""Gradients added up between two pictures: exact for kinked scores, wherever the kinks are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnstudio.errors import Cancelled
from cnnstudio.evaluation.path_integral import COMPLETE, MOST_PLACES, integrate

SHAPE = (2, 3, 2)


def kinked(weights, offsets, shares):
    """A layer of ReLUs added up: pictures to the gradients of its score, and the scores."""

    def gradients(pictures):
        flat = pictures.reshape(len(pictures), -1).astype(np.float64)
        sums = flat @ weights.T + offsets
        scores = np.maximum(sums, 0) @ shares
        found = ((sums > 0) * shares) @ weights
        return found.reshape(pictures.shape).astype(np.float32), scores.astype(np.float32)

    return gradients


@given(st.integers(0, 10_000), st.integers(1, 60))
def test_kinks_anywhere_are_closed_in(seed, units):
    draw = np.random.default_rng(seed)
    size = int(np.prod(SHAPE))
    gradients = kinked(
        draw.normal(size=(units, size)), draw.normal(size=units) * 3, draw.normal(size=units)
    )
    start, end = draw.normal(size=(2, *SHAPE)).astype(np.float32)
    found = integrate(gradients, start, end)
    low, high = gradients(np.stack([start, end]))[1].astype(np.float64)
    assert (found.low, found.high) == (low, high)
    assert found.heat.shape == SHAPE[:2]
    assert (np.diff(found.places) > 0).all()
    assert len(found.places) < MOST_PLACES
    if not found.same:
        missing = abs(found.heat.sum(dtype=np.float64) - (high - low))
        assert missing == pytest.approx(found.missing * abs(high - low))
        assert found.missing <= COMPLETE


def test_what_is_straight_takes_one_look():
    asked = []

    def straight(pictures):
        asked.append(len(pictures))
        return np.full_like(pictures, 2), 2 * pictures.sum(axis=(1, 2, 3))

    start, end = np.zeros(SHAPE, np.float32), np.ones(SHAPE, np.float32)
    found = integrate(straight, start, end)
    assert asked == [32]
    np.testing.assert_allclose(found.heat, 4, rtol=1e-6)


def test_no_more_at_once_than_asked_for():
    asked = []
    plain = kinked(np.ones((1, 12)), np.array([-5.1]), np.ones(1))

    def gradients(pictures):
        asked.append(len(pictures))
        return plain(pictures)

    start, end = np.zeros(SHAPE, np.float32), np.ones(SHAPE, np.float32)
    few = integrate(gradients, start, end, batch=5)
    assert max(asked) == 5
    np.testing.assert_allclose(few.heat, integrate(plain, start, end).heat, rtol=1e-6)


def test_the_same_picture_at_both_ends():
    gradients = kinked(np.ones((1, 12)), np.zeros(1), np.ones(1))
    picture = np.ones(SHAPE, np.float32)
    found = integrate(gradients, picture, picture)
    assert found.missing == 0
    assert found.same
    assert not found.heat.any()


def test_scores_that_are_equal_by_chance_have_no_share():
    """Half of the pixels speak for as much as the others against: what is left is rounding."""
    weights = np.array([1, -1 - 1e-9] * 6)[None]
    gradients = kinked(weights, np.array([1e3]), np.ones(1))
    found = integrate(gradients, np.zeros(SHAPE, np.float32), np.ones(SHAPE, np.float32))
    assert found.same
    assert found.missing > COMPLETE or found.missing == 0


def test_it_stops_between_two_looks():
    gradients = kinked(np.ones((1, 12)), np.array([-5.1]), np.ones(1))
    told = []
    with pytest.raises(Cancelled):
        integrate(
            gradients,
            np.zeros(SHAPE, np.float32),
            np.ones(SHAPE, np.float32),
            progress=lambda places, missing: told.append(places),
            cancelled=lambda: bool(told),
        )
    assert told == [32]
