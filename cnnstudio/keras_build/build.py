"""A `Network` becomes a functional `keras.Model` whose layers keep their names.

The catalogue's fields are Keras's argument names, so one generic path serves every layer type;
`layer_arguments` holds the few places where Keras wants another kind of value. Reads a
`cnnstudio.graph.network.Network`; training, export and the parity tests take the model.
"""

from __future__ import annotations

import importlib
import inspect
import os
import re
import zlib
from typing import TYPE_CHECKING, Any

from cnnstudio.analysis import analyse
from cnnstudio.errors import StudioError
from cnnstudio.graph.network import Layer, Network
from cnnstudio.graph.spec import Arity, Call, Field, Kind, LayerSpec, Made
from cnnstudio.keras_build.backend import load_keras
from cnnstudio.keras_build.uses import remember_uses

if TYPE_CHECKING:
    import keras


class BuildError(StudioError):
    """A network that Keras cannot build, naming the layer and the reason."""


def build_model(network: Network, *, name: str = "network", seed: int | None = None) -> keras.Model:
    """Build the network in Keras; layers that share weights are one layer of Keras.

    The model takes one picture batch `(N, height, width, channels)` for each Input (a single
    Input's tensor bare, several in drawing order) and returns the output of every layer that
    feeds nothing, in drawing order. It is not compiled.

    With `seed`, every initial weight and every Dropout without a seed of its own draws from a
    seed made of `seed`, the layer's name and the setting, so that the same network starts with
    the same weights again. No global random state is read or changed.

    Raises `BuildError` naming the layer.
    """
    check_buildable(network)
    _check_memory(network)
    keras = load_keras()
    tensors: dict[str, Any] = {}
    made: dict[str, Any] = {}
    for layer_name in network.order:
        layer = network[layer_name]
        fed_by = [tensors[source] for source in network.inputs_of(layer_name)]
        try:
            if layer.type == "Input":
                tensors[layer_name] = keras.Input(**layer_arguments(layer))
            else:
                owner = network[network.owner_of(layer_name)]
                if owner.name not in made:
                    made[owner.name] = _made_layer(owner, seed)
                tensors[layer_name] = called(layer.spec, made[owner.name], fed_by)
                if not layer.settings.get("trainable", True):
                    # Layers that are made of layers pass it on when it changes, and only once
                    # those are there.
                    made[owner.name].trainable = False
        except Exception as error:  # Keras and TensorFlow raise many kinds
            raise BuildError(_why(network, layer, error)) from error
    inputs = [tensors[source] for source in network.sources]
    outputs = [tensors[sink] for sink in network.sinks]
    model = keras.Model(_bare(inputs), _bare(outputs), name=model_name(name))
    remember_uses(model, network)
    return model


def check_buildable(network: Network) -> None:
    """Raise `BuildError` naming the layers if the network is empty, unconnected or circular."""
    if not network.layers:
        raise BuildError("The network is empty: add an Input and the layers that follow it.")
    if not network.sources:
        raise BuildError("The network has no Input: add one and link it to the first layer.")
    if network.topology.cyclic:
        names = [layer for layer in network.layers if layer in network.topology.cyclic]
        raise BuildError(
            f"The layers {_listed(names)} feed one another in a circle: remove one of the links."
        )
    unfed = [
        name
        for name, layer in network.layers.items()
        if layer.spec.arity is not Arity.NONE and not network.inputs_of(name)
    ]
    if unfed:
        raise BuildError(f"Nothing feeds {_listed(unfed)}: link a layer to it, or remove it.")
    unused = [name for name in network.sources if not network.outputs_of(name)]
    if unused and len(network) > 1:
        raise BuildError(
            f"{_listed(unused)} feeds nothing: link it to the first layer, or remove it."
        )


def _check_memory(network: Network) -> None:
    """Refuse weights that exceed the machine's memory: asking for them could end the program."""
    try:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return  # Windows does not say; its memory requests fail with an error
    analysis = analyse(network)
    if analysis.parameters * 4 < memory:
        return
    largest = max(analysis.layers.values(), key=lambda info: info.parameters)
    raise BuildError(
        f"The network needs {analysis.parameters * 4 / 2**30:,.1f} GiB for its weights, and this "
        f"computer has {memory / 2**30:,.1f}. Most of it, {largest.parameters:,} weights, is "
        f"{largest.name} ({largest.type}): make it, or what feeds it, smaller."
    )


def layer_arguments(layer: Layer, seed: int | None = None) -> dict[str, Any]:
    """The keyword arguments of the Keras class for a layer, its `name` among them.

    `seed` as in `build_model`.
    """
    import keras

    arguments: dict[str, Any] = {"name": layer.name}
    for field in layer.spec.fields:
        value = layer.settings[field.name]
        if field.kind is Kind.REGULARIZER and value is not None:
            value = keras.regularizers.L1L2(l1=value.l1, l2=value.l2)
        elif field.kind is Kind.OBJECT and value is not None:
            drawn = derived_seed(seed, layer.name, field.name) if seed is not None else None
            value = _made(field, value, drawn)
        elif field.kind in (Kind.WHOLES, Kind.NUMBERS):
            value = _as_keras(field, value)
        elif field.name == "seed" and value is None and seed is not None:
            value = derived_seed(seed, layer.name, field.name)
        arguments[field.name] = value
    return arguments


def derived_seed(seed: int, layer: str, setting: str) -> int:
    """A seed below 2³¹ for one setting of one layer, independent of all other layers."""
    import numpy as np

    # By name, not by position, so that adding a layer leaves the others' first weights alone.
    words = [seed & 0xFFFFFFFF, seed >> 32 & 0xFFFFFFFF, zlib.crc32(f"{layer}/{setting}".encode())]
    return int(np.random.SeedSequence(words).generate_state(1)[0] & 0x7FFFFFFF)


def _made_layer(layer: Layer, seed: int | None) -> Any:
    arguments = layer_arguments(layer, seed)
    arguments.pop("trainable", True)
    return layer_class(layer.spec)(**arguments)


def layer_class(spec: LayerSpec) -> Any:
    """The Keras class of a layer type."""
    return getattr(importlib.import_module(spec.module), spec.type)


def called(spec: LayerSpec, made: Any, fed_by: list[Any]) -> Any:
    """The output of a Keras layer for what feeds it."""
    if spec.call is Call.ONE:
        return made(fed_by[0])
    if spec.call is Call.LIST:
        return made(fed_by)
    return made(*fed_by) if len(fed_by) > 1 else made(fed_by[0], fed_by[0])


def _made(field: Field, value: str | Made, seed: int | None) -> Any:
    """An initialiser or a constraint of Keras."""
    import keras

    name, arguments = value if isinstance(value, Made) else (value, ())
    if not arguments and seed is None:
        return name
    fields = {option.name: option for option in field.options[name]}
    given = {key: _as_keras(fields[key], part) for key, part in arguments}
    module = keras.initializers if field.name.endswith("_initializer") else keras.constraints
    # Not through `get`: it makes an instance without a seed, which draws one from Python's.
    kind = getattr(module, class_name(name))
    if seed is not None and "seed" in inspect.signature(kind).parameters:
        given["seed"] = seed
    return kind(**given)


def _as_keras(field: Field, value: Any) -> Any:
    """A list as Keras has it after saving: an axis alone is a number."""
    if not isinstance(value, tuple):
        return value
    return value[0] if field.name == "axis" and len(value) == 1 else list(value)


def class_name(name: str) -> str:
    """`HeNormal` for `he_normal`."""
    return "".join(word.capitalize() for word in name.split("_"))


def _bare(tensors: list[Any]) -> Any:
    return tensors[0] if len(tensors) == 1 else tensors


def model_name(name: str) -> str:
    """`name` as Keras and a Python docstring accept it."""
    return re.sub(r"[^A-Za-z0-9_.\-]+", "_", name).strip("_") or "network"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _why(network: Network, layer: Layer, error: Exception) -> str:
    """Why a layer cannot be built, in the analysis's words if it knows, else in Keras's."""
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return (
            f"{layer.name} ({layer.type}) needs more memory for its weights than there is: "
            "make it, or the layer that feeds it, smaller."
        )
    for problem in analyse(network).problems_of(layer.name):
        if problem.severity == "error":
            return problem.message
    # Without Keras's colours and traces of calls.
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    paragraphs = [part.strip() for part in text.split("\n\n") if part.strip()]
    if len(paragraphs) > 1 and paragraphs[0].startswith("Exception encountered"):
        paragraphs = paragraphs[1:]
    reason = " ".join(paragraphs[0].split()) if paragraphs else type(error).__name__
    return f"{layer.name} ({layer.type}) cannot be built: {reason.rstrip('.')}."
