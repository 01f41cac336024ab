"""How a picture becomes the numbers that a network is given: what training, trained networks and
exported source have to agree on. The pictures themselves are read by `cnnstudio.data.pictures`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

ColorMode = Literal["rgb", "grayscale"]
Resize = Literal["stretch", "crop", "pad"]
Interpolation = Literal["nearest", "bilinear", "bicubic", "lanczos"]

COLOUR = r"^#[0-9a-fA-F]{6}$"


@dataclass(frozen=True)
class Preparation:
    """How a picture file becomes the pixels that the network is given.

    `image_size` is (height, width); `background` a colour "#rrggbb" that transparent pixels are
    laid on and that fills what `resize` "pad" leaves empty.
    """

    image_size: tuple[int, int]
    color_mode: ColorMode = "rgb"
    resize: Resize = "stretch"
    interpolation: Interpolation = "bilinear"
    background: str = "#ffffff"

    @property
    def channels(self) -> int:
        """Numbers per pixel: 3 for rgb, 1 for grayscale."""
        return 3 if self.color_mode == "rgb" else 1

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels of a prepared picture."""
        return (*self.image_size, self.channels)

    @classmethod
    def of(cls, shape: tuple[int, int, int], data: Mapping[str, Any]) -> Preparation:
        """For a network that takes pictures of `shape` (height, width, channels).

        `data` is the data part of the project it was trained with; what is not in it, or makes no
        sense, is as it usually is.
        """
        height, width, channels = shape
        found: dict[str, Any] = {}
        for name, known in (
            ("resize", get_args(Resize)),
            ("interpolation", get_args(Interpolation)),
        ):
            if data.get(name) in known:
                found[name] = data[name]
        background = data.get("background")
        if isinstance(background, str) and re.fullmatch(COLOUR, background):
            found["background"] = background
        return cls((height, width), "grayscale" if channels == 1 else "rgb", **found)
