"""Which settings have a meaning with the others as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnnstudio.data.settings import DataSettings
from cnnstudio.data.settings_model import SettingsError, SettingsModel, settings_from_json
from cnnstudio.training.settings import TrainingSettings

# The place of a setting: ("optimizer", "learning_rate").
Place = tuple[str, ...]
# Losses that take no label smoothing.
_UNSMOOTHED = {"sparse_categorical_crossentropy", "mean_squared_error"}
_SPLIT = {
    "test_share": "share",
    "validation_count": "count",
    "test_count": "count",
    "folds": "folds",
    "fold": "folds",
}


def applies(settings: TrainingSettings, place: Place) -> bool:
    """Whether a training setting has a meaning with the others as they are."""
    match place:
        case ("optimizer", ("ema_momentum" | "ema_overwrite_frequency")):
            return settings.optimizer.use_ema
        case ("optimizer", name) if name != "name":
            return name in settings.optimizer.taken
        case ("schedule", ("cycle_factor" | "peak_factor")):
            schedule = settings.schedule
            return schedule.name == "cosine" and schedule.cycle_epochs is not None
        case ("schedule", "warmup_from"):
            return settings.schedule.warmup_epochs > 0
        case ("schedule", name) if name != "name":
            return name in settings.schedule.taken
        case ("focal_gamma" | "focal_alpha",):
            return "focal" in settings.loss
        case ("label_smoothing",):
            return settings.loss not in _UNSMOOTHED
        case ("top_k",):
            return "top_k" in settings.metrics
        case ("early_stopping", name) if name != "enabled":
            return settings.early_stopping.enabled
        case ("fine_tune", name) if name != "enabled":
            return settings.fine_tune.enabled
    return True


def meant(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The `data` and `training` settings of a run that had an effect: dotted name to value.

    Settings that a run of an earlier version does not name have the value they have today; what
    was left to Keras has Keras's. Settings that cannot be read are given as they are.
    """
    return {**_data(settings.get("data", {})), **_training(settings.get("training", {}))}


def _training(part: Mapping[str, Any]) -> dict[str, Any]:
    try:
        settings = settings_from_json(TrainingSettings, part, "training")
    except SettingsError:
        return dict(_leaves(part, ("training",)))
    found = {}
    for place, value in _places(settings):
        if not applies(settings, place):
            continue
        if place[0] == "optimizer" and value is None:
            value = settings.optimizer.default(place[1])
        found[".".join(("training", *place))] = value
    return found


def _data(part: Mapping[str, Any]) -> dict[str, Any]:
    try:
        settings = settings_from_json(DataSettings, part, "data")
    except SettingsError:
        return dict(_leaves(part, ("data",)))
    used = {name for name, _ in settings.augmentation.used(settings.channels)}
    found = {}
    for place, value in _places(settings):
        match place:
            case ("augmentation", name, inner) if inner != "enabled" and name not in used:
                continue
            case ("split", name) if _SPLIT.get(name, settings.split.by) != settings.split.by:
                continue
        found[".".join(("data", *place))] = value
    return found


def _places(settings: SettingsModel, before: Place = ()) -> list[tuple[Place, Any]]:
    """Every setting of a group with its place, those of groups inside among them."""
    found: list[tuple[Place, Any]] = []
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        place = (*before, name)
        found += _places(value, place) if isinstance(value, SettingsModel) else [(place, value)]
    return found


def _leaves(part: Mapping[str, Any], before: Place) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in part.items():
        place = (*before, name)
        if isinstance(value, Mapping):
            found += _leaves(value, place)
        else:
            found.append((".".join(place), value))
    return found
