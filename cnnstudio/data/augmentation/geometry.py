"""Operations that move pixels: all of them together are one affine map and one reading of pixels.

Coordinates are in pixels from the middle of the picture, x to the right and y down. Each operation
gives the map from the place of a pixel of the result to the place where it is read.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from cnnstudio.data.augmentation.operation import Chance, Draw, Group, Operation, Range, Scale

Fill = Literal["reflect", "nearest", "constant"]

Shift = Annotated[Range, Scale("Distance", -0.5, 0.5, " %", factor=100, fine=True)]
Angle = Annotated[Range, Scale("Angle", -180, 180, "°", fine=True)]
Slant = Annotated[Range, Scale("Angle", -60, 60, "°", fine=True)]
Size = Annotated[Range, Scale("Size", 0.5, 2, " %", factor=100, step=5)]
Area = Annotated[Range, Scale("Area", 0.05, 1, " %", factor=100)]
Aspect = Annotated[Range, Scale("Proportions", 0.25, 4, step=0.05)]


class Geometric(Operation):
    """An operation that is an affine map."""

    group: ClassVar[Group] = "Geometry"

    def source(self, draw: Draw) -> Any:
        """From the place in the result to the place in the picture: float32 (pictures, 2, 3)."""
        raise NotImplementedError


class RandomCrop(Geometric):
    """A piece, brought to the full size."""

    title: ClassVar[str] = "Crop and resize"
    word: ClassVar[str] = "crop"
    neutral: ClassVar[float] = 1.0
    help: ClassVar[str] = (
        "Cuts a piece out of the picture and brings it to the full size, so that things are seen "
        "larger and not always whole."
    )
    range: Area = Field(
        default=(0.6, 1.0), description="The piece's share of the picture's area, in 0 to 1."
    )
    aspect: Aspect = Field(
        default=(0.8, 1.25),
        description="Width of the piece to its height; 1 is the picture's own proportions.",
    )

    def source(self, draw: Draw) -> Any:
        tf = draw.tf
        area = self.values(draw)
        aspect = tf.exp(draw.uniform("aspect", *(math.log(end) for end in self.aspect)))
        aspect = self.chosen(draw, aspect, 1.0)
        wide, tall = (
            tf.minimum(1.0, tf.sqrt(area * aspect)),
            tf.minimum(1.0, tf.sqrt(area / aspect)),
        )
        right = draw.uniform("x", -0.5, 0.5) * (1 - wide) * draw.width
        down = draw.uniform("y", -0.5, 0.5) * (1 - tall) * draw.height
        return _affine(draw, wide, 0, right, 0, tall, down)


class HorizontalFlip(Geometric):
    """Left and right exchanged."""

    title: ClassVar[str] = "Horizontal flip"
    word: ClassVar[str] = "flip"
    help: ClassVar[str] = (
        "Mirrors left and right. Good for most photographs; wrong where left and right mean "
        "something, as in letters, digits and road signs."
    )
    probability: Chance = Field(default=0.5, description="The share of pictures mirrored.")

    def source(self, draw: Draw) -> Any:
        side = draw.tf.where(self.happens(draw), -1.0, 1.0)
        return _affine(draw, side, 0, 0, 0, 1, 0)


class VerticalFlip(Geometric):
    """Top and bottom exchanged."""

    title: ClassVar[str] = "Vertical flip"
    help: ClassVar[str] = (
        "Mirrors top and bottom. Good for pictures taken from above, as from a microscope or a "
        "satellite; most other things are never seen upside down."
    )
    probability: Chance = Field(default=0.5, description="The share of pictures mirrored.")

    def source(self, draw: Draw) -> Any:
        side = draw.tf.where(self.happens(draw), -1.0, 1.0)
        return _affine(draw, 1, 0, 0, 0, side, 0)


class Zoom(Geometric):
    """Larger or smaller."""

    title: ClassVar[str] = "Zoom"
    neutral: ClassVar[float] = 1.0
    help: ClassVar[str] = (
        "Enlarges the picture about its middle, or shrinks it: 1.1 is a tenth larger, 0.9 a tenth "
        "smaller with a filled border."
    )
    range: Size = Field(default=(0.9, 1.1), description="How many times its size, 0.5 to 2.")

    def source(self, draw: Draw) -> Any:
        size = 1 / self.values(draw)
        return _affine(draw, size, 0, 0, 0, size, 0)


class Shear(Geometric):
    """Rows slide sideways."""

    title: ClassVar[str] = "Shear"
    help: ClassVar[str] = "Slants the picture: the upper rows slide one way, the lower the other."
    range: Slant = Field(default=(-10, 10), description="The slant in degrees, −60 to 60.")

    def source(self, draw: Draw) -> Any:
        slant = draw.tf.tan(self.values(draw) * (math.pi / 180))
        return _affine(draw, 1, slant, 0, 0, 1, 0)


class Rotation(Geometric):
    """Turned about the middle."""

    title: ClassVar[str] = "Rotation"
    help: ClassVar[str] = (
        "Turns the picture about its middle. A few degrees for things that stand upright, −180 to "
        "180 for what may lie any way round."
    )
    range: Angle = Field(
        default=(-15, 15), description="Degrees, −180 to 180; above 0 turns clockwise."
    )

    def source(self, draw: Draw) -> Any:
        tf = draw.tf
        # In 64 bits a quarter turn lands on pixels, not a little beside them.
        angle = tf.cast(self.values(draw), tf.float64) * (math.pi / 180)
        cos, sin = (tf.cast(part, tf.float32) for part in (tf.cos(angle), tf.sin(angle)))
        return _affine(draw, cos, sin, 0, -sin, cos, 0)


class HorizontalShift(Geometric):
    """Moved to the right or left."""

    title: ClassVar[str] = "Horizontal shift"
    help: ClassVar[str] = "Moves the picture to the left or right by whole pixels."
    range: Shift = Field(
        default=(-0.1, 0.1), description="Share of the width, −0.5 to 0.5; above 0 to the right."
    )

    def source(self, draw: Draw) -> Any:
        return _affine(draw, 1, 0, -draw.tf.round(self.values(draw) * draw.width), 0, 1, 0)


class VerticalShift(Geometric):
    """Moved up or down."""

    title: ClassVar[str] = "Vertical shift"
    help: ClassVar[str] = "Moves the picture up or down by whole pixels."
    range: Shift = Field(
        default=(-0.1, 0.1), description="Share of the height, −0.5 to 0.5; above 0 downwards."
    )

    def source(self, draw: Draw) -> Any:
        return _affine(draw, 1, 0, 0, 0, 1, -draw.tf.round(self.values(draw) * draw.height))


def moved(pictures: Any, sources: Sequence[Any], fill: Fill, fill_value: float) -> Any:
    """The pictures read through the maps, the first of which is applied to the picture first.

    Pixels between pixels are mixed bilinearly.
    """
    import tensorflow as tf

    height, width = pictures.shape[1:3]
    whole = sources[0]
    for source in sources[1:]:
        whole = _after(tf, whole, source)
    # From coordinates about the middle to those from the corner that TensorFlow takes.
    x, y = (width - 1) / 2, (height - 1) / 2
    turn, offset = whole[:, :, :2], whole[:, :, 2]
    middle = tf.constant([x, y], tf.float32)
    offset = offset + middle - tf.linalg.matvec(turn, middle)
    rows = tf.concat([turn, offset[:, :, None]], axis=2)
    transforms = tf.concat([tf.reshape(rows, [-1, 6]), tf.zeros_like(rows[:, 0, :2])], axis=1)
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=pictures,
        transforms=transforms,
        output_shape=tf.constant([height, width], tf.int32),
        fill_value=tf.constant(fill_value, tf.float32),
        interpolation="BILINEAR",
        fill_mode=fill.upper(),
    )


def _affine(draw: Draw, *entries: Any) -> Any:
    """The two upper rows of affine maps, from numbers or tensors (pictures,)."""
    tf = draw.tf
    filled = [tf.broadcast_to(tf.cast(entry, tf.float32), [draw.count]) for entry in entries]
    return tf.reshape(tf.stack(filled, axis=1), [-1, 2, 3])


def _after(tf: Any, outer: Any, inner: Any) -> Any:
    """The maps that give `outer` of `inner` of a place."""
    turn = outer[:, :, :2]
    product = turn @ inner
    return product + tf.concat([tf.zeros_like(turn), outer[:, :, 2:]], axis=2)
