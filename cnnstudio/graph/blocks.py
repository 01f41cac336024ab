"""Blocks: edits that make, fold, repeat and take apart named groups of layers.

A block is a name for layers of a flat graph (`cnnstudio.graph.network.Block`). Blocks may lie
inside one another. Removal, renaming and copying of layers keep blocks right in
`cnnstudio.graph.edits`; what is about whole blocks stands here, and what is shown of a network with
folded blocks in `cnnstudio.graph.folding`. Edits raise `EditError` as all others do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from cnnstudio.graph.edits import EditError, free_block_name
from cnnstudio.graph.network import Block, Link, Network
from cnnstudio.graph.spec import Arity

LONGEST_NAME = 60
FIRST_NAME = "block_1"


def make_block(
    network: Network, names: Iterable[str], name: str | None = None
) -> tuple[Network, str]:
    """Make a block of the named layers; return the network and the block's name.

    Without `name` one that is free is made up. The layers need not be linked with each other.
    """
    if name is None:
        name = free_block_name(network.blocks, FIRST_NAME)
    chosen = set(names)
    layers = tuple(each for each in network.layers if each in chosen)
    for each in chosen.difference(layers):
        raise EditError(f"There is no layer called {each}.")
    block = Block(checked_name(network, name), layers)
    check_block(network, block, network.blocks)
    return _with(network, {**network.blocks, block.name: block}), block.name


def make_blocks(network: Network, members: Mapping[str, Iterable[str]]) -> Network:
    """Make several blocks at once, as a preset or an import declares them: name to layers."""
    for name, names in members.items():
        network, _ = make_block(network, names, name)
    return network


def check_block(network: Network, block: Block, others: Mapping[str, Block]) -> None:
    """Raise `EditError` if `block` cannot stand in `network` beside the blocks `others`."""
    if not block.name.strip() or len(block.name) > LONGEST_NAME or not block.name.isprintable():
        raise EditError(f"A block's name has 1 to {LONGEST_NAME} letters: {block.name!r} does not.")
    if block.name in others:
        raise EditError(f"There is already a block called {block.name}: choose another name.")
    for name in block.layers:
        if name not in network:
            raise EditError(f"The block {block.name} names the layer {name}, which is not there.")
    inside = set(block.layers)
    if len(inside) != len(block.layers):
        raise EditError(f"The block {block.name} names a layer twice.")
    if len(inside) < 2:
        raise EditError("A block is made of two layers or more: select them first.")
    for other in others.values():
        common = inside.intersection(other.layers)
        if not common or len(common) == len(other.layers) < len(inside):
            continue
        if len(common) == len(inside) == len(other.layers):
            raise EditError(f"These layers are a block already: {other.name}.")
        if len(common) < len(inside):
            raise EditError(
                f"The layers are partly in the block {other.name}: select all of it, or only "
                "layers inside it."
            )


def checked_name(network: Network, name: str) -> str:
    """`name` without spaces around it, if a new block may be called so."""
    name = name.strip()
    if name in network.blocks:
        raise EditError(f"There is already a block called {name}: choose another name.")
    return name


def existing(network: Network, name: str) -> Block:
    """The block called `name`."""
    if name not in network.blocks:
        raise EditError(f"There is no block called {name}.")
    return network.blocks[name]


def dissolve_block(network: Network, name: str) -> Network:
    """Forget a block; its layers stay, and so do the blocks inside it."""
    existing(network, name)
    return _with(network, {key: each for key, each in network.blocks.items() if key != name})


def rename_block(network: Network, name: str, new: str) -> Network:
    """Give a block another name; its layers keep theirs."""
    block = existing(network, name)
    if new.strip() == name:
        return network
    renamed = replace(block, name=checked_name(network, new))
    rest = {key: each for key, each in network.blocks.items() if key != name}
    check_block(network, renamed, rest)
    return _with(
        network,
        {
            (renamed.name if key == name else key): (renamed if key == name else each)
            for key, each in network.blocks.items()
        },
    )


def take_out(network: Network, names: Collection[str]) -> Network:
    """Take layers out of the blocks around them; they stay in the network.

    Blocks that lie wholly among the layers stay. A block with one layer left is none any more.
    """
    gone = set(names)
    blocks: dict[str, Block] = {}
    for key, block in network.blocks.items():
        left = tuple(each for each in block.layers if each not in gone)
        if not left:
            blocks[key] = block
        elif len(left) > 1:
            blocks[key] = block if len(left) == len(block.layers) else replace(block, layers=left)
    seen: set[frozenset[str]] = set()
    for key, block in list(blocks.items()):
        if frozenset(block.layers) in seen:
            del blocks[key]
        seen.add(frozenset(block.layers))
    if blocks == dict(network.blocks):
        raise EditError("These layers are in no block.")
    return _with(network, blocks)


def put_in(network: Network, name: str, names: Collection[str]) -> Network:
    """Add layers to a block, and with it to the blocks around it."""
    block = existing(network, name)
    new = [each for each in network.layers if each in set(names) and each not in block.layers]
    inner = set(block.layers)
    blocks = {
        key: replace(each, layers=(*each.layers, *(n for n in new if n not in each.layers)))
        if inner.issubset(each.layers)
        else each
        for key, each in network.blocks.items()
    }
    for key, each in blocks.items():
        check_block(network, each, {k: other for k, other in blocks.items() if k != key})
    return _with(network, blocks)


def can_take(network: Network, name: str, names: Collection[str]) -> bool:
    """Whether layers can be added to a block: `put_in` would change it and raise nothing."""
    inner = set(existing(network, name).layers)
    new = set(names) - inner
    for block in network.blocks.values():
        if inner.issubset(block.layers):
            # Around the block, it takes them too; but no two blocks are the same layers.
            if len(block.layers) > len(inner) and inner | new == set(block.layers):
                return False
        elif not new.isdisjoint(block.layers) and not new.issuperset(block.layers):
            return False
    return bool(new)


def block_of(network: Network, names: Collection[str]) -> Block | None:
    """The block that is made of just these layers."""
    chosen = set(names)
    for block in network.blocks.values():
        if len(block.layers) == len(chosen) and chosen.issuperset(block.layers):
            return block
    return None


def blocks_within(network: Network, names: Collection[str]) -> tuple[Block, ...]:
    """The blocks that lie wholly among these layers, without those inside another of them."""
    chosen = set(names)
    found = [block for block in network.blocks.values() if chosen.issuperset(block.layers)]
    return tuple(
        block
        for block in found
        if not any(
            len(other.layers) > len(block.layers) and set(other.layers).issuperset(block.layers)
            for other in found
        )
    )


@dataclass(frozen=True, slots=True)
class Ends:
    """Where a block is linked with the rest of its network.

    Attributes:
        sources: the layers outside that feed it.
        entries: the layers inside that are fed, each with the place among its inputs. Without
            sources, the inputs that are open: of layers nothing feeds, of merges with one input.
        exits: the layers inside that feed others outside; if none do, those that feed nothing.
    """

    sources: tuple[str, ...]
    entries: tuple[tuple[str, int], ...]
    exits: tuple[str, ...]


def ends_of(network: Network, names: Iterable[str]) -> Ends:
    """Where layers, seen as one, begin and end."""
    inside = dict.fromkeys(names)
    sources: dict[str, None] = {}
    entries: list[tuple[str, int]] = []
    exits, loose = [], []
    for name in inside:
        for place, source in enumerate(network.inputs_of(name)):
            if source not in inside:
                sources[source] = None
                entries.append((name, place))
        fed = network.outputs_of(name)
        if any(each not in inside for each in fed):
            exits.append(name)
        if not fed:
            loose.append(name)
    if not sources:
        for name in inside:
            arity, count = network[name].spec.arity, len(network.inputs_of(name))
            if (arity is not Arity.NONE and not count) or (arity is Arity.MANY and count == 1):
                entries.append((name, count))
    return Ends(tuple(sources), tuple(entries), tuple(exits or loose))


def single_ends(network: Network, block: Block, doing: str) -> tuple[str | None, Ends]:
    """The one source of a block, if anything feeds it, and its ends: one way in, one way out.

    Raises `EditError` that says why the block cannot be `doing`.
    """
    ends = ends_of(network, block.layers)
    why = ""
    inputs = [name for name in block.layers if network[name].type == "Input"]
    if inputs:
        why = f"it holds the Input {inputs[0]}, where pictures enter"
    elif len(ends.sources) > 1:
        why = f"it is fed from {len(ends.sources)} places ({', '.join(ends.sources)})"
    elif not ends.entries:
        why = "nothing can be linked to it"
    elif len(ends.exits) > 1:
        why = f"it has {len(ends.exits)} outputs ({', '.join(ends.exits)})"
    elif not ends.exits:
        why = "it has no output"
    if why:
        raise EditError(
            f"{block.name} cannot be {doing}: {why}. A block in a chain has one way in and one "
            "way out."
        )
    return (ends.sources[0] if ends.sources else None), ends


def feed(links: Iterable[Link], source: str, entries: Iterable[tuple[str, int]]) -> list[Link]:
    """The links with `source` linked to each entry, at its place among the inputs."""
    made = list(links)
    for target, place in entries:
        into = [index for index, link in enumerate(made) if link.target == target]
        made.insert(into[place] if place < len(into) else len(made), Link(source, target))
    return made


def _with(network: Network, blocks: Mapping[str, Block]) -> Network:
    """The network with other blocks: layers, links and with them the topology are the same."""
    changed = replace(network, blocks=MappingProxyType(dict(blocks)))
    changed.__dict__["topology"] = network.topology
    return changed
