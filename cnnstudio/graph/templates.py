"""Templates: blocks apart from a network, to be repeated, kept and used again elsewhere.

A template fits pictures of any size: it holds layers with their settings and how the block is fed
and left, no shapes. Kept ones are JSON files (`cnnstudio.app.own_blocks`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from cnnstudio.graph.blocks import (
    ends_of,
    existing,
    feed,
    make_block,
    single_ends,
)
from cnnstudio.graph.edits import (
    NAME,
    ROW,
    EditError,
    Fragment,
    Position,
    copy,
    free_block_name,
    name_prefix,
    paste,
)
from cnnstudio.graph.folding import TITLE_ROOM, exit_of, height, place_of, shift, shown
from cnnstudio.graph.network import Link, Network
from cnnstudio.graph.project import (
    VERSION,
    ProjectError,
    network_from_json,
    network_to_json,
    version_of,
)

FORMAT = "cnnstudio-block"
MOST = 200


@dataclass(frozen=True, slots=True)
class Template:
    """A block to be inserted.

    Attributes:
        name: what its copies are called, with a number.
        fragment: layers, links and blocks, the block itself as the first; its card at (0, 0).
        entries: the layers that are fed, each with the place among its inputs.
        exit: the layer that feeds what follows; None if there are several.

    Layers are called without the name of the block: `conv`, not `stage_conv`.
    """

    name: str
    fragment: Fragment
    entries: tuple[tuple[str, int], ...]
    exit: str | None


def template_of(network: Network, name: str) -> Template:
    """A block of a network as a template."""
    block = existing(network, name)
    ends = ends_of(network, block.layers)
    left, top = place_of(network, block.layers)
    prefix = name_prefix(name)
    bare = {layer: layer.removeprefix(prefix) for layer in block.layers}
    if not all(layer.startswith(prefix) and NAME.fullmatch(bare[layer]) for layer in bare):
        bare = {layer: layer for layer in block.layers}
    fragment = copy(network, block.layers)
    layers = tuple(
        replace(
            layer,
            name=bare[layer.name],
            position=(layer.position[0] - left, layer.position[1] - top),
            shares=None if layer.shares is None else bare[layer.shares],
        )
        for layer in fragment.layers
    )
    blocks = (block, *(other for other in fragment.blocks if other.name != name))
    return Template(
        name,
        Fragment(
            layers,
            tuple(Link(bare[link.source], bare[link.target]) for link in fragment.links),
            tuple(
                replace(each, layers=tuple(bare[layer] for layer in each.layers)) for each in blocks
            ),
        ),
        tuple((bare[layer], at) for layer, at in ends.entries) if len(ends.sources) < 2 else (),
        bare[ends.exits[0]] if len(ends.exits) == 1 else None,
    )


def insert(
    network: Network, template: Template, place: Position, *, source: str | None = None
) -> tuple[Network, str]:
    """Add a copy of a template at `place`, fed by `source`; return network and block's name.

    Its layers are called after the block: `stage_2_conv` in `stage_2`.
    """
    name = free_block_name(network.blocks, template.name)
    before = set(network.layers)
    network, made = paste(
        network,
        template.fragment,
        place,
        wish=lambda layer: name_prefix(name) + layer,
    )
    if source is not None:
        if not template.entries:
            raise EditError(
                f"{template.name} has no single way in: drop it on empty canvas and link it there."
            )
        names = dict(zip((layer.name for layer in template.fragment.layers), made, strict=True))
        entries = [(names[layer], index) for layer, index in template.entries]
        links = [link for link in network.links if link.target not in before]
        kept = [link for link in network.links if link.target in before]
        network = replace(network, links=(*kept, *feed(links, source, entries)))
    return network, name


def insert_on(network: Network, links: Collection[Link], template: Template) -> tuple[Network, str]:
    """Put a copy of a template between the ends of links that leave one layer."""
    source = next(iter(links)).source
    chosen = {link for link in links if link.source == source}
    if not template.entries or template.exit is None:
        raise EditError(
            f"{template.name} cannot stand between two layers: it does not have one way in and "
            "one way out. Drop it on empty canvas."
        )
    view = shown(network)
    x = view.network[view.card_of(next(iter(chosen)).target)].position[0]
    level = view.network[view.card_of(source)].position[1]
    targets = {link.target for link in chosen}
    around = [
        block.name
        for block in network.blocks.values()
        if source in block.layers and not targets.isdisjoint(block.layers)
    ]
    network, name = insert(network, template, (x, level + ROW + _title(template)), source=source)
    network = _belonging(network, name, around)
    last = exit_of(network, network.blocks[name])
    network = taken_over(network, chosen, last)
    return with_room(network, network.blocks[name].layers), name


def insert_behind(network: Network, template: Template, layer: str) -> tuple[Network, str]:
    """Put a copy of a template behind a layer, in front of everything it fed."""
    links = [link for link in network.links if link.source == layer]
    if links:
        return insert_on(network, links, template)
    view = shown(network)
    x, y = view.network[view.card_of(layer)].position
    return insert(network, template, (x, y + ROW + _title(template)), source=layer)


def repeat_block(network: Network, name: str, times: int) -> Network:
    """Chain copies behind a block until it stands `times` times in a row."""
    block = existing(network, name)
    if not 2 <= times <= MOST:
        raise EditError(f"A block can be repeated to stand 2 to {MOST} times in a row.")
    single_ends(network, block, "repeated")
    template = template_of(network, name)
    last = exit_of(network, block)
    followers = [
        link for link in network.links if link.source == last and link.target not in block.layers
    ]
    inside = set(block.layers)
    around = [each.name for each in network.blocks.values() if inside < set(each.layers)]
    for _ in range(times - 1):
        behind = existing(network, name)
        x, y = place_of(network, behind.layers)
        tall = 0.0 if behind.folded else height(network, behind.layers) + TITLE_ROOM
        network, name = insert(network, template, (x, y + tall + ROW), source=last)
        network = _belonging(network, name, around)
        last = exit_of(network, network.blocks[name])
    network = taken_over(network, set(followers), last)
    return with_room(network, network.blocks[name].layers)


def template_to_json(template: Template) -> dict[str, Any]:
    """A template as plain JSON data."""
    fragment = template.fragment
    whole = Network(
        {layer.name: layer for layer in fragment.layers},
        fragment.links,
        {block.name: block for block in fragment.blocks},
    )
    return {
        "format": FORMAT,
        "version": version_of(whole),
        "name": template.name,
        "network": network_to_json(whole),
        "entries": [list(entry) for entry in template.entries],
        "exit": template.exit,
    }


def template_from_json(document: Any) -> Template:
    """A template from plain JSON data. Raises `ProjectError`."""
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ProjectError(f'this is not a block of CNN Studio ("format": "{FORMAT}" is missing).')
    version, name = document.get("version"), document.get("name")
    if version not in range(1, VERSION + 1):
        raise ProjectError(
            f"the block has version {version!r}; this program reads up to {VERSION}."
        )
    network = network_from_json(document.get("network"))
    if not isinstance(name, str) or name not in network.blocks:
        raise ProjectError("the block's name is missing.")
    if set(network.blocks[name].layers) != set(network.layers):
        raise ProjectError(f"there are layers outside of the block {name}.")
    made = template_of(network, name)
    entries, last = document.get("entries"), document.get("exit")
    if not isinstance(entries, list) or not all(
        isinstance(entry, list)
        and len(entry) == 2
        and entry[0] in network.layers
        and isinstance(entry[1], int)
        and 0 <= entry[1] <= len(network.layers)
        for entry in entries
    ):
        raise ProjectError(f"the entries of the block {name} are not layers of it.")
    if last is not None and last not in network.layers:
        raise ProjectError(f"the exit of the block {name} is no layer of it.")
    return replace(made, entries=tuple((layer, place) for layer, place in entries), exit=last)


def renamed(template: Template, name: str) -> Template:
    """The template under another name. Raises `EditError` if a block cannot be called so."""
    fragment = template.fragment
    network, made = make_block(
        Network({layer.name: layer for layer in fragment.layers}, fragment.links),
        [layer.name for layer in fragment.layers],
        name,
    )
    first = replace(network.blocks[made], folded=fragment.blocks[0].folded)
    rest = tuple(block for block in fragment.blocks[1:] if block.name != made)
    return replace(template, name=made, fragment=replace(fragment, blocks=(first, *rest)))


def _title(template: Template) -> float:
    return 0.0 if template.fragment.blocks[0].folded else TITLE_ROOM


def _belonging(network: Network, name: str, around: Collection[str]) -> Network:
    """The layers of a new block belong to the blocks around it as well."""
    new = network.blocks[name].layers
    blocks = {
        key: replace(block, layers=(*block.layers, *new)) if key in around else block
        for key, block in network.blocks.items()
    }
    return replace(network, blocks=MappingProxyType(blocks))


def taken_over(network: Network, links: Collection[Link], source: str) -> Network:
    """Links begin at `source` now, each still at its place among the inputs."""
    return replace(
        network,
        links=tuple(Link(source, link.target) if link in links else link for link in network.links),
    )


def with_room(network: Network, layers: Iterable[str]) -> Network:
    """What follows some layers, such as those of a block, moved down until it stands below them."""
    view = shown(network)
    cards = {view.card_of(layer) for layer in layers}
    bottom = max(view.network[card].position[1] for card in cards)
    followers = {each for card in cards for each in view.network.outputs_of(card)} - cards
    if not followers:
        return network
    down = bottom + ROW - min(view.network[each].position[1] for each in followers)
    return shift(network, view, cards, down) if down > 0 else network
