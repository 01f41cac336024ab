"""The `data` part of a project file: which pictures are used, how they are split and prepared.

The descriptions of the fields are the help texts that the window and `--help` show.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from cnnstudio.data.augmentation.settings import AugmentationSettings
from cnnstudio.data.name_patterns import CLASS, GROUP, NamePattern
from cnnstudio.data.settings_model import SettingsModel
from cnnstudio.graph.preparation import COLOUR, Interpolation, Resize
from cnnstudio.graph.preparation import ColorMode as ColorMode
from cnnstudio.graph.preparation import Preparation as Preparation

Split = Literal["train", "val", "test"]
Balance = Literal["none", "class_weights", "sampling"]
Side = Annotated[int, Field(ge=1, le=4096)]
Colour = Annotated[str, Field(pattern=COLOUR)]


class LayoutSettings(SettingsModel):
    """Where the class of each picture is written."""

    kind: Literal["auto", "folders", "csv", "filename"] = Field(
        default="auto",
        description="Where the class of a picture is written. auto: folders where there are some, "
        "else a table in the folder. folders: a folder for each class. csv: a table with a line a "
        "picture. filename: a part of the file's name.",
    )
    file: str | None = Field(
        default=None,
        description="The table of pictures and classes, as a path below the folder. Empty: the one "
        "in it.",
    )
    pattern: str | None = Field(
        default=None,
        description="How the file names are written, with {class} where the class stands: "
        "{class}_* for cat_012.jpg, *-{class} for 012-cat.jpg. {number} stands for digits, "
        "* for any text.",
    )

    @field_validator("pattern")
    @classmethod
    def _has_class(cls, pattern: str | None) -> str | None:
        if pattern is not None:
            NamePattern(pattern, CLASS)
        return pattern


class SplitSettings(SettingsModel):
    """What is kept apart besides the validation share, and which pictures stay together."""

    by: Literal["share", "count", "folds"] = Field(
        default="share",
        description="share: a part of each class. count: a number of pictures of each class. "
        "folds: the pictures in equal parts, each of which validates once.",
    )
    test_share: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="The share of each class kept apart for the end. A test folder of the data "
        "takes its place.",
    )
    validation_count: int = Field(
        default=20, ge=0, description="Pictures of each class that validate, where split by count."
    )
    test_count: int = Field(
        default=0, ge=0, description="Pictures of each class kept for the end, split by count."
    )
    folds: int = Field(default=5, ge=2, le=100, description="Equal parts, where split by folds.")
    fold: int = Field(
        default=1, ge=1, le=100, description="The part that validates, counted from 1."
    )
    group_by: Literal["none", "folder", "pattern"] = Field(
        default="none",
        description="Pictures that belong together and must not be divided between training and "
        "validation. folder: those in a sub-folder of the same name. pattern: those with the same "
        "part in their names.",
    )
    group_pattern: str | None = Field(
        default=None,
        description="How the file names are written, with {group} where the part stands that "
        "related pictures share: {group}_* for patient7_012.png.",
    )
    recorded: dict[Literal["val", "test"], tuple[str, ...]] | None = Field(
        default=None,
        description="A split kept as it is: the pictures of val and test, as paths below the "
        "folder; all others train.",
    )

    @field_validator("group_pattern")
    @classmethod
    def _has_group(cls, pattern: str | None) -> str | None:
        if pattern is not None:
            NamePattern(pattern, GROUP)
        return pattern


class DataSettings(SettingsModel):
    """Which pictures to use, and how they are brought to one size and colour mode."""

    folder: str | None = Field(
        default=None,
        description="The folder of pictures: a folder for each class, train, val and test folders "
        "of those, or what data.layout says.",
    )
    layout: LayoutSettings = Field(
        default_factory=LayoutSettings, description="Where the class of each picture is written."
    )
    image_size: tuple[Side, Side] = Field(
        default=(32, 32),
        description="Height and width in pixels every picture is brought to.",
    )
    resize: Resize = Field(
        default="stretch",
        description="What is done with a picture of other proportions. stretch: the whole picture, "
        "distorted. crop: its middle, cut out. pad: the whole picture with a margin.",
    )
    interpolation: Interpolation = Field(
        default="bilinear",
        description="How pixels between pixels are found. nearest keeps hard edges; lanczos is the "
        "sharpest.",
    )
    color_mode: ColorMode = Field(
        default="rgb",
        description="rgb: three channels. grayscale: one channel; less to compute where colour "
        "does not matter.",
    )
    background: Colour = Field(
        default="#ffffff",
        description="The colour that transparent pixels are laid on and that margins are filled "
        "with.",
    )
    validation_split: float = Field(
        default=0.2,
        ge=0,
        lt=1,
        description="The share of each class kept apart to check the network after every epoch. "
        "A val folder of the data takes its place.",
    )
    seed: int = Field(
        default=0,
        ge=0,
        le=2**32 - 1,
        description="Decides which pictures are kept for validation: the same seed, the same ones.",
    )
    split: SplitSettings = Field(
        default_factory=SplitSettings,
        description="What else is kept apart, and which pictures stay together.",
    )
    excluded: tuple[str, ...] = Field(
        default=(),
        description="Pictures left out, as paths below the folder with / between the parts.",
    )
    relabelled: dict[str, str] = Field(
        default_factory=dict,
        description="Pictures given another class: path below the folder to class.",
    )
    merged: dict[str, str] = Field(
        default_factory=dict,
        description="Classes taken together with another one: class to the class it becomes.",
    )
    moved: dict[str, Split] = Field(
        default_factory=dict,
        description="Pictures put into another part: path below the folder to train, val or test.",
    )
    balance: Balance = Field(
        default="none",
        description="What is done about classes with few pictures, while training only. "
        "class_weights: every picture of a small class counts more in the loss. sampling: pictures "
        "of small classes come more often and those of large ones more rarely, so that all classes "
        "come alike; an epoch is as long as before.",
    )
    augmentation: AugmentationSettings = Field(
        default_factory=AugmentationSettings,
        description="How the pictures are changed at random while a network trains, and only "
        "then. Keras's own random layers, such as RandomFlip, do it inside the network instead.",
    )

    @property
    def channels(self) -> int:
        """Numbers per pixel: 3 for rgb, 1 for grayscale."""
        return 3 if self.color_mode == "rgb" else 1

    @property
    def preparation(self) -> Preparation:
        """How each picture becomes pixels."""
        return Preparation(
            self.image_size, self.color_mode, self.resize, self.interpolation, self.background
        )
