"""A Keras model file becomes a `Network`, from its description alone, without TensorFlow.

Reads `.keras`, and `.h5` and `model.to_json()` files of Keras 3: Sequential and functional models
built from the catalogue's layers. What the catalogue cannot express is named layer by layer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from cnnstudio.graph.catalogue import CATALOGUE
from cnnstudio.graph.edits import EditError, add_layer
from cnnstudio.graph.layout import arrange
from cnnstudio.graph.network import Link, Network
from cnnstudio.graph.spec import Arity, Field, Kind
from cnnstudio.keras_build.trained import ModelError, configuration

# Arguments that say nothing about shapes, or only in ways that are checked below.
_NEUTRAL = {"name", "trainable", "dtype", "data_format", "batch_shape", "sparse", "ragged"}
# What Keras writes for arguments the catalogue leaves at Keras's default.
_KERAS_DEFAULTS: Mapping[str, Mapping[str, tuple[Any, ...]]] = {
    "BatchNormalization": {
        "axis": (-1, 3, [3], [-1], 1, [1]),
        "moving_mean_initializer": ("zeros",),
        "moving_variance_initializer": ("ones",),
        # Only used with renorm, which is named if it is on.
        "renorm_momentum": (0.99,),
    },
    "Softmax": {"axis": (-1,)},
}


def read_network(path: Path) -> Network:
    """The network in a Keras model file, laid out on the canvas; layers keep their names.

    Initialisers come back by kind, without arguments of their own. Raises `ModelError` naming the
    file and each layer that cannot be represented.
    """
    description = _description(path)
    kind, config = description.get("class_name"), description.get("config")
    if kind not in {"Sequential", "Functional", "Model"} or not isinstance(config, Mapping):
        raise ModelError(f"{path} holds a {kind}, not a Sequential or functional Keras model.")
    entries = config.get("layers")
    if not isinstance(entries, list):
        raise ModelError(f"{path} is damaged: it lists no layers.")
    network, unknown = Network(), []
    for entry in _with_input(entries, config):
        try:
            network = _with_entry(network, entry)
        except (EditError, ValueError, KeyError, TypeError) as error:
            unknown.append(f"{_name(entry)} ({entry.get('class_name')}): {error}")
    if unknown:
        raise ModelError(f"{path} has layers that cannot be represented: {'; '.join(unknown)}")
    return arrange(Network(network.layers, tuple(_links(entries, kind, network))))


def _description(path: Path) -> Mapping[str, Any]:
    if path.suffix.lower() != ".json":
        found = configuration(path)["model"]
    else:
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ModelError(f"There is no file {path}.") from None
        except (OSError, ValueError):
            raise ModelError(f"{path} is not the JSON of a Keras model.") from None
    if not isinstance(found, Mapping):
        raise ModelError(f"{path} is not the JSON of a Keras model.")
    return found


def _with_input(entries: list[Any], config: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The layers, led by an Input if a Sequential model has only its shape."""
    if not any(entry.get("class_name") == "InputLayer" for entry in entries):
        shape = config.get("build_input_shape")
        yield {"class_name": "InputLayer", "config": {"name": "input", "batch_shape": shape}}
    yield from entries


def _name(entry: Mapping[str, Any]) -> str:
    return str(entry.get("name") or entry["config"]["name"])


def _with_entry(network: Network, entry: Mapping[str, Any]) -> Network:
    kind, config = entry["class_name"], entry["config"]
    if kind == "InputLayer":
        shape = config["batch_shape"]
        if not isinstance(shape, list) or len(shape) != 4 or not all(shape[1:]):
            raise ValueError(f"its input {shape} is not height, width and channels in numbers")
        return add_layer(network, "Input", name=_name(entry), settings={"shape": shape[1:]})[0]
    if kind not in CATALOGUE:
        raise ValueError("there is no such layer in the catalogue")
    if config.get("data_format", "channels_last") not in ("channels_last", None):
        raise ValueError("its channels come first")
    if config.get("trainable") is False:
        raise ValueError("it is frozen")
    spec = CATALOGUE[kind]
    known = {field.name: field for field in spec.fields}
    usual = _KERAS_DEFAULTS.get(kind, {})
    settings = {}
    for key, value in config.items():
        if key in known:
            settings[key] = _value(known[key], value)
        elif key not in _NEUTRAL and value not in (None, False):
            plain = _identifier(value) if isinstance(value, Mapping) else value
            if plain not in usual.get(key, ()):
                raise ValueError(f"its {key} is {plain}")
    # Keras writes a pooling's default strides out.
    if "pool_size" in settings and settings.get("strides") == settings["pool_size"]:
        settings["strides"] = None
    return add_layer(network, kind, name=_name(entry), settings=settings)[0]


def _value(field: Field, value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    if field.kind is Kind.REGULARIZER:
        penalty = value.get("config", {})
        if value.get("class_name") not in {"L1", "L2", "L1L2"}:
            raise ValueError(f"its {field.name} is {value.get('class_name')}")
        return {key: penalty.get(key) or 0.0 for key in ("l1", "l2")}
    return _identifier(value)


def _identifier(value: Mapping[str, Any]) -> str:
    """`GlorotUniform` as Keras's own short name `glorot_uniform`; a function by its name."""
    name = value.get("class_name")
    if name == "function":
        return str(value.get("config"))
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", str(name)).lower()


def _links(entries: list[Any], kind: str, network: Network) -> Iterator[Link]:
    if kind == "Sequential":
        names = list(network.layers)
        yield from (Link(a, b) for a, b in pairwise(names))
        return
    for entry in entries:
        calls = entry.get("inbound_nodes") or []
        if len(calls) > 1:
            raise ModelError(
                f"{_name(entry)} is used {len(calls)} times: shared layers are not read."
            )
        feeding = [source for call in calls for source in _histories(call)]
        arity = network[_name(entry)].spec.arity
        if arity is Arity.ONE and len(feeding) > 1:
            raise ModelError(f"{_name(entry)} is fed by {len(feeding)} layers and takes one.")
        for source in feeding:
            if source not in network:
                raise ModelError(f"{_name(entry)} is fed by {source}, which is not in the file.")
            yield Link(source, _name(entry))


def _histories(part: Any) -> Iterator[str]:
    """The layers named by the tensors in a call, in order."""
    if isinstance(part, Mapping):
        if part.get("class_name") == "__keras_tensor__":
            yield str(part["config"]["keras_history"][0])
            return
        for inner in part.values():
            yield from _histories(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _histories(inner)
