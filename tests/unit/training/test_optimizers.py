"""Every optimizer, argument by argument, against Keras's own."""

import inspect

import numpy as np
import pytest

from cnnstudio.keras_build.backend import load_keras
from cnnstudio.training.compiling import make_optimizer
from cnnstudio.training.optimizers import COMMON, OPTIMIZERS, OptimizerSettings

# Arguments that the window does not offer: what they are for is done elsewhere, or is no setting.
LEFT_OUT = {
    "self",
    "name",
    "kwargs",
    "learning_rate",
    "loss_scale_factor",
    "exclude_layers",
    "exclude_embeddings",
}
# A value other than the default for every argument.
OTHERS = {
    "learning_rate": 0.25,
    "momentum": 0.5,
    "nesterov": True,
    "rho": 0.5,
    "centered": True,
    "beta_1": 0.5,
    "beta_2": 0.75,
    "epsilon": 0.125,
    "amsgrad": True,
    "initial_accumulator_value": 0.25,
    "beta_2_decay": -0.5,
    "epsilon_1": 0.25,
    "epsilon_2": 0.5,
    "clip_threshold": 2.0,
    "relative_step": False,
    "learning_rate_power": -0.25,
    "l1_regularization_strength": 0.5,
    "l2_regularization_strength": 0.25,
    "l2_shrinkage_regularization_strength": 0.125,
    "beta": 0.5,
    "ns_steps": 3,
    "rms_rate": 0.5,
    "muon_a": 3.0,
    "muon_b": -4.0,
    "muon_c": 2.0,
    "adam_lr_ratio": 0.5,
    "adam_beta_1": 0.5,
    "adam_beta_2": 0.75,
    "adam_weight_decay": 0.25,
    "weight_decay": 0.125,
    "clipnorm": 2.0,
    "clipvalue": 0.5,
    "global_clipnorm": 4.0,
    "use_ema": True,
    "ema_momentum": 0.5,
    "ema_overwrite_frequency": 3,
    "gradient_accumulation_steps": 2,
}


def signature(name):
    return inspect.signature(getattr(load_keras().optimizers, name).__init__).parameters


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_arguments_and_defaults_are_keras_own(name):
    keras_own = {
        argument: parameter.default
        for argument, parameter in signature(name).items()
        if argument not in LEFT_OUT
    }
    settings = OptimizerSettings(name=name)
    ours = {argument: settings.default(argument) for argument in settings.taken}
    del ours["learning_rate"]
    assert ours == keras_own


def test_no_optimizer_of_keras_is_forgotten():
    keras = load_keras()
    kinds = {
        name
        for name in dir(keras.optimizers)
        if inspect.isclass(getattr(keras.optimizers, name))
        and issubclass(getattr(keras.optimizers, name), keras.optimizers.Optimizer)
    }
    # The first wrap others; the last needs weights of its own for every evaluation.
    wrappers = {"Optimizer", "LossScaleOptimizer", "MultiOptimizer", "ScheduleFreeAdamW"}
    assert kinds - wrappers == set(OPTIMIZERS)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_argument_reaches_keras(name):
    for argument in OptimizerSettings(name=name).taken:
        optimizer = make_optimizer(OptimizerSettings(name=name, **{argument: OTHERS[argument]}))
        config = optimizer.get_config()
        found = config[argument] if argument in config else getattr(optimizer, argument)
        assert found == pytest.approx(OTHERS[argument]), argument


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_slots_are_those_of_keras(name):
    """Variables of the size of a kernel, with each argument that adds one."""
    keras = load_keras()
    for more in ({}, *({argument: OTHERS[argument]} for argument in (*COMMON, "momentum"))):
        for argument in ("centered", "amsgrad", None):
            given = {**more, **({argument: True} if argument else {})}
            settings = OptimizerSettings(name=name, **given)
            optimizer = make_optimizer(settings)
            optimizer.build([keras.Variable(np.ones((2, 3, 4, 5)))])
            kept = [v for v in optimizer.variables if tuple(v.shape) == (2, 3, 4, 5)]
            assert settings.slots_per_weight == len(kept), given


def test_arguments_of_another_optimizer_are_not_used():
    settings = OptimizerSettings(name="Adam", momentum=0.9, rho=0.5)
    assert set(settings.arguments()) == {"learning_rate", "use_ema"}


def test_two_clippings_are_refused():
    with pytest.raises(ValueError, match="clipnorm and clipvalue cannot be used together"):
        OptimizerSettings(clipnorm=1.0, clipvalue=1.0)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_makes_a_loss_smaller(name):
    keras = load_keras()
    rate = {"Adadelta": 1.0}.get(name, 0.05)
    optimizer = make_optimizer(OptimizerSettings(name=name, learning_rate=rate))
    weight = keras.Variable(np.full((3, 3), 2.0, np.float32))
    for _ in range(20):
        # The gradient of the sum of squares.
        optimizer.apply([2 * weight.value], [weight])
    assert 0 < float(np.abs(weight.numpy()).mean()) < 2
