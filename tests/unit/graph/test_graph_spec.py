"""Fields accept what Keras takes and refuse the rest with a sentence."""

from __future__ import annotations

import inspect
import json
import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import values

from cnnstudio.graph.catalogue import ACTIVATIONS, CATALOGUE, INITIALIZERS, spec_of
from cnnstudio.graph.catalogue.fields import MATRICES
from cnnstudio.graph.network import Layer
from cnnstudio.graph.spec import AS_KERAS, L1L2, Category, Field, Kind, Made
from cnnstudio.keras_build.build import class_name, layer_arguments, layer_class

FIELDS = [
    pytest.param(field, id=f"{spec.type}.{field.name}")
    for spec in CATALOGUE.values()
    for field in spec.fields
]
FILTERS = CATALOGUE["Conv2D"].field("filters")
RATE = CATALOGUE["Dropout"].field("rate")
KERNEL = CATALOGUE["Conv2D"].field("kernel_size")
SIDES = CATALOGUE["ZeroPadding2D"].field("padding")
PENALTY = CATALOGUE["Dense"].field("kernel_regularizer")


@pytest.mark.parametrize("field", FIELDS)
def test_defaults_are_canonical_and_described(field):
    assert field.check(field.default) == field.default
    assert field.help.endswith((".", "pixels", "1"))
    assert field.optional == (field.default is None)
    assert bool(field.none_means) == field.optional


@pytest.mark.parametrize("field", FIELDS)
@given(data=st.data())
@settings(max_examples=20, derandomize=True)
def test_values_survive_json(field, data):
    value = data.draw(values(field))
    assert field.check(value) == value
    assert field.check(json.loads(json.dumps(field.encode(value)))) == value


@pytest.mark.parametrize("field", FIELDS)
@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=2), inner, max_size=2)
        ),
        max_leaves=6,
    )
)
@settings(max_examples=30, derandomize=True)
def test_anything_else_is_refused_with_a_sentence(field, value):
    refusal, checked = "", field.default
    try:
        checked = field.check(value)
    except ValueError as error:
        refusal = str(error)
    if refusal:
        assert field.name in refusal
        assert refusal.endswith(".")
    assert field.check(checked) == checked


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        (FILTERS, 0, "filters must be at least 1, not 0."),
        (FILTERS, 10**400, "filters must be at most 1e"),
        (FILTERS, 2.5, "filters needs whole numbers, not 2.5."),
        (FILTERS, True, "filters needs whole numbers"),
        (FILTERS, None, "filters needs a whole number."),
        (RATE, 1.0, "rate must be less than 1, not 1."),
        (RATE, math.nan, "rate needs a finite number."),
        (RATE, 10**400, "rate needs a finite number."),
        (KERNEL, (3,), "kernel_size needs 2 whole numbers (height and width)."),
        (KERNEL, (0, 3), "kernel_size must be at least 1, not 0."),
        (SIDES, (1, 2, 3), "padding needs four whole numbers"),
        (PENALTY, {"l3": 1}, "kernel_regularizer knows l1 and l2, not l3."),
        (PENALTY, (0.1, -0.1), "must not be negative"),
        (CATALOGUE["Conv2D"].field("padding"), "full", "choose one of valid, same."),
        (CATALOGUE["Conv2D"].field("use_bias"), 1, "either true or false"),
        (CATALOGUE["BatchNormalization"].field("epsilon"), 0.0, "more than 0"),
    ],
)
def test_refusals_say_what_is_expected(field, value, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        field.check(value)


def test_short_forms_are_spelled_out():
    assert KERNEL.check(3) == (3, 3)
    assert KERNEL.check([3, 5.0]) == (3, 5)
    assert SIDES.check(2) == ((2, 2), (2, 2))
    assert SIDES.check([1, [2, 3]]) == ((1, 1), (2, 3))
    assert PENALTY.check({"l2": 0.1}) == L1L2(0.0, 0.1)
    assert PENALTY.check((0, 0)) is None


def test_field_by_name():
    assert spec_of("Conv2D").field("filters") is FILTERS
    with pytest.raises(KeyError):
        spec_of("Conv2D").field("units")


def test_the_catalogue_is_keras(keras):
    """Every type is a layer of Keras that takes every setting and every choice."""
    for spec in CATALOGUE.values():
        if spec.type == "Input":
            keras.Input(**spec.defaults)
            continue
        made = layer_class(spec)
        for field in spec.fields:
            for choice in field.choices:
                settings = {**spec.defaults, field.name: field.check(choice)}
                assert made(**layer_arguments(Layer("tested", spec.type, settings)))
        assert made(**layer_arguments(Layer("tested", spec.type, spec.defaults)))


def test_choices_exist_in_keras(keras):
    for name in ACTIVATIONS:
        keras.activations.get(name)
    for name in INITIALIZERS:
        assert hasattr(keras.initializers, class_name(name))


def test_objects_have_the_arguments_of_keras(keras):
    fields = [CATALOGUE["Conv2D"].field(name) for name in ("kernel_initializer", "bias_constraint")]
    for field, module in zip(fields, (keras.initializers, keras.constraints), strict=True):
        assert set(field.options) == set(field.choices)
        for name, options in field.options.items():
            made = getattr(module, class_name(name))
            parameters = inspect.signature(made).parameters
            taken = set(parameters) - {"seed", "input_axes", "output_axes", "args", "kwargs"}
            assert {option.name for option in options} == taken
            for option in options:
                if option.keras_default is None:
                    # Keras has a default, but wants it said when it goes by the name.
                    assert field.check(name) == Made(name, ((option.name, option.default),))
                assert option.default == option.check(parameters[option.name].default)


def test_an_object_at_its_defaults_is_its_name():
    field = CATALOGUE["Conv2D"].field("kernel_initializer")
    assert field.check({"name": "truncated_normal", "stddev": 0.05}) == "truncated_normal"
    made = field.check({"name": "variance_scaling", "mode": "fan_out", "scale": 2})
    assert made == Made("variance_scaling", (("scale", 2.0), ("mode", "fan_out")))
    assert field.encode(made) == {"name": "variance_scaling", "scale": 2.0, "mode": "fan_out"}
    for wrong, words in (
        ("nothing", "cannot be 'nothing': choose one of glorot_uniform"),
        ({"name": "zeros", "mean": 1}, "zeros has no 'mean'"),
        ({"name": "random_normal", "stddev": -1}, "stddev must be at least 0"),
    ):
        with pytest.raises(ValueError, match=words):
            field.check(wrong)


def test_initialisers_of_vectors_work_on_vectors(keras):
    for spec in CATALOGUE.values():
        for field in spec.fields:
            if field.name.endswith("_initializer") and field.name not in MATRICES:
                for choice in field.choices:
                    if choice != "constant":
                        assert keras.initializers.get(choice)((3,)).shape == (3,)


def test_defaults_are_keras_defaults_but_where_a_beginner_is_better_served(keras):
    for spec in CATALOGUE.values():
        if spec.type == "Input":
            continue
        parameters = inspect.signature(layer_class(spec)).parameters
        for field in spec.fields:
            if field.name == "trainable":
                assert field.default is True
                continue
            given = parameters[field.name].default
            if given is inspect.Parameter.empty:
                assert field.keras_default is None or field.name in spec.positional
                continue
            expected = "linear" if given is None and field.name == "activation" else given
            if field.name == "padding" and spec.category is Category.CONVOLUTION:
                assert (field.default, expected) == ("same", "valid")
                continue
            if field.keras_default is not AS_KERAS:
                assert field.keras_default == field.check(expected), (spec.type, field.name)
                continue
            expected = "zeros" if expected == "Zeros" else expected
            assert field.default == field.check(expected), (spec.type, field.name)


def test_a_field_of_every_kind_is_in_the_catalogue():
    used = {field.kind for spec in CATALOGUE.values() for field in spec.fields}
    assert used == set(Kind)
    assert all(isinstance(param.values[0], Field) for param in FIELDS)
