"""The configuration that Keras saves of a layer, as a layer type of the catalogue with settings.

Goes by the catalogue's fields alone: a type that is declared there can be read. What a
configuration says beyond the fields must be what Keras does anyway, else the layer is refused
with the setting's name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cnnstudio.graph.catalogue import CATALOGUE
from cnnstudio.graph.spec import Field, Kind

# Names of the same classes in older files.
_TYPES: Mapping[str, str] = {
    "InputLayer": "Input",
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "Convolution2D": "Conv2D",
    "Convolution2DTranspose": "Conv2DTranspose",
    "SeparableConvolution2D": "SeparableConv2D",
    "DepthwiseConvolution2D": "DepthwiseConv2D",
    "MaxPool2D": "MaxPooling2D",
    "AvgPool2D": "AveragePooling2D",
    "GlobalAvgPool2D": "GlobalAveragePooling2D",
    "GlobalMaxPool2D": "GlobalMaxPooling2D",
}
# Names of the same values.
_VALUES: Mapping[str, str] = {"swish": "silu", "hard_swish": "hard_silu", "exp": "exponential"}
# Arguments of other names in older files.
_RENAMED: Mapping[str, Mapping[str, str]] = {
    "LeakyReLU": {"alpha": "negative_slope"},
    "Dropout": {"p": "rate"},
}
# Arguments that change nothing, or that are checked below.
_NEUTRAL = {
    *("name", "trainable", "dtype", "data_format", "batch_shape", "batch_input_shape"),
    *("sparse", "ragged", "optional", "fused", "seed", "implementation", "input_dim"),
    *("build_input_shape", "quantization_config", "synchronized", "virtual_batch_size"),
}
# What Keras writes for arguments that the catalogue may leave at Keras's default.
_LAST_AXIS = (-1, 3, [3], [-1])
_USUAL: Mapping[str, Mapping[str, tuple[Any, ...]]] = {
    "BatchNormalization": {
        "axis": (*_LAST_AXIS, 1, [1]),
        # Only used with renorm, which is named if it is on.
        "renorm_momentum": (0.99,),
    },
    "LayerNormalization": {"axis": _LAST_AXIS},
    "Softmax": {"axis": _LAST_AXIS},
    # Keras 2 wrote those that it inherited from Conv2D.
    "SeparableConv2D": {"groups": (1,)},
    "DepthwiseConv2D": {"groups": (1,)},
    "Conv2DTranspose": {"groups": (1,)},
}


def layer_type(entry: Mapping[str, Any]) -> str:
    """The catalogue's type of an entry. Raises ValueError if it has none."""
    kind = str(entry.get("class_name"))
    type_ = _TYPES.get(kind, kind)
    if type_ not in CATALOGUE:
        raise ValueError("there is no such layer in the catalogue")
    return type_


def as_catalogued(
    type_: str, config: Mapping[str, Any], built: Mapping[str, Any]
) -> tuple[str, Mapping[str, Any]]:
    """A layer as another type that does the same where the catalogue lacks a setting.

    `built` is what the file says of the shapes that it was built for.
    """
    if type_ == "MultiHeadAttention" and _attends_to_all(config, built):
        return type_, {key: value for key, value in config.items() if key != "attention_axes"}
    fields = {field.name for field in CATALOGUE[type_].fields}
    shape = config.get("noise_shape")
    lacking = type_ == "Dropout" and "noise_shape" not in fields and "StochasticDepth" in CATALOGUE
    if lacking and shape and shape[0] is None and set(shape[1:]) == {1}:
        # One number drawn for each picture: stochastic depth under another name.
        return "StochasticDepth", {"drop_path_rate": config["rate"]}
    return type_, config


def _attends_to_all(config: Mapping[str, Any], built: Mapping[str, Any]) -> bool:
    """Whether attention goes along all axes, which Keras numbers once it knows how many."""
    axes, shape = config.get("attention_axes"), built.get("query_shape")
    if not isinstance(axes, list) or axes != [*range(1, len(axes) + 1)]:
        return False
    # Without a shape, what comes out is still compared with what the model in the file says.
    return not isinstance(shape, list) or len(axes) == len(shape) - 2


def settings_of(
    type_: str, config: Mapping[str, Any], notes: list[str], *, keras_2: bool = False
) -> dict[str, Any]:
    """The settings in a layer's configuration; `notes` gain what was left out harmlessly.

    Raises ValueError with what is wrong with the layer.
    """
    known = {field.name: field for field in CATALOGUE[type_].fields}
    if config.get("data_format") == "channels_first":
        raise ValueError("its channels come first")
    _check_dtype(config.get("dtype"))
    usual, renamed = _USUAL.get(type_, {}), _RENAMED.get(type_, {})
    settings: dict[str, Any] = {}
    for written, value in config.items():
        key = renamed.get(written, written)
        if key in known:
            _check_meaning(key, value, keras_2=keras_2)
            _take(settings, known[key], _plain(value), notes)
        elif key not in _NEUTRAL and not key.endswith("_initializer"):
            plain = _identifier(value) if isinstance(value, Mapping) else value
            if plain not in (None, False) and plain not in usual.get(key, ()):
                raise ValueError(f"its {key} is {plain}")
    # Keras writes a pooling's default strides out.
    if "pool_size" in settings and settings.get("strides") == settings["pool_size"]:
        settings["strides"] = None
    return settings


def _take(settings: dict[str, Any], field: Field, value: Any, notes: list[str]) -> None:
    if isinstance(value, Mapping):
        if field.kind is Kind.REGULARIZER:
            settings[field.name] = _penalty(field.name, value)
            return
        value = _object(field, value) if field.kind is Kind.OBJECT else _identifier(value)
    if field.name.endswith("_initializer"):
        try:
            field.check(value)
        except ValueError:
            # The weights come along; only starting anew would start elsewhere.
            name = value["name"] if isinstance(value, Mapping) else value
            notes.append(f"starts its {field.name.removesuffix('_initializer')} with {name}")
            return
    if isinstance(value, str):
        value = _VALUES.get(value, value)
    settings[field.name] = value


def _object(field: Field, value: Mapping[str, Any]) -> dict[str, Any]:
    """An initialiser or a constraint with the arguments that the catalogue knows of it."""
    name, config = _identifier(value), value.get("config")
    known = {option.name for option in field.options.get(name, ())}
    given = config if isinstance(config, Mapping) else {}
    return {"name": name, **{key: _plain(given[key]) for key in given if key in known}}


def _penalty(key: str, value: Mapping[str, Any]) -> dict[str, float]:
    if value.get("class_name") not in {"L1", "L2", "L1L2"}:
        raise ValueError(f"its {key} is {value.get('class_name')}")
    numbers = value.get("config", {})
    return {part: float(_plain(numbers.get(part)) or 0.0) for part in ("l1", "l2")}


def _plain(value: Any) -> Any:
    """An array as the numbers it was written as."""
    if isinstance(value, Mapping):
        inner = value.get("config", value)
        if value.get("class_name") in ("__numpy__", "__tensor__") and isinstance(inner, Mapping):
            return inner.get("value")
        # Keras 2's own way to write an array.
        if value.get("type") == "ndarray" or value.get("class_name") == "__tuple__":
            return value.get("value", value.get("items"))
    return value


def _identifier(value: Mapping[str, Any]) -> str:
    """`GlorotUniform` as Keras's own short name `glorot_uniform`; a function by its name."""
    name, config = value.get("class_name"), value.get("config")
    if name == "function":
        # Keras 2.13 has the name one level further down.
        name = config.get("name", name) if isinstance(config, Mapping) else config
        return str(name)
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", str(name)).lower()


def _check_meaning(key: str, value: Any, *, keras_2: bool) -> None:
    if keras_2 and key == "activation" and value == "hard_sigmoid":
        raise ValueError("its hard_sigmoid is Keras 2's, another function than Keras 3's")


def _check_dtype(dtype: Any) -> None:
    name = dtype.get("class_name") if isinstance(dtype, Mapping) else None
    if name is not None and "Quantized" in str(name):
        raise ValueError("its weights are quantised")
