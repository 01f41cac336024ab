"""Pretrained backbones: the networks of `keras.applications` without their heads.

A backbone becomes ordinary layers in a folded block, read from Keras's own model, so that analysis,
training and export know nothing of it. It takes raw pixels from 0 to 255: where Keras leaves their
scaling to the caller, it is a layer before the block.
"""

from __future__ import annotations

import contextlib
import difflib
import io
import json
import math
import re
import socket
import sys
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from cnnstudio.graph.edits import insert_on_link
from cnnstudio.graph.network import Layer, Link, Network
from cnnstudio.keras_build.applications import (
    CAFFE,
    TORCH,
    Application,
    BackboneError,
    find_backbone,
)
from cnnstudio.keras_build.backend import load_keras
from cnnstudio.keras_build.importing import weights_at
from cnnstudio.keras_build.reading import read_description

if TYPE_CHECKING:
    import keras
    import numpy as np

_SUFFIXES = (".h5", ".hdf5", ".keras")
# Seconds without a byte after which a download counts as failed.
_PATIENCE = 30.0


@dataclass(frozen=True)
class Backbone:
    """Layers from an Input to feature maps.

    Attributes:
        name: the network of `keras.applications`.
        network: Input, the scaling of pixels, and the block, not laid out.
        weights: by layer name; empty for a network that starts anew.
        layers: those of the block.
        notes: sentences on what is not quite as Keras has it.
    """

    name: str
    network: Network
    weights: Mapping[str, list[np.ndarray]]
    layers: tuple[str, ...]
    notes: tuple[str, ...] = ()


def backbone_network(
    name: str,
    input_shape: tuple[int, int, int] | None = None,
    weights: str | Path = "imagenet",
    freeze: str = "all",
) -> Backbone:
    """Build a network of `keras.applications` without its head and read its layers.

    `input_shape` is rows, columns and 3 colours, by default what it was trained with. `weights` is
    "none", "imagenet" (Keras downloads them once) or a file of Keras with the weights of this
    network without its head. `freeze` is "all", "none", or the last layer that training leaves
    as it is. Frozen batch normalisation uses its stored averages in training too, as in Keras.

    Raises `BackboneError`, or `BackendError`.
    """
    application = find_backbone(name)
    size = application.size
    shape = input_shape or (size, size, 3)
    _check_shape(application, shape)
    if weights not in ("none", "imagenet"):
        _check_file(Path(weights))
    model = _model(application, shape, weights)
    found = read_description(json.loads(model.to_json()), Path(name))
    names = _names(found.network)
    network = renamed(found.network, names)
    arrays = {}
    if weights != "none":
        arrays = {names[each]: those for each, those in weights_at(model, found).items() if those}
    if _official_efficientnet(application, weights):
        network = _with_spread(network)
    layers = tuple(each for each in network.layers if network[each].type != "Input")
    notes = found.notes
    network = _frozen(network, layers, freeze, name)
    if application.pixels == "caffe" and arrays:
        # Keras turns pixels round to blue, green, red; kernels turned round take them as they are.
        first = next(iter(arrays))
        arrays[first][0] = arrays[first][0][:, :, ::-1, :].copy()
        notes += (f"The kernels of {first} are turned from blue, green, red to red, green, blue.",)
    return Backbone(name, _with_scaling(network, application), arrays, layers, notes)


def _model(application: Application, shape: tuple[int, int, int], weights: str | Path) -> Any:
    keras = load_keras()
    make = getattr(keras.applications, application.name)
    # NASNet checks the size of its pictures as if it had its head; its weights fit any.
    apart = weights == "imagenet" and application.name.startswith("NASNet")
    given = "imagenet" if weights == "imagenet" and not apart else None
    try:
        with _quiet():
            model = make(include_top=False, weights=given, input_shape=shape)
            if apart:
                trained = make(include_top=False, weights="imagenet")
                model.set_weights(trained.get_weights())
    except Exception as error:  # Keras raises bare `Exception` for downloads
        raise BackboneError(_why_not(application, error)) from error
    if weights not in ("none", "imagenet"):
        _load(model, application, Path(weights))
    return model


def _load(model: keras.Model, application: Application, path: Path) -> None:
    try:
        with _quiet():
            model.load_weights(str(path))
    except Exception as error:  # whatever Keras and HDF5 make of a wrong file
        raise BackboneError(
            f"{path} does not hold the weights of {application.name} without its head "
            "(include_top=False): choose the file that Keras downloads for it, or one that was "
            "saved from it."
        ) from error
    for layer in model.layers:
        if hasattr(layer, "finalize_state"):
            layer.finalize_state()


def _why_not(application: Application, error: Exception) -> str:
    """Why Keras did not make a network; a download in words of its own."""
    name = application.name
    found = re.search(r"URL fetch failure on (\S+): (\S+) -- (.*)", str(error), re.DOTALL)
    if not found and not isinstance(error, TimeoutError):
        return f"Keras cannot make {name}: {' '.join(str(error).split()).rstrip('.')}."
    start = f"The ImageNet weights of {name} could not be downloaded"
    way_out = "or start without pretrained weights"
    if not found:
        return f"{start}: the download stopped for {_PATIENCE:.0f} s. Try again, {way_out}."
    url, status, reason = found.groups()
    host, file = url.split("/")[2], url.rsplit("/", 1)[-1]
    reason = re.sub(r"^\[Errno -?\d+\] ", "", " ".join(reason.split())).rstrip(".")
    if status == "None":
        why = f"{host} was not reached ({reason}). This computer seems to be offline"
    else:
        why = f"{host} answered {status} ({reason})"
    return (
        f"{start}: {why}. Connect it and try again, or give {file} as a local file (it is at "
        f"{url}), {way_out}."
    )


def _check_shape(application: Application, shape: tuple[int, int, int]) -> None:
    *sizes, channels = shape
    if channels != 3:
        raise BackboneError(
            f"{application.name} takes colour pictures: its Input has 3 channels, not {channels}. "
            "Grey pictures can be read in colour."
        )
    if min(sizes) < application.smallest:
        raise BackboneError(
            f"{application.name} takes pictures of {application.smallest} × {application.smallest} "
            f"pixels or more, not {sizes[0]} × {sizes[1]}."
        )


def _check_file(path: Path) -> None:
    if not path.is_file():
        raise BackboneError(f"There is no weights file {path}.")
    if path.suffix.lower() not in _SUFFIXES:
        raise BackboneError(f"{path} is not a weights file of Keras: choose an .h5 or .keras file.")


def _official_efficientnet(application: Application, weights: str | Path) -> bool:
    """Whether these are the ImageNet weights of an EfficientNet (not V2) from a local file."""
    wanted = f"{application.name.lower()}_notop.h5"
    return (
        application.name.startswith("EfficientNetB")
        and weights not in ("none", "imagenet")
        and Path(weights).name == wanted
    )


def _with_spread(network: Network) -> Network:
    """Divide by the root of the spread after normalisation.

    Keras adds this layer where it loads the ImageNet weights itself: they were trained so
    (keras.applications.efficientnet, IMAGENET_STDDEV_RGB).
    """
    before = next(name for name, layer in network.layers.items() if layer.type == "Normalization")
    link = next(link for link in network.links if link.source == before)
    scale = [1 / math.sqrt(spread) for spread in TORCH[1]]
    return insert_on_link(network, link, "Rescaling", (0, 0), settings={"scale": scale})[0]


def _names(network: Network) -> dict[str, str]:
    """Names for the layers: Keras's, with those it numbers through the program from 1 on here."""
    names: dict[str, str] = {}
    taken = {name for name, layer in network.layers.items() if not _numbered(layer)}
    for name, layer in network.layers.items():
        stem = _numbered(layer)
        names[name] = free_layer_name(f"{stem}_1", taken) if stem else name
        taken.add(names[name])
    return names


def _numbered(layer: Layer) -> str:
    """The stem of a name that Keras made up from the layer's type; empty for all others."""
    if layer.type == "Input":
        return "input"
    stem = re.sub(r"_\d+$", "", layer.name)
    return stem if stem.replace("_", "") == layer.type.lower() else ""


def free_layer_name(like: str, taken: set[str]) -> str:
    """`like`, or its stem with the first number from 2 on that is not taken."""
    if like not in taken:
        return like
    stem, number = re.sub(r"_\d+$", "", like), 2
    while f"{stem}_{number}" in taken:
        number += 1
    return f"{stem}_{number}"


def renamed(network: Network, names: Mapping[str, str]) -> Network:
    """The layers and links of a network without blocks, under other names."""
    layers = {names[name]: replace(each, name=names[name]) for name, each in network.layers.items()}
    links = tuple(Link(names[link.source], names[link.target]) for link in network.links)
    return Network(MappingProxyType(layers), links)


def _frozen(network: Network, layers: tuple[str, ...], freeze: str, name: str) -> Network:
    if freeze == "none":
        return network
    if freeze != "all" and freeze not in layers:
        close = difflib.get_close_matches(freeze, layers, n=3, cutoff=0.0)
        raise BackboneError(
            f"{name} has no layer called {freeze!r} to freeze up to; it has {len(layers)}, among "
            f"them {', '.join(close)}."
        )
    last = len(layers) if freeze == "all" else layers.index(freeze) + 1
    changed = dict(network.layers)
    for each in layers[:last]:
        if "trainable" in network[each].settings:
            settings = MappingProxyType({**network[each].settings, "trainable": False})
            changed[each] = replace(network[each], settings=settings)
    return Network(MappingProxyType(changed), network.links)


def _with_scaling(network: Network, application: Application) -> Network:
    """The network with what Keras's `preprocess_input` does to pixels as a layer."""
    if application.pixels == "inside":
        return network
    settings: dict[str, Any]
    if application.pixels == "tf":
        type_, settings = "Rescaling", {"scale": 1 / 127.5, "offset": -1.0}
    elif application.pixels == "torch":
        mean, spread = TORCH
        type_ = "Normalization"
        settings = {
            "mean": [255 * each for each in mean],
            "variance": [(255 * each) ** 2 for each in spread],
        }
    else:
        type_, settings = "Normalization", {"mean": list(CAFFE), "variance": [1.0, 1.0, 1.0]}
    (source,) = network.sources
    link = next(link for link in network.links if link.source == source)
    network, name = insert_on_link(network, link, type_, (0, 0), settings=settings)
    # A layer that several take: all of them behind the new one.
    links = tuple(
        Link(name, each.target) if each.source == source and each.target != name else each
        for each in network.links
    )
    order = [source, name, *(each for each in network.layers if each not in (source, name))]
    return Network(MappingProxyType({each: network[each] for each in order}), links)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Warnings away, what Keras tells of a download off standard output, and no endless waiting."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_PATIENCE)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(sys.stderr or io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        socket.setdefaulttimeout(before)
