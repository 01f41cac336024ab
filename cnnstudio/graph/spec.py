"""What a layer type is, as data: the one declaration behind palette, inspector, analysis and tests.

A `LayerSpec` names a Keras layer class and its `Field`s (Keras argument names, kinds, ranges,
defaults, help). The catalogue in `cnnstudio.graph.catalogue` is the list of them.
"""

from __future__ import annotations

import dataclasses
import enum
import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

# Axes a shape may have, and numbers in a list.
LONGEST = 6
MOST_NUMBERS = 4096


class Kind(enum.Enum):
    """The kind of value a setting holds; each has one editor in the inspector."""

    INT = "whole number"
    FLOAT = "number"
    BOOL = "yes or no"
    CHOICE = "one of a list"
    PAIR = "height and width"
    SIDES = "top, bottom, left, right"
    SHAPE = "height, width, channels"
    WHOLES = "list of whole numbers"
    NUMBERS = "number or list of numbers"
    RANGE = "number or lowest and highest number"
    REGULARIZER = "L1 and L2 penalty"
    OBJECT = "one of a list, with settings of its own"


class Category(enum.Enum):
    """The family of a layer: its place in the palette and its colour."""

    INPUT = "Input & scaling"
    CONVOLUTION = "Convolution"
    POOLING = "Pooling"
    NORMALISATION = "Normalisation"
    ACTIVATION = "Activation"
    REGULARISATION = "Regularisation"
    DENSE = "Dense"
    ATTENTION = "Attention"
    MERGE = "Merge"
    SHAPE = "Shape"
    AUGMENTATION = "Augmentation"


class Arity(enum.Enum):
    """How many links may end at a layer."""

    NONE = 0
    ONE = 1
    MANY = 2


class Call(enum.Enum):
    """How a layer of Keras is called with what feeds it."""

    ONE = "layer(x)"
    LIST = "layer([x, y])"
    # Attention of a single input to itself takes it twice: query and value.
    APART = "layer(x, y)"


# A field whose default is Keras's own.
AS_KERAS: Any = object()


class L1L2(NamedTuple):
    """Penalty on weights: `l1·Σ|w| + l2·Σw²`, as `keras.regularizers.L1L2`."""

    l1: float = 0.0
    l2: float = 0.0


class Made(NamedTuple):
    """An object of Keras that differs from its defaults, such as an initialiser.

    `arguments` are those that differ, in the order they are declared in.
    """

    name: str
    arguments: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """One setting of a layer, under Keras's own argument name.

    Values are immutable: int, float, bool, str, a pair `(height, width)`, sides
    `((top, bottom), (left, right))`, a shape `(height, width, channels)`, whole numbers as a
    tuple, a float or a tuple of several floats, a range `(low, high)`, an `L1L2`, an object by its
    name alone or as a `Made`, or None where `optional`.

    `options` are the fields that each of the `choices` of an object has.

    `keras_default` is Keras's own default where ours is another, None where it has none.
    """

    name: str
    kind: Kind
    default: Any
    help: str
    minimum: float | None = None
    maximum: float | None = None
    exclusive_maximum: bool = False
    exclusive_minimum: bool = False
    choices: tuple[str, ...] = ()
    optional: bool = False
    none_means: str = ""
    advanced: bool = False
    keras_default: Any = AS_KERAS
    options: Mapping[str, tuple[Field, ...]] = dataclasses.field(
        default_factory=lambda: MappingProxyType({}), hash=False
    )

    def check(self, value: Any) -> Any:
        """Return `value` in its canonical immutable form.

        Raises ValueError with a sentence for the person when it does not fit.
        """
        if value is None:
            if self.optional:
                return None
            raise ValueError(f"{self.name} needs {_article(self.kind.value)}.")
        if self.kind is Kind.BOOL:
            if not isinstance(value, bool):
                raise ValueError(f"{self.name} is either true or false, not {value!r}.")
            return value
        if self.kind is Kind.CHOICE:
            if value not in self.choices:
                raise ValueError(
                    f"{self.name} cannot be {value!r}: choose one of {', '.join(self.choices)}."
                )
            return value
        if self.kind is Kind.INT:
            if isinstance(value, (list, tuple)) and len(value) == 1:
                # As Keras 2 writes an axis.
                value = value[0]
            return self._ranged(_whole(self.name, value))
        if self.kind is Kind.FLOAT:
            return self._ranged(_number(self.name, value))
        if self.kind is Kind.PAIR:
            if isinstance(value, int) and not isinstance(value, bool):
                value = (value, value)
            return self._whole_tuple(value, 2)
        if self.kind is Kind.SHAPE:
            return self._whole_tuple(value, 3)
        if self.kind is Kind.SIDES:
            return self._sides(value)
        if self.kind is Kind.WHOLES:
            return self._wholes(value)
        if self.kind is Kind.NUMBERS:
            return self._numbers(value)
        if self.kind is Kind.RANGE:
            return self._range(value)
        if self.kind is Kind.OBJECT:
            return self._object(value)
        return self._regularizer(value)

    def encode(self, value: Any) -> Any:
        """`value` as plain JSON data."""
        if self.kind is Kind.REGULARIZER and value is not None:
            return {"l1": value.l1, "l2": value.l2}
        if self.kind is Kind.SIDES:
            return [list(axis) for axis in value]
        if isinstance(value, Made):
            fields = {field.name: field for field in self.options[value.name]}
            return {
                "name": value.name,
                **{key: fields[key].encode(part) for key, part in value.arguments},
            }
        return list(value) if isinstance(value, tuple) else value

    def _ranged(self, value: Any) -> Any:
        low, high = self.minimum, self.maximum
        if low is not None and (value < low or (self.exclusive_minimum and value == low)):
            bound = "more than" if self.exclusive_minimum else "at least"
            raise ValueError(f"{self.name} must be {bound} {low:g}, not {_short(value)}.")
        if high is not None and (value > high or (self.exclusive_maximum and value == high)):
            bound = "less than" if self.exclusive_maximum else "at most"
            raise ValueError(f"{self.name} must be {bound} {high:g}, not {_short(value)}.")
        return value

    def _whole_tuple(self, value: Any, length: int) -> tuple[int, ...]:
        if not isinstance(value, (list, tuple)) or len(value) != length:
            raise ValueError(f"{self.name} needs {length} whole numbers ({self.kind.value}).")
        return tuple(self._ranged(_whole(self.name, part)) for part in value)

    def _sides(self, value: Any) -> tuple[tuple[int, int], tuple[int, int]]:
        if isinstance(value, int) and not isinstance(value, bool):
            value = ((value, value), (value, value))
        if not isinstance(value, (list, tuple)) or len(value) != 2:
            raise ValueError(f"{self.name} needs four whole numbers ({self.kind.value}).")
        axes = []
        for axis in value:
            if isinstance(axis, int) and not isinstance(axis, bool):
                axis = (axis, axis)
            begin, end = self._whole_tuple(axis, 2)
            axes.append((begin, end))
        return axes[0], axes[1]

    def _wholes(self, value: Any) -> tuple[int, ...]:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            value = (value,)
        if not isinstance(value, (list, tuple)) or not 1 <= len(value) <= LONGEST:
            raise ValueError(f"{self.name} needs one to {LONGEST} whole numbers.")
        return tuple(self._ranged(_whole(self.name, part)) for part in value)

    def _numbers(self, value: Any) -> float | tuple[float, ...]:
        if not isinstance(value, (list, tuple)):
            return self._ranged(_number(self.name, value))
        if not 1 <= len(value) <= MOST_NUMBERS:
            raise ValueError(f"{self.name} needs a number, or one for each channel.")
        numbers = tuple(self._ranged(_number(self.name, part)) for part in value)
        return numbers if len(numbers) > 1 else numbers[0]

    def _range(self, value: Any) -> tuple[float, float]:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            # As Keras: a number stands for as much in both directions.
            far = abs(self._ranged(_number(self.name, value)))
            return (max(-far, self.minimum) if self.minimum is not None else -far, far)
        if not isinstance(value, (list, tuple)) or len(value) != 2:
            raise ValueError(f"{self.name} needs a number, or a lowest and a highest one.")
        low, high = (self._ranged(_number(self.name, part)) for part in value)
        if low > high:
            raise ValueError(f"{self.name} goes from the lowest to the highest number.")
        return low, high

    def _object(self, value: Any) -> str | Made:
        given: Mapping[str, Any] = {}
        if isinstance(value, Made):
            value, given = value.name, dict(value.arguments)
        elif isinstance(value, Mapping):
            given = {str(key): part for key, part in value.items() if key != "name"}
            value = value.get("name")
        if value not in self.choices:
            raise ValueError(
                f"{self.name} cannot be {value!r}: choose one of {', '.join(self.choices)}."
            )
        fields = {field.name: field for field in self.options.get(value, ())}
        unknown = [key for key in given if key not in fields]
        if unknown:
            raise ValueError(f"{self.name}: {value} has no {unknown[0]!r}.")
        try:
            checked = {key: fields[key].check(part) for key, part in given.items()}
            checked = {key: checked.get(key, field.default) for key, field in fields.items()}
        except ValueError as error:
            raise ValueError(f"{self.name}: {error}") from None
        differing = tuple(
            (key, checked[key])
            for key, field in fields.items()
            if checked[key] != field.default or field.keras_default is None
        )
        return Made(value, differing) if differing else value

    def _regularizer(self, value: Any) -> L1L2 | None:
        if isinstance(value, Mapping):
            unknown = set(value) - {"l1", "l2"}
            if unknown:
                raise ValueError(f"{self.name} knows l1 and l2, not {', '.join(sorted(unknown))}.")
            value = (value.get("l1", 0.0), value.get("l2", 0.0))
        if not isinstance(value, (list, tuple)) or len(value) != 2:
            raise ValueError(f"{self.name} needs two numbers, l1 and l2.")
        penalty = L1L2(*(_number(self.name, part) for part in value))
        if min(penalty) < 0:
            raise ValueError(f"{self.name} must not be negative: it would reward large weights.")
        return penalty if any(penalty) else None


@dataclass(frozen=True, slots=True)
class LayerSpec:
    """A layer type.

    `type` is the Keras class name (`Input` for `keras.Input`); `summary` says in one sentence
    what it does to a picture; `keywords` are further words the palette's search finds it by;
    `key_fields` are shown on the canvas; `positional` are the fields that Keras has no default
    for, or that are written first; `module` is where the class lives; `keeps_shape` says that the
    output always has the shape of the input; `weighted` says that it may have weights.
    """

    type: str
    category: Category
    summary: str
    fields: tuple[Field, ...] = ()
    arity: Arity = Arity.ONE
    stem: str = ""
    keywords: tuple[str, ...] = ()
    key_fields: tuple[str, ...] = ()
    positional: tuple[str, ...] = ()
    keeps_shape: bool = False
    weighted: bool = False
    module: str = "keras.layers"
    call: Call = Call.ONE

    def field(self, name: str) -> Field:
        """The field called `name`; KeyError if the layer has none."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)

    @property
    def defaults(self) -> dict[str, Any]:
        """A fresh settings mapping with every field at its default."""
        return {field.name: field.default for field in self.fields}


def _article(noun: str) -> str:
    return noun if noun.startswith(("height", "top", "L1", "yes")) else f"a {noun}"


def _whole(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value // 1:
        raise ValueError(f"{name} needs whole numbers, not {value!r}.")
    return int(value)


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{name} needs a number, not {value!r}.")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"{name} needs a finite number.")
    return number


def _short(value: float) -> str:
    try:
        return f"{value:g}"
    except OverflowError:
        return "a number of that size"
