import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnstudio.data.settings_model import SettingsError, settings_from_json
from cnnstudio.training.settings import (
    OPTIMIZER_ARGUMENTS,
    EarlyStopping,
    OptimizerSettings,
    TrainingSettings,
)


def test_every_setting_has_a_help_text():
    for model in (TrainingSettings, OptimizerSettings, EarlyStopping):
        for name, field in model.model_fields.items():
            assert field.description, name
            assert field.description.endswith("."), name


@pytest.mark.parametrize("name", OPTIMIZER_ARGUMENTS)
def test_keras_takes_the_arguments_of_each_optimizer(keras, name):
    settings = OptimizerSettings(name=name, learning_rate=0.25, momentum=0.5, weight_decay=0.01)
    optimizer = getattr(keras.optimizers, name)(**settings.arguments())
    assert float(optimizer.learning_rate) == 0.25
    assert optimizer.weight_decay == 0.01
    if "momentum" in OPTIMIZER_ARGUMENTS[name]:
        assert optimizer.momentum == 0.5


def test_an_empty_weight_decay_is_keras_own(keras):
    assert "weight_decay" not in OptimizerSettings(name="AdamW").arguments()
    assert keras.optimizers.AdamW(**OptimizerSettings(name="AdamW").arguments()).weight_decay


@pytest.mark.parametrize("name", OPTIMIZER_ARGUMENTS)
def test_the_defaults_are_keras_defaults(keras, name):
    ours = getattr(keras.optimizers, name)(**OptimizerSettings(name=name).arguments()).get_config()
    keras_own = getattr(keras.optimizers, name)().get_config()
    different = {
        key
        for key, value in keras_own.items()
        if key != "name" and ours[key] != pytest.approx(value)
    }
    # One learning rate for all of them: Keras's 0.01 for SGD is what the help text suggests.
    assert different <= {"learning_rate"}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"epochs": 0}, "training.epochs must be at least 1, not 0."),
        ({"epochs": True}, "training.epochs must be a whole number, not true."),
        ({"optimizer": {"learning_rate": 0}}, "learning_rate must be greater than 0"),
        ({"optimizer": {"name": "Lion"}}, "training.optimizer.name must be one of SGD"),
        ({"epoch": 3}, "did you mean training.epochs?"),
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
            name=st.sampled_from(sorted(OPTIMIZER_ARGUMENTS)),
            learning_rate=st.floats(1e-8, 1),
            weight_decay=st.none() | st.floats(0, 1),
        ),
    )
)
def test_settings_survive_json(settings):
    assert settings_from_json(TrainingSettings, settings.to_json(), "training") == settings
