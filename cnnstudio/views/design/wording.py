"""Figures and settings in the words of the canvas, the table and the inspector."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cnnstudio.graph.network import Layer
from cnnstudio.graph.spec import Field, Kind, Made

if TYPE_CHECKING:
    from cnnstudio.analysis import Memory

# What a setting's number counts, for the line on a card.
_NOUNS = {"filters": "filters", "units": "units"}
_PREFIXES = {
    "rate": "rate",
    "strides": "stride",
    "max_value": "max",
    "negative_slope": "slope",
    "dilation_rate": "dilation",
    "groups": "groups",
    "axis": "axis",
    "num_heads": "heads",
    "key_dim": "key",
    "mean": "mean",
    "variance": "variance",
    "shared_axes": "shared",
    "alpha": "alpha",
    "size": "×",
    "scale": "×",
    "offset": "+",
}


def shape_text(shape: Sequence[int] | None, *, tight: bool = False) -> str:
    """`64 × 64 × 32`; `64×64×32` when tight; a dash when unknown."""
    if shape is None:
        return "–"
    return ("×" if tight else " × ").join(map(str, shape)) if shape else "one number"


def count_text(count: int) -> str:
    """`9,248`; from a million on three figures: `2.36 M`, `138 M`, `15.5 G`."""
    return f"{count:,}" if count < 1_000_000 else short_count(count)


def short_count(count: float) -> str:
    """Three figures: `512`, `37.7 k`, `2.36 M`, `15.5 G`."""
    for limit, suffix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        # What would round up to 1000 of the smaller unit belongs to the larger one.
        if count >= limit * 0.9995:
            return f"{_three(count / limit)} {suffix}"
    return f"{count:,.0f}"


def bytes_text(size: float) -> str:
    """`512 KB`, `3.1 MB`: powers of 1024."""
    for power, suffix in ((4, "TB"), (3, "GB"), (2, "MB"), (1, "KB")):
        if size >= 1024**power * 0.9995:
            return f"{_three(size / 1024**power)} {suffix}"
    return f"{size:,.0f} B"


def number_text(value: float) -> str:
    """A number as a person would type it: `1/255`, `1/127.5`, `0.5`, `1e-07`."""
    if 9e-4 < abs(value) < 0.5:
        inverse = round(2 / value) / 2
        if 2 < abs(inverse) <= 1024 and value == 1 / inverse and len(f"{value:.12g}") > 8:
            return f"1/{inverse:g}" if inverse > 0 else f"-1/{-inverse:g}"
    return f"{value:g}" if float(f"{value:g}") == value else repr(value)


def value_text(field: Field, value: Any) -> str:
    """The value of a setting in words."""
    if value is None:
        return field.none_means or "none"
    if field.kind is Kind.FLOAT or isinstance(value, float):
        return number_text(value)
    if field.kind in (Kind.WHOLES, Kind.NUMBERS):
        return ", ".join(map(number_text, value))
    if field.kind is Kind.RANGE:
        return f"{number_text(value[0])} to {number_text(value[1])}"
    if isinstance(value, Made):
        options = {option.name: option for option in field.options[value.name]}
        parts = (f"{key} {value_text(options[key], part)}" for key, part in value.arguments)
        return f"{value.name} ({', '.join(parts)})"
    if field.kind is Kind.BOOL:
        return "yes" if value else "no"
    if field.kind in (Kind.PAIR, Kind.SHAPE):
        return " × ".join(map(str, value))
    if field.kind is Kind.SIDES:
        return ", ".join(str(part) for axis in value for part in axis)
    if field.kind is Kind.REGULARIZER:
        return f"L1 {number_text(value.l1)}, L2 {number_text(value.l2)}"
    return str(value)


def key_settings(layer: Layer, *, nouns: bool = True) -> list[str]:
    """The settings worth a place on the card, in order: `32 filters`, `3×3`, `same`."""
    words = (
        _word(layer.spec.field(name), layer[name], nouns=nouns) for name in layer.spec.key_fields
    )
    return [word for word in words if word]


def _word(field: Field, value: Any, *, nouns: bool) -> str:
    if value is None or field.kind is Kind.SHAPE:
        return ""
    if field.kind is Kind.CHOICE:
        return "" if value == "linear" else value
    quiet = field.name in ("strides", "dilation_rate", "axis", "offset", "alpha") or (
        field.name in ("groups", "negative_slope") and field.default in (1, 0.0)
    )
    if quiet and value == field.default:
        return ""
    if field.kind is Kind.PAIR:
        square = field.name == "strides" and value[0] == value[1]
        text = str(value[0]) if square else "×".join(map(str, value))
    elif field.kind is Kind.SIDES:
        parts = [part for axis in value for part in axis]
        text = str(parts[0]) if len(set(parts)) == 1 else " ".join(map(str, parts))
        return f"{'crop' if field.name == 'cropping' else 'pad'} {text}"
    elif field.kind in (Kind.WHOLES, Kind.NUMBERS, Kind.RANGE):
        text = value_text(field, value)
        if field.kind is Kind.NUMBERS:
            numbers = value if isinstance(value, tuple) else (value,)
            text = ", ".join(map(_rounded, numbers))
            if field.name == "offset" and len(numbers) == 1 and value < 0:
                return f"− {_rounded(-value)}"
        if field.kind is Kind.RANGE and value[0] == -value[1]:
            text = f"± {number_text(value[1])}"
        if isinstance(value, tuple) and len(value) > 3:
            text = f"{len(value)} numbers"
    else:
        text = number_text(value) if field.kind is Kind.FLOAT else str(value)
    if nouns and field.name in _NOUNS:
        return f"{text} {_NOUNS[field.name] if value != 1 else _NOUNS[field.name][:-1]}"
    return f"{_PREFIXES[field.name]} {text}" if field.name in _PREFIXES else text


def _rounded(value: float) -> str:
    """As `number_text`, but with three figures where that is long."""
    text = number_text(value)
    return text if len(text) <= 8 else f"{value:.3g}"


def memory_tip(needed: Memory) -> str:
    """How both amounts of memory come about, for a tooltip."""
    lines = []
    for part in needed.explained():
        note = part.note[:1].upper() + part.note[1:]
        lines.append(f"{part.title}: {part.formula}\n{part.numbers}\n{note}.")
    return "\n\n".join(lines)


def counted(number: int, noun: str) -> str:
    """`1 layer`, `3 layers`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _three(value: float) -> str:
    if value >= 99.95:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 9.995 else f"{value:.2f}".rstrip("0").rstrip(".")
