"""What a person tells of a model file that does not say it: sizes, scaling, names of classes.

A network from elsewhere may want its pixels in another range than 0 to 255. It gets layers in front
that bring them there, so that everything that uses it goes on giving pixels from 0 to 255.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from cnnstudio.errors import StudioError
from cnnstudio.keras_build.applications import CAFFE, TORCH
from cnnstudio.keras_build.unnesting import First

if TYPE_CHECKING:
    import keras

# The last two are what `keras.applications` calls so: ImageNet's mean and spread taken out of
# pixels from 0 to 1, and its mean out of blue, green and red from 0 to 255.
Scaling = Literal["0-255", "0-1", "plus-minus-1", "torch", "caffe"]
SCALINGS: tuple[Scaling, ...] = get_args(Scaling)
# What a file may leave open.
Open = Literal["size", "scaling", "classes"]

LAYER = "told_scaling"
_FACTORS = {"0-1": (1 / 255, 0.0), "plus-minus-1": (1 / 127.5, -1.0)}
_SCALING = ("Rescaling", "Normalization", "TrueDivide", "Multiply", "Subtract", "Divide", "Add")


@dataclass(frozen=True)
class Told:
    """The answers, each of which counts only where the file leaves it open.

    Attributes:
        image_size: height and width, for a network that takes pictures of any size.
        scaling: the pixels that the network was trained with.
        classes: names in the order of the outputs; empty if they were not told.
    """

    image_size: tuple[int, int] | None = None
    scaling: Scaling = "0-255"
    classes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, document: Any) -> Told | None:
        """The answers that `to_json` wrote; None for anything else."""
        if not isinstance(document, Mapping):
            return None
        size, scaling = document.get("image_size"), document.get("scaling")
        classes = document.get("classes")
        if scaling not in SCALINGS or not isinstance(classes, list):
            return None
        if size is not None and not (
            isinstance(size, list)
            and len(size) == 2
            and all(type(n) is int and n > 0 for n in size)
        ):
            return None
        return cls(None if size is None else (size[0], size[1]), scaling, tuple(map(str, classes)))


def names_in(path: Path) -> tuple[str, ...]:
    """The names in a text file, one a line. Raises `StudioError`."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        raise StudioError(f"There is no file {path}.") from None
    except (OSError, UnicodeDecodeError):
        raise StudioError(
            f"{path} cannot be read as text: give a file with the name of a class on each line."
        ) from None
    return tuple(line.strip() for line in lines if line.strip())


def scales_itself(model: keras.Model) -> bool:
    """Whether a model changes the range of its pixels before its first weights."""
    for layer in _layers(model):
        if type(layer).__name__ in _SCALING:
            return True
        if layer.weights:
            return False
    return False


def _layers(model: Any) -> Iterator[Any]:
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from _layers(layer)
        else:
            yield layer


def scaling_layers(scaling: Scaling, channels: int) -> First | None:
    """What brings pixels 0–255 into the range of `scaling`; None for 0 to 255.

    A network of one channel takes the mean of the three colours' figures.
    """
    if scaling == "0-255":
        return None
    import keras

    scale: Any
    offset: Any
    if scaling == "torch":
        mean, spread = (_of_channels(each, channels) for each in TORCH)
        scale = [1 / (255 * each) for each in spread]
        offset = [-low / each for low, each in zip(mean, spread, strict=True)]
    elif scaling == "caffe":
        scale, offset = 1.0, [-each for each in _of_channels(CAFFE, channels)]
    else:
        scale, offset = _FACTORS[scaling]

    def first(tensor: Any) -> Any:
        found = keras.layers.Rescaling(scale, offset, name=LAYER)(tensor)
        return keras.ops.flip(found, axis=-1) if scaling == "caffe" and channels > 1 else found

    return first


def _of_channels(figures: tuple[float, ...], channels: int) -> tuple[float, ...]:
    return figures if channels == len(figures) else (sum(figures) / len(figures),) * channels
