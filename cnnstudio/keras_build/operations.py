"""Operations in a model's description that are no layers: the layers that do the same.

Keras 3 writes `x + y` as an operation (class `Add` of `keras.src.ops.numpy`), Keras 2 as a
`TFOpLambda` that names a TensorFlow function, TensorFlow 2.3 as a `TensorFlowOpLayer`. None is
code: each is looked up here by name, and what has no layer is named.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from operator import neg
from typing import Any, NamedTuple

from cnnstudio.graph.catalogue import ACTIVATIONS

Numbers = float | list[float]


class Tensor(NamedTuple):
    """An output of a layer: which call of it, and which of its outputs."""

    layer: str
    call: int = 0
    output: int = 0


class Called(NamedTuple):
    """One call of a layer: `Tensor`s and constants, as the description has them."""

    positional: Sequence[Any]
    named: Mapping[str, Any]

    @property
    def tensors(self) -> list[Tensor]:
        """The tensors given, in order."""
        return list(_tensors([*self.positional, *self.named.values()]))


class Stand(NamedTuple):
    """The layer that stands for an operation."""

    type: str
    settings: Mapping[str, Any]


# What an operation is called in Keras 3, in TensorFlow and in its graphs.
_MEANINGS: Mapping[str, str] = {
    "addv2": "add",
    "biasadd": "add",
    "bias_add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "divide",
    "true_divide": "divide",
    "realdiv": "divide",
    "div": "divide",
    "reduce_mean": "mean",
    "reduce_max": "max",
    "amax": "max",
    "concat": "concatenate",
    "concatv2": "concatenate",
    "swish": "silu",
    "exp": "exponential",
    "convert_to_tensor": "identity",
    "stop_gradient": "identity",
    "hard_swish": "hard_silu",
}
_MERGES: Mapping[str, str] = {
    "add": "Add",
    "subtract": "Subtract",
    "multiply": "Multiply",
    "maximum": "Maximum",
    "minimum": "Minimum",
}
# Arguments with which an operation is what the activation of its name is, and their usual value.
_AS_USUAL: Mapping[str, Mapping[str, Any]] = {
    "leaky_relu": {"negative_slope": 0.2, "alpha": 0.2},
    "softmax": {"axis": -1},
    "log_softmax": {"axis": -1},
    "elu": {"alpha": 1.0},
    "celu": {"alpha": 1.0},
    "squareplus": {"b": 4},
}


def is_operation(entry: Mapping[str, Any]) -> bool:
    """Whether an entry of a description is an operation, not a layer."""
    if entry.get("class_name") in ("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer"):
        return True
    module, config = entry.get("module"), entry["config"]
    if isinstance(module, str):
        return module.startswith("keras.src.ops.")
    # Keras 3 leaves the module out of an .h5 file; every layer says whether it is trained.
    layer = entry.get("class_name") == "InputLayer" or "trainable" in config or "dtype" in config
    return isinstance(entry.get("inbound_nodes"), list) and not layer


def described(entry: Mapping[str, Any]) -> str:
    """What the operation is called, for people."""
    config = entry["config"]
    if entry["class_name"] == "TensorFlowOpLayer":
        return f"the TensorFlow operation {_node(config)[0]}"
    if "function" in config:
        return f"the TensorFlow function tf.{config['function']}"
    return f"the operation {entry['class_name']}"


def stand_in(entry: Mapping[str, Any], call: Called) -> Stand:
    """The layer that does what an operation does. Raises ValueError when there is none."""
    config = entry["config"]
    if entry["class_name"] == "TensorFlowOpLayer":
        name, arguments, given = _of_graph(config, call)
    else:
        name = config.get("function") or entry["class_name"]
        arguments = {**config, **call.named}
        given = [*call.positional, *(call.named[key] for key in _OPERANDS if key in call.named)]
    meaning = _meaning(str(name))
    if meaning in _MERGES or meaning == "divide":
        return _arithmetic(meaning, given)
    if meaning in ACTIVATIONS:
        return _activation(meaning, arguments)
    made = _OTHERS.get(meaning)
    if made is None:
        raise ValueError("there is no layer that does the same")
    return made(arguments, given)


_OPERANDS = ("x", "x1", "y", "x2", "a", "b")


def _meaning(name: str) -> str:
    word = name.rsplit(".", 1)[-1]
    word = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", word).lower()
    return _MEANINGS.get(word, word)


def _arithmetic(meaning: str, given: Sequence[Any]) -> Stand:
    operands = [part for part in given if part is not None][:2]
    if len(operands) != 2:
        raise ValueError("it has not two operands")
    left, right = operands
    if isinstance(left, Tensor) and isinstance(right, Tensor):
        if meaning not in _MERGES:
            raise ValueError("no layer divides one layer's output by another's")
        return Stand(_MERGES[meaning], {})
    constant = right if isinstance(left, Tensor) else left
    number = _numbers(constant)
    backwards = not isinstance(left, Tensor)
    if meaning == "add":
        return _rescaling(1.0, number)
    if meaning == "subtract":
        return _rescaling(-1.0, number) if backwards else _rescaling(1.0, _each(number, neg))
    if meaning == "multiply":
        return _rescaling(number, 0.0)
    if (
        meaning == "divide"
        and not backwards
        and all(number if isinstance(number, list) else [number])
    ):
        return _rescaling(_each(number, lambda part: 1 / part), 0.0)
    raise ValueError("no layer does that with a constant")


def _rescaling(scale: Numbers, offset: Numbers) -> Stand:
    return Stand("Rescaling", {"scale": scale, "offset": offset})


def _numbers(value: Any) -> Numbers:
    """A constant: one number, or one for each channel."""
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    parts = value if isinstance(value, list) else [value]
    for part in parts:
        if isinstance(part, bool) or not isinstance(part, (int, float)) or not math.isfinite(part):
            raise ValueError("its constant is neither a number nor one for each channel")
    return [float(part) for part in parts] if isinstance(value, list) else float(value)


def _each(value: Numbers, function: Callable[[float], float]) -> Numbers:
    return [function(part) for part in value] if isinstance(value, list) else function(value)


def _activation(name: str, arguments: Mapping[str, Any]) -> Stand:
    for key, usual in _AS_USUAL.get(name, {}).items():
        value = arguments.get(key)
        if value is not None and value != usual:
            if name == "leaky_relu":
                return Stand("LeakyReLU", {"negative_slope": value})
            if name == "elu":
                return Stand("ELU", {"alpha": value})
            raise ValueError(f"its {key} is {value}")
    if name == "gelu" and arguments.get("approximate"):
        raise ValueError("it is the approximate gelu, Keras's activation is the exact one")
    return Stand("Activation", {"activation": name})


def _pooling(type_: str) -> Callable[[Mapping[str, Any], Sequence[Any]], Stand]:
    def made(arguments: Mapping[str, Any], _given: Sequence[Any]) -> Stand:
        axis = arguments.get("axis")
        if not isinstance(axis, list) or sorted(part % 4 for part in axis) != [1, 2]:
            raise ValueError(f"its axis is {axis}, not height and width")
        return Stand(type_, {"keepdims": bool(arguments.get("keepdims"))})

    return made


def _concatenate(arguments: Mapping[str, Any], _given: Sequence[Any]) -> Stand:
    axis = arguments.get("axis", 0)
    return Stand("Concatenate", {"axis": -1 if axis is None else axis})


def _identity(_arguments: Mapping[str, Any], _given: Sequence[Any]) -> Stand:
    return Stand("Activation", {"activation": "linear"})


def _reshape(arguments: Mapping[str, Any], given: Sequence[Any]) -> Stand:
    shape = arguments.get("newshape") or arguments.get("shape") or (*given, None)[1]
    if not isinstance(shape, list) or not shape or not all(isinstance(n, int) for n in shape):
        raise ValueError("its shape is not written out in numbers")
    return Stand("Reshape", {"target_shape": shape[1:]})


_OTHERS: Mapping[str, Callable[[Mapping[str, Any], Sequence[Any]], Stand]] = {
    "mean": _pooling("GlobalAveragePooling2D"),
    "max": _pooling("GlobalMaxPooling2D"),
    "concatenate": _concatenate,
    "identity": _identity,
    "reshape": _reshape,
}


def _of_graph(
    config: Mapping[str, Any], call: Called
) -> tuple[str, Mapping[str, Any], Sequence[Any]]:
    """Name, arguments and operands of a `TensorFlowOpLayer`, constants in their places."""
    name, _ = _node(config)
    constants = config.get("constants") or {}
    operands: list[Any] = list(call.tensors)
    for place in sorted(constants, key=int):
        operands.insert(int(place), constants[place])
    arguments = {}
    if _meaning(name) in ("mean", "max", "concatenate"):
        arguments["axis"] = constants.get(max(constants, key=int)) if constants else None
    return name, arguments, operands


def _node(config: Mapping[str, Any]) -> tuple[str, Any]:
    """The operation of a graph's node, which is text or, in newer files, an object."""
    node = config.get("node_def")
    if isinstance(node, Mapping):
        return str(node.get("op")), node
    found = re.search(r'\bop: "([^"]+)"', str(node)) or re.search(r'"op": "([^"]+)"', str(node))
    return (found.group(1) if found else "of an unknown name"), node


def _tensors(part: Any) -> Any:
    if isinstance(part, Tensor):
        yield part
    elif isinstance(part, Mapping):
        for inner in part.values():
            yield from _tensors(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _tensors(inner)
