"""How a search goes on: the `search` part of a project file, with types, ranges and help.

The descriptions of the fields are the help texts that the window and `--help` show. What is
searched over is `space`: a key as `train --set` takes it, or `layers.NAME.SETTING`, to the values
it may have.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Literal

from pydantic import Field, JsonValue, field_validator, model_validator

from cnnstudio.search.errors import SearchError
from cnnstudio.training.strict import StrictSettings

# The part of a project file that holds these settings; it is written only when used.
PART = "search"
# How the file of a study is called, where nobody says it.
SUFFIX = ".study"
Method = Literal["bayesian", "random", "grid"]
PrunerName = Literal["none", "median", "hyperband"]
Figure = Literal[
    "val_accuracy",
    "val_loss",
    "val_f1",
    "val_auc",
    "val_precision",
    "val_recall",
    "accuracy",
    "loss",
]
# Values of a range without a step that a grid tries.
GRID_POINTS = 5
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_RANGE = re.compile(
    rf"\s*({_NUMBER})\s*\.\.\s*({_NUMBER})((?:[\s:,]+log)?)(?:[\s:,]+step[\s=:]*({_NUMBER}))?\s*"
)


class Range(StrictSettings):
    """Every number from `low` to `high`, both included."""

    low: float
    high: float
    log: bool = Field(default=False, description="Try small and large numbers alike, by factors.")
    step: float | None = Field(default=None, gt=0, description="Only low, low + step, …")

    @model_validator(mode="after")
    def _in_order(self) -> Range:
        if self.low >= self.high:
            raise ValueError(
                f"a range goes from low to high, not from {self.low:g} to {self.high:g}"
            )
        if self.log and self.low <= 0:
            raise ValueError("a logarithmic range begins above 0")
        if self.log and self.step is not None:
            raise ValueError("a range is either logarithmic or has a step")
        return self

    def grid(self, *, whole: bool) -> list[float]:
        """The numbers of the range that a grid tries."""
        if self.step is not None:
            count = math.floor((self.high - self.low) / self.step + 1e-9) + 1
            found = [self.low + number * self.step for number in range(count)]
        else:
            shares = [number / (GRID_POINTS - 1) for number in range(GRID_POINTS)]
            if self.log:
                ratio = self.high / self.low
                found = [self.low * ratio**share for share in shares]
            else:
                found = [self.low + (self.high - self.low) * share for share in shares]
        if whole:
            return list(dict.fromkeys(round(number) for number in found))
        return list(dict.fromkeys(float(f"{number:.6g}") for number in found))


class Choices(StrictSettings):
    """One of some values."""

    choices: tuple[JsonValue, ...] = Field(min_length=1)

    @field_validator("choices")
    @classmethod
    def _distinct(cls, choices: tuple[JsonValue, ...]) -> tuple[JsonValue, ...]:
        if len({written(choice) for choice in choices}) < len(choices):
            raise ValueError("a value is there twice")
        return choices


Entry = Range | Choices


class SearchSettings(StrictSettings):
    """All settings of a search."""

    method: Method = Field(
        default="bayesian",
        description="How the next values are chosen. bayesian learns from the trials so far (TPE); "
        "random looks everywhere alike; grid tries every combination.",
    )
    pruner: PrunerName = Field(
        default="median",
        description="Which trials end early. median: those worse than half of the others after as "
        "many epochs. hyperband: most after an epoch or three, the best go on. none: no trial.",
    )
    trials: int | None = Field(
        default=20,
        ge=1,
        le=100_000,
        description="Trials in all, those of other computers and those that ended early included. "
        "Empty: until the hours are used up or Stop.",
    )
    hours: float | None = Field(
        default=None,
        gt=0,
        le=100_000,
        description="No trial begins after so many hours of training, of all computers together.",
    )
    epochs: int | None = Field(
        default=None,
        ge=1,
        le=100_000,
        description="Epochs of each trial. Empty: as many as the training settings say.",
    )
    monitor: Figure = Field(
        default="val_accuracy",
        description="The figure that trials are ranked by, of their best epoch. Without validation "
        "pictures, val_accuracy means accuracy and val_loss means loss.",
    )
    direction: Literal["auto", "maximize", "minimize"] = Field(
        default="auto",
        description="Whether more of the figure is better; auto: less of a loss, more of others.",
    )
    seed: int = Field(
        default=0, ge=0, le=2**31 - 1, description="The same seed, the same values in each trial."
    )
    study: str = Field(
        default="",
        description="Where the trials are written down: a file, which may be in a shared folder, "
        "or the URL of a database (sqlite:///…, postgresql://…). Several computers that name the "
        "same one work together. With #NAME at its end one of several studies there. Empty: a file "
        "beside the runs. The project file keeps this as it is: a password is better in ~/.pgpass.",
    )
    space: dict[str, Entry] = Field(
        default_factory=dict, description="What is searched over: keys and their values."
    )

    @property
    def maximizes(self) -> bool:
        """Whether more of the figure is better."""
        if self.direction == "auto":
            return not self.monitor.endswith("loss")
        return self.direction == "maximize"


def written(value: Any) -> str:
    """A value as text that tells it from every other: JSON."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def entry_text(entry: Entry) -> str:
    """What `parse_entry` reads: `0.0001 .. 0.1 log`, `8 .. 64 step 8`, `16, 32, 64`."""
    if isinstance(entry, Range):
        text = f"{_short(entry.low)} .. {_short(entry.high)}"
        if entry.step is not None:
            text += f" step {_short(entry.step)}"
        return text + " log" * entry.log
    plain = all(_is_plain(choice) for choice in entry.choices)
    if not plain:
        return written(list(entry.choices))
    return ", ".join(
        choice if isinstance(choice, str) else written(choice) for choice in entry.choices
    )


def parse_entry(text: str) -> Entry:
    """An entry as a person writes it. Raises `SearchError`.

    `LOW..HIGH`, with `log` or `step N` after it; values with commas between them; or JSON: a list
    of values, or an object as in a project file.
    """
    found = _RANGE.fullmatch(text)
    try:
        if found is not None:
            low, high, log, step = found.groups()
            return Range(
                low=float(low),
                high=float(high),
                log=bool(log),
                step=None if step is None else float(step),
            )
        value = _json(text)
        if isinstance(value, dict):
            kind = Range if "low" in value else Choices
            return kind.model_validate_json(json.dumps(value))
        if isinstance(value, list):
            return Choices(choices=tuple(value))
        parts = [part.strip() for part in text.split(",")]
        if not all(parts):
            raise ValueError("write LOW .. HIGH, or values with commas between them")
        return Choices(choices=tuple(_value(part) for part in parts))
    except ValueError as error:
        raise SearchError(f'"{text.strip()}" cannot be searched over: {_reason(error)}.') from None


def _reason(error: ValueError) -> str:
    errors = getattr(error, "errors", None)
    reasons = [str(each["msg"]) for each in errors()] if errors else [str(error)]
    return "; ".join(reason.removeprefix("Value error, ").rstrip(".") for reason in reasons)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return {"True": True, "False": False, "None": None}.get(text, text)


def _is_plain(value: Any) -> bool:
    """Whether a value is read back from its text between commas."""
    if isinstance(value, str):
        return (
            bool(value) and value == value.strip() and "," not in value and _value(value) == value
        )
    return not isinstance(value, (list, dict))


def _short(value: float) -> str:
    text = f"{value:g}"
    return text if float(text) == value else repr(value)
