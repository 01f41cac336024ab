"""The base of the groups of training settings."""

from __future__ import annotations

from pydantic import ConfigDict

from cnnstudio.data.settings_model import SettingsModel


class StrictSettings(SettingsModel):
    """Settings without conversions: `"epochs": true` is a mistake, not 1."""

    model_config = ConfigDict(strict=True, validate_default=True)
