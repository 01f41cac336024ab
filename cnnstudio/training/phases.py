"""The two phases of a run: first what is not frozen on the canvas, then frozen layers too."""

from __future__ import annotations

from dataclasses import dataclass

from cnnstudio.analysis import Analysis, analyse
from cnnstudio.graph.freezing import freezable, from_on, is_frozen, with_trainable
from cnnstudio.graph.network import Network
from cnnstudio.training.errors import TrainingError
from cnnstudio.training.settings import FineTune

# They go on with their stored averages when all around them is trained: averages of a few new
# pictures would undo what the layers behind them know.
_STILL = frozenset({"BatchNormalization"})


@dataclass(frozen=True)
class Trained:
    """What a phase trains: layers that have weights, and parameters, each of so many in all.

    Layers that share weights count as one.
    """

    layers: int
    layers_in_all: int
    parameters: int
    parameters_in_all: int

    @property
    def all(self) -> bool:
        """Whether no layer is frozen."""
        return self.layers == self.layers_in_all


def fine_tuned(network: Network, settings: FineTune) -> Network:
    """The network as the second phase trains it; frozen batch normalisation stays frozen.

    Raises `TrainingError` where the settings name a layer that it does not have.
    """
    first = settings.unfreeze_from
    if first and first not in network:
        raise TrainingError(
            f"training.fine_tune.unfreeze_from names {first}, which the network does not have: "
            "name one of its layers, or none to unfreeze all."
        )
    names = from_on(network, [first]) if first else network.layers
    return with_trainable(
        network, {name: True for name in names if network[name].type not in _STILL}
    )


def trained(network: Network, analysis: Analysis | None = None) -> Trained:
    """What is trained of a network; `analysis` of it, or of one like it, saves work."""
    if analysis is None or analysis.network is not network:
        analysis = analyse(network, analysis)
    owners = [each for each in network.layers.values() if freezable(each) and each.shares is None]
    return Trained(
        sum(not is_frozen(each) for each in owners),
        len(owners),
        analysis.trainable_parameters,
        analysis.parameters,
    )
