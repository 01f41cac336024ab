"""Problems of the network as a whole: what enters, what leaves, what is linked to nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from cnnstudio.analysis import remedies
from cnnstudio.analysis.ending import ending_problems
from cnnstudio.analysis.findings import UNEQUAL
from cnnstudio.analysis.info import LayerInfo, Problem, Remedy, size
from cnnstudio.analysis.merges import merge_remedies
from cnnstudio.analysis.middle import middle_problems
from cnnstudio.analysis.remedies import bound
from cnnstudio.analysis.shared import sharing_problems
from cnnstudio.graph.network import Link, Network

Infos = Mapping[str, LayerInfo]
# They bring values to a common scale whatever comes in.
_SCALING = frozenset(
    {
        "Normalization",
        "BatchNormalization",
        "LayerNormalization",
        "GroupNormalization",
        "UnitNormalization",
    }
)


class _Ends(NamedTuple):
    """Where the network begins and ends, each in topological order."""

    inputs: list[str]
    unfed: list[str]
    outputs: list[str]


def network_problems(
    network: Network, infos: Infos, trainable: int, classes: int | None, loss: str | None
) -> tuple[Problem, ...]:
    """All problems, errors first, each kind in layer order.

    `trainable` is the number of weights that training can change.
    """
    found: list[Problem] = []
    for info in infos.values():
        if info.problems:
            found += info.problems
    found = [
        replace(problem, remedies=merge_remedies(network, infos, problem.layer))
        if problem.code == UNEQUAL and problem.layer is not None
        else problem
        for problem in found
    ]
    ends = _ends(network, infos)
    found += _inputs(network, ends)
    found += _unconnected(network, infos, ends)
    if network.topology.cyclic:
        found += _cycles(network)
    output = _output(infos, ends)
    if output is not None:
        found += _further_outputs(network, infos, ends, output)
        found += ending_problems(network, infos, output, trainable, classes, loss)
    found += sharing_problems(network, infos)
    found += _unscaled(network, infos, ends)
    found += middle_problems(network, infos)
    found += _channels(infos, ends)
    if len(found) > 1:
        place: dict[str | None, int] = {name: index for index, name in enumerate(infos)}
        place[None] = -1
        found.sort(key=lambda problem: (problem.severity != "error", place[problem.layer]))
    return tuple(found)


def _ends(network: Network, infos: Infos) -> _Ends:
    outputs = network.topology.outputs
    ends = _Ends([], [], [])
    for name, info in infos.items():
        if not info.inputs:
            (ends.inputs if info.type == "Input" else ends.unfed).append(name)
        if not outputs[name] and info.signal.fed:
            ends.outputs.append(name)
    return ends


def _inputs(network: Network, ends: _Ends) -> Iterator[Problem]:
    if not ends.inputs:
        if ends.unfed:
            first = ends.unfed[0]
            remedy = Remedy("Add an Input", bound(remedies.add_input, first))
            message = f"The network has no Input, so no picture reaches {first}: add an Input."
        else:
            remedy = Remedy("Add an Input", remedies.add_first_input)
            what = "network has no Input" if len(network) else "network is empty"
            message = f"The {what}: add an Input, where pictures enter."
        yield Problem(None, "error", "no-input", message, "no Input", (remedy,))
        return
    if len(ends.inputs) == 1:
        return
    # Keep the one that feeds something.
    kept = next((name for name in ends.inputs if network.outputs_of(name)), ends.inputs[0])
    for name in ends.inputs:
        if name == kept:
            continue
        offers = [Remedy(f"Remove {name}", bound(remedies.remove, name))]
        fed = network.outputs_of(name)
        if fed:
            label = f"Feed {fed[0]} from {kept}" if len(fed) == 1 else f"Use {kept} for both"
            offers.insert(0, Remedy(label, bound(remedies.replacing_by(kept), name)))
        yield Problem(
            name,
            "error",
            "several-inputs",
            f"The network has {len(ends.inputs)} Inputs, but training gives it one picture at a "
            f"time: remove {name}, or use {kept} in its place.",
            f"one of {len(ends.inputs)} Inputs",
            tuple(offers),
        )


def _unconnected(network: Network, infos: Infos, ends: _Ends) -> Iterator[Problem]:
    # Without any Input, "no Input" speaks for the first of them.
    for name in ends.unfed if ends.inputs else ends.unfed[1:]:
        offers = [Remedy(f"Remove {name}", bound(remedies.remove_with_links, name))]
        tail = _tail(network, infos, ends, name)
        if tail is not None:
            connect = bound(remedies.feeding_from(tail), name)
            offers.insert(0, Remedy(f"Connect after {tail}", connect))
        yield Problem(
            name,
            "error",
            "unconnected",
            f"{name} ({infos[name].type}) is not connected: nothing feeds it. Link a layer to it, "
            "or remove it.",
            "nothing feeds it",
            tuple(offers),
        )


def _tail(network: Network, infos: Infos, ends: _Ends, name: str) -> str | None:
    """The last layer that pictures reach and that `name` does not lead to."""
    below = {name}
    stack = [name]
    while stack:
        for follower in network.outputs_of(stack.pop()):
            if follower not in below:
                below.add(follower)
                stack.append(follower)
    for end in reversed(ends.outputs):
        if end not in below and end not in ends.inputs:
            return end
    for other in reversed(list(infos)):
        if infos[other].signal.fed and other not in below:
            return other
    return None


def _cycles(network: Network) -> Iterator[Problem]:
    """One problem for each knot of layers that lead back to themselves."""
    left = set(network.topology.cyclic)
    for start in network.layers:
        if start not in left:
            continue
        knot = _knot(network, start)
        left -= knot
        links = _closing(network, knot)
        first = links[0]
        names = f"{first.source} to {first.target}"
        label = (
            f"Remove the link from {names}"
            if len(links) == 1
            else f"Remove the {len(links)} links that close it"
        )
        message = (
            f"{first.source} feeds itself: a layer cannot wait for its own output."
            if first.source == first.target
            else f"{first.source} feeds {first.target}, which leads back to {first.source}: "
            "layers cannot wait for one another in a circle."
        )
        yield Problem(
            first.target,
            "error",
            "cycle",
            f"{message} Remove the link from {names}.",
            "waits for itself in a circle",
            (Remedy(label, remedies.cutting_cycles(links)),),
        )


def _knot(network: Network, start: str) -> set[str]:
    """The layers that `start` leads to and that lead to `start`."""
    reached = []
    for neighbours in (network.topology.outputs, network.topology.inputs):
        seen = {start}
        stack = [start]
        while stack:
            for name in neighbours[stack.pop()]:
                if name not in seen:
                    seen.add(name)
                    stack.append(name)
        reached.append(seen)
    return reached[0] & reached[1]


def _closing(network: Network, knot: Collection[str]) -> list[Link]:
    """The links of the knot that close circles: each the newest that does, until none is left."""
    kept: dict[str, list[str]] = {name: [] for name in knot}
    closing = []
    for link in dict.fromkeys(network.links):
        if link.source not in kept or link.target not in kept:
            continue
        if _leads(kept, link.target, link.source):
            closing.append(link)
        else:
            kept[link.source].append(link.target)
    return closing


def _leads(outputs: Mapping[str, list[str]], start: str, end: str) -> bool:
    seen = {start}
    stack = [start]
    while stack:
        name = stack.pop()
        if name == end:
            return True
        fresh = [other for other in outputs[name] if other not in seen]
        seen.update(fresh)
        stack += fresh
    return False


def _output(infos: Infos, ends: _Ends) -> str | None:
    """The layer that gives the answer: of several the last that gives a vector."""
    candidates = [name for name in ends.outputs if name not in ends.inputs]
    if not candidates:
        # Only an Input so far, unless something waits to be linked.
        return ends.outputs[0] if len(ends.outputs) == 1 and not ends.unfed else None
    if len(candidates) == 1:
        return candidates[0]
    vectors = [name for name in candidates if len(infos[name].output_shape or ()) == 1]
    return (vectors or candidates)[-1]


def _further_outputs(network: Network, infos: Infos, ends: _Ends, output: str) -> Iterator[Problem]:
    further = [name for name in ends.outputs if name != output and name not in ends.inputs]
    for name in further:
        gone = remedies.branch(network, name)
        label = f"Remove {name}" if len(gone) == 1 else f"Remove its branch of {len(gone)} layers"
        offers = [Remedy(label, bound(remedies.remove_branch, name))]
        one, other = infos[output].output_shape, infos[name].output_shape
        if one is not None and other is not None and len(one) == len(other):
            if one[:-1] == other[:-1]:
                join = bound(remedies.joining("Concatenate", output), name)
                offers.append(Remedy(f"Join it with {output} by Concatenate", join))
            if one == other:
                join = bound(remedies.joining("Add", output), name)
                offers.append(Remedy(f"Join it with {output} by Add", join))
        what = f" ({size(other)})" if other is not None else ""
        yield Problem(
            name,
            "error",
            "several-outputs",
            f"The network has {len(further) + 1} outputs, but training needs one: {name}{what} "
            f"feeds nothing, and {output} gives the answer. Link {name} to a layer, or remove it.",
            "feeds nothing",
            tuple(offers),
        )


def _channels(infos: Infos, ends: _Ends) -> Iterator[Problem]:
    """Pictures have one channel or three."""
    for name in ends.inputs:
        height, width, channels = infos[name].settings["shape"]
        if channels in (1, 3):
            continue
        yield Problem(
            name,
            "error",
            "channels",
            f"{name} takes {channels:,} channels, but pictures have 1 (grey) or 3 (RGB).",
            f"{channels:,} channels, not 1 or 3",
            tuple(
                Remedy(
                    f"Set shape to {size((height, width, number))}",
                    bound(remedies.setting(shape=(height, width, number)), name),
                )
                for number in (3, 1)
            ),
        )


def _unscaled(network: Network, infos: Infos, ends: _Ends) -> Iterator[Problem]:
    """Pixels from 0 to 255 that reach weights as they are."""
    for start in ends.inputs:
        seen: set[str] = set()
        stack = list(network.outputs_of(start))
        while stack:
            name = stack.pop()
            info = infos[name]
            if name in seen or info.type in _SCALING:
                continue
            seen.add(name)
            if info.type == "Rescaling" and (info.settings["scale"], info.settings["offset"]) != (
                1.0,
                0.0,
            ):
                continue
            if info.weighted:
                insert = remedies.inserting_after(("Rescaling", {}))
                yield Problem(
                    name,
                    "warning",
                    "unscaled-pixels",
                    f"The pixels reach {name} as they are, from 0 to 255: training goes better "
                    "with values between 0 and 1. Insert a Rescaling of 1/255.",
                    "pixels from 0 to 255 reach it",
                    (Remedy("Insert Rescaling 1/255", bound(insert, start)),),
                )
                break
            stack.extend(network.outputs_of(name))
