"""What file names say: patterns such as {class}_* for cat_012.jpg, and guessing them.

In a pattern, {class} or {group} stands for what is wanted (as little text as fits), {number} for
digits, * for any text, ? for one character; everything else for itself. It is held against the name
without its suffix, and if that does not fit against the whole name.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

CLASS, GROUP = "class", "group"
# What cameras and programs call every picture: no classes.
_EVERYTHING = {
    *("img", "image", "dsc", "dscn", "dscf", "pic", "picture", "photo", "frame", "screenshot"),
    *("scan", "file", "untitled", "pxl", "vid", "copy"),
}
_PART = re.compile(r"\{(\w+)\}|\*|\?")
_GUESSES = (
    "{class}_{number}",
    "{class}-{number}",
    "{class}.{number}",
    "{class} {number}",
    "{class} ({number})",
    "{class}{number}",
    "{number}_{class}",
    "{number}-{class}",
    "{number}.{class}",
    "{number} {class}",
    "{class}_*",
    "{class}-*",
    "{class}.*",
    "{class} *",
    "*_{class}",
    "*-{class}",
)
_LOOKED_AT = 2000  # names from which a pattern is guessed
_FITTING = 0.9  # share of the names that a guessed pattern fits


class NamePattern:
    """A pattern that gives what stands for `wanted` ("class" or "group") in a file name.

    Raises `ValueError` with a sentence for a pattern without it.
    """

    def __init__(self, pattern: str, wanted: str) -> None:
        if f"{{{wanted}}}" not in pattern:
            raise ValueError(f'"{pattern}" has no {{{wanted}}} in it, as in {{{wanted}}}_*')
        self._found = re.compile(_expression(pattern, wanted), re.DOTALL)

    def find(self, name: str) -> str | None:
        """What stands for the wanted part in the file name `name`; None if it does not fit."""
        match = self._found.fullmatch(os.path.splitext(name)[0]) or self._found.fullmatch(name)
        return match["wanted"].strip() or None if match else None


@dataclass(frozen=True)
class Guess:
    """A pattern that most names fit, and the classes that it gives with their pictures."""

    pattern: str
    classes: dict[str, int]


def guess_pattern(names: Iterable[str]) -> Guess | None:
    """The pattern that file names seem to be written by; None where they show no classes."""
    looked_at = [name for name, _ in zip(names, range(_LOOKED_AT), strict=False)]
    guesses = []
    for pattern in _GUESSES:
        compiled = NamePattern(pattern, CLASS)
        found = [compiled.find(name) for name in looked_at]
        classes = Counter(label for label in found if label is not None)
        if _makes_sense(classes, len(looked_at)):
            guesses.append(Guess(pattern, dict(sorted(classes.items()))))
    # cat_p7_012 is a cat, not a cat_p7.
    return min(guesses, key=lambda guess: any(map(_has_digit, guess.classes)), default=None)


def _has_digit(label: str) -> bool:
    return any(letter.isdigit() for letter in label)


def _makes_sense(classes: Counter[str], names: int) -> bool:
    number = sum(classes.values())
    if len(classes) < 2 or number < _FITTING * names or number < 2 * len(classes):
        return False
    # Classes are words that come again.
    words = [label for label in classes if any(letter.isalpha() for letter in label)]
    single = sum(count == 1 for count in classes.values())
    return (
        len(words) == len(classes)
        and single <= len(classes) / 4
        and not all(label.lower().strip(" _-.") in _EVERYTHING for label in classes)
    )


def _expression(pattern: str, wanted: str) -> str:
    """A pattern as a regular expression with the group `wanted`."""
    parts, end, seen = [], 0, False
    for match in _PART.finditer(pattern):
        parts.append(re.escape(pattern[end : match.start()]))
        end = match.end()
        word = match[1]
        if word == wanted and not seen:
            parts.append("(?P<wanted>.+?)")
            seen = True
        elif word == wanted:
            parts.append("(?P=wanted)")
        elif word == "number":
            parts.append(r"\d+")
        else:
            parts.append("." if match[0] == "?" else ".*?")
    return "".join(parts) + re.escape(pattern[end:])
