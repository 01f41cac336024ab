import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnstudio.data.settings_model import SettingsError, settings_from_json
from cnnstudio.training.optimizers import OPTIMIZERS, OptimizerSettings
from cnnstudio.training.schedule import ScheduleSettings
from cnnstudio.training.settings import EarlyStopping, TrainingSettings


def test_every_setting_has_a_help_text():
    for model in (TrainingSettings, OptimizerSettings, ScheduleSettings, EarlyStopping):
        for name, field in model.model_fields.items():
            assert field.description, name
            assert field.description.endswith("."), name


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"epochs": 0}, "training.epochs must be at least 1, not 0."),
        ({"epochs": True}, "training.epochs must be a whole number, not true."),
        ({"optimizer": {"learning_rate": 0}}, "learning_rate must be greater than 0"),
        ({"optimizer": {"name": "Tiger"}}, "training.optimizer.name must be one of SGD"),
        ({"optimizer": {"clipnorm": 1.0, "clipvalue": 1.0}}, "empty all but one of them."),
        ({"schedule": {"name": "cosine", "end": 2}}, "training.schedule.end must be at most 1"),
        ({"epoch": 3}, "did you mean training.epochs"),
        ({"early_stopping": {"monitor": "f1"}}, "training.early_stopping.monitor"),
    ],
)
def test_a_wrong_setting_is_named(data, message):
    with pytest.raises(SettingsError) as caught:
        settings_from_json(TrainingSettings, data, "training")
    assert message in str(caught.value)


@given(
    st.builds(
        TrainingSettings,
        epochs=st.integers(1, 1000),
        batch_size=st.integers(1, 4096),
        seed=st.integers(0, 2**31 - 1),
        deterministic=st.booleans(),
        optimizer=st.builds(
            OptimizerSettings,
            name=st.sampled_from(sorted(OPTIMIZERS)),
            learning_rate=st.floats(1e-8, 1),
            weight_decay=st.none() | st.floats(0, 1),
        ),
    )
)
def test_settings_survive_json(settings):
    assert settings_from_json(TrainingSettings, settings.to_json(), "training") == settings
