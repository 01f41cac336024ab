"""Project files: `NAME.cnns`, versioned JSON, saved atomically, never overwritten when unreadable.

The `data` and `training` parts are carried as plain JSON here; `cnnstudio.data.settings` and
`cnnstudio.training.settings` give them types. Parts and keys this version does not know are kept.
"""

from __future__ import annotations

import errno
import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cnnstudio.errors import StudioError
from cnnstudio.graph.blocks import check_block
from cnnstudio.graph.catalogue import CATALOGUE
from cnnstudio.graph.edits import EditError, add_layer
from cnnstudio.graph.network import Block, Layer, Link, Network
from cnnstudio.graph.sharing import share_weights
from cnnstudio.graph.spec import Arity

FORMAT = "cnnstudio"
VERSION = 2
SUFFIX = ".cnns"
# No canvas is larger; numbers that are none (NaN, infinity) fail the comparison too.
_FARTHEST = 1e9


class ProjectError(StudioError):
    """A project file that cannot be read or written, with the reason and the way out."""


@dataclass(frozen=True)
class Project:
    """What a project file holds: the network, and the data and training settings as JSON data."""

    network: Network = field(default_factory=Network)
    data: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)


def load_project(path: str | os.PathLike[str]) -> Project:
    """Read a project file. Raises `ProjectError`."""
    path = Path(path)
    try:
        # Some editors put a mark in front of UTF-8.
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ProjectError(f"There is no project file {path}.") from None
    except UnicodeDecodeError:
        raise ProjectError(f"{path} is not a CNN Studio project: it is not text.") from None
    except OSError as error:
        raise ProjectError(f"{path} cannot be read: {error.strerror}.") from None
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise ProjectError(
            f"{path} is damaged or cut short: line {error.lineno} is not JSON ({error.msg}). "
            "The file was left as it is; restore a backup, or the project.cnns of a run."
        ) from None
    except RecursionError:
        raise ProjectError(f"{path} is not a CNN Studio project: it is nested too deep.") from None
    except ValueError:
        raise ProjectError(f"{path} holds a number with too many digits to read.") from None
    try:
        return _weights_at(project_from_json(document), path.absolute().parent)
    except ProjectError as error:
        raise ProjectError(f"{path}: {error}") from None


def save_project(project: Project, path: str | os.PathLike[str]) -> None:
    """Write a project file: beside, flushed, then moved into place. Raises `ProjectError`."""
    document = project_to_json(project)
    if "weights" in document:
        document["weights"] = _beside(document["weights"], Path(path).absolute().parent)
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    write_atomically(Path(path), text.encode())


def _weights_at(project: Project, folder: Path) -> Project:
    """The project with the whole path of its weights, which the file tells from its folder on."""
    weights = project.extra.get("weights")
    if weights is None:
        return project
    if not isinstance(weights, str) or not weights:
        raise ProjectError('"weights" is not the path of a file.')
    extra = {**project.extra, "weights": str(folder / weights)}
    return Project(project.network, project.data, project.training, extra)


def _beside(weights: str, folder: Path) -> str:
    """A path as the project file has it: from its folder on if the weights are in there."""
    path = Path(weights)
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else weights


def write_atomically(path: Path, content: bytes) -> None:
    """Replace `path` by `content` so that a crash leaves the old file or the new one, never half.

    Raises `ProjectError` naming the file and the reason.
    """
    beside = None
    # A link to a file elsewhere stays a link.
    path = Path(os.path.realpath(path))
    try:
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
        if not mode & 0o222:
            # Moving another file into its place would get round the protection.
            raise PermissionError(errno.EACCES, "the file is read-only")
        handle, beside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files for the owner alone: keep the mode the file had, or the usual one.
        os.chmod(beside, mode)
        os.replace(beside, path)
    except OSError as error:
        if beside is not None:
            Path(beside).unlink(missing_ok=True)
        raise ProjectError(
            f"{path} could not be saved: {error.strerror or error}. "
            "What was there before is unchanged; save under another name or in another folder."
        ) from None


def project_to_json(project: Project) -> dict[str, Any]:
    """A project as plain JSON data, keys in a fixed order."""
    return {
        "format": FORMAT,
        "version": version_of(project.network),
        "network": network_to_json(project.network),
        "data": dict(project.data),
        "training": dict(project.training),
        **project.extra,
    }


def version_of(network: Network) -> int:
    """The first version of the form that can hold a network: programs of old read version 1.

    They know nothing of shared weights: they would open the layers as separate ones.
    """
    return VERSION if network.sharing else 1


def project_from_json(document: Any) -> Project:
    """A project from plain JSON data. Raises `ProjectError`."""
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ProjectError('this is not a CNN Studio project ("format": "cnnstudio" is missing).')
    version = document.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ProjectError(f"the version {version!r} is not a number.")
    if version > VERSION:
        raise ProjectError(
            f"the file has version {version}, this program reads up to {VERSION}: "
            "open it with a newer CNN Studio. The file was left as it is."
        )
    parts = {}
    for part in ("data", "training"):
        parts[part] = document.get(part, {})
        if not isinstance(parts[part], dict):
            raise ProjectError(f'the part "{part}" is not an object.')
    known = {"format", "version", "network", "data", "training"}
    return Project(
        network_from_json(document.get("network")),
        parts["data"],
        parts["training"],
        {key: value for key, value in document.items() if key not in known},
    )


def network_to_json(network: Network) -> dict[str, Any]:
    """A network as plain JSON data."""
    document: dict[str, Any] = {
        "layers": [_layer_to_json(layer) for layer in network.layers.values()],
        "links": [list(link) for link in network.links],
    }
    if network.blocks:
        document["blocks"] = [
            {"name": block.name, "layers": list(block.layers), "folded": block.folded}
            for block in network.blocks.values()
        ]
    return document


def network_from_json(document: Any) -> Network:
    """A network from plain JSON data. Raises `ProjectError` naming the layer."""
    if not isinstance(document, dict):
        raise ProjectError('the part "network" is missing.')
    layers, links = document.get("layers"), document.get("links")
    if not isinstance(layers, list) or not isinstance(links, list):
        raise ProjectError('"network" needs a list of "layers" and a list of "links".')
    network = Network()
    for number, entry in enumerate(layers, 1):
        network = _with_layer_from(network, entry, number)
    network = _with_shared(network, layers)
    made = []
    taken: set[str] = set()
    for entry in links:
        if not isinstance(entry, list) or len(entry) != 2:
            raise ProjectError(f"the link {entry!r} is not a pair of layer names.")
        for name in entry:
            if not isinstance(name, str) or name not in network:
                raise ProjectError(f"a link names the layer {name!r}, which is not in the file.")
        link = Link(*entry)
        arity = network[link.target].spec.arity
        if arity is Arity.NONE:
            raise ProjectError(f"a link ends at {link.target}, which is an Input.")
        if arity is Arity.ONE and link.target in taken:
            raise ProjectError(f"two links end at {link.target}, which takes one.")
        taken.add(link.target)
        made.append(link)
    network = Network(network.layers, tuple(made))
    return replace(network, blocks=_blocks_from(network, document.get("blocks", [])))


def _blocks_from(network: Network, entries: Any) -> Mapping[str, Block]:
    if not isinstance(entries, list):
        raise ProjectError('"blocks" is not a list.')
    blocks: dict[str, Block] = {}
    for number, entry in enumerate(entries, 1):
        name = entry.get("name") if isinstance(entry, dict) else None
        if not isinstance(name, str):
            raise ProjectError(f"block {number} has no name.")
        layers, folded = entry.get("layers"), entry.get("folded", False)
        if not isinstance(layers, list) or not all(isinstance(each, str) for each in layers):
            raise ProjectError(f"the block {name} has no list of layers.")
        if not isinstance(folded, bool):
            raise ProjectError(f'the block {name} is either folded or not, not "{folded}".')
        block = Block(name, tuple(layers), folded)
        try:
            check_block(network, block, blocks)
        except EditError as error:
            raise ProjectError(str(error)) from None
        blocks[name] = block
    return MappingProxyType(blocks)


def _layer_to_json(layer: Layer) -> dict[str, Any]:
    settings = {
        field_.name: field_.encode(layer.settings[field_.name]) for field_ in layer.spec.fields
    }
    return {
        "name": layer.name,
        "type": layer.type,
        "settings": settings,
        "position": list(layer.position),
        **({"shares": layer.shares} if layer.shares is not None else {}),
    }


def _with_layer_from(network: Network, entry: Any, number: int) -> Network:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise ProjectError(f"layer {number} has no name.")
    name, type_ = entry["name"], entry.get("type")
    if not isinstance(type_, str) or type_ not in CATALOGUE:
        raise ProjectError(
            f"the layer {name} has the type {type_!r}, which this version does not know."
        )
    settings, position = entry.get("settings", {}), entry.get("position", [0, 0])
    if not isinstance(settings, dict):
        raise ProjectError(f"the settings of the layer {name} are not an object.")
    if (
        not isinstance(position, list)
        or len(position) != 2
        or not all(isinstance(part, (int, float)) and abs(part) <= _FARTHEST for part in position)
    ):
        raise ProjectError(f"the position of the layer {name} is not two numbers.")
    place = (float(position[0]), float(position[1]))
    try:
        return add_layer(network, type_, place, name=name, settings=settings)[0]
    except EditError as error:
        raise ProjectError(str(error)) from None


def _with_shared(network: Network, entries: Iterable[Mapping[str, Any]]) -> Network:
    """The network with the weights shared that its file shares; the owner's settings count."""
    owners = {entry["name"]: entry["shares"] for entry in entries if entry.get("shares")}
    for name, owner in owners.items():
        if not isinstance(owner, str) or owner not in network:
            raise ProjectError(
                f"the layer {name} shares the weights of {owner!r}, which is not in the file."
            )
        if owner in owners:
            raise ProjectError(f"the layer {name} shares the weights of {owner}, which has none.")
        try:
            network = share_weights(network, name, owner)
        except EditError as error:
            raise ProjectError(str(error)) from None
    return network


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
