"""What the layers come to together: memory to run and to train, depth, how much the network sees.

Memory is what the network itself needs, all numbers being 32-bit floats; the libraries need
workspace on top, above all for convolutions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cnnstudio.analysis.info import Analysis, Explanation, Pair
from cnnstudio.graph.catalogue import spec_of
from cnnstudio.graph.spec import Category

NUMBER_BYTES = 4
# Layers that count as one step of depth, as in the names of published networks.
_DEEP = frozenset({Category.CONVOLUTION, Category.DENSE, Category.ATTENTION})


@dataclass(frozen=True, slots=True)
class Held:
    """The outputs that are in memory at once, where these are the most, for one picture.

    Layers run one after the other in topological order; an output is dropped when the last layer
    that reads it has run. `layers` are those whose outputs are held, `at` is the one that runs.
    """

    size: int = 0
    at: str = ""
    layers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory of a network in bytes, and what it is made of.

    Attributes:
        weights: all parameters.
        gradients: one number for each trainable parameter.
        slots: what the optimizer keeps for each of them.
        outputs: the outputs of all layers for one picture, kept for the way back.
        held: the most outputs needed at once for one picture.
        batch_size: pictures in a step of training.
        optimizer: its name, for people.
    """

    weights: int
    gradients: int
    slots: int
    outputs: int
    held: Held
    batch_size: int
    optimizer: str

    @property
    def inference(self) -> int:
        """To classify one picture: weights and the most outputs held at once."""
        return self.weights + self.held.size

    @property
    def training(self) -> int:
        """For a step of training.

        Weights, gradients and slots; for every picture of the batch all outputs, which the way
        back needs, and the gradients of those it is at, which are as large as what is held at once
        on the way there.
        """
        return (
            self.weights
            + self.gradients
            + self.slots
            + self.batch_size * (self.outputs + self.held.size)
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "weights_bytes": self.weights,
            "inference_bytes": self.inference,
            "training_bytes": self.training,
            "batch_size": self.batch_size,
            "optimizer": self.optimizer,
        }

    def explained(self) -> tuple[Explanation, Explanation]:
        """Both figures as formulas with the numbers put in."""
        held, weights = self.held, f"{self.weights:,}"
        others = [name for name in held.layers if name != held.at]
        if others:
            where = f"most is held while {held.at} runs: its output and that of {_listed(others)}"
        else:
            where = f"the output of {held.at}" if held.at else "nothing is held"
        trained = self.gradients // NUMBER_BYTES
        each = self.slots // self.gradients if self.gradients else 0
        keeps = f"{each} for each from {self.optimizer}" if each else f"{self.optimizer} keeps none"
        return (
            Explanation(
                "Memory to classify",
                "weights + outputs held at once",
                f"{weights} + {held.size:,} = {self.inference:,} bytes",
                f"weights are 4 bytes each; an output is dropped when no layer needs it any more; "
                f"{where}",
            ),
            Explanation(
                "Memory to train",
                "weights + gradients + slots + batch · (all outputs + held at once)",
                f"{weights} + {self.gradients:,} + {self.slots:,} + {self.batch_size:,} · "
                f"({self.outputs:,} + {held.size:,}) = {self.training:,} bytes",
                f"{trained:,} trained weights have a gradient and slots, {keeps}; all outputs are "
                "kept for the way back; the libraries need workspace on top",
            ),
        )


def memory(analysis: Analysis, batch_size: int, slots_per_weight: int, optimizer: str) -> Memory:
    """What a network needs to run and, with this batch size and optimizer, to train."""
    trained = NUMBER_BYTES * analysis.trainable_parameters
    return Memory(
        NUMBER_BYTES * analysis.parameters,
        trained,
        trained * slots_per_weight,
        analysis.activation_bytes,
        held_at_once(analysis),
        batch_size,
        optimizer,
    )


def training_bytes(analysis: Analysis, batch_size: int, slots_per_weight: int) -> int:
    """`Memory.training` alone."""
    return memory(analysis, batch_size, slots_per_weight, "").training


def held_at_once(analysis: Analysis) -> Held:
    """The most that is in memory at once while a picture passes; see `Held`."""
    topology = analysis.network.topology
    waiting = {name: len(outputs) for name, outputs in topology.outputs.items()}
    alive: dict[str, int] = {}
    now, most = 0, Held()
    for name in topology.order:
        info = analysis.layers[name]
        alive[name] = info.activation_bytes
        now += info.activation_bytes
        if now > most.size:
            most = Held(now, name, tuple(alive))
        for source in info.inputs:
            waiting[source] -= 1
            if not waiting[source]:
                now -= alive.pop(source)
    return most


def depth(analysis: Analysis) -> int:
    """The most convolution, dense and attention layers that a picture passes on one way.

    The 16 of VGG-16, the 50 of ResNet-50.
    """
    topology = analysis.network.topology
    behind: dict[str, int] = {}
    for name in topology.order:
        info = analysis.layers[name]
        own = info.weighted and spec_of(info.type).category in _DEEP
        behind[name] = int(own) + max(
            (behind[source] for source in topology.inputs[name]), default=0
        )
    return max(behind.values(), default=0)


def receptive_field(analysis: Analysis) -> Pair | None:
    """Rows and columns that the last feature maps see, before a layer that looks at all of them."""
    fields = [
        info.receptive_field
        for info in analysis.layers.values()
        if info.receptive_field is not None and info.jump != (0, 0)
    ]
    if not fields:
        return None
    return max(field[0] for field in fields), max(field[1] for field in fields)


def summary_json(analysis: Analysis, memory: Memory | None = None) -> dict[str, Any]:
    """The analysis as plain JSON data, layers in topological order.

    A layer with the weights of another says which it `shares`.

    Shapes are lists without the batch, or null where unknown; a problem's `remedy` is the text
    of its first remedy, or null.
    """
    document = {
        "layers": [
            {
                "name": info.name,
                "type": info.type,
                **({"shares": info.shares} if info.shares is not None else {}),
                "inputs": list(info.inputs),
                "output_shape": None if info.output_shape is None else list(info.output_shape),
                "parameters": info.parameters,
                "trainable_parameters": info.trainable_parameters,
                "multiply_adds": info.multiply_adds,
                "activation_bytes": info.activation_bytes,
                "receptive_field": (
                    None if info.receptive_field is None else list(info.receptive_field)
                ),
            }
            for info in analysis.layers.values()
        ],
        "parameters": analysis.parameters,
        "trainable_parameters": analysis.trainable_parameters,
        "multiply_adds": analysis.multiply_adds,
        "activation_bytes": analysis.activation_bytes,
        "problems": [
            {
                "layer": problem.layer,
                "severity": problem.severity,
                "message": problem.message,
                "remedy": problem.remedies[0].label if problem.remedies else None,
            }
            for problem in analysis.problems
        ],
    }
    if memory is not None:
        document["memory"] = memory.to_json()
    return document


def _listed(names: list[str]) -> str:
    if len(names) > 4:
        return f"{len(names)} others"
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
