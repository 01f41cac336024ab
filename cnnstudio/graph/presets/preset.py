"""What a preset is: its figures, and how its network is built, folded and laid out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from cnnstudio.graph.edits import EditError
from cnnstudio.graph.layout import arrange
from cnnstudio.graph.network import Network
from cnnstudio.graph.presets.builder import Builder

Shape = tuple[int, int, int]
# Adds the layers behind the Rescaling, for a picture shape and a number of classes.
Recipe = Callable[[Builder, Shape, int], None]

# How pixels are scaled. To between 0 and 1; to between -1 and 1; to mean 0 and spread 1 for each
# channel of the ImageNet pictures (means 0.485, 0.456, 0.406 and deviations 0.229, 0.224, 0.225
# of pixels between 0 and 1, as torchvision and `keras.applications` have them).
UNIT: Mapping[str, Any] = MappingProxyType({})
SYMMETRIC: Mapping[str, Any] = MappingProxyType({"scale": 1 / 127.5, "offset": -1.0})
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
IMAGENET: Mapping[str, Any] = MappingProxyType(
    {
        "scale": tuple(1 / (255 * deviation) for deviation in _DEVIATION),
        "offset": tuple(
            -mean / deviation for mean, deviation in zip(_MEAN, _DEVIATION, strict=True)
        ),
    }
)


@dataclass(frozen=True)
class Preset:
    """A starting point.

    Attributes:
        name: what it is called on the command line.
        title: what it is called in the window.
        description: what it is, in a sentence or two.
        family: the group it is listed in.
        input_shape: height, width and channels that it was published with.
        classes: how many classes it was published with.
        parameters: how many parameters it then has, as Keras counts: with the averages that batch
            normalisation keeps, which are not trained.
        smallest: the least height and width its pictures may have.
        recipe: adds the layers behind Input and Rescaling.
        scaling: settings of the Rescaling.
    """

    name: str
    title: str
    description: str
    family: str
    input_shape: Shape
    classes: int
    parameters: int
    smallest: int
    recipe: Recipe = field(repr=False)
    scaling: Mapping[str, Any] = field(default_factory=lambda: UNIT, repr=False)

    def build(self, input_shape: Shape | None = None, classes: int | None = None) -> Network:
        """The network, for another picture shape or number of classes if given, laid out.

        Raises `EditError` if a number makes no sense or the pictures are too small for it.
        """
        builder = Builder()
        builder.add("Input", shape=tuple(input_shape or self.input_shape))
        shape: Shape = builder[builder.last]["shape"]
        if min(shape[:2]) < self.smallest:
            raise EditError(
                f"{self.title} needs pictures of at least {self.smallest} × {self.smallest} "
                f"pixels; {shape[0]} × {shape[1]} is too small. Choose a larger picture size, or a "
                "network for small pictures."
            )
        builder.add("Rescaling", **_for_channels(self.scaling, shape[2]))
        self.recipe(builder, shape, self.classes if classes is None else classes)
        return _laid_out(builder.network, builder.folded)


def _for_channels(scaling: Mapping[str, Any], channels: int) -> dict[str, Any]:
    """Scaling with a number for each of three channels, averaged for any other number of them."""
    return {
        key: sum(value) / len(value)
        if isinstance(value, tuple) and len(value) != channels
        else value
        for key, value in scaling.items()
    }


def _laid_out(network: Network, folded: set[str]) -> Network:
    """The network arranged, with blocks folded from the inside out.

    The layers of a folded block keep their places among each other, so that they are in order when
    it is unfolded: each block is arranged as it looks with the ones inside it folded.
    """
    network = arrange(network)
    waiting = {name: set(network.blocks[name].layers) for name in folded}
    while waiting:
        inner = [
            name
            for name, layers in waiting.items()
            if not any(layers > other for other in waiting.values())
        ]
        blocks = dict(network.blocks)
        for name in inner:
            del waiting[name]
            blocks[name] = replace(blocks[name], folded=True)
        network = arrange(replace(network, blocks=MappingProxyType(blocks)))
    return network
