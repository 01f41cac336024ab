"""The forms in which Keras 2 and Keras 3 describe calls, tensors and shapes, in one form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cnnstudio.keras_build.operations import Called, Tensor

MODELS = ("Sequential", "Functional", "Model")


def name_of(entry: Mapping[str, Any]) -> str:
    """A layer's name in its model."""
    return str(entry.get("name") or entry["config"]["name"])


def is_keras_2(description: Mapping[str, Any]) -> bool:
    """Whether Keras 1 or 2 wrote a description."""
    version = description.get("keras_version")
    if isinstance(version, str):
        return version.split(".")[0] in ("1", "2")
    return '"batch_input_shape"' in repr(description).replace("'", '"')


def calls(entry: Mapping[str, Any], entries: Mapping[str, Any]) -> Iterator[Called]:
    """The calls of a layer, in order."""
    for node in entry.get("inbound_nodes") or []:
        if isinstance(node, Mapping):
            named = {key: _keras_3(value) for key, value in node.get("kwargs", {}).items()}
            yield Called([_keras_3(part) for part in node.get("args", [])], named)
        else:
            yield _keras_2_call(node, entries)


def tensors(part: Any) -> Iterator[Tensor]:
    """The tensors named in `input_layers` or `output_layers`: one, a list or a dictionary."""
    if isinstance(part, Mapping):
        for inner in part.values():
            yield from tensors(inner)
    elif _is_history(part):
        yield Tensor(*part[:3])
    else:
        for inner in part:
            yield from tensors(inner)


def input_shape(entry: Mapping[str, Any]) -> Any:
    """The shape with the batch that a model or layer says it takes, or None."""
    config = entry["config"]
    if isinstance(config, Mapping):
        for key in ("batch_shape", "batch_input_shape", "build_input_shape"):
            if config.get(key):
                return config[key]
        build = entry.get("build_config") or {}
        if build.get("input_shape"):
            return build["input_shape"]
        layers = config.get("layers") or []
    else:
        layers = config
    return input_shape(layers[0]) if layers else None


def _keras_3(value: Any) -> Any:
    """An argument with its tensors as `Tensor` and its arrays as lists."""
    if isinstance(value, Mapping):
        kind, config = value.get("class_name"), value.get("config")
        if kind == "__keras_tensor__" and isinstance(config, Mapping):
            return Tensor(*config["keras_history"])
        if kind in ("__numpy__", "__tensor__") and isinstance(config, Mapping):
            return config.get("value")
        if kind == "__tuple__":
            return [_keras_3(part) for part in value.get("items", config) or []]
        return {key: _keras_3(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_keras_3(part) for part in value]
    return value


def _keras_2_call(node: Any, entries: Mapping[str, Any]) -> Called:
    """`[["conv", 0, 0, {…}], …]`; a constant first argument is `["_CONSTANT_VALUE", -1, 2.0, {}]`.

    A node may also be a single tensor, or a dictionary of them.
    """
    if _is_history(node):
        node = [node]
    if isinstance(node, Mapping):
        node = list(node.values())
    given: list[Any] = []
    named: dict[str, Any] = {}
    for part in node:
        if part[0] == "_CONSTANT_VALUE":
            given.append(part[2])
        else:
            given.append(Tensor(*part[:3]))
        if len(part) > 3 and isinstance(part[3], Mapping):
            named.update({key: _keras_2(value, entries) for key, value in part[3].items()})
    return Called(given, named)


def _keras_2(value: Any, entries: Mapping[str, Any]) -> Any:
    if _is_history(value) and value[0] == "_CONSTANT_VALUE":
        return value[2]
    if _is_history(value) and value[0] in entries:
        return Tensor(*value[:3])
    if isinstance(value, list):
        return [_keras_2(part, entries) for part in value]
    return value


def _is_history(part: Any) -> bool:
    return (
        isinstance(part, list)
        and len(part) >= 3
        and isinstance(part[0], str)
        and isinstance(part[1], int)
    )
