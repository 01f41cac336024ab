"""Every setting of a training has a test that shows its effect; this table says which.

A new setting fails here until it has one. Left to other machines: that a GPU's memory grows.
"""

import ast
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from small_trainings import make_network, make_pictures, make_project, run
from test_optimizers import OTHERS

from cnnstudio.data.settings_model import SettingsModel
from cnnstudio.training import checkpoint
from cnnstudio.training.best import judge, monitored
from cnnstudio.training.checkpoint import State
from cnnstudio.training.compiling import compiled, make_optimizer, set_up_devices
from cnnstudio.training.meaning import applies
from cnnstudio.training.objective import choose_objective
from cnnstudio.training.optimizers import OPTIMIZERS, OptimizerSettings
from cnnstudio.training.prepare import prepare
from cnnstudio.training.rates import Rates
from cnnstudio.training.settings import TrainingSettings

HERE = Path(__file__).parent
_ARGUMENT = "test_every_setting.py::test_every_argument_changes_the_weights"
_FIGURES = "test_schedule.py::test_the_rates_as_logged_are_those_drawn"
_RESTARTS = "test_schedule.py::test_cosine_with_warm_up_and_restarts_is_keras"
_PLATEAU = "test_schedule.py::test_reduce_on_plateau_is_keras"
_METRICS = "test_run_objective.py::test_metrics_are_those_of_scikit_learn"
_FOCAL = "test_every_setting.py::test_focal_losses_are_their_formula"
_CLIPPING = "test_run_optimizer.py::test_clipping_clips"
_EMA = "test_run_optimizer.py::test_the_average_of_the_weights_is_the_result"
_STOPPING = "test_run.py::test_early_stopping_keeps_the_best"
PROOFS = {
    "epochs": "test_run.py::test_figures_of_an_epoch",
    "batch_size": "test_every_setting.py::test_the_batch_decides_the_steps",
    "loss": "test_run.py::test_other_losses",
    "label_smoothing": "test_run_objective.py::test_losses_learn_and_have_their_arguments",
    "focal_gamma": _FOCAL,
    "focal_alpha": _FOCAL,
    "metrics": _METRICS,
    "top_k": _METRICS,
    "class_weights": "test_run_objective.py::test_class_weights_given_by_hand",
    "precision": "test_run_objective.py::"
    "test_mixed_precision_is_in_the_layers_and_not_in_the_result",
    "jit_compile": "test_every_setting.py::test_keras_is_told_how_to_run_the_steps",
    "steps_per_execution": "test_run_objective.py::test_xla_and_steps_per_execution_train_the_same",
    "devices": "test_run_objective.py::test_all_devices_share_each_batch",
    "gpu_memory_growth": "test_every_setting.py::test_a_gpu_gives_its_memory_as_it_is_needed",
    "early_stopping.enabled": _STOPPING,
    "early_stopping.patience": _STOPPING,
    "early_stopping.monitor": "test_every_setting.py::test_the_monitor_decides_which_is_best",
    "early_stopping.restore_best": "test_run.py::test_restore_best_decides_whose_weights_are_kept",
    "fine_tune.enabled": "test_fine_tuning.py::"
    "test_the_second_phase_trains_what_was_frozen_but_for_batch_normalisation",
    "fine_tune.epochs": "test_fine_tuning.py::test_settings_in_numbers",
    "fine_tune.learning_rate": "test_fine_tuning.py::"
    "test_the_rate_of_each_phase_is_as_logged_with_the_schedule_from_its_beginning",
    "fine_tune.unfreeze_from": "test_fine_tuning.py::test_unfreezes_from_a_layer_on",
    "histograms.enabled": "test_histograms.py::test_nothing_is_measured_unless_wanted",
    "histograms.every": "test_histograms.py::test_when_they_are_due",
    "seed": "test_run.py::test_the_same_seed_gives_the_same_run",
    "deterministic": "test_every_setting.py::test_determinism_gives_the_same_bits",
    "schedule.name": _FIGURES,
    "schedule.factor": "test_schedule.py::test_constant_step_exponential_and_polynomial_are_keras",
    "schedule.every": "test_schedule.py::test_constant_step_exponential_and_polynomial_are_keras",
    "schedule.power": "test_schedule.py::test_constant_step_exponential_and_polynomial_are_keras",
    "schedule.end": _RESTARTS,
    "schedule.cycle_epochs": _RESTARTS,
    "schedule.cycle_factor": _RESTARTS,
    "schedule.peak_factor": _RESTARTS,
    "schedule.start": "test_schedule.py::test_one_cycle_rises_to_the_top_and_falls_to_the_end",
    "schedule.rise": "test_schedule.py::test_one_cycle_rises_to_the_top_and_falls_to_the_end",
    "schedule.monitor": "test_every_setting.py::test_the_monitor_decides_when_the_rate_falls",
    "schedule.patience": _PLATEAU,
    "schedule.cooldown": _PLATEAU,
    "schedule.warmup_epochs": _RESTARTS,
    "schedule.warmup_from": _RESTARTS,
    "optimizer.name": "test_optimizers.py::test_every_optimizer_makes_a_loss_smaller",
    "optimizer.learning_rate": _FIGURES,
    "optimizer.weight_decay": "test_run_optimizer.py::test_weight_decay_decays",
    "optimizer.clipnorm": _CLIPPING,
    "optimizer.clipvalue": _CLIPPING,
    "optimizer.global_clipnorm": _CLIPPING,
    "optimizer.use_ema": _EMA,
    "optimizer.ema_momentum": _ARGUMENT,
    "optimizer.ema_overwrite_frequency": _ARGUMENT,
    "optimizer.gradient_accumulation_steps": "test_run_optimizer.py::"
    "test_accumulated_gradients_are_one_step",
    **{
        f"optimizer.{argument}": _ARGUMENT
        for spec in OPTIMIZERS.values()
        for argument in spec.arguments
    },
}


def leaves(model, before=""):
    found = []
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, SettingsModel):
            found += leaves(kind, f"{before}{name}.")
        else:
            found.append(before + name)
    return found


@cache
def functions_of(file):
    tree = ast.parse((HERE / file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_setting_has_a_proof():
    assert set(leaves(TrainingSettings)) == set(PROOFS)


@pytest.mark.parametrize("setting", PROOFS)
def test_the_proof_is_there_and_names_the_setting(setting):
    file, _, test = PROOFS[setting].partition("::")
    assert test in functions_of(file)
    # Word for word, or as an argument of an optimizer in the table that the test goes through.
    name = setting.rpartition(".")[2]
    text = (HERE / file).read_text(encoding="utf-8")
    assert name in text.replace("PROOFS", "") or name in OTHERS


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_pictures(tmp_path_factory.mktemp("pictures") / "colours")


# -- optimizers

# What an argument needs to have a meaning, and values that are sure to show.
NEEDS = {
    "nesterov": {"momentum": 0.9},
    "ema_momentum": {"use_ema": True},
    "ema_overwrite_frequency": {"use_ema": True},
}
SURE = {
    "clip_threshold": 0.01,
    "muon_b": -4.7,
    "epsilon_2": 0.5,
    "clipnorm": 0.1,
    "clipvalue": 0.05,
    "global_clipnorm": 0.1,
}


def stepped(settings):
    """Weights after some steps with gradients that fall: matrices and a vector, as in a network."""
    import keras

    optimizer = make_optimizer(settings)
    rng = np.random.default_rng(3)
    weights = [
        keras.Variable(0.1 * rng.normal(size=shape).astype("float32"), name=f"w{number}")
        for number, shape in enumerate(((4, 3), (3, 5), (6,)))
    ]
    for step in range(5):
        gradients = [
            keras.ops.convert_to_tensor(rng.normal(size=w.shape).astype("float32") / (1 + step))
            for w in weights
        ]
        optimizer.apply(gradients, weights)
    # What is kept at the end: the averages, where they are wanted.
    optimizer.finalize_variable_values(weights)
    return np.concatenate([weight.numpy().ravel() for weight in weights])


CASES = [(name, argument) for name in OPTIMIZERS for argument in OptimizerSettings(name=name).taken]


@pytest.mark.parametrize(("name", "argument"), CASES)
def test_every_argument_changes_the_weights(keras, name, argument):
    needed = {"learning_rate": 0.6, **NEEDS.get(argument, {})}
    value = SURE.get(argument, OTHERS[argument])
    if isinstance(value, bool):
        value = not OptimizerSettings(name=name).default(argument)
    plain = OptimizerSettings(name=name, **needed)
    other = OptimizerSettings(name=name, **{**needed, argument: value})
    assert applies(TrainingSettings(optimizer=other), ("optimizer", argument))
    before, after = stepped(plain), stepped(other)
    assert np.isfinite(after).all()
    if (name, argument) == ("Adafactor", "relative_step") and np.array_equal(before, after):
        pytest.skip("this Keras takes relative steps either way; that it is told is tested")
    assert not np.array_equal(before, after)
    assert np.array_equal(before, stepped(plain))


# -- steps, losses, monitors


def test_the_batch_decides_the_steps(keras, tmp_path, folder):
    _, listener = run(make_project(folder, epochs=1, batch_size=7), tmp_path)
    # 24 pictures.
    assert listener.of("started")[0].steps_per_epoch == 4
    assert listener.of("batch")[-1].step == 4


def test_focal_losses_are_their_formula(keras):
    """Lin et al. (arXiv 1708.02002): -alpha (1 - p)^gamma log p of the right class."""
    shares = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]], np.float32)
    labels = np.eye(3, dtype=np.float32)[[0, 1]]
    right = np.array([0.7, 0.3])
    for gamma, alpha in ((2.0, 0.25), (0.5, 0.25), (2.0, 0.9)):
        objective = choose_objective(
            make_network(), 3, 3, "categorical_focal_crossentropy",
            focal={"gamma": gamma, "alpha": alpha},
        )  # fmt: skip
        found = float(objective.loss()(labels, shares))
        expected = np.mean(-alpha * (1 - right) ** gamma * np.log(right))
        assert found == pytest.approx(expected, rel=1e-4)


def test_keras_is_told_how_to_run_the_steps(keras, folder):
    for wanted, told in (("on", True), ("off", False)):
        model, _ = compiled(prepare(make_project(folder, jit_compile=wanted)))
        assert model.jit_compile is told
    model, _ = compiled(prepare(make_project(folder, steps_per_execution=3)))
    assert model.steps_per_execution == 3


def test_the_monitor_decides_which_is_best():
    """The loss is best in the second epoch, the accuracy in the third."""
    epochs = [(0.9, 0.5), (0.4, 0.6), (0.6, 0.9), (0.7, 0.8)]
    for monitor, best in (("val_loss", 2), ("val_accuracy", 3)):
        stopping = {"enabled": True, "patience": 9, "monitor": monitor}
        settings = TrainingSettings.model_validate({"early_stopping": stopping})
        state = State()
        for loss, accuracy in epochs:
            state.epoch += 1
            figures = {"val_loss": loss, "val_accuracy": accuracy}
            judge(state, settings, monitored(settings, True), figures)
        assert state.best_epoch == best


def test_the_monitor_decides_when_the_rate_falls():
    """The loss goes on falling, the accuracy does not rise any more."""
    for monitor, falls in (("val_loss", False), ("val_accuracy", True)):
        schedule = {"name": "reduce_on_plateau", "patience": 2, "monitor": monitor, "factor": 0.5}
        settings = TrainingSettings.model_validate({"schedule": schedule})
        state = State(steps_per_epoch=5)
        rates = Rates(settings, state, validates=True)
        before = rates.now()
        for epoch in range(5):
            state.epoch = epoch + 1
            rates.epoch_ended({"val_loss": 1 / (epoch + 1), "val_accuracy": 0.5})
        assert (rates.now() < before) is falls


def test_determinism_gives_the_same_bits(keras, tmp_path, folder):
    from tensorflow.python.framework import config

    assert not config.is_op_determinism_enabled()
    weights = []
    try:
        for name in ("one", "two"):
            project = make_project(
                folder, network=make_network(dropout=True), epochs=1, deterministic=True
            )
            path, _ = run(project, tmp_path / name)
            weights.append(checkpoint.load(path / "checkpoint")[1])
        assert config.is_op_determinism_enabled()
    finally:
        config.disable_op_determinism()
    for name, array in weights[0].items():
        np.testing.assert_array_equal(array, weights[1][name], err_msg=name)


def test_a_gpu_gives_its_memory_as_it_is_needed(keras):
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        pytest.skip("no GPU here whose memory could grow")
    set_up_devices(TrainingSettings(gpu_memory_growth=True))
    assert all(tf.config.experimental.get_memory_growth(gpu) for gpu in gpus)
