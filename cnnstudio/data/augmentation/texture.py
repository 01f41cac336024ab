"""Operations on the neighbourhood of each pixel: blur, edges and noise."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from cnnstudio.data.augmentation.colour import Pointwise, each
from cnnstudio.data.augmentation.operation import Chance, Draw, Group, Range, Scale

Width = Annotated[Range, Scale("Width", 0, 8, " px", step=0.1, fine=True)]
Deviation = Annotated[Range, Scale("Strength", 0, 128, fine=True)]
Mixed = Annotated[Range, Scale("Share", 0, 1, " %", factor=100, step=5)]


class Texture(Pointwise):
    """Blur, edges and noise."""

    group: ClassVar[Group] = "Noise & blur"
    probability: Chance = Field(
        default=0.5, description="The share of the pictures it is used on, chosen at random."
    )


class GaussianBlur(Texture):
    """A Gaussian mean of the neighbourhood, the picture mirrored at its border."""

    title: ClassVar[str] = "Gaussian blur"
    word: ClassVar[str] = "blur"
    help: ClassVar[str] = (
        "Washes fine detail out, as a lens out of focus does. Count in the network's pixels: on "
        "small pictures 1 is much."
    )
    range: Width = Field(
        default=(0.0, 1.0), description="Standard deviation in pixels of the network, 0 to 8."
    )

    def changed(self, draw: Draw, pictures: Any) -> Any:
        tf = draw.tf
        _, height, width, channels = pictures.shape
        sigma = self.values(draw)
        # Both passes are products with a matrix for each picture, which any width suits alike.
        flat = tf.reshape(pictures, [-1, height, width * channels])
        down = _blurring(tf, sigma, height) @ flat
        rows = tf.reshape(down, [-1, height, width, channels])
        across = tf.reshape(tf.transpose(rows, [0, 2, 1, 3]), [-1, width, height * channels])
        done = _blurring(tf, sigma, width) @ across
        return tf.transpose(tf.reshape(done, [-1, width, height, channels]), [0, 2, 1, 3])


class Sobel(Texture):
    """The strength of edges, mixed into the picture."""

    title: ClassVar[str] = "Sobel edges"
    word: ClassVar[str] = "Sobel edges"
    help: ClassVar[str] = (
        "Mixes in the strength of the edges, found with Sobel's two 3 × 3 kernels in each channel "
        "by itself; 1 leaves nothing but the edges. A step from black to white is white."
    )
    range: Mixed = Field(
        default=(0.2, 0.8), description="Share of the edges in the result, 0 to 1."
    )
    probability: Chance = Field(
        default=0.3, description="The share of the pictures it is used on, chosen at random."
    )

    def changed(self, draw: Draw, pictures: Any) -> Any:
        share = each(self.values(draw))
        return pictures + share * (edges(pictures) - pictures)


class GaussianNoise(Texture):
    """A normally distributed number added to every value."""

    title: ClassVar[str] = "Gaussian noise"
    word: ClassVar[str] = "noise"
    help: ClassVar[str] = (
        "Adds a random number to every value of every pixel, as a camera does in the dark."
    )
    range: Deviation = Field(
        default=(0, 20), description="Standard deviation on the scale of 0 to 255, up to 128."
    )

    def changed(self, draw: Draw, pictures: Any) -> Any:
        noise = draw.normal("noise", draw.tf.shape(pictures))
        noisy = pictures + each(self.values(draw)) * noise
        return draw.tf.clip_by_value(noisy, 0.0, 255.0)


def edges(pictures: Any) -> Any:
    """The length of the Sobel gradient by channel, a quarter of it and 255 at most.

    The kernels are [−1 0 1; −2 0 2; −1 0 1] and its transpose; the border is drawn out.
    """
    import tensorflow as tf

    padded = tf.pad(pictures, [[0, 0], [1, 1], [1, 1], [0, 0]], "SYMMETRIC")
    smooth_down = padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]
    smooth_across = padded[:, :, :-2] + 2 * padded[:, :, 1:-1] + padded[:, :, 2:]
    right = smooth_down[:, :, 2:] - smooth_down[:, :, :-2]
    down = smooth_across[:, 2:] - smooth_across[:, :-2]
    return tf.minimum(tf.sqrt(right * right + down * down) / 4, 255.0)


def _blurring(tf: Any, sigma: Any, side: int) -> Any:
    """For each picture the weights of every pixel in every blurred one: (pictures, side, side)."""
    place = tf.range(side, dtype=tf.float32)
    there, here = place[None, :], place[:, None]
    # Twice the variance; so small that a neighbour's weight is 0 where there is no blur.
    scale = tf.maximum(2 * sigma * sigma, 1e-3)[:, None, None]
    # The picture itself and its mirror images on either side.
    distances = (there - here, there + here + 1, 2 * side - 1 - there - here)
    weights = sum(tf.exp(-(distance * distance)[None] / scale) for distance in distances)
    return weights / tf.reduce_sum(weights, axis=2, keepdims=True)
