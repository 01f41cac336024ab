"""Settings: errors name the key, the limit and the value; `--set` reaches every key."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from cnnstudio.data.settings import DataSettings
from cnnstudio.data.settings_model import (
    SettingsError,
    SettingsModel,
    apply_assignments,
    settings_from_json,
)


class Inner(SettingsModel):
    learning_rate: float = Field(default=0.1, gt=0)
    nesterov: bool = False


class Outer(SettingsModel):
    epochs: int = Field(default=10, ge=1)
    optimizer: Inner = Inner()


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({"validation_split": 3}, "data.validation_split must be less than 1, not 3."),
        ({"validation_split": -0.1}, "data.validation_split must be at least 0, not -0.1."),
        ({"validation_split": float("nan")}, "data.validation_split must be a finite number"),
        ({"image_size": [0, 5]}, "data.image_size[0] must be at least 1, not 0."),
        ({"image_size": [1, 2, 3]}, "data.image_size must be a list of 2, not [1, 2, 3]."),
        ({"image_size": [1]}, "data.image_size has too few values."),
        ({"image_size": "64"}, 'data.image_size must be a list, not "64".'),
        ({"color_mode": "bw"}, 'data.color_mode must be one of rgb, grayscale, not "bw".'),
        ({"seed": 1.5}, "data.seed must be a whole number, not 1.5."),
        ({"seed": -1}, "data.seed must be at least 0, not -1."),
        ({"folder": 3}, "data.folder must be text, not 3."),
        ({"colour_mode": "rgb"}, "There is no setting data.colour_mode; did you mean data.color_"),
        ({"zzz": 1}, "There is no setting data.zzz; there are data.folder, data.layout.kind,"),
    ],
)
def test_errors_say_what_is_wrong(given_, message):
    with pytest.raises(SettingsError) as caught:
        settings_from_json(DataSettings, given_, "data")
    assert caught.value.message.startswith(message)
    assert "pydantic" not in caught.value.message


def test_all_errors_are_told():
    with pytest.raises(SettingsError) as caught:
        settings_from_json(DataSettings, {"seed": -1, "color_mode": 3}, "data")
    assert "data.seed" in caught.value.message
    assert "data.color_mode" in caught.value.message


def test_nested_settings():
    data = {"epochs": 3, "optimizer": {"learning_rate": 1}}
    found = settings_from_json(Outer, data, "training")
    assert found.optimizer.learning_rate == 1
    with pytest.raises(SettingsError, match=r"training\.optimizer\.learning_rate must be greater"):
        settings_from_json(Outer, {"optimizer": {"learning_rate": 0}}, "training")
    with pytest.raises(SettingsError, match=r"training\.optimizer\.rate; did you mean"):
        settings_from_json(Outer, {"optimizer": {"rate": 0}}, "training")
    with pytest.raises(SettingsError, match="must be a group of settings, not 3"):
        settings_from_json(Outer, {"optimizer": 3}, "training")


@given(
    size=st.tuples(st.integers(1, 4096), st.integers(1, 4096)),
    share=st.floats(0, 1, exclude_max=True),
    seed=st.integers(0, 2**32 - 1),
    excluded=st.lists(st.text(max_size=9), max_size=3).map(tuple),
)
def test_json_and_back(size, share, seed, excluded):
    settings = DataSettings(
        image_size=size, validation_split=share, seed=seed, excluded=excluded, color_mode="rgb"
    )
    text = json.dumps(settings.to_json())
    assert settings_from_json(DataSettings, json.loads(text), "data") == settings


def test_channels():
    assert DataSettings().channels == 3
    assert DataSettings(color_mode="grayscale").channels == 1


def test_every_setting_has_a_help_text():
    assert all(field.description for field in DataSettings.model_fields.values())


PARTS = {"data": {"seed": 1}, "training": {"epochs": 2, "optimizer": {"nesterov": True}}}


def test_assignments_reach_every_key():
    found = apply_assignments(
        PARTS,
        [
            "data.image_size=[64,48]",
            "data.folder=my pictures=new",
            "training.optimizer.learning_rate=0.01",
            "training.optimizer.nesterov=False",
            "training.epochs = 7",
            "training.new.deep=null",
        ],
    )
    assert found == {
        "data": {"seed": 1, "image_size": [64, 48], "folder": "my pictures=new"},
        "training": {
            "epochs": 7,
            "optimizer": {"nesterov": False, "learning_rate": 0.01},
            "new": {"deep": None},
        },
    }
    assert PARTS["training"]["optimizer"] == {"nesterov": True}


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("epochs", "is not a setting and a value"),
        ("=3", "is not a setting and a value"),
        ("training.=3", "is not a setting and a value"),
        ("epochs=3", "There is no setting epochs; did you mean training.epochs?"),
        ("trainng.epochs=3", "There is no setting trainng.epochs; did you mean training.epochs?"),
        ("training.epoch=3", "did you mean training.epochs?"),
        ("training.learning_rate=3", "did you mean training.optimizer.learning_rate?"),
        ("data=3", "There is no setting data; there are"),
    ],
)
def test_unknown_assignments_name_the_nearest(assignment, message):
    with pytest.raises(SettingsError) as caught:
        apply_assignments(PARTS, [assignment], {"data": DataSettings, "training": Outer})
    assert message in caught.value.message


def test_without_models_keys_are_checked_with_the_values():
    found = apply_assignments(PARTS, ["training.epoch=3"])
    with pytest.raises(SettingsError, match=r"training\.epoch; did you mean training\.epochs"):
        settings_from_json(Outer, found["training"], "training")
    with pytest.raises(SettingsError, match="there are data"):
        apply_assignments(PARTS, ["epochs=3"])
