"""What the optimizer's settings do to the weights of a whole training."""

import numpy as np
import pytest
from small_trainings import Listener, make_network, make_pictures, make_project, run

from cnnstudio.graph.project import load_project
from cnnstudio.keras_build.build import build_model
from cnnstudio.training import checkpoint
from cnnstudio.training.control import Control
from cnnstudio.training.optimizers import OptimizerSettings


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_pictures(tmp_path_factory.mktemp("pictures") / "colours")


@pytest.fixture
def deterministic(keras):
    from tensorflow.python.framework import config

    yield
    config.disable_op_determinism()


def trained(folder, runs, **optimizer):
    """A run of one epoch of 6 steps with SGD at a rate of 0.1: its checkpoint's weights, and how
    far each is from where it began, for those that are trained."""
    settings = {"name": "SGD", "learning_rate": 0.1, **optimizer}
    path, _ = run(make_project(folder, epochs=1, optimizer=settings), runs)
    model = build_model(make_network(), seed=0)
    before = [variable.numpy() for variable in model.variables]
    _, arrays = checkpoint.load(path / "checkpoint")
    after = [arrays[f"model/{number}"] for number in range(len(before))]
    moved = [a - b for v, a, b in zip(model.variables, after, before, strict=True) if v.trainable]
    return path, before, after, moved


def length(arrays):
    return float(np.sqrt(sum(np.sum(np.square(array)) for array in arrays)))


def test_clipping_clips(keras, tmp_path, folder):
    _, _, _, free = trained(folder, tmp_path)
    _, _, _, by_value = trained(folder, tmp_path, clipvalue=1e-3)
    _, _, _, by_norm = trained(folder, tmp_path, clipnorm=1e-3)
    _, _, _, by_all = trained(folder, tmp_path, global_clipnorm=1e-3)
    # At most 6 steps of the rate times the largest gradient left.
    most = 6 * 0.1 * 1e-3 * 1.001
    assert length(free) > 10 * most
    assert max(np.abs(array).max() for array in by_value) <= most
    assert max(length([array]) for array in by_norm) <= most
    assert length(by_norm) > most
    assert length(by_all) <= most


def test_weight_decay_decays(keras, tmp_path, folder):
    _, _, _, free = trained(folder, tmp_path, global_clipnorm=1e-6)
    _, before, after, _ = trained(folder, tmp_path, global_clipnorm=1e-6, weight_decay=0.5)
    assert length(free) < 1e-5
    kernel = next(number for number, array in enumerate(before) if array.ndim == 4)
    # Each of the 6 steps takes the rate times the decay.
    np.testing.assert_allclose(after[kernel], before[kernel] * (1 - 0.05) ** 6, rtol=1e-4)


def test_accumulated_gradients_are_one_step(keras, tmp_path, folder):
    """Without momentum, six batches accumulated give one step of their mean gradient."""
    _, _, _, moved = trained(folder, tmp_path, gradient_accumulation_steps=7)
    # Seven batches were needed for the first step.
    assert length(moved) == 0
    _, _, _, moved = trained(folder, tmp_path, gradient_accumulation_steps=6)
    assert length(moved) > 0


def test_the_average_of_the_weights_is_the_result(deterministic, tmp_path, folder, keras):
    """Validated and saved are the averages; the training goes on with the weights."""
    optimizer = {"learning_rate": 0.05, "use_ema": True, "ema_momentum": 0.8}
    project = make_project(folder, epochs=2, optimizer=optimizer, deterministic=True)
    path, listener = run(project, tmp_path)
    _, arrays = checkpoint.load(path / "checkpoint")
    model = keras.models.load_model(path / "model.keras")
    kernel = model.get_layer("conv2d_1").kernel.numpy()
    assert not np.array_equal(kernel, arrays["model/0"])
    averages = [a for name, a in arrays.items() if name.startswith("optimizer/")]
    best = listener.of("finished")[0].best_epoch
    assert best != 2 or any(a.shape == kernel.shape and np.array_equal(a, kernel) for a in averages)

    # Stopped in the middle and in validation, and gone on with: the same to the last bit.
    for step in (3, 6):
        control = Control()

        def stop(event, control=control, step=step):
            if (event.epoch, event.step) >= (1, step):
                control.stop()

        again, _ = run(
            project, tmp_path / str(step), control=control, listener=Listener(batch=stop)
        )
        run(load_project(again / "project.cnns"), tmp_path, resume=again)
        _, resumed = checkpoint.load(again / "checkpoint")
        for name, array in arrays.items():
            np.testing.assert_array_equal(resumed[name], array, err_msg=name)


def test_an_optimizer_that_keras_does_not_have_is_named(keras, monkeypatch):
    from cnnstudio.training.compiling import make_optimizer
    from cnnstudio.training.errors import TrainingError

    monkeypatch.delattr(keras.optimizers, "Muon")
    with pytest.raises(TrainingError, match="has no optimizer Muon: choose another"):
        make_optimizer(OptimizerSettings(name="Muon"))
