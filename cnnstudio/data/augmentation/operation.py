"""What every operation of the augmentation is: a switch, a chance, numbers with a range.

An operation is declared once, as a class: its settings are the fields, its help the `help`, what
it does to pictures a method. Project files, the window, training and tests read that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import Field, ValidationInfo, field_validator

from cnnstudio.data.settings_model import SettingsModel

Group = Literal["Geometry", "Colour", "Noise & blur", "Erase & mix"]
GROUPS: tuple[Group, ...] = get_args(Group)
# The least and the greatest of a random number.
Range = tuple[float, float]


@dataclass(frozen=True)
class Scale:
    """What a number may be, and how it is shown: times `factor`, with `unit`, in steps of `step`.

    `label` says what it is; `low` and `high` limit the number itself; `step` is as shown. On a
    `fine` scale small numbers are more usual than large ones.
    """

    label: str
    low: float
    high: float
    unit: str = ""
    factor: float = 1.0
    step: float = 1.0
    fine: bool = False

    def shown(self, value: float) -> float:
        """The number as a person reads it."""
        return round(value * self.factor, 6)

    def meant(self, shown: float) -> float:
        """The number that is shown so, within the limits."""
        return min(self.high, max(self.low, round(shown / self.factor, 6)))

    def words(self, pair: Range) -> str:
        """A range in words: "±15°", "90–110 %"."""
        least, most = (self.shown(value) for value in pair)
        if least == most:
            return f"{figure(most)}{self.unit}"
        if least == -most:
            return f"±{figure(most)}{self.unit}"
        dash = "–" if least >= 0 else " to "
        return f"{figure(least)}{dash}{figure(most)}{self.unit}"


def figure(value: float) -> str:
    """A number as it is written in a sentence."""
    return f"{value:g}".replace("-", "−")


Chance = Annotated[float, Scale("Chance", 0, 1, " %", factor=100, step=5)]


class Operation(SettingsModel):
    """Base of all operations.

    Attributes:
        title: its name for people; `word`: its name in a sentence, if that is another;
            `group`: where it stands; `help`: what it does and when.
        neutral: the number of `range` that changes nothing.
        colours_only: whether it has no effect on grey pictures.
        mixes_labels: whether it gives pictures shares of other classes.
    """

    title: ClassVar[str]
    word: ClassVar[str] = ""
    group: ClassVar[Group]
    help: ClassVar[str]
    neutral: ClassVar[float] = 0.0
    colours_only: ClassVar[bool] = False
    mixes_labels: ClassVar[bool] = False

    enabled: bool = Field(default=False, description="Whether it is used.")
    probability: Chance = Field(
        default=1.0, description="The share of the pictures it is used on, chosen at random."
    )

    @field_validator("*")
    @classmethod
    def _within(cls, value: Any, info: ValidationInfo) -> Any:
        scale = dict(cls.scales()).get(info.field_name or "")
        if scale is None:
            return value
        low, high = f"{scale.low:g}", f"{scale.high:g}"
        if isinstance(value, tuple):
            least, most = value
            if not scale.low <= least <= most <= scale.high:
                raise ValueError(
                    f"goes from a lower to a higher number between {low} and {high}, not from "
                    f"{least:g} to {most:g}"
                )
        elif not scale.low <= value <= scale.high:
            raise ValueError(f"lies between {low} and {high}, not at {value:g}")
        return value

    @classmethod
    def scales(cls) -> Iterator[tuple[str, Scale]]:
        """The numbers that can be set, with their scales; the chance is the last."""
        names = [name for name in cls.model_fields if name != "probability"]
        for name in [*names, "probability"]:
            for found in cls.model_fields[name].metadata:
                if isinstance(found, Scale):
                    yield name, found

    @property
    def words(self) -> str:
        """It and its range in a few words: "rotation ±15°"."""
        title = self.word or self.title.lower()
        scale = dict(self.scales()).get("range")
        return title if scale is None else f"{title} {scale.words(getattr(self, 'range'))}"  # noqa: B009

    def values(self, draw: Draw) -> Any:
        """A number of `range` for each picture, the neutral one where chance leaves it out."""
        return self.chosen(draw, draw.uniform("value", *getattr(self, "range")), self.neutral)  # noqa: B009

    def chosen(self, draw: Draw, drawn: Any, neutral: float) -> Any:
        """`drawn` (pictures,), with `neutral` for those that chance leaves out."""
        if self.probability >= 1:
            return drawn
        return draw.tf.where(self.happens(draw), drawn, neutral)

    def happens(self, draw: Draw) -> Any:
        """Whether chance chose each picture: bool (pictures,)."""
        return draw.uniform("chance", 0.0, 1.0) < self.probability


class Draw:
    """The random numbers of one operation for one batch.

    They depend on the seed, the operation, the number of the batch and the place of the picture in
    it, and on nothing else: not on the process, the machine or the other operations. A setting
    that changes scales the same numbers, so that a picture follows a slider.
    """

    def __init__(self, seed: int, operation: str, number: Any, pictures: Any) -> None:
        import tensorflow as tf

        self.tf = tf
        self.count = tf.shape(pictures)[0]
        self.height, self.width = pictures.shape[1:3]
        self._name = f"{seed}/{operation}"
        self._number = tf.cast(number, tf.int64)

    def uniform(self, what: str, low: float, high: float) -> Any:
        """Numbers from `low` to `high`: float32 (pictures,)."""
        drawn = self.tf.random.stateless_uniform([self.count], self._seed(what), alg="philox")
        return low + (high - low) * drawn

    def normal(self, what: str, shape: Any) -> Any:
        """Numbers of mean 0 and deviation 1: float32 of `shape`."""
        return self.tf.random.stateless_normal(shape, self._seed(what), alg="philox")

    def _seed(self, what: str) -> Any:
        key = hashlib.blake2b(f"{self._name}/{what}".encode(), digest_size=8).digest()
        first = int.from_bytes(key, "little", signed=True)
        return self.tf.stack([self.tf.constant(first, self.tf.int64), self._number])
