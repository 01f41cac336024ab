"""Figures in words, and numbers as a person types them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnstudio.graph import edits
from cnnstudio.graph.network import Network
from cnnstudio.views.design.numbers import evaluate, whole
from cnnstudio.views.design.palette_model import matches
from cnnstudio.views.design.wording import (
    bytes_text,
    count_text,
    key_settings,
    number_text,
    shape_text,
    short_count,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [("1/255", 1 / 255), ("1e-4", 1e-4), ("2*(3+1)/4", 2.0), ("-.5", -0.5), ("0,25", 0.25)],
)
def test_sums_of_numbers_are_computed(text, value):
    assert evaluate(text) == value


@pytest.mark.parametrize(
    "text",
    ["", "abc", "1/0", "__import__('os')", "9**9**9", "1 if 1 else 2", "1" * 90, "(", "True", "1j"],
)
def test_what_is_no_sum_is_refused_with_a_sentence(text):
    with pytest.raises(ValueError, match=r"\.$"):
        evaluate(text)


def test_whole_numbers():
    assert whole(" 1,024 ") == 1024
    assert whole("2*16") == 32
    for text in ("1.5", "x", ""):
        with pytest.raises(ValueError, match="whole number"):
            whole(text)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_reads_back_as_itself(value):
    assert evaluate(number_text(value)) == value


@given(st.integers(1, 2000))
def test_an_inverse_is_shown_as_one_or_exactly(number):
    assert math.isclose(evaluate(number_text(1 / number)), 1 / number, rel_tol=0)


def test_figures():
    assert shape_text((64, 64, 3)) == "64 × 64 × 3"
    assert shape_text((10,), tight=True) == "10"
    assert shape_text(None) == "–"
    assert count_text(999_999) == "999,999"
    assert count_text(102_760_448) == "103 M"
    assert [short_count(n) for n in (999, 1000, 37_700, 999_999, 15_500_000_000)] == [
        "999",
        "1 k",
        "37.7 k",
        "1 M",
        "15.5 G",
    ]
    assert [bytes_text(n) for n in (512, 1024, 524_288, 3_250_585)] == [
        "512 B",
        "1 KB",
        "512 KB",
        "3.1 MB",
    ]


@given(st.integers(0, 10**13))
def test_a_short_count_is_within_half_a_percent(count):
    number, _, unit = short_count(count).partition(" ")
    value = float(number.replace(",", "")) * {"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}[unit]
    assert math.isclose(value, count, rel_tol=0.0051, abs_tol=0.5)


def test_the_settings_on_a_card():
    network, name = edits.add_layer(
        Network(), "Conv2D", settings={"activation": "relu", "strides": (2, 2)}
    )
    assert key_settings(network[name]) == ["32 filters", "3×3", "stride 2", "same", "relu"]
    assert key_settings(network[name], nouns=False)[0] == "32"
    network, name = edits.add_layer(Network(), "Dense", settings={"units": 1})
    assert key_settings(network[name]) == ["1 unit"]
    network, name = edits.add_layer(Network(), "Rescaling")
    assert key_settings(network[name]) == ["× 1/255"]
    network = edits.set_settings(network, name, {"scale": 1 / 127.5, "offset": -1})
    assert key_settings(network[name]) == ["× 1/127.5", "− 1"]
    network = edits.set_settings(network, name, {"scale": (1 / 58, 0.01712475), "offset": (0.5, 2)})
    assert key_settings(network[name]) == ["× 1/58, 0.0171", "+ 0.5, 2"]
    network, name = edits.add_layer(Network(), "MaxPooling2D")
    assert key_settings(network[name]) == ["2×2", "valid"]


def test_the_search_ranks_names_before_keywords():
    assert matches("conv")[0].type == "Conv2D"
    assert [spec.type for spec in matches("fully")] == ["Dense"]
    assert matches("den")[0].type == "Dense"
    assert matches("zzz") == []
