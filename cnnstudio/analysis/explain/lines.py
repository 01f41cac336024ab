"""Lines that the explanations of many layer types have in common."""

from __future__ import annotations

from math import prod

from cnnstudio.analysis.info import Explanation, LayerInfo, Shape, size

NONE = Explanation("Parameters", "none", "0", "it has nothing to learn")


def product(*factors: int) -> str:
    """The factors and what they make: `2 · 3 = 6`."""
    return f"{' · '.join(f'{factor:,}' for factor in factors)} = {prod(factors):,}"


def same(shape: Shape) -> Explanation:
    """The output is as large as the input."""
    return Explanation("Output size", "as the input", size(shape))


def multiply_adds(formula: str, numbers: str, note: str = "") -> Explanation:
    """How many multiply-adds there are."""
    return Explanation("Multiply-adds", formula, numbers, note)


def each_value(shape: Shape) -> Explanation:
    """One multiply-add for each value."""
    numbers = product(*shape) if len(shape) > 1 else f"{shape[0]:,}"
    return multiply_adds("values", numbers, "one for each value")


def trained(info: LayerInfo, note: str = "") -> str:
    """A note on parameters, and that they are frozen if they are."""
    frozen = "frozen: training leaves them as they are" if _frozen(info) else ""
    return "; ".join(part for part in (note, frozen) if part)


def _frozen(info: LayerInfo) -> bool:
    return not info.settings.get("trainable", True)


def unchanged(_info: LayerInfo, shape: Shape) -> list[Explanation]:
    """A layer that keeps the size and learns nothing."""
    return [same(shape), NONE]
