"""What the analysis finds out: figures for each layer and in total, and problems with remedies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from cnnstudio.graph.network import Network

Shape = tuple[int, ...]
Pair = tuple[int, int]
# Whole, but behind layers that make the picture larger.
Jump = tuple[float, float]
Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Remedy:
    """A way out of a problem: the text of its button and the edit the button applies.

    The edit may be applied to any later state of the network; it raises `EditError` when it no
    longer makes sense there. `loss` is the loss to choose for the training, if that is the way out.
    """

    label: str
    edit: Callable[[Network], Network]
    loss: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with the network.

    An error is what Keras refuses, or what cannot be trained as a classifier of pictures; a
    warning is what works but is probably not meant. `layer` is None for the network as a whole.
    `short` is for the canvas, at most 40 characters.
    """

    layer: str | None
    severity: Severity
    code: str
    message: str
    short: str
    remedies: tuple[Remedy, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem as a rule sees it: settings and shapes, but no names.

    `message` may hold `{name}` and `{inputs[0]}`; `remedies` are labels, which may hold `{name}`,
    with edits that take the network and the layer's name.
    """

    code: str
    message: str
    short: str
    remedies: tuple[tuple[str, Callable[[Network, str], Network]], ...] = ()
    severity: Severity = "warning"


class Signal(NamedTuple):
    """What flows along a link: all that a layer needs to know of another.

    Attributes:
        shape: height, width, channels or one length; None where it is unknown.
        field: rows and columns of the picture that one value sees.
        jump: pixels of the picture between two neighbouring values, less than 1 where the picture
            was made larger; 0 where all see everything.
        picture: rows and columns of the picture that came in.
        border: rows at the bottom and columns at the right that are padding only.
        fed: whether pictures arrive here.
    """

    shape: Shape | None = None
    field: Pair = (0, 0)
    jump: Jump = (0, 0)
    picture: Pair = (0, 0)
    border: Pair = (0, 0)
    fed: bool = False


NOTHING = Signal()


@dataclass(frozen=True, slots=True)
class LayerInfo:
    """The figures of one layer, for one picture.

    Attributes:
        inputs: the layers that feed it, in link order.
        input_shapes: their shapes, without the batch; None where unknown.
        output_shape: without the batch; None where it cannot be known.
        parameters: all weights; `trainable_parameters` those that training changes.
        multiply_adds: see `cnnstudio.analysis.rules`.
        activation_bytes: size of the output in 32-bit floats.
        receptive_field: rows and columns of the picture that one output value depends on, by
            arithmetic: it may exceed the picture. None where nothing is known.
        jump: pixels of the picture from one output value to the next, down and across.
        unused: rows at the bottom and columns at the right that the stride never reaches.
        shares: the layer whose weights it uses; it has no parameters of its own then.
    """

    name: str
    type: str
    inputs: tuple[str, ...]
    input_shapes: tuple[Shape | None, ...]
    output_shape: Shape | None
    parameters: int
    trainable_parameters: int
    multiply_adds: int
    activation_bytes: int
    receptive_field: Pair | None
    jump: Jump
    unused: Pair
    # What the figures were computed from, and what follows from them for other layers.
    settings: Mapping[str, Any] = field(repr=False, compare=False)
    given: tuple[Signal, ...] = field(repr=False, compare=False)
    signal: Signal = field(repr=False, compare=False)
    problems: tuple[Problem, ...] = field(repr=False, compare=False)
    shares: str | None = None

    @property
    def weighted(self) -> bool:
        """Whether it has weights, its own or those of another layer."""
        return self.parameters > 0 or self.shares is not None

    @property
    def parameter_bytes(self) -> int:
        """Size of the weights in 32-bit floats."""
        return 4 * self.parameters


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over all layers."""

    parameters: int = 0
    trainable_parameters: int = 0
    multiply_adds: int = 0
    activation_bytes: int = 0


@dataclass(frozen=True, eq=False)
class Analysis:
    """Everything known about a network without running it.

    `layers` is in topological order, layers on or behind a cycle last; `problems` has the errors
    first, each kind in layer order.
    """

    layers: Mapping[str, LayerInfo]
    problems: tuple[Problem, ...]
    parameters: int
    trainable_parameters: int
    multiply_adds: int
    activation_bytes: int
    network: Network = field(repr=False)
    classes: int | None = None
    loss: str | None = None

    def problems_of(self, name: str | None) -> tuple[Problem, ...]:
        """The problems of one layer, or with None of the network as a whole."""
        return tuple(problem for problem in self.problems if problem.layer == name)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that stand in the way of training."""
        return tuple(problem for problem in self.problems if problem.severity == "error")

    @property
    def trainable(self) -> bool:
        """Whether the network can be built and trained."""
        return not self.errors


@dataclass(frozen=True, slots=True)
class Explanation:
    """A formula, the same with the numbers of this layer put in, and a remark."""

    title: str
    formula: str
    numbers: str
    note: str = ""


def size(shape: Shape | None) -> str:
    """A shape for people: `32 × 32 × 3`."""
    return "unknown" if shape is None else " × ".join(f"{part:,}" for part in shape)


def thing(shape: Shape) -> str:
    """A shape with its noun: `a 7 × 7 × 64 volume`, `a vector of 128`, `a 16 × 64 array`."""
    if len(shape) == 1:
        return f"a vector of {shape[0]:,}"
    return f"{sized(shape)} {'volume' if len(shape) == 3 else 'array'}"


def sized(shape: Shape) -> str:
    """A shape with its article: `a 7 × 7`, `an 8 × 8`."""
    first = f"{shape[0]:,}"
    eight = first.startswith("8") or first.split(",")[0] in ("11", "18")
    return f"{'an' if eight else 'a'} {size(shape)}"
