"""A network as plain Keras source that a person would be happy to have written.

The source needs Keras and nothing of ours. Each layer keeps its name, so that weights and feature
maps match those of `cnnstudio.keras_build.build`; only arguments that differ from Keras's own
defaults are written. Needs no TensorFlow, so the window can show it at once. The result is laid
out as `ruff format` would (88 columns).
"""

from __future__ import annotations

import builtins
import itertools
import json
import keyword
import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from cnnstudio.graph.catalogue import CATALOGUE
from cnnstudio.graph.network import Layer, Network
from cnnstudio.graph.spec import AS_KERAS, Call, Field, Kind, Made
from cnnstudio.keras_build.build import check_buildable, class_name, model_name
from cnnstudio.keras_build.layout import Call as Written
from cnnstudio.keras_build.layout import Part, assignment, statement

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
# Every argument of Keras's optimizers that a project can set, with Keras's default.
OPTIMIZERS: Mapping[str, Mapping[str, Any]] = {
    "SGD": {"learning_rate": 0.01, "momentum": 0.0, "nesterov": False, "weight_decay": None},
    "RMSprop": {
        "learning_rate": 0.001,
        "rho": 0.9,
        "momentum": 0.0,
        "epsilon": 1e-7,
        "weight_decay": None,
    },
    "Adagrad": {
        "learning_rate": 0.001,
        "initial_accumulator_value": 0.1,
        "epsilon": 1e-7,
        "weight_decay": None,
    },
    "Adam": {
        "learning_rate": 0.001,
        "beta_1": 0.9,
        "beta_2": 0.999,
        "epsilon": 1e-7,
        "weight_decay": None,
    },
    "AdamW": {
        "learning_rate": 0.001,
        "beta_1": 0.9,
        "beta_2": 0.999,
        "epsilon": 1e-7,
        "weight_decay": 0.004,
    },
}
LOSSES = (
    "sparse_categorical_crossentropy",
    "categorical_crossentropy",
    "binary_crossentropy",
    "mean_squared_error",
)
SIGMOIDS, SOFTMAXES = ("sigmoid", "hard_sigmoid"), ("softmax", "sparsemax")
# Layers that hand probabilities on unchanged.
PASSING = ("Dropout", "Flatten", "GlobalAveragePooling2D", "Reshape")
LONGEST_VARIABLE = 32
_TAKEN = {
    *keyword.kwlist,
    *dir(builtins),
    *(spec.type for spec in CATALOGUE.values()),
    *("keras", "layers", "model", "x", "inputs", "outputs", "build_model", "CLASSES", "classify"),
}


def to_source(
    network: Network,
    *,
    name: str = "network",
    classes: Sequence[str] | None = None,
    training: Mapping[str, Any] | None = None,
) -> str:
    """The network as a Python module with a function `build_model()`.

    With `classes` (names in the order of the outputs) it also has `CLASSES` and `classify(model,
    path)`. `training` is a project's training part: its optimizer and loss go into `compile`.
    Raises `BuildError` for a network that is empty, unconnected or circular.
    """
    check_buildable(network)
    usable = bool(classes) and len(network.sources) == 1 and len(network.sinks) == 1
    parts = [_docstring(name, network, usable)]
    parts.append("\n".join(["import keras", *_imports(network)]))
    if usable:
        parts[-1] += "\n\n" + statement("CLASSES = ", [_text(each) for each in classes or ()])
    parts.append(_build_function(network, name, training or {}))
    if usable:
        parts.append(_classify_function(network))
    parts.append('if __name__ == "__main__":\n    build_model().summary()')
    return parts[0] + "\n\n" + "\n\n\n".join(parts[1:]) + "\n"


def _imports(network: Network) -> list[str]:
    """The lines that import what the layers need besides Keras itself."""
    classes: dict[str, set[str]] = {}
    for layer in network.layers.values():
        if layer.type != "Input":
            classes.setdefault(layer.spec.module, set()).add(layer.type)
    lines = ["from keras import layers"] if classes.pop("keras.layers", None) else []
    # Layers of Keras's own networks, which it keeps beside them.
    return lines + [
        f"from {module} import {', '.join(sorted(classes[module]))}" for module in sorted(classes)
    ]


def _docstring(name: str, network: Network, usable: bool) -> str:
    shapes = " and ".join(
        " × ".join(map(str, network[source]["shape"])) for source in network.sources
    )
    about = f"{model_name(name)}: a Keras network for pictures of {shapes} pixels, 0 to 255."
    use = (
        "build_model() returns it untrained; the weights of a trained run load into it with "
        'build_model().load_weights("model.keras").'
    )
    if usable:
        use += " classify() says what a picture file shows."
    lines = textwrap.wrap(f'"""{about}', 88, break_long_words=False, break_on_hyphens=False)
    return "\n".join([*lines, "", *textwrap.wrap(use, 88, break_on_hyphens=False), '"""'])


def _build_function(network: Network, name: str, training: Mapping[str, Any]) -> str:
    lines = ["def build_model():", '    """Return the network, compiled."""']
    order = _reading_order(network)
    variables = _variables(network, order)
    for layer_name in order:
        layer = network[layer_name]
        if layer.type == "Input":
            call = Written("keras.Input", _arguments(layer))
        else:
            fed_by = [variables[source] for source in network.inputs_of(layer_name)]
            of_layers = layer.spec.module == "keras.layers"
            function = f"layers.{layer.type}" if of_layers else layer.type
            call = Written(function, _arguments(layer), _fed(layer, fed_by))
        lines.append(assignment(variables[layer_name], call, indent=4))
    inputs = _bare([variables[source] for source in network.sources])
    outputs = _bare([variables[sink] for sink in network.sinks])
    made = Written("keras.Model", [inputs, outputs, f"name={_text(model_name(name))}"])
    compiled = _compile(network, training)
    frozen = [
        f"    model.get_layer({_text(layer.name)}).trainable = False"
        for layer in network.layers.values()
        # Layers that are made of layers pass it on only once those are there.
        if layer.spec.call is Call.APART and not layer["trainable"]
    ]
    if compiled is None:
        lines[1] = '    """Return the network."""'
        if frozen:
            return "\n".join(
                [*lines, assignment("model", made, indent=4), *frozen, "    return model"]
            )
        return "\n".join([*lines, statement("return ", made, indent=4)])
    lines.append(assignment("model", made, indent=4))
    lines += frozen
    lines.append(statement("", compiled, indent=4))
    return "\n".join([*lines, "    return model"])


def _fed(layer: Layer, fed_by: list[str]) -> str | list[str]:
    """What feeds a layer, as it is written in its call."""
    if layer.spec.call is Call.LIST:
        return fed_by
    if layer.spec.call is Call.ONE:
        return fed_by[0]
    return ", ".join(fed_by if len(fed_by) > 1 else fed_by * 2)


def _compile(network: Network, training: Mapping[str, Any]) -> Written | None:
    """The call of `compile`, or None for a network with several outputs, which has no one loss."""
    if len(network.sinks) != 1:
        return None
    activation, one = _last_activation(network), _one_score(network)
    loss = training.get("loss")
    if loss not in LOSSES:
        # As the training chooses: one sigmoid unit tells two classes apart, several stand alone.
        binary = one or activation in SIGMOIDS
        loss = "binary_crossentropy" if binary else "sparse_categorical_crossentropy"
    if activation in (*SIGMOIDS, *SOFTMAXES) or loss == "mean_squared_error":
        written = _text(loss)
    else:
        class_name = "".join(word.capitalize() for word in loss.split("_"))
        written = f"keras.losses.{class_name}(from_logits=True)"
    return Written(
        "model.compile",
        [f"optimizer={_optimizer(training)}", f"loss={written}", 'metrics=["accuracy"]'],
    )


def _optimizer(training: Mapping[str, Any]) -> str:
    chosen = training.get("optimizer")
    chosen = chosen if isinstance(chosen, Mapping) else {}
    name = chosen.get("name", "Adam")
    defaults = OPTIMIZERS.get(name, {})
    changed = [
        f"{key}={chosen[key]!r}"
        for key, default in defaults.items()
        if chosen.get(key) is not None and chosen[key] != default
    ]
    # Our default learning rate is 0.001 whatever the optimizer; SGD's own is 0.01.
    if "learning_rate" not in chosen and defaults.get("learning_rate", 0.001) != 0.001:
        changed.insert(0, "learning_rate=0.001")
    return f"keras.optimizers.{name}({', '.join(changed)})" if changed else _text(name.lower())


def _classify_function(network: Network) -> str:
    height, width, channels = network[network.sources[0]]["shape"]
    activation, one = _last_activation(network), _one_score(network)
    scores = "model.predict(pixels[None], verbose=0)[0]"
    if activation not in (*SIGMOIDS, *SOFTMAXES):
        function = "sigmoid" if one else "softmax"
        scores = f"keras.ops.{function}({scores})"
    lines = [
        "def classify(model, path):",
        '    """Return the classes of a picture file with their scores, the best first."""',
        "    picture = keras.utils.load_img(",
        "        path,",
        f'        color_mode="{"grayscale" if channels == 1 else "rgb"}",',
        f"        target_size=({height}, {width}),",
        '        interpolation="bilinear",',
        "    )",
        "    pixels = keras.utils.img_to_array(picture)",
        f"    scores = {scores}",
    ]
    if one:
        lines.append("    scores = [1 - scores[0], scores[0]]")
    lines += [
        "    ranked = sorted(zip(CLASSES, scores), key=lambda pair: -pair[1])",
        "    return [(name, float(score)) for name, score in ranked]",
    ]
    return "\n".join(lines)


def _last_layer(network: Network) -> Layer:
    """The layer that makes the scores, seen through those that only hand them on."""
    layer = network[network.sinks[0]]
    while layer.type in PASSING or (layer.type == "Activation" and layer["activation"] == "linear"):
        layer = network[network.inputs_of(layer.name)[0]]
    return layer


def _last_activation(network: Network) -> str:
    layer = _last_layer(network)
    return "softmax" if layer.type == "Softmax" else layer.settings.get("activation", "linear")


def _one_score(network: Network) -> bool:
    layer = _last_layer(network)
    while layer.spec.keeps_shape:
        layer = network[network.inputs_of(layer.name)[0]]
    return 1 in (layer.settings.get("units"), layer.settings.get("filters"))


def _arguments(layer: Layer) -> list[Part]:
    """The written arguments of a layer: required ones by position, then what differs, then name."""
    positional = POSITIONAL.get(layer.type, ())
    written: list[Part] = [_argument(layer.spec.field(key), layer[key], "") for key in positional]
    for field in layer.spec.fields:
        default = KERAS_DEFAULTS.get((layer.type, field.name), field.default)
        # Keras has no default for some, and takes all others for what they are.
        required = layer.type == "Input" or (default is None and field.default is not None)
        if field.name not in positional and (required or layer[field.name] != default):
            written.append(_argument(field, layer[field.name], f"{field.name}="))
    return [*written, f"name={_text(layer.name)}"]


def _argument(field: Field, value: Any, keyword: str) -> Part:
    """An argument with its keyword, in parts where it may need more than a line."""
    if isinstance(value, Made):
        options = {option.name: option for option in field.options[value.name]}
        parts = [f"{part}={_written(options[part], given)}" for part, given in value.arguments]
        module = "initializers" if field.name.endswith("_initializer") else "constraints"
        return Written(f"{keyword}keras.{module}.{class_name(value.name)}", parts)
    if field.kind is Kind.NUMBERS and isinstance(value, tuple):
        return Written(keyword, [*map(_number, value)], brackets="[]")
    return keyword + _written(field, value)


def _written(field: Field, value: Any) -> str:
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
    return _text(value) if isinstance(value, str) else repr(value)


def _number(value: float) -> str:
    """A number as a person writes it: 1 / 255, not 0.00392156862745098."""
    if value == 0 or value == int(value):
        return repr(value)
    reciprocal = round(1 / value, 6)
    if reciprocal and len(repr(value)) > 8 and 1 / reciprocal == value:
        whole = reciprocal == int(reciprocal)
        return f"1 / {int(reciprocal) if whole else reciprocal}"
    return repr(value)


def _reading_order(network: Network) -> list[str]:
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


def _variables(network: Network, order: Sequence[str]) -> dict[str, str]:
    """A variable for each layer: `x` along a chain, the layer's name where it is needed later."""
    following = dict(itertools.pairwise(order))
    variables: dict[str, str] = {}
    used = set(_TAKEN)
    for name in order:
        fed = network.outputs_of(name)
        if network[name].type == "Input" and len(network.sources) == 1:
            variables[name] = "inputs"
        elif not fed and len(network.sinks) == 1:
            variables[name] = "outputs"
        elif fed == (following.get(name),) and not _joins_branches(network, fed[0]):
            variables[name] = "x"
        else:
            variables[name] = _identifier(name, used)
        used.add(variables[name])
    return variables


def _joins_branches(network: Network, name: str) -> bool:
    """Whether two or more chains end in a layer; a skip past one chain is none of its own."""
    ends = [feed for feed in network.inputs_of(name) if len(network.outputs_of(feed)) == 1]
    return len(ends) > 1


def _identifier(name: str, used: set[str]) -> str:
    word = re.sub(r"\W", "_", name, flags=re.ASCII)[:LONGEST_VARIABLE]
    if not word.isidentifier():
        word = f"_{word}"
    found, number = word, 2
    while found in used:
        found, number = f"{word}_{number}", number + 1
    return found


def _bare(names: list[str]) -> str | list[str]:
    return names[0] if len(names) == 1 else names


def _text(value: str) -> str:
    """A string literal, in double quotes unless single ones save escapes."""
    inside = json.dumps(value, ensure_ascii=False)[1:-1]
    if value.count('"') > value.count("'"):
        inside = inside.replace("'", "\\'").replace('\\"', '"')
        return f"'{inside}'"
    return f'"{inside}"'
