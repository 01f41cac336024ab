"""The settings of the augmentation: every operation, in the order in which they are applied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import Field

from cnnstudio.data.augmentation.colour import Brightness, Contrast, Hue, Saturation
from cnnstudio.data.augmentation.geometry import (
    Fill,
    HorizontalFlip,
    HorizontalShift,
    RandomCrop,
    Rotation,
    Shear,
    VerticalFlip,
    VerticalShift,
    Zoom,
)
from cnnstudio.data.augmentation.mixing import CutMix, Cutout, MixUp
from cnnstudio.data.augmentation.operation import Operation, Scale
from cnnstudio.data.augmentation.texture import GaussianBlur, GaussianNoise, Sobel
from cnnstudio.data.settings_model import SettingsModel

GREY = Scale("Grey", 0, 255)
Grey = Annotated[float, Field(ge=GREY.low, le=GREY.high)]


class AugmentationSettings(SettingsModel):
    """How the pictures are changed at random while a network trains, and only then.

    Operations are applied in the order of the fields; those of the geometry as one.
    """

    fill: Fill = Field(
        default="reflect",
        description="What fills the places that the geometry leaves empty. reflect: the picture "
        "mirrored. nearest: its edge, drawn out. constant: one grey.",
    )
    fill_value: Grey = Field(
        default=0.0, description="The grey of a constant fill, 0 (black) to 255 (white)."
    )
    crop: RandomCrop = Field(default_factory=RandomCrop, description=RandomCrop.help)
    horizontal_flip: HorizontalFlip = Field(
        default_factory=HorizontalFlip, description=HorizontalFlip.help
    )
    vertical_flip: VerticalFlip = Field(default_factory=VerticalFlip, description=VerticalFlip.help)
    zoom: Zoom = Field(default_factory=Zoom, description=Zoom.help)
    shear: Shear = Field(default_factory=Shear, description=Shear.help)
    rotation: Rotation = Field(default_factory=Rotation, description=Rotation.help)
    horizontal_shift: HorizontalShift = Field(
        default_factory=HorizontalShift, description=HorizontalShift.help
    )
    vertical_shift: VerticalShift = Field(
        default_factory=VerticalShift, description=VerticalShift.help
    )
    brightness: Brightness = Field(default_factory=Brightness, description=Brightness.help)
    contrast: Contrast = Field(default_factory=Contrast, description=Contrast.help)
    saturation: Saturation = Field(default_factory=Saturation, description=Saturation.help)
    hue: Hue = Field(default_factory=Hue, description=Hue.help)
    blur: GaussianBlur = Field(default_factory=GaussianBlur, description=GaussianBlur.help)
    sobel: Sobel = Field(default_factory=Sobel, description=Sobel.help)
    noise: GaussianNoise = Field(default_factory=GaussianNoise, description=GaussianNoise.help)
    cutout: Cutout = Field(default_factory=Cutout, description=Cutout.help)
    mixup: MixUp = Field(default_factory=MixUp, description=MixUp.help)
    cutmix: CutMix = Field(default_factory=CutMix, description=CutMix.help)

    def operations(self) -> Iterator[tuple[str, Operation]]:
        """The name and settings of every operation, in the order in which they are applied."""
        for name in type(self).model_fields:
            found = getattr(self, name)
            if isinstance(found, Operation):
                yield name, found

    def used(self, channels: int = 3) -> tuple[tuple[str, Operation], ...]:
        """Those that are switched on and have an effect on pictures of so many channels."""
        return tuple(
            (name, operation)
            for name, operation in self.operations()
            if operation.enabled and (channels == 3 or not operation.colours_only)
        )

    @property
    def mixes_labels(self) -> bool:
        """Whether pictures get shares of other classes (MixUp, CutMix)."""
        return any(operation.mixes_labels for _, operation in self.used())

    def summary(self, channels: int = 3) -> str:
        """What is done, in one line: "horizontal flip, rotation ±15°"; empty if nothing is."""
        return ", ".join(operation.words for _, operation in self.used(channels))


PRESETS: Mapping[str, AugmentationSettings] = {
    "none": AugmentationSettings(),
    "light": AugmentationSettings(
        zoom=Zoom(enabled=True, range=(0.95, 1.05)),
        rotation=Rotation(enabled=True, range=(-5, 5)),
        horizontal_shift=HorizontalShift(enabled=True, range=(-0.05, 0.05)),
        vertical_shift=VerticalShift(enabled=True, range=(-0.05, 0.05)),
        brightness=Brightness(enabled=True, range=(-0.1, 0.1)),
        contrast=Contrast(enabled=True, range=(0.9, 1.1)),
    ),
    "strong": AugmentationSettings(
        crop=RandomCrop(enabled=True, range=(0.6, 1.0)),
        horizontal_flip=HorizontalFlip(enabled=True),
        rotation=Rotation(enabled=True, range=(-20, 20)),
        horizontal_shift=HorizontalShift(enabled=True, range=(-0.1, 0.1)),
        vertical_shift=VerticalShift(enabled=True, range=(-0.1, 0.1)),
        brightness=Brightness(enabled=True, range=(-0.2, 0.2)),
        contrast=Contrast(enabled=True, range=(0.7, 1.3)),
        saturation=Saturation(enabled=True, range=(0.5, 1.5)),
        hue=Hue(enabled=True, range=(-10, 10)),
        cutout=Cutout(enabled=True, range=(0.2, 0.4)),
    ),
}


def preset_of(settings: AugmentationSettings) -> str | None:
    """The preset that does what `settings` do; what is switched off does not count."""
    for name, preset in PRESETS.items():
        if settings.used() != preset.used():
            continue
        if settings.fill == preset.fill or name == "none":
            return name
    return None
