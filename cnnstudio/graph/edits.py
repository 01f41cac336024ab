"""Edits: functions from one immutable `Network` to the next.

Each raises `EditError`, a sentence for the person, when the edit makes no sense; the network given
is never changed. What the edit leaves wrong with the numbers is for `cnnstudio.analysis` to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from cnnstudio.errors import StudioError
from cnnstudio.graph.catalogue import CATALOGUE, spec_of
from cnnstudio.graph.network import Block, Layer, Link, Network, with_owners
from cnnstudio.graph.spec import Arity

Position = tuple[float, float]
# What Keras and TensorFlow take, but for slashes.
NAME = re.compile(r"[A-Za-z0-9_\-][A-Za-z0-9_.>\-]*")
# Room between one layer and the next on the canvas, in canvas units.
ROW = 80.0
COLUMN = 400.0


class EditError(StudioError):
    """An edit that makes no sense, with the reason."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """Copied layers, the links among them, and the blocks that lie wholly inside.

    Layers share weights with one another only: copies leave the weights of others alone.
    """

    layers: tuple[Layer, ...]
    links: tuple[Link, ...]
    blocks: tuple[Block, ...] = ()


def add_layer(
    network: Network,
    type_: str,
    position: Position = (0.0, 0.0),
    *,
    name: str | None = None,
    settings: Mapping[str, Any] | None = None,
) -> tuple[Network, str]:
    """Add an unconnected layer of `type_`; return the network and the layer's name.

    Without `name` one is made from the type that is free (`conv2d_1`, `conv2d_2`, …).
    `settings` override the defaults.
    """
    if type_ not in CATALOGUE:
        raise EditError(
            f"There is no layer type {type_!r}. Known types: {', '.join(sorted(CATALOGUE))}."
        )
    name = free_name(network, type_) if name is None else _checked_name(network, name)
    layer = Layer(name, type_, MappingProxyType(spec_of(type_).defaults), position)
    layer = _with_settings(layer, settings or {})
    return replace(network, layers=_layers({**network.layers, name: layer})), name


def remove_layers(network: Network, names: Collection[str], *, close_gap: bool = True) -> Network:
    """Remove layers and their links.

    With `close_gap`, a removed layer's inputs are linked to what it fed, if what it fed can take
    them. Where others share its weights, the first of them owns those now.
    """
    for name in names:
        existing_layer(network, name)
    gone = set(names)
    links = list(network.links)
    for name in [name for name in network.layers if name in gone]:
        into = [link for link in links if link.target == name and link.source != name]
        kept: list[Link] = []
        for link in links:
            if name not in link:
                kept.append(link)
            elif close_gap and link.source == name and link.target != name:
                # A layer with one input takes over one; a merge all, in the place of the old one.
                many = network[link.target].spec.arity is Arity.MANY
                for source in into if many else into[:1]:
                    bridge = Link(source.source, link.target)
                    if bridge not in links and bridge not in kept and source.source != link.target:
                        kept.append(bridge)
        links = kept
    layers = {name: layer for name, layer in network.layers.items() if name not in gone}
    return Network(with_owners(_layers(layers)), tuple(links), _blocks_without(network, gone))


def connect(network: Network, source: str, target: str) -> Network:
    """Link `source` to `target`. A layer with one input gives up the link it had."""
    existing_layer(network, source)
    arity = existing_layer(network, target).spec.arity
    if source == target:
        raise EditError(f"{source} cannot feed itself: link it to another layer.")
    if arity is Arity.NONE:
        raise EditError(f"{target} is an Input: pictures enter there, so nothing can feed it.")
    link = Link(source, target)
    if link in network.links:
        raise EditError(f"{source} already feeds {target}.")
    kept = network.links
    if arity is Arity.ONE:
        kept = tuple(other for other in kept if other.target != target)
    return replace(network, links=(*kept, link))


def disconnect(network: Network, source: str, target: str) -> Network:
    """Remove the link from `source` to `target`."""
    link = Link(source, target)
    if link not in network.links:
        raise EditError(f"{source} does not feed {target}.")
    return replace(network, links=tuple(other for other in network.links if other != link))


def insert_on_link(
    network: Network,
    link: Link,
    type_: str,
    position: Position | None = None,
    *,
    settings: Mapping[str, Any] | None = None,
) -> tuple[Network, str]:
    """Put a new layer between the two ends of `link`; return the network and its name.

    Without `position` the layers below move down to make room.
    """
    if link not in network.links:
        raise EditError(f"{link.source} does not feed {link.target}.")
    if type_ in CATALOGUE and spec_of(type_).arity is Arity.NONE:
        raise EditError(f"{type_} cannot stand between two layers: pictures enter there.")
    if position is None:
        x, y = network[link.target].position
        position = (x, network[link.source].position[1] + ROW)
        if y - position[1] < ROW:
            network = _moved_down(network, link.target, ROW - (y - position[1]))
    network, name = add_layer(network, type_, position, settings=settings)
    # The new link takes the place of the old one, so that a merge keeps the order of its inputs.
    links = [Link(name, link.target) if other == link else other for other in network.links]
    network = replace(network, links=(*links, Link(link.source, name)))
    return _joined(network, name, link.source, (link.target,)), name


def insert_before(
    network: Network, name: str, type_: str, *, settings: Mapping[str, Any] | None = None
) -> tuple[Network, str]:
    """Put a new layer on the first link into `name`, or link it in front if there is none."""
    existing_layer(network, name)
    inputs = network.inputs_of(name)
    if inputs:
        return insert_on_link(network, Link(inputs[0], name), type_, settings=settings)
    x, y = network[name].position
    network, new = add_layer(network, type_, (x, y - ROW), settings=settings)
    return connect(network, new, name), new


def insert_after(
    network: Network, name: str, type_: str, *, settings: Mapping[str, Any] | None = None
) -> tuple[Network, str]:
    """Put a new layer behind `name`, in front of everything `name` fed."""
    x, y = existing_layer(network, name).position
    fed = network.outputs_of(name)
    for follower in fed:
        if network[follower].position[1] - y < 2 * ROW:
            network = _moved_down(network, follower, 2 * ROW - (network[follower].position[1] - y))
    network, new = add_layer(network, type_, (x, y + ROW), settings=settings)
    links = tuple(Link(new, link.target) if link.source == name else link for link in network.links)
    network = replace(network, links=links)
    if spec_of(type_).arity is not Arity.NONE:
        network = connect(network, name, new)
    return _joined(network, new, name, fed), new


def set_setting(network: Network, name: str, key: str, value: Any) -> Network:
    """Set one setting of a layer to a value its field accepts."""
    return set_settings(network, name, {key: value})


def set_settings(network: Network, name: str, settings: Mapping[str, Any]) -> Network:
    """Set several settings of a layer at once, and of all that share its weights."""
    values = _with_settings(existing_layer(network, name), settings).settings
    uses = {each: replace(network[each], settings=values) for each in network.uses_of(name)}
    return same_links(network, {**network.layers, **uses})


def rename(network: Network, name: str, new: str) -> Network:
    """Give a layer another name; its links and those that share its weights follow."""
    layer = existing_layer(network, name)
    if new == name:
        return network
    _checked_name(network, new)
    layers = {
        (new if key == name else key): (replace(layer, name=new) if key == name else kept)
        for key, kept in network.layers.items()
    }
    for key in network.sharing.get(name, ()):
        layers[key] = replace(layers[key], shares=new)
    links = tuple(Link(new if a == name else a, new if b == name else b) for a, b in network.links)
    blocks = {
        key: replace(block, layers=tuple(new if each == name else each for each in block.layers))
        if name in block.layers
        else block
        for key, block in network.blocks.items()
    }
    return Network(_layers(layers), links, MappingProxyType(blocks))


def move(network: Network, positions: Mapping[str, Position]) -> Network:
    """Put layers at new places on the canvas."""
    layers = dict(network.layers)
    for name, (x, y) in positions.items():
        layers[name] = replace(existing_layer(network, name), position=(float(x), float(y)))
    return same_links(network, layers)


def copy(network: Network, names: Iterable[str]) -> Fragment:
    """The named layers, in drawing order, with the links among them and the blocks they fill."""
    chosen = set(names)
    layers = {name: layer for name, layer in network.layers.items() if name in chosen}
    return Fragment(
        tuple(with_owners(layers).values()),
        tuple(link for link in network.links if link.source in chosen and link.target in chosen),
        tuple(block for block in network.blocks.values() if chosen.issuperset(block.layers)),
    )


def paste(
    network: Network,
    fragment: Fragment,
    offset: Position = (40.0, 40.0),
    *,
    wish: Callable[[str], str] | None = None,
) -> tuple[Network, tuple[str, ...]]:
    """Add copies of a fragment under free names; return the network and those names.

    `wish` gives the name a copy shall have if it is free. Without it, layers that are called after
    their block (`stage_conv` in `stage`) are called after its copy.
    """
    blocks = dict(network.blocks)
    called: dict[str, str] = {}
    after: dict[str, str] = {}
    for block in fragment.blocks:
        called[block.name] = free_block_name(blocks, block.name)
        blocks[called[block.name]] = block
        old, new = name_prefix(block.name), name_prefix(called[block.name])
        for layer_name in block.layers:
            if layer_name.startswith(old) and len(layer_name) > len(old):
                after.setdefault(layer_name, new + layer_name.removeprefix(old))
    renamed: dict[str, str] = {}
    for layer in fragment.layers:
        x, y = layer.position
        place = (x + offset[0], y + offset[1])
        wished = wish(layer.name) if wish else after.get(layer.name)
        name = wished or layer.name
        if wished is None or wished in network:
            name = free_name(network, layer.type, like=name)
        network, name = add_layer(network, layer.type, place, name=name, settings=layer.settings)
        renamed[layer.name] = name
    layers = dict(network.layers)
    for layer in fragment.layers:
        if layer.shares is not None:
            owner, name = layers[renamed[layer.shares]], renamed[layer.name]
            layers[name] = replace(layers[name], settings=owner.settings, shares=owner.name)
    network = replace(network, layers=_layers(layers))
    links = tuple(Link(renamed[a], renamed[b]) for a, b in fragment.links)
    for block in fragment.blocks:
        name = called[block.name]
        blocks[name] = Block(name, tuple(renamed[each] for each in block.layers), block.folded)
    network = replace(network, links=(*network.links, *links), blocks=MappingProxyType(blocks))
    return network, tuple(renamed.values())


def free_block_name(taken: Collection[str], like: str = "block") -> str:
    """`like` if no block is called so, else the first free of `like_2`, `like_3`, …

    A name of several words gets its number behind a space.
    """
    if like not in taken:
        return like
    stem = re.sub(r"[_ ]\d+$", "", like)
    between = " " if " " in stem else "_"
    number = 2
    while f"{stem}{between}{number}" in taken:
        number += 1
    return f"{stem}{between}{number}"


def free_name(network: Network, type_: str, *, like: str | None = None) -> str:
    """A name no layer has yet: the type's stem (or `like` without its number) and a number."""
    stem = re.sub(r"_\d+$", "", like) if like else spec_of(type_).stem or type_.lower()
    if type_ == "Input" and like is None and stem not in network:
        return stem
    number = 1
    while f"{stem}_{number}" in network:
        number += 1
    return f"{stem}_{number}"


def name_prefix(block: str) -> str:
    """What layers called after a block begin with: `Residual block 2` → `residual_block_2_`."""
    return (re.sub(r"[^A-Za-z0-9_.]+", "_", block).strip("_.").lower() or "block") + "_"


def _checked_name(network: Network, name: str) -> str:
    if not NAME.fullmatch(name):
        raise EditError(
            f"{name!r} cannot be a layer's name: use English letters, digits, _ - and dots."
        )
    if name in network:
        raise EditError(f"There is already a layer called {name}: choose another name.")
    return name


def existing_layer(network: Network, name: str) -> Layer:
    """The layer called `name`."""
    if name not in network:
        raise EditError(f"There is no layer called {name}.")
    return network[name]


def _with_settings(layer: Layer, settings: Mapping[str, Any]) -> Layer:
    if not settings:
        return layer
    values = dict(layer.settings)
    for key, value in settings.items():
        try:
            values[key] = layer.spec.field(key).check(value)
        except KeyError:
            known = ", ".join(field.name for field in layer.spec.fields) or "no settings"
            raise EditError(
                f"{layer.name} ({layer.type}) has no setting {key!r}; it has {known}."
            ) from None
        except ValueError as error:
            raise EditError(f"{layer.name}: {error}") from None
    return replace(layer, settings=MappingProxyType(values))


def same_links(network: Network, layers: Mapping[str, Layer]) -> Network:
    """A network of the same names, links and weights: it shares what is derived from them."""
    changed = replace(network, layers=_layers(dict(layers)))
    changed.__dict__["topology"] = network.topology
    changed.__dict__["sharing"] = network.sharing
    return changed


def _blocks_without(network: Network, gone: Collection[str]) -> Mapping[str, Block]:
    """The blocks after layers are gone; one that has a single layer left, or just those of
    another block, is no block any more.
    """
    blocks: dict[str, Block] = {}
    left: set[frozenset[str]] = set()
    for name, block in network.blocks.items():
        layers = tuple(each for each in block.layers if each not in gone)
        if len(layers) < 2 or frozenset(layers) in left:
            continue
        left.add(frozenset(layers))
        blocks[name] = block if len(layers) == len(block.layers) else replace(block, layers=layers)
    return MappingProxyType(blocks)


def _joined(network: Network, new: str, above: str, below: Collection[str]) -> Network:
    """`new` joins the blocks that hold both the layer above it and one of those below it."""
    if not network.blocks:
        return network
    blocks = {
        name: replace(block, layers=(*block.layers, new))
        if above in block.layers and not set(below).isdisjoint(block.layers)
        else block
        for name, block in network.blocks.items()
    }
    return replace(network, blocks=MappingProxyType(blocks))


def _moved_down(network: Network, start: str, by: float) -> Network:
    """Move `start` and everything that follows it down."""
    below = {start}
    stack = [start]
    while stack:
        for follower in network.outputs_of(stack.pop()):
            if follower not in below:
                below.add(follower)
                stack.append(follower)
    return move(
        network,
        {name: (network[name].position[0], network[name].position[1] + by) for name in below},
    )


def _layers(layers: dict[str, Layer]) -> Mapping[str, Layer]:
    return MappingProxyType(layers)
