"""Joining a study, and whether its trials can be ranked with those of a project as it is now."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from cnnstudio.data.settings_model import settings_from_json
from cnnstudio.graph.project import Project
from cnnstudio.search.errors import SearchError
from cnnstudio.search.settings import SearchSettings, entry_text, written
from cnnstudio.search.space import LAYERS, MODELS, check_space, split_layer_key
from cnnstudio.search.storage import (
    close_storage,
    load_optuna,
    open_storage,
    reaching,
    shown_storage,
    split_name,
)
from cnnstudio.search.study import BASE, BUDGET, FORM, FORM_VERSION, SETTINGS, Study

if TYPE_CHECKING:
    import optuna

# Seconds to wait for the process that is just making the study.
_MAKING = 5.0
# Settings that a study keeps from its first day: others would make its trials differ in kind.
_KEPT = ("method", "monitor", "direction", "epochs", "seed")


def join(
    storage: str,
    project: Project,
    settings: SearchSettings,
    epochs: int,
    *,
    budget: Collection[str] = BUDGET,
) -> Study:
    """Work on the study in `storage`, which is made if it is not there.

    `budget` names the settings, `trials` or `hours`, that are asked for now; others are taken from
    a study that exists.

    Raises `SearchError` if it searches over something else, or was begun with another network.
    """
    keys = check_space(project, settings)
    optuna = load_optuna()
    opened = open_storage(storage)
    base = base_of(project, settings)
    try:
        with reaching(storage):
            name = split_name(storage)[1]
            direction = "maximize" if settings.maximizes else "minimize"
            try:
                study = optuna.create_study(storage=opened, study_name=name, direction=direction)
            except optuna.exceptions.DuplicatedStudyError:
                study = optuna.load_study(storage=opened, study_name=name)
                said = _wait_for_settings(study)
            else:
                said = {}
            if said:
                settings = _merged(storage, said, settings, base, budget)
            if not said or settings.to_json() != said[SETTINGS]:
                study.set_user_attr(SETTINGS, settings.to_json())
            if not said:
                study.set_user_attr(BASE, base)
                study.set_user_attr(FORM, FORM_VERSION)
    finally:
        close_storage(opened)
    return Study(storage, settings, keys, epochs)


def _wait_for_settings(study: optuna.Study) -> dict[str, Any]:
    """What a study says of itself; empty where its maker died before it said anything."""
    end = time.monotonic() + _MAKING
    while True:
        said = dict(study.user_attrs)
        if FORM in said:
            return said
        if study.get_trials(deepcopy=False):
            return {FORM: 0}
        if time.monotonic() > end:
            return {}
        time.sleep(0.05)


def _merged(
    storage: str,
    said: Mapping[str, Any],
    settings: SearchSettings,
    base: Mapping[str, str],
    budget: Collection[str],
) -> SearchSettings:
    """The settings of a study that exists, with the pruner and the budget asked for now."""
    place = shown_storage(storage)
    other = f"search in another study: name another file, or {place}#NAME."
    version = said[FORM]
    if version != FORM_VERSION:
        newer = "of a newer CNN Studio" if version else "of another program"
        raise SearchError(f"{place} is a study {newer}: {other}")
    before = settings_from_json(SearchSettings, said[SETTINGS], "search")
    if what := misfit(before, said[BASE], settings, base):
        raise SearchError(f"The study {place} {what}: use the same, or {other}")
    kept = {name: getattr(before, name) for name in BUDGET if name not in budget}
    return settings.model_copy(update=kept)


def misfit(
    before: SearchSettings,
    begun: Mapping[str, str],
    settings: SearchSettings,
    base: Mapping[str, str],
) -> str:
    """Why new trials could not be ranked with those of a study; empty if they can.

    `begun` and `base` are what `base_of` gave for the study and gives now.
    """
    if written(_plain_space(before)) != written(_plain_space(settings)):
        return f"searches over {_space_text(before)}, not over {_space_text(settings)}"
    for name in _KEPT:
        was, now = getattr(before, name), getattr(settings, name)
        if was != now:
            return f"was begun with search.{name} {was}, not {now}"
    differing = [part for part, digest in base.items() if begun.get(part) != digest]
    words = {"network": "another network", "training": "other training settings"}
    what = " and ".join(words.get(part, "other data settings") for part in differing)
    return f"was begun with {what}, so its trials cannot be ranked with new ones" if what else ""


def base_of(project: Project, settings: SearchSettings) -> dict[str, str]:
    """What the trials have in common, as a digest of each part of the project.

    What is at its default is left out, so that a later version with more settings gives the same.
    """
    searched: dict[str, set[str]] = {}
    for name in settings.space:
        if name.startswith(LAYERS):
            layer, setting = split_layer_key(name)
            searched.setdefault(layer, set()).add(setting)
    network = project.network
    layers = [
        {
            "name": layer.name,
            "type": layer.type,
            "shares": layer.shares,
            "settings": {
                field.name: field.encode(layer[field.name])
                for field in layer.spec.fields
                if layer[field.name] != field.default
                and field.name not in searched.get(layer.shares or layer.name, ())
            },
        }
        for layer in network.layers.values()
    ]
    parts: dict[str, Any] = {
        "network": {"layers": layers, "links": sorted(list(link) for link in network.links)}
    }
    for part, model in MODELS.items():
        given = settings_from_json(model, getattr(project, part), part)
        used = given.model_dump(mode="json", exclude_defaults=True)
        parts[part] = _without(used, part, {*settings.space, "training.epochs", "data.folder"})
    return {
        part: hashlib.sha256(written(content).encode()).hexdigest()[:16]
        for part, content in parts.items()
    }


def _without(values: Mapping[str, Any], above: str, keys: set[str]) -> dict[str, Any]:
    """Settings without some, and without groups that are then empty."""
    found = {}
    for name, value in values.items():
        key = f"{above}.{name}"
        if isinstance(value, Mapping):
            value = _without(value, key, keys)
            if not value:
                continue
        if key not in keys:
            found[name] = value
    return found


def _plain_space(settings: SearchSettings) -> Any:
    return settings.to_json()["space"]


def _space_text(settings: SearchSettings) -> str:
    return "; ".join(f"{name} = {entry_text(entry)}" for name, entry in settings.space.items())
