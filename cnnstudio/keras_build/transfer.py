"""A new project from a trained network: its layers keep their weights, other classes get a head."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnstudio.analysis import LayerInfo, analyse
from cnnstudio.analysis.losses import SHARING, SQUASHING, score_function
from cnnstudio.errors import StudioError
from cnnstudio.graph.edits import ROW, add_layer, connect, remove_layers
from cnnstudio.graph.freezing import freezable, freeze_to, unfreeze_all, up_to
from cnnstudio.graph.network import Network
from cnnstudio.graph.preparation import Preparation
from cnnstudio.graph.project import SUFFIX, Project, load_project
from cnnstudio.graph.spec import Category
from cnnstudio.keras_build.importing import Import, import_file
from cnnstudio.keras_build.trained import MODEL_FILE, PROJECT_FILE, load_model, model_file
from cnnstudio.keras_build.weights import KEY, read_weights, weights_file, weights_of

if TYPE_CHECKING:
    import numpy as np

# A longer row gives way to the mean of each feature map: its weights would learn pictures by heart.
LONGEST_ROW = 4096
_POOLING = ("GlobalAveragePooling2D", "GlobalMaxPooling2D")


class TransferError(StudioError):
    """A network that nothing new can start from, with the reason and the way out."""


@dataclass(frozen=True)
class Transfer:
    """A project on a trained network.

    Attributes:
        found: the project, its weights and notes on the file.
        last: the last layer that was kept; all up to it are frozen, if any are.
        gone: the layers of the old head.
        head: those of the new one.
        classes: that the new head tells apart.
    """

    found: Import
    last: str
    gone: tuple[str, ...]
    head: tuple[str, ...]
    classes: int

    @property
    def words(self) -> str:
        """What was done, as sentences."""
        network = self.found.project.network
        kept, frozen = len(network) - len(self.head), len(up_to(network, [self.last]))
        all_frozen = not any(
            layer.settings.get("trainable", False)
            for name, layer in network.layers.items()
            if name not in self.head
        )
        said = [f"{kept:,} layers up to {self.last} are kept with their weights"]
        if all_frozen and frozen:
            said[0] += " and frozen"
        if self.gone:
            said.append(f"the old head is gone ({_listed(self.gone)})")
        said.append(f"a new one tells {self.classes:,} classes apart ({_listed(self.head)})")
        return "; ".join(said) + "."


def trained_network(path: Path) -> Import:
    """The network and weights of a run, a model file, or a project that has weights.

    Raises `StudioError` naming the file.
    """
    run = path if path.is_dir() else path.parent
    if (run / PROJECT_FILE).is_file() and (path.is_dir() or path.name == MODEL_FILE):
        project = load_project(run / PROJECT_FILE)
        return Import(project, weights_of(load_model(model_file(path))))
    if path.suffix == SUFFIX:
        project = load_project(path)
        file = weights_file(project)
        if file is None:
            raise TransferError(
                f"{path} has no trained weights: name a run of it, or a .keras or .h5 file."
            )
        return Import(project, read_weights(file))
    return import_file(model_file(path))


def classes_of(network: Network) -> int | None:
    """How many classes a network's own head tells apart; None where that is not a row of scores."""
    if len(network.sinks) != 1:
        return None
    shape = analyse(network).layers[network.sinks[0]].output_shape
    return max(2, shape[0]) if shape is not None and len(shape) == 1 else None


def transferred(source: Import, classes: int, freeze: str = "all") -> Transfer:
    """A project with the layers of a trained network and a new head for so many classes.

    `freeze` is "all", "none", or the last layer to freeze. Raises `TransferError`, or `EditError`
    where no layer is called so.
    """
    old = source.project.network
    last, gone = old_head(old)
    kept = remove_layers(old, gone, close_gap=False)
    weights: Mapping[str, list[np.ndarray]] = {
        name: arrays for name, arrays in source.weights.items() if name in kept
    }
    network, head = _with_head(unfreeze_all(kept), last, classes)
    if freeze != "none":
        network = freeze_to(network, [last if freeze == "all" else freeze])
    project = Project(network, _preparation(network, source.project.data))
    return Transfer(Import(project, weights, source.notes), last, gone, head, classes)


def old_head(network: Network) -> tuple[str, tuple[str, ...]]:
    """The last layer that gives features, and the layers behind it that turn them into scores.

    The head begins behind what makes a row of feature maps (that goes too if the row is long), or
    with the last Dense layer where nothing was learned before the row, or with the last weights of
    a network that ends in probabilities without any Dense layer. Raises `TransferError`.
    """
    if len(network.sinks) != 1 or len(network.sources) != 1:
        raise TransferError(
            "Only a network with one Input and one output can get a new head: this one has "
            f"{len(network.sources)} and {len(network.sinks)}."
        )
    infos = analyse(network).layers
    chain = _chain(network)
    head = chain[: _length(network, infos, chain)]
    while len(head) < len(chain) - 1 and network[chain[len(head)]].type == "Dropout":
        head.append(chain[len(head)])
    last = network.inputs_of(head[-1])[0] if head else chain[0]
    if not any(map(_learns, (network[name] for name in up_to(network, [last])))):
        raise TransferError(
            "The network has no layers with weights before its head, so there is nothing to start "
            "from: begin with a preset instead."
        )
    return last, tuple(reversed(head))


def _chain(network: Network) -> list[str]:
    """The layers from the output back, as long as each has one input that feeds nothing else."""
    chain = [network.sinks[0]]
    while len(fed_by := network.inputs_of(chain[-1])) == 1:
        if len(network.outputs_of(fed_by[0])) != 1:
            break
        chain.append(fed_by[0])
    return chain if network.inputs_of(chain[-1]) else chain[:-1]


def _length(network: Network, infos: Mapping[str, LayerInfo], chain: list[str]) -> int:
    """How many layers of the chain are the head."""
    rows = 0
    while rows < len(chain) and _rank(infos[chain[rows]]) == 1:
        rows += 1
    dense = [number for number in range(rows) if network[chain[number]].type == "Dense"]
    if not dense:
        ends = score_function(network, chain[0]) in SHARING | SQUASHING
        last = next((n for n, name in enumerate(chain) if _learns(network[name])), None)
        return last + 1 if ends and last is not None else 0
    maker = rows - 1
    before = network.inputs_of(chain[maker])
    made = len(before) == 1 and _rank(infos[before[0]]) > 1 and maker > dense[-1]
    if not made or not any(_learns(network[name]) for name in up_to(network, before)):
        return dense[0] + 1
    layer, shape = network[chain[maker]], infos[chain[maker]].output_shape or ()
    keeps = layer.type in _POOLING or (layer.type == "Flatten" and shape[0] <= LONGEST_ROW)
    return maker if keeps else maker + 1


def _rank(info: LayerInfo) -> int:
    return len(info.output_shape or ())


def _learns(layer: Any) -> bool:
    return freezable(layer) and layer.spec.category is not Category.NORMALISATION


def _with_head(network: Network, last: str, classes: int) -> tuple[Network, tuple[str, ...]]:
    rank = _rank(analyse(network).layers[last])
    steps: list[tuple[str, dict[str, Any]]] = [
        ("Dropout", {"rate": 0.2}),
        ("Dense", {"units": classes, "activation": "softmax"}),
    ]
    if rank > 1:
        steps.insert(0, ("GlobalAveragePooling2D" if rank == 3 else "Flatten", {}))
    x, y = network[last].position
    names = []
    for type_, settings in steps:
        y += ROW
        network, name = add_layer(network, type_, (x, y), settings=settings)
        network = connect(network, last, name)
        names.append(name)
        last = name
    return network, tuple(names)


def _preparation(network: Network, data: Mapping[str, Any]) -> dict[str, Any]:
    """The data settings that the network wants, without the pictures it was trained on."""
    height, width, channels = network[network.sources[0]]["shape"]
    prepared = asdict(Preparation.of((height, width, channels), data))
    return {**prepared, "image_size": [height, width]}


def _listed(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return ", ".join(names[:4]) + more


def into(before: Project, made: Project) -> Project:
    """The project `before` with the network and weights of `made`; its pictures stay."""
    others = {key: value for key, value in before.extra.items() if key != KEY}
    return Project(
        made.network, {**before.data, **made.data}, before.training, {**others, **made.extra}
    )
