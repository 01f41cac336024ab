"""What an optimizer is said to keep for each weight is what Keras's keeps."""

from __future__ import annotations

import pytest

from cnnstudio.keras_build.backend import load_keras
from cnnstudio.training.settings import OPTIMIZER_ARGUMENTS, OptimizerSettings


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("name", sorted(OPTIMIZER_ARGUMENTS))
def test_slots_are_those_of_keras(name, momentum):
    keras = load_keras()
    settings = OptimizerSettings(name=name, momentum=momentum)
    optimizer = getattr(keras.optimizers, name)(**settings.arguments())
    weight = keras.Variable([[1.0, 2.0, 3.0]])
    optimizer.build([weight])
    # Besides the slots: the count of steps and the learning rate.
    kept = [variable for variable in optimizer.variables if tuple(variable.shape) == (1, 3)]
    assert settings.slots_per_weight == len(kept)
