"""What can be searched over in a project, and a project with other values put in.

A key is one of the `data` and `training` parts, spelt as for `train --set`, or a setting of a
layer, `layers.NAME.SETTING`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from pydantic import BaseModel

from cnnstudio.data.settings import DataSettings
from cnnstudio.data.settings_model import settings_from_json
from cnnstudio.errors import StudioError
from cnnstudio.graph.edits import set_setting
from cnnstudio.graph.network import Network
from cnnstudio.graph.project import Project
from cnnstudio.graph.spec import Field, Kind
from cnnstudio.search.errors import SearchError
from cnnstudio.search.settings import Entry, Range, SearchSettings
from cnnstudio.training.settings import TrainingSettings

LAYERS = "layers."
MODELS: Mapping[str, type[BaseModel]] = {"data": DataSettings, "training": TrainingSettings}
# Keys that another value of makes no other training, and those that something else decides.
_FIXED = {
    "data.folder": "name the folder with --data",
    "data.image_size": "the network's Input decides it",
    "data.color_mode": "the network's Input decides it",
    "data.excluded": "it is a correction of the data",
    "data.relabelled": "it is a correction of the data",
    "data.merged": "it is a correction of the data",
    "data.moved": "it is a correction of the data",
    "data.split.recorded": "it is a correction of the data",
    "data.layout.kind": "it says how the folder is read",
    "data.layout.file": "it says how the folder is read",
    "data.layout.pattern": "it says how the folder is read",
    "training.epochs": "the search has epochs of its own",
    "training.gpu_memory_growth": "it changes no result",
}
KeyKind = Literal["whole", "number", "choice", "other"]


@dataclass(frozen=True)
class Key:
    """Something that can be searched over.

    `value` is what the project has now, as JSON data; `options` are the values of a `choice`;
    `check` raises ValueError or `StudioError` for a value that it cannot have.
    """

    name: str
    kind: KeyKind
    value: Any
    help: str
    check: Callable[[Any], object] = field(compare=False, repr=False)
    low: float | None = None
    high: float | None = None
    options: tuple[Any, ...] = ()

    @property
    def numeric(self) -> bool:
        """Whether it takes a range."""
        return self.kind in ("whole", "number")


def keys_of(project: Project) -> dict[str, Key]:
    """All that can be searched over in a project, by name: training, layers, data."""
    found = [*_setting_keys(project, "training"), *_layer_keys(project.network)]
    found += _setting_keys(project, "data")
    return {key.name: key for key in found}


def key_of_layer(network: Network, layer: str, setting: str) -> Key:
    """One setting of a layer as a key."""
    spec = network[layer].spec
    return _layer_key(network, layer, spec.field(setting))


def check_space(project: Project, settings: SearchSettings) -> dict[str, Key]:
    """The keys that are searched over. Raises `SearchError` naming the first that cannot be."""
    if not settings.space:
        raise SearchError(
            "Nothing is searched over: add a setting on the Search tab of the Train page, mark one "
            "in the inspector, or give --space KEY=VALUES."
        )
    known = keys_of(project)
    for name, entry in settings.space.items():
        check_entry(known, name, entry)
    return {name: known[name] for name in settings.space}


def check_entry(known: Mapping[str, Key], name: str, entry: Entry) -> None:
    """Raise `SearchError` if a key does not exist or cannot have the values of an entry."""
    if name not in known:
        raise SearchError(_unknown(name, known))
    key = known[name]
    if isinstance(entry, Range):
        if not key.numeric:
            raise SearchError(
                f"{name} is no number: search over values with commas between them, such as "
                f"{_example(key)}."
            )
        values: tuple[Any, ...] = (entry.low, entry.high)
        if key.kind == "whole":
            parts = [*values, *([] if entry.step is None else [entry.step])]
            if any(part != int(part) for part in parts):
                raise SearchError(f"{name} takes whole numbers: {entry.low:g} to {entry.high:g}.")
            values = tuple(int(value) for value in values)
    else:
        values = entry.choices
    for value in values:
        try:
            key.check(value)
        except StudioError as error:
            raise SearchError(error.message) from None
        except ValueError as error:
            raise SearchError(f"{name}: {str(error).rstrip('.')}.") from None


def with_values(project: Project, values: Mapping[str, Any]) -> Project:
    """The project with other values of some keys. Raises `StudioError` where they cannot be."""
    parts = {"data": _copy(project.data), "training": _copy(project.training)}
    network = project.network
    for name, value in values.items():
        if name.startswith(LAYERS):
            layer, setting = split_layer_key(name)
            if layer not in network:
                raise SearchError(_unknown(name, keys_of(project)))
            network = set_setting(network, layer, setting, value)
            continue
        *above, last = name.split(".")
        target = parts
        for part in above:
            target = target.setdefault(part, {})
        target[last] = value
    for part, model in MODELS.items():
        settings_from_json(model, parts[part], part)
    return replace(project, network=network, **parts)


def split_layer_key(name: str) -> tuple[str, str]:
    """`layers.conv1.filters` as `("conv1", "filters")`; names of layers may have dots in them."""
    layer, _, setting = name.removeprefix(LAYERS).rpartition(".")
    return layer, setting


def layer_key(layer: str, setting: str) -> str:
    """The key of a setting of a layer."""
    return f"{LAYERS}{layer}.{setting}"


def marked_layers(space: Mapping[str, Any]) -> set[str]:
    """The layers of which a setting is searched over."""
    return {split_layer_key(name)[0] for name in space if name.startswith(LAYERS)}


def renamed(settings: SearchSettings, old: str, new: str) -> SearchSettings:
    """The settings after a layer got another name."""
    space = {}
    for name, entry in settings.space.items():
        if name.startswith(LAYERS) and split_layer_key(name)[0] == old:
            name = layer_key(new, split_layer_key(name)[1])
        space[name] = entry
    return settings.model_copy(update={"space": space})


# --- the settings of data and training


def _setting_keys(project: Project, part: str) -> Iterator[Key]:
    model = MODELS[part]
    given = settings_from_json(model, getattr(project, part), part).model_dump(mode="json")
    for path, field_ in _fields(model, ()):
        name = ".".join((part, *path))
        if name not in _FIXED:
            yield _setting_key(part, path, field_, given)


def _fields(model: type[BaseModel], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, field_ in model.model_fields.items():
        kind = field_.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _fields(kind, (*path, name))
        else:
            yield (*path, name), field_


def _setting_key(part: str, path: tuple[str, ...], field_: Any, given: Mapping[str, Any]) -> Key:
    value: Any = given
    for name in path:
        value = value[name]

    def check(value: Any) -> None:
        nested: dict[str, Any] = {path[-1]: value}
        for name in reversed(path[:-1]):
            nested = {name: nested}
        settings_from_json(MODELS[part], nested, part)

    kinds = [kind for kind in _alternatives(field_.annotation) if kind is not type(None)]
    kind: KeyKind = "other"
    options: tuple[Any, ...] = ()
    if kinds == [bool]:
        kind, options = "choice", (False, True)
    elif kinds == [int]:
        kind = "whole"
    elif kinds == [float]:
        kind = "number"
    elif kinds and all(isinstance(each, str) for each in kinds):
        kind, options = "choice", tuple(kinds)
    low = high = None
    for limit in field_.metadata:
        low = getattr(limit, "ge", getattr(limit, "gt", low))
        high = getattr(limit, "le", getattr(limit, "lt", high))
    name = ".".join((part, *path))
    return Key(name, kind, value, field_.description or "", check, low, high, options)


def _alternatives(annotation: Any) -> list[Any]:
    """The types of a union or the values of a Literal; else the type itself."""
    inside = get_args(annotation)
    if not inside or str(annotation).startswith(("dict", "tuple", "list", "typing.Annotated")):
        return [annotation]
    return [kind for each in inside for kind in _alternatives(each)]


# --- the settings of layers


def _layer_keys(network: Network) -> Iterator[Key]:
    for name, layer in network.layers.items():
        if layer.type == "Input" or layer.shares is not None:
            continue
        for field_ in layer.spec.fields:
            yield _layer_key(network, name, field_)


def _layer_key(network: Network, layer: str, field_: Field) -> Key:
    value = network[layer][field_.name]
    kind: KeyKind = "other"
    options: tuple[Any, ...] = ()
    if field_.kind is Kind.INT:
        kind = "whole"
    elif field_.kind is Kind.FLOAT:
        kind = "number"
    elif field_.kind is Kind.PAIR and value is not None and value[0] == value[1]:
        # A whole number stands for as much in both directions.
        kind = "whole"
    elif field_.kind is Kind.BOOL:
        kind, options = "choice", (False, True)
    elif field_.kind in (Kind.CHOICE, Kind.OBJECT):
        kind, options = "choice", field_.choices
    shown = value[0] if kind == "whole" and isinstance(value, tuple) else field_.encode(value)
    name = layer_key(layer, field_.name)
    return Key(
        name,
        kind,
        shown,
        field_.help,
        lambda value: set_setting(network, layer, field_.name, value),
        field_.minimum,
        field_.maximum,
        options,
    )


def _unknown(name: str, known: Mapping[str, Key]) -> str:
    if name in _FIXED:
        return f"{name} cannot be searched over: {_FIXED[name]}."
    if name.startswith(LAYERS):
        layers = {split_layer_key(key)[0] for key in known if key.startswith(LAYERS)}
        layer, setting = split_layer_key(name)
        if layer and layer not in layers:
            return (
                f"There is no layer {layer} whose {setting} could be searched over: take it out, "
                "or correct the name."
            )
        there = [split_layer_key(key)[1] for key in known if split_layer_key(key)[0] == layer]
        return f"{layer} has no setting {setting}; it has {', '.join(there)}."
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.6)
    last = name.rpartition(".")[2]
    near += [key for key in known if key.endswith(f".{last}") and key not in near]
    if near:
        return f"There is no setting {name}; did you mean {' or '.join(near[:3])}?"
    return (
        f"There is no setting {name}: keys begin with training., data. or layers., such as "
        "training.optimizer.learning_rate."
    )


def _example(key: Key) -> str:
    return ", ".join(map(str, key.options[:3])) or "[1, 2], [3, 4]"


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copy(inner) for key, inner in value.items()}
    return value
