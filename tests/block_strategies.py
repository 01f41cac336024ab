"""Random edits of blocks, for hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from cnnstudio.graph import blocks, folding, templates
from cnnstudio.graph.edits import EditError
from cnnstudio.graph.network import Network


@st.composite
def block_edited(draw, network: Network) -> Network:
    """The network after one random edit of its blocks; unchanged if that made no sense."""
    names = list(network.layers)
    kinds = ["make"] if len(names) > 1 else []
    if network.blocks:
        kinds += ["dissolve", "fold", "fold", "rename", "repeat", "out", "in", "again", "all"]
    if not kinds:
        return network
    kind = draw(st.sampled_from(kinds))
    try:
        if kind == "make":
            chosen = draw(st.sets(st.sampled_from(names), min_size=1, max_size=6))
            return blocks.make_block(network, chosen)[0]
        name = draw(st.sampled_from(list(network.blocks)))
        if kind == "dissolve":
            return blocks.dissolve_block(network, name)
        if kind == "fold":
            return folding.fold(network, name, folded=draw(st.booleans()))
        if kind == "all":
            return folding.fold_all(network, folded=draw(st.booleans()))
        if kind == "rename":
            return blocks.rename_block(network, name, f"b{draw(st.integers(0, 5))}")
        if kind == "repeat":
            return templates.repeat_block(network, name, draw(st.integers(2, 3)))
        some = draw(st.sets(st.sampled_from(names), min_size=1, max_size=3))
        if kind == "out":
            return blocks.take_out(network, some)
        if kind == "in":
            return blocks.put_in(network, name, some)
        template = templates.template_of(network, name)
        if network.links and draw(st.booleans()):
            return templates.insert_on(network, [draw(st.sampled_from(network.links))], template)[0]
        return templates.insert(network, template, (0.0, 0.0))[0]
    except EditError:
        return network


@st.composite
def with_repeats(draw, network: Network) -> Network:
    """The network with a chain of its layers made a block, and that repeated, where it can be."""
    order = [name for name in network.order if network[name].type != "Input"]
    if len(order) < 2:
        return network
    first = draw(st.integers(0, len(order) - 2))
    last = draw(st.integers(first + 2, len(order)))
    try:
        network, name = blocks.make_block(network, order[first:last], "Some block")
        return templates.repeat_block(network, name, draw(st.integers(2, 6)))
    except EditError:
        return network
