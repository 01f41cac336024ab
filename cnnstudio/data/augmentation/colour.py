"""Operations on the colours of each pixel. Pictures are float32 (pictures, h, w, c), 0 to 255."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from cnnstudio.data.augmentation.operation import Draw, Group, Operation, Range, Scale

Light = Annotated[Range, Scale("Change", -1, 1, " %", factor=100, fine=True)]
Factor = Annotated[Range, Scale("Strength", 0, 3, " %", factor=100, step=5)]
Turn = Annotated[Range, Scale("Turn", -180, 180, "°", fine=True)]


class Pointwise(Operation):
    """An operation that changes pixels and leaves labels alone."""

    def changed(self, draw: Draw, pictures: Any) -> Any:
        """The pictures after it: float32, 0 to 255."""
        raise NotImplementedError


class Colour(Pointwise):
    """An operation on colours."""

    group: ClassVar[Group] = "Colour"


class Brightness(Colour):
    """The same added to every pixel, as `tf.image.adjust_brightness`."""

    title: ClassVar[str] = "Brightness"
    help: ClassVar[str] = "Makes the picture darker or brighter by adding the same to every pixel."
    range: Light = Field(
        default=(-0.15, 0.15),
        description="Share of full white added, −1 to 1; below 0 is darker.",
    )

    def changed(self, draw: Draw, pictures: Any) -> Any:
        return _kept(draw, pictures + each(255 * self.values(draw)))


class Contrast(Colour):
    """Away from the mean of each channel or towards it, as `tf.image.adjust_contrast`."""

    title: ClassVar[str] = "Contrast"
    neutral: ClassVar[float] = 1.0
    help: ClassVar[str] = (
        "Moves every pixel away from the picture's mean colour, or towards it: 1.2 is a fifth "
        "more contrast, 0.8 a fifth less."
    )
    range: Factor = Field(default=(0.8, 1.2), description="How many times its contrast, 0 to 3.")

    def changed(self, draw: Draw, pictures: Any) -> Any:
        mean = draw.tf.reduce_mean(pictures, axis=(1, 2), keepdims=True)
        return _kept(draw, mean + (pictures - mean) * each(self.values(draw)))


class Saturation(Colour):
    """The saturation of HSV times a factor, as `tf.image.adjust_saturation`."""

    title: ClassVar[str] = "Saturation"
    neutral: ClassVar[float] = 1.0
    colours_only: ClassVar[bool] = True
    help: ClassVar[str] = "Makes colours paler or stronger: 0 is grey, 1 as it is."
    range: Factor = Field(default=(0.7, 1.3), description="How many times as colourful, 0 to 3.")

    def changed(self, draw: Draw, pictures: Any) -> Any:
        if pictures.shape[-1] != 3:
            return pictures
        tf = draw.tf
        # HSV keeps the greatest channel, and the others' distance from it grows with the
        # saturation, which ends at 1 where the smallest channel is 0.
        value = tf.reduce_max(pictures, axis=3, keepdims=True)
        span = value - tf.reduce_min(pictures, axis=3, keepdims=True)
        most = tf.where(span > 0, value / tf.maximum(span, 1e-9), 1.0)
        return value - (value - pictures) * tf.minimum(each(self.values(draw)), most)


class Hue(Colour):
    """The hue of HSV turned, as `tf.image.adjust_hue`."""

    title: ClassVar[str] = "Hue"
    colours_only: ClassVar[bool] = True
    help: ClassVar[str] = (
        "Moves all colours round the colour circle: 120° makes red green. Little or none where "
        "the colour tells the class."
    )
    range: Turn = Field(default=(-15, 15), description="Degrees of the colour circle, −180 to 180.")

    def changed(self, draw: Draw, pictures: Any) -> Any:
        if pictures.shape[-1] != 3:
            return pictures
        tf = draw.tf
        hue, saturation, value = tf.unstack(tf.image.rgb_to_hsv(pictures / 255), axis=3)
        hue = tf.math.floormod(hue + (self.values(draw) / 360)[:, None, None], 1.0)
        return _kept(draw, 255 * tf.image.hsv_to_rgb(tf.stack([hue, saturation, value], axis=3)))


def each(values: Any) -> Any:
    """A number for each picture, so that it can be taken with pictures."""
    return values[:, None, None, None]


def _kept(draw: Draw, pictures: Any) -> Any:
    return draw.tf.clip_by_value(pictures, 0.0, 255.0)
