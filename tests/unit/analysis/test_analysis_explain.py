"""The formulas: right in the lectures' examples, and sums that come out in every network."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import HealthCheck, given, settings
from strategies import networks

from cnnstudio.analysis import Explanation, analyse, explain
from cnnstudio.analysis.functions import FUNCTIONS
from cnnstudio.graph import edits
from cnnstudio.graph.catalogue import ACTIVATIONS
from cnnstudio.graph.network import Network
from cnnstudio.graph.presets import PRESETS


def explained(shape, *steps) -> dict[str, Explanation]:
    """The explanations of the last of a chain of layers, by title."""
    network, name = edits.add_layer(Network(), "Input", settings={"shape": shape})
    for type_, values in steps:
        network, new = edits.add_layer(network, type_, settings=values)
        network = edits.connect(network, name, new)
        name = new
    return {line.title: line for line in explain(network, analyse(network), name)}


def test_padding_that_keeps_the_size():
    lines = explained((32, 32, 3), ("Conv2D", {"filters": 10, "kernel_size": (5, 5)}))
    assert lines["Output size"].formula == "(W − F + 2P) / S + 1"
    assert lines["Output size"].numbers == "(32 − 5 + 2·2) / 1 + 1 = 32"
    assert lines["Parameters"].formula == "(F · F · D + 1) · K"
    assert lines["Parameters"].numbers == "(5 · 5 · 3 + 1) · 10 = 760"
    assert lines["Multiply-adds"].numbers == "32 · 32 · 5 · 5 · 3 · 10 = 768,000"
    assert lines["Receptive field"].numbers == "1 + (5 − 1) · 1 = 5"


def test_a_stride_that_does_not_fit_says_what_is_unused():
    lines = explained((7, 7, 1), ("Conv2D", {"strides": (3, 3), "padding": "valid"}))
    line = lines["Output size"]
    assert line.formula == "⌊(W − F) / S⌋ + 1"
    assert line.numbers == "⌊(7 − 3) / 3⌋ + 1 = 2"
    assert "2.33" in line.note
    assert "the last row is unused; the last column is unused" in line.note


def test_axes_that_differ_have_a_line_each():
    values = {"kernel_size": (5, 3), "strides": (2, 3), "padding": "valid", "filters": 4}
    lines = explained((23, 13, 3), ("Conv2D", values))
    assert lines["Output height"].formula == "(H − F) / S + 1"
    assert lines["Output height"].numbers == "(23 − 5) / 2 + 1 = 10"
    assert lines["Output width"].numbers == "⌊(13 − 3) / 3⌋ + 1 = 4"
    assert lines["Output width"].note.endswith("the last column is unused")
    assert "Output size" not in lines
    assert lines["Receptive field height"].numbers == "1 + (5 − 1) · 1 = 5"
    assert lines["Receptive field width"].numbers == "1 + (3 − 1) · 1 = 3"


def test_a_stride_larger_than_the_window_says_what_it_skips():
    lines = explained((7, 7, 1), ("MaxPooling2D", {"pool_size": (1, 1), "strides": (3, 3)}))
    assert lines["Output size"].note == "skips 2 between one window and the next"


def test_padding_that_is_not_even_has_two_parts():
    lines = explained((32, 32, 3), ("Conv2D", {"kernel_size": (4, 4)}))
    assert lines["Output size"].formula == "(W − F + P₁ + P₂) / S + 1"
    assert lines["Output size"].numbers == "(32 − 4 + 1 + 2) / 1 + 1 = 32"


def test_dilation_groups_and_no_bias_show_in_the_formulas():
    values = {"dilation_rate": (2, 2), "groups": 2, "use_bias": False, "filters": 6}
    lines = explained((9, 9, 4), ("Conv2D", values))
    assert "F = 2 · (3 − 1) + 1 = 5" in lines["Output size"].note
    assert lines["Parameters"].formula == "F · F · D / groups · K"
    assert lines["Parameters"].numbers == "3 · 3 · 4 / 2 · 6 = 108"


def test_a_dense_layer():
    lines = explained((7, 7, 512), ("Flatten", {}), ("Dense", {"units": 4096}))
    assert lines["Parameters"].numbers == "(25,088 + 1) · 4,096 = 102,764,544"
    assert lines["Multiply-adds"].numbers == "25,088 · 4,096 = 102,760,448"


def test_a_field_larger_than_the_picture_says_so():
    lines = explained((4, 4, 1), ("Conv2D", {"kernel_size": (7, 7)}))
    assert lines["Receptive field"].note == "more than the 4 pixels there are"


def test_rescaling_says_what_pixels_become():
    lines = explained((4, 4, 1), ("Rescaling", {"scale": 1 / 127.5, "offset": -1.0}))
    assert lines["Values"].note == "pixels of 0 to 255 become -1 to 1"


def test_layers_of_unknown_shape_have_no_formulas():
    network, name = edits.add_layer(Network(), "Conv2D")
    assert explain(network, analyse(network), name) == ()


def test_every_activation_has_its_formula():
    assert set(FUNCTIONS) == set(ACTIVATIONS)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_explained(name):
    network = PRESETS[name].build()
    analysis = analyse(network)
    for layer in network.layers:
        assert sums(explain(network, analysis, layer)) >= 1


def sums(lines) -> int:
    """Work out every sum of the explanations and return how many there were."""
    found = 0
    for line in lines:
        if line.title in ("Values", "Function") or "×" in line.numbers or "=" not in line.numbers:
            continue
        left, right = line.numbers.replace(",", "").split(" = ")
        left = left.replace("⌊", "math.floor(").replace("⌋", ")")
        left = left.replace("⌈", "math.ceil(").replace("⌉", ")")
        left = left.replace("·", "*").replace("−", "-")
        assert re.fullmatch(r"[\d\s()*/+\-.a-z]+", left)
        assert eval(left, {"math": math}) == int(right), line
        found += 1
    return found


@given(networks(most=10))
@settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
def test_every_sum_comes_out(network):
    analysis = analyse(network)
    for name, info in analysis.layers.items():
        lines = explain(network, analysis, name)
        sums(lines)
        by_title = {line.title: line.numbers.split(" = ")[-1].replace(",", "") for line in lines}
        if info.output_shape is None:
            assert lines == ()
            continue
        assert by_title["Memory"] == str(info.activation_bytes)
        if "Parameters" in by_title or info.parameters:
            assert by_title["Parameters"] == str(info.parameters)
        if "Multiply-adds" in by_title or info.multiply_adds:
            assert by_title["Multiply-adds"] == str(info.multiply_adds)
        for title, axis in (("Output height", 0), ("Output width", 1)):
            if title in by_title:
                assert by_title[title] == str(info.output_shape[axis])
