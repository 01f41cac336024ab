"""Settings as frozen pydantic models, with errors a person can act on.

`SettingsModel` is the base of the groups of settings in a project file (`DataSettings`,
`TrainingSettings`), `settings_from_json` reads them, `apply_assignments` is the command line's
`--set`.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from cnnstudio.errors import StudioError


class SettingsError(StudioError):
    """A setting that does not exist or cannot have the value given."""


class SettingsModel(BaseModel):
    """Base of every group of settings: frozen, no unknown keys, no infinite numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def to_json(self) -> dict[str, Any]:
        """The settings as plain JSON data, as `settings_from_json` reads them."""
        return self.model_dump(mode="json")


Model = TypeVar("Model", bound=BaseModel)


def settings_from_json(model_class: type[Model], data: Mapping[str, Any], where: str) -> Model:
    """Settings from plain JSON data; `where` ("data", "training") begins the names in errors.

    Raises `SettingsError`: "training.epochs must be at least 1, not 0."
    """
    try:
        # As JSON: strict models then take lists for tuples.
        return model_class.model_validate_json(json.dumps(dict(data), default=str))
    except ValidationError as error:
        found = [_sentence(entry, model_class, where) for entry in error.errors()]
        raise SettingsError(" ".join(dict.fromkeys(found))) from None


def with_setting(settings: Model, name: str, value: Any) -> Model:
    """The settings with another value of `name`, or with dots of one inside: "split.folds"."""
    field, _, inner = name.partition(".")
    if inner:
        value = with_setting(getattr(settings, field), inner, value)
    return settings.model_copy(update={field: value})


def apply_assignments(
    parts: Mapping[str, Mapping[str, Any]],
    assignments: Iterable[str],
    models: Mapping[str, type[BaseModel]] | None = None,
) -> dict[str, dict[str, Any]]:
    """`parts` ("data", "training": JSON data) with "training.optimizer.learning_rate=0.01" applied.

    A value is read as JSON, and as plain text where it is none. Keys are looked up in `models`
    where given; values are checked by `settings_from_json` afterwards. Raises `SettingsError`.
    """
    result = {name: _copy(part) for name, part in parts.items()}
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        path = [part.strip() for part in key.split(".")]
        if not equals or not all(path):
            raise SettingsError(
                f'"{assignment}" is not a setting and a value: write KEY=VALUE, '
                "for example training.epochs=5."
            )
        if path[0] not in result or len(path) < 2:
            raise SettingsError(_unknown(".".join(path), _all_keys(result, models)))
        if models is not None and path[0] in models:
            _check_key(path, models[path[0]])
        target: dict[str, Any] = result[path[0]]
        for part in path[1:-1]:
            inner = target.get(part)
            if not isinstance(inner, dict):
                inner = {}
            target[part] = inner
            target = inner
        target[path[-1]] = _value(text)
    return result


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return {"True": True, "False": False, "None": None}.get(text.strip(), text)


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copy(inner) for key, inner in value.items()}
    return value


def _check_key(path: list[str], model: type[BaseModel]) -> None:
    known = _keys(model, path[0])
    key = ".".join(path)
    if key not in known and not any(name.startswith(key + ".") for name in known):
        raise SettingsError(_unknown(key, known))


def _keys(model: type[BaseModel], prefix: str) -> list[str]:
    """Dotted names of every setting below a model."""
    keys = []
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            keys += _keys(inner, f"{prefix}.{name}")
        else:
            keys.append(f"{prefix}.{name}")
    return keys


def _all_keys(parts: Mapping[str, Any], models: Mapping[str, type[BaseModel]] | None) -> list[str]:
    if models is None:
        return [f"{name}.…" for name in parts]
    return [key for name, model in models.items() for key in _keys(model, name)]


def _unknown(key: str, known: list[str]) -> str:
    last = {name: name.rpartition(".")[2] for name in known}
    meant = key.rpartition(".")[2]
    close = difflib.get_close_matches(meant, set(last.values()), n=3, cutoff=0.6)
    if len(meant) > 2:
        close += [name for name in last.values() if meant in name]
    near = sorted(
        (name for name in known if last[name] in close),
        key=lambda name: -difflib.SequenceMatcher(None, key, name).ratio(),
    )[:3]
    if near:
        return f"There is no setting {key}; did you mean {' or '.join(near)}?"
    return f"There is no setting {key}; there are {', '.join(known)}."


def _sentence(entry: Any, model: type[BaseModel], where: str) -> str:
    """One pydantic error in plain words."""
    location = list(entry["loc"])
    if entry["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        return _unknown(_dotted(where, location), _keys(model, where))
    if location and isinstance(location[-1], int) and entry["type"] in ("missing", "too_long"):
        location.pop()  # a pair with one or three numbers: the setting as a whole is wrong
    name, given = _dotted(where, location), _shown(entry.get("input"))
    context = entry.get("ctx", {})
    wanted = _wanted(entry["type"], context)
    if wanted is None:
        reason = str(context.get("error", entry["msg"])).rstrip(".")
        return f"{name}: {reason}."
    if entry["type"] == "missing":
        return f"{name} has too few values."
    return f"{name} must be {wanted}, not {given}."


def _wanted(kind: str, context: Mapping[str, Any]) -> str | None:
    """What a value must be, by pydantic's error type; None for a kind without a fixed phrase."""
    limits = {
        "greater_than_equal": ("at least", "ge"),
        "greater_than": ("greater than", "gt"),
        "less_than_equal": ("at most", "le"),
        "less_than": ("less than", "lt"),
        "multiple_of": ("a multiple of", "multiple_of"),
    }
    if kind in limits:
        words, key = limits[kind]
        return f"{words} {context[key]:g}" if context[key] < 1e6 else f"{words} {context[key]:,}"
    if kind in ("literal_error", "enum"):
        return "one of " + str(context["expected"]).replace("'", "").replace(" or ", ", ")
    if kind in ("too_short", "too_long"):
        length = context.get("max_length", context.get("min_length"))
        return f"a list of {length}"
    kinds = {
        "int": "a whole number",
        "float": "a number",
        "finite": "a finite number",
        "bool": "true or false",
        "string": "text",
        "tuple": "a list",
        "list": "a list",
        "model": "a group of settings",
        "dict": "a group of settings",
        "missing": "given",
    }
    return kinds.get(kind.split("_")[0])


def _dotted(where: str, location: Iterable[Any]) -> str:
    name = where
    for part in location:
        name += f"[{part}]" if isinstance(part, int) else f".{part}"
    return name


def _shown(value: Any) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        text = str(value)
    return text if len(text) <= 60 else text[:57] + "…"
