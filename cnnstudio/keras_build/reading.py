"""A Keras model file becomes a `Network`, from its description alone, without TensorFlow.

Reads `.keras`, `.h5` and `model.to_json()` files of Keras 3 and Keras 2: Sequential and functional
models, models inside models, layers called several times (those with weights share them here
too), and operations that layers stand for.
The description is followed from call to call as Keras would follow it; what the catalogue cannot
express is named layer by layer. Code in a file is refused and never run.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cnnstudio.graph.catalogue import spec_of
from cnnstudio.graph.edits import EditError, add_layer
from cnnstudio.graph.layout import arrange
from cnnstudio.graph.network import Link, Network, with_owners
from cnnstudio.graph.sharing import share_weights
from cnnstudio.graph.spec import Arity
from cnnstudio.keras_build import descriptions
from cnnstudio.keras_build.configs import as_catalogued, layer_type, settings_of
from cnnstudio.keras_build.descriptions import MODELS, input_shape, name_of
from cnnstudio.keras_build.names import Names
from cnnstudio.keras_build.operations import Called, Tensor, described, is_operation, stand_in
from cnnstudio.keras_build.trained import USUAL_SIZE, ModelError, configuration, refuse_code

# The names of models that lead to a layer of the file, and its own: ("backbone", "conv1").
Place = tuple[str, ...]
# Attention layers take one input twice.
_SELF = {"MultiHeadAttention", "GroupQueryAttention", "Attention", "AdditiveAttention"}


@dataclass(frozen=True)
class Imported:
    """A network read from a file.

    Attributes:
        network: laid out on the canvas; layers keep their names where they can.
        places: for each layer the place in the file that its weights come from.
        order: all places in the order of the file.
        notes: sentences on what is not quite as in the file.
    """

    network: Network
    places: Mapping[str, Place]
    order: tuple[Place, ...]
    notes: tuple[str, ...] = ()


def read_network(path: Path) -> Network:
    """The network in a Keras model file; see `read_model`."""
    return read_model(path).network


def read_model(path: Path) -> Imported:
    """Read a Keras model file.

    Initialisers come back by kind, without arguments of their own. Raises `ModelError` naming the
    file and each layer that cannot be represented.
    """
    return read_description(_description(path), path)


def read_description(description: Mapping[str, Any], path: Path) -> Imported:
    """Read what `model.to_json()` writes; `path` names it in errors. Raises `ModelError`."""
    refuse_code(description, path)
    kind, config = description.get("class_name"), description.get("config")
    if kind not in MODELS or not isinstance(config, (Mapping, list)):
        raise ModelError(f"{path} holds a {kind}, not a Sequential or functional Keras model.")
    try:
        reader = _Reader(path, description)
        outputs = reader.model(description, None, (), 0)
        return reader.finished(outputs)
    except (KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise ModelError(
            f"{path} is damaged: its description of the layers is not as Keras writes it "
            f"({type(error).__name__}: {error})."
        ) from error


def _description(path: Path) -> Mapping[str, Any]:
    if path.suffix.lower() != ".json":
        if path.suffix.lower() not in (".keras", ".h5", ".hdf5"):
            raise ModelError(f"{path} is not a Keras model: choose a .keras, .h5 or .json file.")
        if not path.is_file():
            raise ModelError(f"There is no file {path}.")
        found = configuration(path)["model"]
    else:
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ModelError(f"There is no file {path}.") from None
        except (OSError, ValueError, RecursionError):
            raise ModelError(f"{path} is not the JSON of a Keras model.") from None
    if not isinstance(found, Mapping):
        raise ModelError(f"{path} is not the JSON of a Keras model.")
    return found


@dataclass
class _Reader:
    """Follows a description and gathers layers and links."""

    path: Path
    description: Mapping[str, Any]
    network: Network = field(default_factory=Network)
    links: list[Link] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    calls: Counter[Place] = field(default_factory=Counter)
    firsts: dict[Place, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.names = Names(self.description)
        self.keras_2 = descriptions.is_keras_2(self.description)

    def model(
        self, entry: Mapping[str, Any], feeds: list[str] | None, place: Place, nth: int
    ) -> list[str]:
        """Add the layers of a model fed by `feeds` (None for the outermost); return its outputs."""
        config = entry["config"]
        if entry["class_name"] == "Sequential":
            return self._sequential(config, feeds, place, nth)
        return self._functional(config, feeds, place, nth)

    def finished(self, outputs: Sequence[str]) -> Imported:
        """The network of all that was added and leads to `outputs`."""
        if self.unknown:
            raise ModelError(
                f"{self.path} has layers that cannot be represented: {'; '.join(self.unknown)}."
            )
        if not outputs:
            raise ModelError(f"{self.path} is damaged: the model has no output.")
        ends = [self._end(name, number, outputs) for number, name in enumerate(outputs)]
        kept = self._leading_to(ends)
        # Keras gives outputs in the order of the model; here it is the drawing order.
        order = [name for name in self.network.layers if name in kept and name not in ends]
        layers = {name: self.network[name] for name in (*order, *ends)}
        links = tuple(link for link in self.links if link.source in kept and link.target in kept)
        return Imported(
            arrange(Network(with_owners(layers), links)),
            {name: self.places[name] for name in layers},
            self.names.places,
            tuple(self.notes),
        )

    def _end(self, name: str, number: int, outputs: Sequence[str]) -> str:
        """A layer that feeds nothing and gives the output `name`."""
        again = name in outputs[:number]
        if not again and not any(link.source == name for link in self.links):
            return name
        end = self.names.free(f"{name}_output")
        self._add(end, "Activation", {"activation": "linear"}, [name], (end,))
        self.notes.append(f"{end} stands for {name}, an output that other layers use too.")
        return end

    def _leading_to(self, ends: Sequence[str]) -> set[str]:
        inputs: dict[str, list[str]] = {}
        for source, target in self.links:
            inputs.setdefault(target, []).append(source)
        kept, stack = set(ends), list(ends)
        while stack:
            for source in inputs.get(stack.pop(), ()):
                if source not in kept:
                    kept.add(source)
                    stack.append(source)
        return kept

    def _sequential(
        self, config: Any, feeds: list[str] | None, place: Place, nth: int
    ) -> list[str]:
        # Before Keras 2.2.3 the configuration was the list of layers alone.
        entries = list(config["layers"]) if isinstance(config, Mapping) else list(config)
        if not entries:
            raise ModelError(f"{self.path} is damaged: it lists no layers.")
        if feeds is None:
            if entries[0]["class_name"] == "InputLayer":
                feeds = self._input(entries[0], place)
            else:
                shape = input_shape({"class_name": "Sequential", "config": config})
                made = {"name": "input", "config": {"batch_shape": shape}}
                feeds = self._input(made, place)
        for entry in entries:
            if entry["class_name"] != "InputLayer":
                feeds = self._call(entry, feeds, Called(feeds, {}), place, nth)
        return feeds

    def _functional(
        self, config: Mapping[str, Any], feeds: list[str] | None, place: Place, nth: int
    ) -> list[str]:
        entries = {name_of(entry): entry for entry in config["layers"]}
        made: dict[tuple[str, int], list[str]] = {}
        wanted = list(descriptions.tensors(config["input_layers"]))
        if feeds is None:
            for tensor in wanted:
                made[tensor.layer, 0] = self._input(entries[tensor.layer], place)
        elif len(feeds) != len(wanted):
            raise ModelError(
                f"{self.path}: {place[-1]} takes {len(wanted)} inputs and is fed {len(feeds)}."
            )
        else:
            for tensor, source in zip(wanted, feeds, strict=True):
                made[tensor.layer, 0] = [source]
        waiting = [
            (entry, number, call)
            for entry in entries.values()
            for number, call in enumerate(descriptions.calls(entry, entries))
        ]
        ends = list(descriptions.tensors(config["output_layers"]))
        firsts = _first_calls(
            [*ends, *(each for *_, call in waiting for each in call.tensors)], waiting
        )
        while waiting:
            later = []
            for entry, number, call in waiting:
                sources = [_found(made, tensor, firsts) for tensor in call.tensors]
                if None in sources:
                    later.append((entry, number, call))
                    continue
                given = [source for source in sources if source is not None]
                made[name_of(entry), number] = self._call(entry, given, call, place, nth)
            if len(later) == len(waiting):
                self._lost(later[0][0], later[0][2], made, entries, firsts)
            waiting = later
        return [_found(made, tensor, firsts) or self._missing(tensor) for tensor in ends]

    def _lost(
        self,
        entry: Mapping[str, Any],
        call: Called,
        made: Mapping[tuple[str, int], list[str]],
        entries: Mapping[str, Any],
        firsts: Mapping[str, int],
    ) -> None:
        missing = next(t for t in call.tensors if _found(made, t, firsts) is None)
        why = "which is not in the file"
        if (missing.layer, missing.call - firsts.get(missing.layer, 0)) in made:
            why = f"which has no output {missing.output}"
        elif missing.layer in entries:
            why = "which nothing feeds"
        raise ModelError(f"{self.path}: {name_of(entry)} is fed by {missing.layer}, {why}.")

    def _missing(self, tensor: Tensor) -> str:
        raise ModelError(
            f"{self.path} is damaged: its output {tensor.layer} is not among its layers."
        )

    def _input(self, entry: Mapping[str, Any], place: Place) -> list[str]:
        config = entry["config"]
        shape = config.get("batch_shape") or config.get("batch_input_shape")
        name = self._named((*place, name_of(entry)), 0)
        if not isinstance(shape, list) or len(shape) != 4 or not shape[3]:
            shown = shape[1:] if isinstance(shape, list) else shape
            self.unknown.append(
                f"{name} (InputLayer): its input {shown} is not height, width and channels"
            )
            return [name]
        sizes = [size or usual for size, usual in zip(shape[1:3], USUAL_SIZE, strict=True)]
        if sizes != shape[1:3]:
            self.notes.append(
                f"{name} takes pictures of any size in the file; here {sizes[0]} × {sizes[1]}."
            )
        self._add(name, "Input", {"shape": [*sizes, shape[3]]}, [], (*place, name_of(entry)))
        return [name]

    def _call(
        self,
        entry: Mapping[str, Any],
        feeds: list[str],
        call: Called,
        place: Place,
        nth: int,
    ) -> list[str]:
        """Add what a layer or an inner model does in one call; return its outputs."""
        here = (*place, name_of(entry))
        nth, self.calls[here] = self.calls[here], self.calls[here] + 1
        if entry["class_name"] in MODELS:
            return self.model(entry, feeds, here, nth)
        name = self._named(here, nth)
        try:
            if call.named.get("training") is True:
                raise ValueError("it is always in training mode")
            self._layer(name, entry, feeds, call, here)
            if name in self.network and self.network[name].spec.weighted:
                first = self.firsts.setdefault(here, name)
                if first != name:
                    self.network = share_weights(self.network, name, first)
        except (EditError, ValueError) as error:
            what = described(entry) if is_operation(entry) else entry["class_name"]
            reason = str(error).removeprefix(f"{name}: ").rstrip(".")
            self.unknown.append(f"{name} ({what}): {reason}")
        return [name]

    def _layer(
        self, name: str, entry: Mapping[str, Any], feeds: list[str], call: Called, here: Place
    ) -> None:
        config = entry["config"]
        if is_operation(entry):
            type_, settings = stand_in(entry, call)
        else:
            notes: list[str] = []
            built = (entry.get("build_config") or {}).get("shapes_dict") or {}
            type_, config = as_catalogued(layer_type(entry), config, built)
            settings = settings_of(type_, config, notes, keras_2=self.keras_2)
            self.notes.extend(f"{name} {note}." for note in notes)
        spec = spec_of(type_)
        if len(set(feeds)) == 1 and type_ in _SELF:
            # Attention of a layer's output to itself takes it as query, value and key.
            feeds = feeds[:1]
        if spec.arity is Arity.ONE and len(feeds) != 1:
            raise ValueError(f"it is fed by {len(feeds)} layers and takes one")
        self._add(name, type_, settings, feeds, here)

    def _add(
        self,
        name: str,
        type_: str,
        settings: Mapping[str, Any],
        feeds: Sequence[str],
        place: Place,
    ) -> None:
        self.network = add_layer(self.network, type_, name=name, settings=settings)[0]
        self.links.extend(Link(source, name) for source in feeds)
        self.places[name] = place

    def _named(self, place: Place, nth: int) -> str:
        name = self.names.name(place, nth)
        if name != place[-1] and len(place) == 1 and not nth:
            self.notes.append(f"{place[-1]!r} is called {name} here: Keras takes no such name.")
        return name


def _first_calls(
    tensors: Iterable[Tensor], calls: Iterable[tuple[Mapping[str, Any], int, Called]]
) -> dict[str, int]:
    """The number of the first call of layers that do not count from 0.

    Files of Keras 2 count the making of an inner model as its first call, which they leave out.
    """
    counts = Counter(name_of(entry) for entry, *_ in calls)
    return {tensor.layer: 1 for tensor in tensors if 0 < counts[tensor.layer] <= tensor.call}


def _found(
    made: Mapping[tuple[str, int], list[str]], tensor: Tensor, firsts: Mapping[str, int]
) -> str | None:
    """The layer that gives a tensor, or None while it is not there."""
    outputs = made.get((tensor.layer, tensor.call - firsts.get(tensor.layer, 0)))
    if outputs is None or tensor.output >= len(outputs):
        return None
    return outputs[tensor.output]
