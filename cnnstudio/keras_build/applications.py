"""What is known of the networks of `keras.applications` before one is built."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from cnnstudio.errors import StudioError

Pixels = Literal["inside", "tf", "torch", "caffe"]

# Mean and spread of ImageNet's red, green and blue: of pixels from 0 to 1 for "torch", from 0 to
# 255 for "caffe" (keras.applications.imagenet_utils).
TORCH = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
CAFFE = (123.68, 116.779, 103.939)


class BackboneError(StudioError):
    """A backbone that cannot be had, with the reason and the way out."""


@dataclass(frozen=True)
class Application:
    """A network of `keras.applications`.

    Attributes:
        name: the function that makes it.
        size: rows and columns of the pictures it was trained with.
        smallest: the fewest rows and columns it takes.
        pixels: how it wants them: scaled by its own layers, or as `preprocess_input` does.
    """

    name: str
    size: int
    smallest: int
    pixels: Pixels


def _applications() -> Iterator[Application]:
    for name in ("Tiny", "Small", "Base", "Large", "XLarge"):
        yield Application(f"ConvNeXt{name}", 224, 32, "inside")
    for depth in (121, 169, 201):
        yield Application(f"DenseNet{depth}", 224, 32, "torch")
    for number, size in enumerate((224, 240, 260, 300, 380, 456, 528, 600)):
        yield Application(f"EfficientNetB{number}", size, 32, "inside")
    for kind, size in (
        ("B0", 224), ("B1", 240), ("B2", 260), ("B3", 300), ("S", 384), ("M", 480), ("L", 480),
    ):  # fmt: skip
        yield Application(f"EfficientNetV2{kind}", size, 32, "inside")
    yield Application("InceptionResNetV2", 299, 75, "tf")
    yield Application("InceptionV3", 299, 75, "tf")
    yield Application("MobileNet", 224, 32, "tf")
    yield Application("MobileNetV2", 224, 32, "tf")
    yield Application("MobileNetV3Large", 224, 32, "inside")
    yield Application("MobileNetV3Small", 224, 32, "inside")
    yield Application("NASNetLarge", 331, 32, "tf")
    yield Application("NASNetMobile", 224, 32, "tf")
    for depth in (50, 101, 152):
        yield Application(f"ResNet{depth}", 224, 32, "caffe")
        yield Application(f"ResNet{depth}V2", 224, 32, "tf")
    yield Application("VGG16", 224, 32, "caffe")
    yield Application("VGG19", 224, 32, "caffe")
    yield Application("Xception", 299, 71, "tf")


BACKBONES: Mapping[str, Application] = MappingProxyType(
    {each.name: each for each in _applications()}
)


def find_backbone(name: str) -> Application:
    """The network of `keras.applications` called so. Raises `BackboneError`."""
    if name not in BACKBONES:
        lower = {each.lower(): each for each in BACKBONES}
        close = difflib.get_close_matches(name.lower(), lower, n=3, cutoff=0.4)
        known = [lower[each] for each in close] or list(BACKBONES)
        raise BackboneError(
            f"Keras has no network called {name!r}; {'did you mean' if close else 'choose'} "
            f"{', '.join(known)}{'?' if close else '.'}"
        )
    return BACKBONES[name]
