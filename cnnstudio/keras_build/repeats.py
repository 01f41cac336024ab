"""Blocks that occur more than once in a network, for source that writes each but once.

Two blocks are the same when their layers have the same types and are linked alike; settings that
differ become parameters. Copies that follow each other become one run, to be written as a loop.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from cnnstudio.graph.blocks import ends_of
from cnnstudio.graph.folding import BLOCK_TYPE
from cnnstudio.graph.network import Block, Layer, Link, Network

# A function with more parameters, and with more than one for two layers, is harder to read than
# the layers themselves.
MOST_PARAMETERS = 6
# What stands for what feeds a block, among the indices of its layers.
FED = -1
# A layer of a copy by its index, and the name of a setting.
Place = tuple[int, str]


@dataclass(frozen=True)
class Copy:
    """One occurrence of a block: its layers in reading order, what feeds it, and where it ends."""

    block: str
    layers: tuple[str, ...]
    source: str
    exit: str


@dataclass(frozen=True)
class Group:
    """Copies of the same block, at least two.

    Attributes:
        copies: in the order of the network.
        differing: the settings that differ, each with the places that have the same values in all
            copies, and these values.
        prefixes: what the names of each copy's layers begin with; None if names differ otherwise.
        rests: what follows the prefix, for each layer.
    """

    copies: tuple[Copy, ...]
    differing: tuple[tuple[tuple[Place, ...], tuple[Any, ...]], ...]
    prefixes: tuple[str, ...] | None
    rests: tuple[str, ...]


@dataclass(frozen=True)
class Run:
    """Copies of one group that follow each other."""

    group: int
    copies: tuple[int, ...]


@dataclass(frozen=True)
class Repeats:
    """A network with its repeated blocks drawn together.

    Attributes:
        groups: blocks that occur more than once.
        network: each run is one layer of type `BLOCK_TYPE`; the rest as it was.
        runs: by the name of that layer.
    """

    groups: tuple[Group, ...]
    network: Network
    runs: Mapping[str, Run]


def find_repeats(network: Network) -> Repeats:
    """The blocks that occur more than once, none inside another.

    Where one is, those stay whose functions save more: a residual block twenty times rather than
    a stage twice.
    """
    position = {name: index for index, name in enumerate(network.order)}
    shapes: dict[tuple[Any, ...], list[Copy]] = {}
    for block in network.blocks.values():
        copy = _copy_of(network, block, position)
        if copy is not None:
            shapes.setdefault(_structure(network, copy), []).append(copy)
    for copies in shapes.values():
        copies.sort(key=lambda copy: position[copy.exit])
    # The largest first, or the smallest.
    by_size = sorted(shapes.values(), key=lambda copies: -len(copies[0].layers))
    groups = max((_chosen(network, order) for order in (by_size, by_size[::-1])), key=_saved)
    return _drawn_together(network, groups) if groups else Repeats((), network, {})


def _chosen(network: Network, shapes: Iterable[Sequence[Copy]]) -> tuple[Group, ...]:
    """Groups of copies that have no layer in common; what comes first is taken first."""
    groups: list[Group] = []
    taken: set[str] = set()
    for copies in shapes:
        free = [copy for copy in copies if taken.isdisjoint(copy.layers)]
        for group in _groups(network, free):
            groups.append(group)
            taken.update(name for copy in group.copies for name in copy.layers)
    return tuple(groups)


def _saved(groups: Iterable[Group]) -> int:
    """How many layers need not be written."""
    return sum((len(group.copies) - 1) * len(group.copies[0].layers) for group in groups)


def pattern_of(texts: Sequence[str]) -> tuple[str, int, str] | None:
    """`head`, first number, `tail` of texts that count upwards by one, if they do.

    `("b2_x", "b3_x")` is `("b", 2, "_x")`.
    """
    for found in re.finditer(r"[1-9]\d*", texts[0]):
        head, first, tail = texts[0][: found.start()], int(found[0]), texts[0][found.end() :]
        if head[-1:].isdigit():
            continue
        if all(text == f"{head}{first + step}{tail}" for step, text in enumerate(texts)):
            return head, first, tail
    return None


def _copy_of(network: Network, block: Block, position: Mapping[str, int]) -> Copy | None:
    """The block as a step from one layer to another; None if it is not one."""
    ends = ends_of(network, block.layers)
    if len(ends.sources) != 1 or len(ends.exits) != 1:
        return None
    for name in block.layers:
        # A function makes its layers anew each time: none that others share.
        if len(network.uses_of(name)) > 1:
            return None
        # An output of the network inside would be lost.
        if network[name].type == "Input" or not (network.outputs_of(name) or name in ends.exits):
            return None
    layers = tuple(sorted(block.layers, key=position.__getitem__))
    return Copy(block.name, layers, ends.sources[0], ends.exits[0])


def _structure(network: Network, copy: Copy) -> tuple[Any, ...]:
    """Types, links and end of a copy, without names and settings."""
    index = {name: number for number, name in enumerate(copy.layers)}
    return (
        index[copy.exit],
        *(
            (network[name].type, tuple(index.get(each, FED) for each in network.inputs_of(name)))
            for name in copy.layers
        ),
    )


def _groups(network: Network, copies: Sequence[Copy]) -> Iterable[Group]:
    if len(copies) < 2:
        return
    group = _group(network, copies)
    if len(group.differing) <= max(MOST_PARAMETERS, len(copies[0].layers) // 2):
        yield group
        return
    # Only those that are the same in all settings, then.
    alike: dict[tuple[Any, ...], list[Copy]] = {}
    for copy in copies:
        key = tuple(tuple(network[name].settings.items()) for name in copy.layers)
        alike.setdefault(key, []).append(copy)
    for found in alike.values():
        if len(found) > 1:
            yield _group(network, found)


def _group(network: Network, copies: Sequence[Copy]) -> Group:
    same: dict[tuple[str, tuple[Any, ...]], list[Place]] = {}
    for index, first in enumerate(copies[0].layers):
        for field in network[first].spec.fields:
            values = tuple(network[copy.layers[index]][field.name] for copy in copies)
            if any(value != values[0] for value in values):
                same.setdefault((field.name, values), []).append((index, field.name))
    differing = tuple((tuple(places), values) for (_, values), places in same.items())
    prefixes, rests = _named(copies)
    return Group(tuple(copies), differing, prefixes, rests)


def _named(copies: Sequence[Copy]) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
    """What the names of each copy begin with, and how they go on, if they agree in that."""
    firsts = [copy.layers[0] for copy in copies]
    shared = 0
    while all(len(name) > shared for name in firsts) and (
        len({name[len(name) - shared - 1] for name in firsts}) == 1
    ):
        shared += 1
    found: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    for length in range(shared, -1, -1):
        prefixes = tuple(name[: len(name) - length] for name in firsts)
        rests = [
            {
                name.removeprefix(prefix) if name.startswith(prefix) else None
                for name, prefix in zip(names, prefixes, strict=True)
            }
            for names in zip(*(copy.layers for copy in copies), strict=True)
        ]
        if any(len(rest) > 1 or None in rest for rest in rests):
            continue
        said = tuple(next(iter(rest)) or "" for rest in rests)
        whole = all(rest.startswith("_") for rest in said) and all(prefixes)
        if found is None or whole:
            # The longest prefix that is a whole word: f"{prefix}_conv".
            found = prefixes, said
    return found if found else (None, ())


def _drawn_together(network: Network, groups: tuple[Group, ...]) -> Repeats:
    place = {
        copy.source: (number, index)
        for number, group in enumerate(groups)
        for index, copy in enumerate(group.copies)
        if len(network.outputs_of(copy.source))
        == sum(each in copy.layers for each in network.outputs_of(copy.source))
    }
    # Copies whose source is the exit of another copy of their group, which feeds nothing else.
    after = {
        (number, index): place[copy.exit]
        for number, group in enumerate(groups)
        for index, copy in enumerate(group.copies)
        if place.get(copy.exit, (None, 0))[0] == number
    }
    begun = set(after.values())
    runs: dict[str, Run] = {}
    card: dict[str, str] = {}
    for number, group in enumerate(groups):
        for index in range(len(group.copies)):
            if (number, index) in begun:
                continue
            chain = [(number, index)]
            while chain[-1] in after:
                chain.append(after[chain[-1]])
            # Called, as a variable may be, after the layer that it ends in.
            name = group.copies[chain[-1][1]].exit
            runs[name] = Run(number, tuple(each for _, each in chain))
            for _, each in chain:
                card.update(dict.fromkeys(group.copies[each].layers, name))
    layers: dict[str, Layer] = {}
    for name, layer in network.layers.items():
        key = card.get(name)
        if key is None:
            layers[name] = layer
        elif key not in layers:
            layers[key] = Layer(key, BLOCK_TYPE, MappingProxyType({}), layer.position)
    links: dict[Link, None] = {}
    for source, target in network.links:
        seen = Link(card.get(source, source), card.get(target, target))
        if seen.source != seen.target:
            links[seen] = None
    return Repeats(groups, replace(network, layers=layers, links=tuple(links), blocks={}), runs)
