"""Operations that take away a part of a picture, or mix it with another one and their labels."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from cnnstudio.data.augmentation.colour import Pointwise, each
from cnnstudio.data.augmentation.operation import Chance, Draw, Group, Operation, Range, Scale

Side = Annotated[Range, Scale("Size", 0, 1, " %", factor=100, step=5)]
Area = Annotated[Range, Scale("Area", 0, 1, " %", factor=100, step=5)]
Half = Annotated[Range, Scale("Share", 0, 0.5, " %", factor=100, step=5)]

_LABELS = (
    " Each picture then has a share of two classes, and the loss is categorical cross-entropy (or "
    "binary, for one sigmoid unit). The accuracy counts the class with the greater share."
)


class Cutout(Pointwise):
    """A box of the picture's mean colour."""

    title: ClassVar[str] = "Cutout"
    group: ClassVar[Group] = "Erase & mix"
    help: ClassVar[str] = (
        "Covers a box at a random place with the picture's mean colour, so that the network "
        "cannot rely on one detail."
    )
    range: Side = Field(
        default=(0.2, 0.4), description="Side of the box as a share of height and width, 0 to 1."
    )
    probability: Chance = Field(default=0.5, description="The share of pictures with a box.")

    def changed(self, draw: Draw, pictures: Any) -> Any:
        tf = draw.tf
        side = self.values(draw)
        mean = tf.reduce_mean(pictures, axis=(1, 2), keepdims=True)
        return tf.where(_boxes(draw, side), mean, pictures)


class Mixing(Operation):
    """An operation that takes a part of each picture, and of its label, from another."""

    group: ClassVar[Group] = "Erase & mix"
    mixes_labels: ClassVar[bool] = True
    probability: Chance = Field(default=0.5, description="The share of pictures that are mixed.")

    def mixed(self, draw: Draw, pictures: Any, others: Any) -> tuple[Any, Any]:
        """The pictures mixed with the `others` (as many), and the share of those: (pictures,)."""
        raise NotImplementedError


class MixUp(Mixing):
    """One picture shining through another (Zhang and others, 2018, arXiv 1710.09412)."""

    title: ClassVar[str] = "MixUp"
    word: ClassVar[str] = "MixUp"
    help: ClassVar[str] = (
        "Lets another picture of the batch shine through. The share is drawn evenly from the "
        "range: 0 to 0.5 is what the article has with α = 1." + _LABELS
    )
    range: Half = Field(default=(0.0, 0.5), description="Share of the other picture, 0 to 0.5.")

    def mixed(self, draw: Draw, pictures: Any, others: Any) -> tuple[Any, Any]:
        share = self.values(draw)
        return pictures + each(share) * (others - pictures), share


class CutMix(Mixing):
    """A box of one picture laid on another (Yun and others, 2019, arXiv 1905.04899)."""

    title: ClassVar[str] = "CutMix"
    word: ClassVar[str] = "CutMix"
    help: ClassVar[str] = (
        "Lays a box of another picture of the batch over the same place. The shares of the labels "
        "are those of the pixels." + _LABELS
    )
    range: Area = Field(
        default=(0.1, 0.5), description="Share of the area that the box covers, 0 to 1."
    )

    def mixed(self, draw: Draw, pictures: Any, others: Any) -> tuple[Any, Any]:
        tf = draw.tf
        box = _boxes(draw, tf.sqrt(self.values(draw)))
        return tf.where(box, others, pictures), tf.reduce_mean(
            tf.cast(box, tf.float32), axis=(1, 2, 3)
        )


def _boxes(draw: Draw, side: Any) -> Any:
    """A box in each picture, `side` times its height and width: bool (pictures, h, w, 1)."""
    tf = draw.tf

    def within(what: str, length: int) -> Any:
        extent = tf.round(side * length)
        start = tf.floor(draw.uniform(what, 0.0, 1.0) * (length - extent + 1))
        # The greatest float32 below 1 may round up.
        start = tf.minimum(start, length - extent)
        place = tf.range(length, dtype=tf.float32)[None]
        return (place >= start[:, None]) & (place < (start + extent)[:, None])

    return (within("y", draw.height)[:, :, None] & within("x", draw.width)[:, None, :])[..., None]
