"""A backbone gets a head: a new one, or that of the network it is put into."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from cnnstudio.analysis import analyse
from cnnstudio.graph.blocks import make_block
from cnnstudio.graph.edits import add_layer, connect, free_block_name, remove_layers
from cnnstudio.graph.folding import fold
from cnnstudio.graph.layout import arrange
from cnnstudio.graph.network import Link, Network
from cnnstudio.graph.project import Project
from cnnstudio.keras_build.backbone import Backbone, free_layer_name, renamed
from cnnstudio.keras_build.importing import Import


def backbone_project(backbone: Backbone, classes: int) -> Import:
    """A project of a backbone with a new head for so many classes."""
    network = _finished(_with_head(backbone.network, backbone.layers[-1], classes), backbone)
    height, width, _ = network[network.sources[0]]["shape"]
    data = {"image_size": [height, width], "color_mode": "rgb"}
    return Import(Project(network, data=data), backbone.weights, backbone.notes)


def put_backbone(network: Network, backbone: Backbone, classes: int) -> tuple[Network, Backbone]:
    """Put a backbone between the Input and the head of a network.

    The head is the chain of layers at the end that have a row of numbers, with what makes the row.
    Where a network has none it gets a new one for so many classes. Returns the network and the
    backbone with the names its layers have there.
    """
    head = head_of(network)
    kept = remove_layers(network, [each for each in network.layers if each not in head])
    names, taken = {}, set(head)
    for layer in backbone.network.layers:
        names[layer] = free_layer_name(layer, taken)
        taken.add(names[layer])
    there = replace(
        backbone,
        network=renamed(backbone.network, names),
        weights={names[layer]: arrays for layer, arrays in backbone.weights.items()},
        layers=tuple(names[layer] for layer in backbone.layers),
    )
    last = there.layers[-1]
    if not head:
        return _finished(_with_head(there.network, last, classes), there), there
    links = (*there.network.links, Link(last, head[0]), *kept.links)
    layers = {**there.network.layers, **{each: kept[each] for each in head}}
    inside = {key: block for key, block in kept.blocks.items() if set(block.layers) <= set(head)}
    joined = Network(MappingProxyType(layers), links, MappingProxyType(inside))
    return _finished(joined, there), there


def head_of(network: Network) -> tuple[str, ...]:
    """The layers at the end that turn feature maps into scores; empty if there is no such chain."""
    if len(network.sinks) != 1:
        return ()
    infos = analyse(network).layers
    chain: list[str] = []
    name = network.sinks[0]
    while (shape := infos[name].output_shape) is not None and len(shape) == 1:
        fed_by = network.inputs_of(name)
        if len(fed_by) != 1 or (chain and len(network.outputs_of(name)) != 1):
            return ()
        chain.insert(0, name)
        name = fed_by[0]
    dense = any(network[each].type == "Dense" for each in chain)
    return tuple(chain) if dense and infos[name].output_shape is not None else ()


def _with_head(network: Network, last: str, classes: int) -> Network:
    for type_, settings in (
        ("GlobalAveragePooling2D", {}),
        ("Dropout", {"rate": 0.2}),
        ("Dense", {"units": classes, "activation": "softmax"}),
    ):
        network, name = add_layer(network, type_, settings=settings)
        network = connect(network, last, name)
        last = name
    return network


def _finished(network: Network, backbone: Backbone) -> Network:
    """The network with the backbone as a folded block, laid out."""
    block = free_block_name(network.blocks, backbone.name)
    network, block = make_block(network, backbone.layers, block)
    return arrange(fold(network, block))
