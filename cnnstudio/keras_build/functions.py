"""Blocks that occur more than once, written as functions and called in loops."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from cnnstudio.graph.network import Layer, Link, Network
from cnnstudio.keras_build.calls import (
    TAKEN,
    argument,
    identifier,
    layer_call,
    reading_order,
    text,
    variables_of,
)
from cnnstudio.keras_build.layout import Call, assignment, definition, flat, loop, statement
from cnnstudio.keras_build.repeats import Group, Run, find_repeats, pattern_of

# Words that functions and loops use for themselves.
_WORDS = ("prefix", "names", "number", "range")


class Functions:
    """The functions for the repeated blocks of a network.

    Attributes:
        texts: the functions as Python.
        network: the network in which each run of calls is one layer.
        runs: these layers, by name.
        words: what no variable beside them may be called.
    """

    def __init__(self, network: Network) -> None:
        self._whole = network
        repeats = find_repeats(network)
        self._groups = repeats.groups
        self.network, self.runs = repeats.network, repeats.runs
        self.texts: list[str] = []
        self.words: set[str] = set(_WORDS if repeats.groups else ())
        self._names: list[str] = []
        self._parameters: list[list[str]] = []
        for group in repeats.groups:
            name = identifier(_word_for(group), {*TAKEN, *self.words})
            self.words.add(name)
            self._names.append(name)
            self._parameters.append(self._named_parameters(group))
        for parameters in self._parameters:
            self.words.update(parameters)
        for number in range(len(self._groups)):
            self.texts.append(self._function(number))

    def lines(self, step: str, source: str, target: str) -> list[str]:
        """A run of calls in `build_model()`: what feeds it, and the variable that it ends in."""
        run = self.runs[step]
        copies = run.copies
        if len(copies) == 1:
            return [self._call(run, source, target, self._values(run.group, copies[0]), indent=4)]
        begin = [] if source == target else [f"    {target} = {source}"]
        rest = Run(run.group, copies[1:])
        if len(copies) > 3 and not self._counted(run) and self._counted(rest):
            # The first is called otherwise than the rest.
            values = self._values(run.group, copies[0])
            first = self._call(run, source, target, values, indent=4)
            return [first, *self._loop(rest, target)]
        return [*begin, *self._loop(run, target)]

    def _loop(self, run: Run, variable: str) -> list[str]:
        """A loop over copies that leads `variable` through all of them."""
        values = [self._values(run.group, copy) for copy in run.copies]
        changing = self._changing(values)
        counted = self._counted(run)
        if counted is not None:
            head, first, tail = counted
            stop = first + len(run.copies)
            start = f"{first}, " if first else ""
            called = {**values[0], "prefix": f'f"{head}{{number}}{tail}"'}
            return [
                f"    for number in range({start}{stop}):",
                self._call(run, variable, variable, called, indent=8),
            ]
        items = [
            each[changing[0]]
            if len(changing) == 1
            else f"({', '.join(each[key] for key in changing)})"
            for each in values
        ]
        called = {key: key if key in changing else given for key, given in values[0].items()}
        return [
            loop(changing, items, indent=4),
            self._call(run, variable, variable, called, indent=8),
        ]

    def _counted(self, run: Run) -> tuple[str, int, str] | None:
        """How the names count upwards, where nothing else changes from call to call."""
        prefixes = self._groups[run.group].prefixes
        values = [self._values(run.group, copy) for copy in run.copies]
        if prefixes is None or self._changing(values) != ["prefix"]:
            return None
        return pattern_of([prefixes[copy] for copy in run.copies])

    @staticmethod
    def _changing(values: Sequence[dict[str, str]]) -> list[str]:
        return [key for key in values[0] if len({each[key] for each in values}) > 1]

    def _call(
        self, run: Run, source: str, target: str, values: dict[str, str], *, indent: int
    ) -> str:
        given = [f"{key}={value}" for key, value in values.items()]
        return assignment(target, Call(self._names[run.group], [source, *given]), indent=indent)

    def _values(self, number: int, copy: int) -> dict[str, str]:
        """What the parameters of a function are for a copy, as it is written."""
        group = self._groups[number]
        values: dict[str, str] = {}
        parameters = self._parameters[number]
        for name, (places, given) in zip(parameters, group.differing, strict=False):
            index, key = places[0]
            field = self._whole[group.copies[copy].layers[index]].spec.field(key)
            values[name] = flat(argument(field, given[copy], ""))
        if group.prefixes is not None:
            values["prefix"] = text(group.prefixes[copy])
        else:
            values["names"] = f"({', '.join(map(text, group.copies[copy].layers))})"
        return values

    def _named_parameters(self, group: Group) -> list[str]:
        """A name for each setting that differs, and for what the layers are called."""
        used: set[str] = {*TAKEN, *_WORDS, *self.words}
        names: list[str] = []
        for places, _ in group.differing:
            index, key = places[0]
            name = key
            if name in used:
                layer = group.rests[index] if group.rests else group.copies[0].layers[index]
                layer = layer.strip("_").lower()
                name = f"{key}_{layer}" if layer[:1].isdigit() else f"{layer}_{key}"
                name = identifier(name, used)
            used.add(name)
            names.append(name)
        return [*names, "prefix" if group.prefixes is not None else "names"]

    def _function(self, number: int) -> str:
        group, parameters = self._groups[number], self._parameters[number]
        copy = group.copies[0]
        block = _alone(self._whole, copy.layers)
        order = reading_order(block)
        variables = variables_of(block, order, self.words)
        index = {name: place for place, name in enumerate(copy.layers)}
        given: dict[str, dict[str, str]] = {name: {} for name in copy.layers}
        for parameter, (places, _) in zip(parameters, group.differing, strict=False):
            for place, key in places:
                given[copy.layers[place]][key] = parameter
        for name in copy.layers:
            given[name]["name"] = _name_of(group, index[name])
        called = "names" if group.prefixes is None else "names that begin with prefix"
        lines = [
            definition(self._names[number], ["inputs", *parameters]),
            f'    """Lead inputs through {len(copy.layers)} layers, under {called}."""',
        ]
        for name in order[1:]:
            fed_by = [variables[source] for source in block.inputs_of(name)]
            call = layer_call(block[name], fed_by, given[name])
            if name == copy.exit:
                lines.append(statement("return ", call, indent=4))
            else:
                lines.append(assignment(variables[name], call, indent=4))
        return "\n".join(lines)


def _word_for(group: Group) -> str:
    """What a block is called: what the names of its copies, without numbers, begin with."""
    stems = [re.sub(r"\d+", "", copy.block) for copy in group.copies]
    letters = zip(*stems, strict=False)
    stem = "".join(each[0] for each in takewhile(lambda each: len(set(each)) == 1, letters))
    if len(stem) < 3:
        stem = re.sub(r"[_ ]?\d+$", "", group.copies[0].block)
    return re.sub(r"[\W_]+", "_", stem, flags=re.ASCII).strip("_").lower() or "block"


def _name_of(group: Group, index: int) -> str:
    """The name of a layer inside the function."""
    if group.prefixes is None:
        return f"names[{index}]"
    rest = group.rests[index]
    return f'f"{{prefix}}{rest}"' if rest else "prefix"


def _alone(network: Network, names: Sequence[str]) -> Network:
    """The layers of a block, fed by an Input without a name."""
    inside = set(names)
    entry = Layer("", "Input", {})
    links: dict[Link, Any] = {}
    for source, target in network.links:
        if target in inside:
            links[Link(source if source in inside else "", target)] = None
    return Network({"": entry, **{name: network[name] for name in names}}, tuple(links))
