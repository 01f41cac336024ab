"""How a layer is written as a call of Keras: its arguments, what feeds it, its variable."""

from __future__ import annotations

import builtins
import itertools
import json
import keyword
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from cnnstudio.graph.catalogue import CATALOGUE
from cnnstudio.graph.network import Layer, Network
from cnnstudio.graph.spec import AS_KERAS, Call, Field, Kind, Made
from cnnstudio.keras_build.build import class_name
from cnnstudio.keras_build.layout import Call as Written
from cnnstudio.keras_build.layout import Part

# Where Keras's own default is another than the catalogue's, which starts with what is usual today.
KERAS_DEFAULTS: Mapping[tuple[str, str], Any] = {
    (spec.type, field.name): field.keras_default
    for spec in CATALOGUE.values()
    for field in spec.fields
    if field.keras_default is not AS_KERAS
}
# Arguments that are written always, and by position: those without a default in Keras.
POSITIONAL: Mapping[str, tuple[str, ...]] = {
    spec.type: spec.positional for spec in CATALOGUE.values() if spec.positional
}
NOTHING: Mapping[str, str] = MappingProxyType({})
LONGEST_VARIABLE = 32
TAKEN = {
    *keyword.kwlist,
    *dir(builtins),
    *(spec.type for spec in CATALOGUE.values()),
    *("keras", "layers", "model", "x", "inputs", "outputs", "build_model", "CLASSES", "classify"),
    *("np", "sys", "eight_bits", "read_picture"),
}


def frozen_afterwards(layer: Layer) -> bool:
    """Whether a layer is frozen that is made of layers, which it tells only when that changes."""
    return layer.spec.call is Call.APART and not layer["trainable"]


def layer_call(layer: Layer, fed_by: list[str], given: Mapping[str, str] = NOTHING) -> Written:
    """A layer, fed by variables. `given` is what is written for settings and for `name`."""
    made = made_layer(layer, given)
    return made if layer.type == "Input" else replace(made, fed=fed(layer, fed_by))


def made_layer(layer: Layer, given: Mapping[str, str] = NOTHING) -> Written:
    """A layer that nothing feeds yet."""
    of_layers = layer.spec.module == "keras.layers"
    function = f"layers.{layer.type}" if of_layers else layer.type
    return Written("keras.Input" if layer.type == "Input" else function, arguments_of(layer, given))


def fed(layer: Layer, fed_by: list[str]) -> str | list[str]:
    """What feeds a layer, as it is written in its call."""
    if layer.spec.call is Call.LIST:
        return fed_by
    if layer.spec.call is Call.ONE:
        return fed_by[0]
    return ", ".join(fed_by if len(fed_by) > 1 else fed_by * 2)


def arguments_of(layer: Layer, given: Mapping[str, str] = NOTHING) -> list[Part]:
    """The written arguments of a layer: required ones by position, then what differs, then name.

    What is `given` for a setting, or for `name`, is written instead of its value.
    """
    positional = POSITIONAL.get(layer.type, ())
    parts: list[Part] = [
        given[key] if key in given else argument(layer.spec.field(key), layer[key], "")
        for key in positional
    ]
    for field in layer.spec.fields:
        default = KERAS_DEFAULTS.get((layer.type, field.name), field.default)
        # Keras has no default for some, and takes all others for what they are.
        required = layer.type == "Input" or (default is None and field.default is not None)
        if field.name in positional or (field.name == "trainable" and frozen_afterwards(layer)):
            continue
        if field.name in given:
            parts.append(f"{field.name}={given[field.name]}")
        elif required or layer[field.name] != default:
            parts.append(argument(field, layer[field.name], f"{field.name}="))
    return [*parts, f"name={given.get('name') or text(layer.name)}"]


def argument(field: Field, value: Any, keyword: str) -> Part:
    """An argument with its keyword, in parts where it may need more than a line."""
    if isinstance(value, Made):
        options = {option.name: option for option in field.options[value.name]}
        parts = [f"{part}={written(options[part], given)}" for part, given in value.arguments]
        module = "initializers" if field.name.endswith("_initializer") else "constraints"
        return Written(f"{keyword}keras.{module}.{class_name(value.name)}", parts)
    if field.kind is Kind.NUMBERS and isinstance(value, tuple):
        return Written(keyword, [*map(_number, value)], brackets="[]")
    return keyword + written(field, value)


def written(field: Field, value: Any) -> str:
    """A setting as a person would type it."""
    kind = field.kind
    if value is None or isinstance(value, bool):
        return repr(value)
    if kind is Kind.REGULARIZER:
        parts = [f"{part}={number!r}" for part, number in value._asdict().items() if number]
        return f"keras.regularizers.L1L2({', '.join(parts)})"
    if kind is Kind.PAIR and value[0] == value[1]:
        return repr(value[0])
    if kind is Kind.SIDES and value[0][0] == value[0][1] and value[1][0] == value[1][1]:
        rows, columns = value[0][0], value[1][0]
        return repr(rows) if rows == columns else repr((rows, columns))
    if kind is Kind.FLOAT or isinstance(value, float):
        return _number(value)
    if kind is Kind.RANGE:
        low, high = value
        if field.check(abs(high)) == value:
            return _number(abs(high))
        return f"({_number(low)}, {_number(high)})"
    if kind is Kind.WHOLES and field.name not in ("target_shape", "dims"):
        return repr(value[0]) if len(value) == 1 and field.name == "axis" else repr(list(value))
    return text(value) if isinstance(value, str) else repr(value)


def _number(value: float) -> str:
    """A number as a person writes it: 1 / 255, not 0.00392156862745098."""
    if value == 0 or value == int(value):
        return repr(value)
    reciprocal = round(1 / value, 6)
    if reciprocal and len(repr(value)) > 8 and 1 / reciprocal == value:
        whole = reciprocal == int(reciprocal)
        return f"1 / {int(reciprocal) if whole else reciprocal}"
    return repr(value)


def reading_order(network: Network) -> list[str]:
    """A topological order that follows each branch to its end before the next begins."""
    waiting = {name: len(network.inputs_of(name)) for name in network.order}
    stack = [name for name in reversed(network.order) if not waiting[name]]
    order = []
    while stack:
        name = stack.pop()
        order.append(name)
        for follower in reversed(network.outputs_of(name)):
            waiting[follower] -= 1
            if not waiting[follower]:
                stack.append(follower)
    return order


def variables_of(
    network: Network, order: Sequence[str], taken: Collection[str] = ()
) -> dict[str, str]:
    """A variable for each layer: `x` along a chain, the layer's name where it is needed later.

    None is one of those `taken`.
    """
    following = dict(itertools.pairwise(order))
    variables: dict[str, str] = {}
    used = {*TAKEN, *taken}
    for name in order:
        fed = network.outputs_of(name)
        if network[name].type == "Input" and len(network.sources) == 1:
            variables[name] = "inputs"
        elif not fed and len(network.sinks) == 1:
            variables[name] = "outputs"
        elif fed == (following.get(name),) and not _joins_branches(network, fed[0]):
            variables[name] = "x"
        else:
            variables[name] = identifier(name, used)
        used.add(variables[name])
    return variables


def _joins_branches(network: Network, name: str) -> bool:
    """Whether two or more chains end in a layer; a skip past one chain is none of its own."""
    ends = [feed for feed in network.inputs_of(name) if len(network.outputs_of(feed)) == 1]
    return len(ends) > 1


def identifier(name: str, used: Collection[str]) -> str:
    """A name for Python like `name` that is not used yet."""
    word = re.sub(r"\W", "_", name, flags=re.ASCII)[:LONGEST_VARIABLE]
    if not word.isidentifier():
        word = f"_{word}"
    found, number = word, 2
    while found in used:
        found, number = f"{word}_{number}", number + 1
    return found


def text(value: str) -> str:
    """A string literal, in double quotes unless single ones save escapes."""
    inside = json.dumps(value, ensure_ascii=False)[1:-1]
    if value.count('"') > value.count("'"):
        inside = inside.replace("'", "\\'").replace('\\"', '"')
        return f"'{inside}'"
    return f'"{inside}"'
