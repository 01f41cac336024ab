"""The preparation that a project's data part says, or the usual one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnstudio.graph.preparation import Preparation

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9), lambda inner: st.lists(inner)
)


def test_what_the_data_part_says():
    data = {
        "folder": "pictures",
        "image_size": [9, 9],
        "color_mode": "rgb",
        "resize": "pad",
        "interpolation": "lanczos",
        "background": "#0A0b0C",
    }
    found = Preparation.of((20, 30, 1), data)
    assert found == Preparation((20, 30), "grayscale", "pad", "lanczos", "#0A0b0C")
    assert found.shape == (20, 30, 1)


@pytest.mark.parametrize("background", ["red", "#12345", "#1234567", "#123456\n", 5, None])
def test_a_background_that_is_no_colour_is_white(background):
    assert Preparation.of((2, 3, 3), {"background": background}).background == "#ffffff"


@given(
    st.dictionaries(st.sampled_from(["resize", "interpolation", "background", "folder"]), ANYTHING)
)
def test_what_makes_no_sense_is_as_usual(data):
    assert Preparation.of((2, 3, 3), data) == Preparation((2, 3))
