"""Python calls laid out in 88 columns as `ruff format` lays them out."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

WIDTH = 88


@dataclass(frozen=True)
class Call:
    """`function(arguments)`, or `function(arguments)(fed)`: what a layer is and what feeds it.

    A list among the arguments, or as `fed`, is written as a list; a call among the arguments is
    one argument, with its keyword in `function`; so is a list with a keyword, in square `brackets`.
    """

    function: str
    arguments: Sequence[Part]
    fed: str | list[str] | None = None
    brackets: str = "()"


Part: TypeAlias = str | list[str] | Call


def assignment(variable: str, call: Call, indent: int = 0) -> str:
    """`variable = call`, over as many lines as it needs."""
    return statement(f"{variable} = ", call, indent)


def statement(start: str, value: Call | list[str], indent: int = 0) -> str:
    """`start` followed by a call or a list, over as many lines as it needs."""
    space = " " * indent
    if isinstance(value, list):
        return space + start + _bracketed(value, indent, _width(start), "[]")
    start += value.function
    if value.fed is None:
        return space + start + _bracketed(value.arguments, indent, _width(start), "()")
    inside, fed = _joined(value.arguments), _flat(value.fed)
    head = f"{space}{start}({inside})"
    if _width(head) + _width(fed) + 2 <= WIDTH:
        return f"{head}({fed})"
    if _width(head) + 1 <= WIDTH and isinstance(value.fed, list):
        return f"{head}({_hanging([value.fed], indent)})"
    # With the head fitting, only a comma behind the last argument keeps this shape: the formatter
    # would rather break the short brackets that feed the layer.
    arguments = _hanging(value.arguments, indent, comma=_width(head) + 1 <= WIDTH)
    tail = f"{space}{start}({arguments})("
    if _width(tail.splitlines()[-1]) + _width(fed) + 1 <= WIDTH:
        return f"{tail}{fed})"
    return f"{tail}{_hanging([value.fed], indent)})"


def loop(variables: Sequence[str], items: list[str], indent: int = 0) -> str:
    """The head of a loop over a list, over as many lines as it needs."""
    space, start = " " * indent, f"for {', '.join(variables)} in "
    inside = _joined(items)
    if indent + _width(start) + _width(inside) + 3 <= WIDTH:
        return f"{space}{start}[{inside}]:"
    if indent + _width(start) + 1 > WIDTH:
        start = f"for ({_hanging(variables, indent, comma=True)}) in "
    return f"{space}{start}[{_hanging(items, indent, comma=True)}]:"


def definition(name: str, parameters: list[str]) -> str:
    """The head of a function, over as many lines as it needs."""
    line = f"def {name}({_joined(parameters)}):"
    return line if _width(line) <= WIDTH else f"def {name}({_hanging(parameters, 0)}):"


def flat(part: Part) -> str:
    """An argument on one line."""
    return _flat(part)


def _bracketed(parts: Sequence[Part], indent: int, before: int, pair: str) -> str:
    inside = _joined(parts)
    if indent + before + _width(inside) + 2 <= WIDTH:
        return f"{pair[0]}{inside}{pair[1]}"
    return f"{pair[0]}{_hanging(parts, indent, comma=pair == '[]')}{pair[1]}"


def _hanging(parts: Sequence[Part], indent: int, *, comma: bool = False) -> str:
    """The inside of brackets on lines of its own: one if they fit, else one for each part."""
    space = " " * (indent + 4)
    inside = _joined(parts)
    if not comma and len(space) + _width(inside) <= WIDTH:
        return f"\n{space}{inside}\n{' ' * indent}"
    lines = []
    for part in parts:
        if isinstance(part, str) or len(space) + _width(_flat(part)) + 1 <= WIDTH:
            lines.append(space + _flat(part))
        elif isinstance(part, list):
            lines.append(f"{space}[{_hanging(part, indent + 4, comma=True)}]")
        else:
            listed = part.brackets == "[]"
            inner = _hanging(part.arguments, indent + 4, comma=listed)
            lines.append(f"{space}{part.function}{part.brackets[0]}{inner}{part.brackets[1]}")
    # A single argument takes no comma.
    end = "," if len(parts) > 1 or comma else ""
    return "\n" + ",\n".join(lines) + f"{end}\n{' ' * indent}"


def _joined(parts: Sequence[Part]) -> str:
    return ", ".join(_flat(part) for part in parts)


def _flat(part: Part) -> str:
    if isinstance(part, Call):
        return f"{part.function}{part.brackets[0]}{_joined(part.arguments)}{part.brackets[1]}"
    return f"[{_joined(part)}]" if isinstance(part, list) else part


def _width(text: str) -> int:
    """Columns on a screen: Chinese, Japanese and Korean letters take two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(
        2 if unicodedata.east_asian_width(letter) in "WF" else 0 if _joins(letter) else 1
        for letter in text
    )


def _joins(letter: str) -> bool:
    return unicodedata.category(letter) in ("Mn", "Me", "Cf")
