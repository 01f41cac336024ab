"""Two phases in one run: the head, then frozen layers too, at a lower rate."""

import csv
import math

import numpy as np
import pytest
from small_trainings import Listener, make_network, make_pictures, make_project, run

from cnnstudio.graph.freezing import freeze_to
from cnnstudio.graph.project import load_project
from cnnstudio.training import checkpoint
from cnnstudio.training.control import Control
from cnnstudio.training.errors import TrainingError
from cnnstudio.training.resume import with_epochs
from cnnstudio.training.runs import read_history, run_info
from cnnstudio.training.settings import FineTune, TrainingSettings

FROZEN = ("conv2d_1", "batch_normalization_1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_pictures(tmp_path_factory.mktemp("pictures") / "colours")


@pytest.fixture
def deterministic(keras):
    """Determinism is for the whole process: end it with the test."""
    from tensorflow.python.framework import config

    yield
    config.disable_op_determinism()


def two_phases(folder, head=2, more=2, *, network=None, tune=None, **training):
    network = network or freeze_to(make_network(dropout=True), ["batch_normalization_1"])
    fine_tune = {"enabled": True, "epochs": more, **(tune or {})}
    settings = {"epochs": head, "fine_tune": fine_tune, "seed": 3, **training}
    return make_project(folder, network=network, **settings)


def weights_at(path):
    """The weights in a run's checkpoint, by layer."""
    from cnnstudio.keras_build.build import build_model
    from cnnstudio.keras_build.weights import weights_of

    network = load_project(path / "project.cnns").network
    model = build_model(network, seed=3)
    first = weights_of(model)
    _, arrays = checkpoint.load(path / "checkpoint")
    for number, variable in enumerate(model.variables):
        variable.assign(arrays[f"model/{number}"])
    return first, weights_of(model)


def rates_of(path):
    return [row["learning_rate"] for row in read_history(path).epochs]


def test_frozen_layers_and_their_averages_stay_as_they_are(keras, tmp_path, folder):
    network = freeze_to(make_network(), ["batch_normalization_1"])
    path, _ = run(make_project(folder, network=network, seed=3), tmp_path)
    first, last = weights_at(path)
    for name in FROZEN:
        for before, after in zip(first[name], last[name], strict=True):
            np.testing.assert_array_equal(before, after)
    assert not np.array_equal(first["dense_1"][0], last["dense_1"][0])


def test_the_second_phase_trains_what_was_frozen_but_for_batch_normalisation(
    keras, tmp_path, folder
):
    path, listener = run(two_phases(folder), tmp_path)
    first, last = weights_at(path)
    for before, after in zip(first[FROZEN[1]], last[FROZEN[1]], strict=True):
        np.testing.assert_array_equal(before, after)
    assert not np.array_equal(first["conv2d_1"][0], last["conv2d_1"][0])
    (begun,) = listener.of("phase")
    assert (begun.epoch, begun.layers, begun.learning_rate) == (2, 2, 0.001)
    # The kernels and biases of the convolution, and of the Dense layer.
    assert begun.parameters == 4 * 27 + 4 + 4 * 3 + 3
    assert [event.epochs for event in listener.of("epoch")] == [4] * 4
    assert listener.of("started")[0].epochs == 4
    assert run_info(path).epochs == run_info(path).epochs_done == 4
    (told,) = read_history(path).phases
    assert (told["epoch"], told["learning_rate"]) == (2, 0.001)
    model = keras.models.load_model(path / "model.keras")
    assert model.predict(np.zeros((1, 12, 12, 3)), verbose=0).shape == (1, 3)


def test_the_rate_of_each_phase_is_as_logged_with_the_schedule_from_its_beginning(
    keras, tmp_path, folder
):
    schedule = {"name": "cosine"}
    path, listener = run(
        two_phases(folder, 3, 2, schedule=schedule, tune={"learning_rate": 0.0004}), tmp_path
    )
    steps = listener.of("started")[0].steps_per_epoch

    def cosine(rate, step, epochs):
        return rate * (1 + math.cos(math.pi * step / (epochs * steps))) / 2

    expected = [cosine(0.01, epoch * steps + steps - 1, 3) for epoch in range(3)]
    expected += [cosine(0.0004, epoch * steps + steps - 1, 2) for epoch in range(2)]
    assert rates_of(path) == pytest.approx(expected, rel=1e-5)


def test_unfreezes_from_a_layer_on(keras, tmp_path, folder):
    ending = [
        ("Dense", {"units": 4, "activation": "relu"}),
        ("Dense", {"units": 3, "activation": "softmax"}),
    ]
    network = freeze_to(make_network(*ending), ["dense_1"])
    project = two_phases(folder, 1, 1, network=network, tune={"unfreeze_from": "dense_1"})
    path, listener = run(project, tmp_path)
    first, last = weights_at(path)
    np.testing.assert_array_equal(first["conv2d_1"][0], last["conv2d_1"][0])
    assert not np.array_equal(first["dense_1"][0], last["dense_1"][0])
    assert listener.of("phase")[0].layers == 2


def test_a_layer_that_is_not_there_is_refused_and_nothing_frozen_is_said(keras, tmp_path, folder):
    with pytest.raises(TrainingError, match="unfreeze_from names block5"):
        run(two_phases(folder, tune={"unfreeze_from": "block5"}), tmp_path)
    _, listener = run(two_phases(folder, 1, 1, network=make_network()), tmp_path)
    assert any("same layers as the first" in event.text for event in listener.of("message"))


def test_the_optimizer_begins_the_second_phase_afresh(keras, tmp_path, folder):
    path, listener = run(two_phases(folder, 2, 1), tmp_path)
    _, arrays = checkpoint.load(path / "checkpoint")
    assert int(arrays["optimizer/0"]) == listener.of("started")[0].steps_per_epoch


def stopped_at(epoch, step):
    control = Control()

    def stop(event):
        if (event.epoch, event.step) >= (epoch, step):
            control.stop()

    return control, Listener(batch=stop)


def assert_same(path, whole):
    state, arrays = checkpoint.load(path / "checkpoint")
    wanted_state, wanted = checkpoint.load(whole / "checkpoint")
    assert (state.epoch, state.border, state.best) == (
        wanted_state.epoch,
        wanted_state.border,
        wanted_state.best,
    )
    assert arrays.keys() == wanted.keys()
    for name, array in wanted.items():
        np.testing.assert_array_equal(arrays[name], array, err_msg=name)
    assert read_history(path).epochs == read_history(whole).epochs
    assert len(read_history(path).phases) == 1


HARD = {
    "deterministic": True,
    "schedule": {"name": "cosine", "warmup_epochs": 0.5},
    "early_stopping": {"enabled": True, "patience": 50},
}


@pytest.mark.usefixtures("deterministic")
@pytest.mark.parametrize(("epoch", "step"), [(1, 3), (2, 6), (3, 1), (3, 4)])
def test_goes_on_exactly_across_the_border(keras, tmp_path, folder, epoch, step):
    whole, _ = run(two_phases(folder, **HARD), tmp_path / "whole")
    control, listener = stopped_at(epoch, step)
    path, _ = run(two_phases(folder, **HARD), tmp_path / "runs", control=control, listener=listener)
    assert run_info(path).state == "stopped"
    _, again = run(load_project(path / "project.cnns"), tmp_path / "runs", resume=path)
    assert again.of("started")[0].fine_tuning is (checkpoint_epoch(listener) > 2)
    assert again.kinds[-1] == "finished"
    assert_same(path, whole)


def checkpoint_epoch(listener):
    """The epoch, from 1, in which it was stopped."""
    last = listener.of("batch")[-1]
    return last.epoch


@pytest.mark.usefixtures("deterministic")
def test_stopped_between_the_phases_it_goes_on_exactly(keras, tmp_path, folder):
    whole, _ = run(two_phases(folder, **HARD), tmp_path / "whole")
    control = Control()
    listener = Listener(phase=lambda _event: control.stop())
    path, _ = run(two_phases(folder, **HARD), tmp_path / "runs", control=control, listener=listener)
    assert checkpoint.load(path / "checkpoint")[0].border == 2
    run(load_project(path / "project.cnns"), tmp_path / "runs", resume=path)
    assert_same(path, whole)


def test_early_stopping_ends_each_phase_by_itself(keras, tmp_path, folder):
    # A rate of nothing: after the first epoch nothing improves any more.
    stopping = {"enabled": True, "patience": 2, "monitor": "loss"}
    project = two_phases(
        folder,
        9,
        9,
        network=freeze_to(make_network(), ["batch_normalization_1"]),
        early_stopping=stopping,
        optimizer={"name": "SGD", "learning_rate": 1e-12},
    )
    path, listener = run(project, tmp_path)
    state, _ = checkpoint.load(path / "checkpoint")
    assert state.border < 9
    assert [event.epochs for event in listener.of("epochs")] == [state.border + 9]
    assert state.epoch < state.border + 9
    assert run_info(path).epochs == state.border + 9
    assert listener.of("finished")[0].early
    assert sum("Early stopping" in event.text for event in listener.of("message")) == 2


def test_the_second_phase_begins_with_the_best_of_the_first(keras, tmp_path, folder):
    # All are known soon, and then nothing improves.
    project = two_phases(
        folder,
        9,
        1,
        network=freeze_to(make_network(), ["batch_normalization_1"]),
        optimizer={"name": "SGD", "learning_rate": 1.0},
        tune={"learning_rate": 1e-30},
        early_stopping={"enabled": True, "patience": 2, "monitor": "val_accuracy"},
    )
    path, _ = run(project, tmp_path)
    state, _ = checkpoint.load(path / "checkpoint")
    assert state.best_epoch == state.border - 2
    kept = keras.models.load_model(path / "model.keras").get_layer("dense_1").get_weights()
    for best, last in zip(kept, weights_at(path)[1]["dense_1"], strict=True):
        np.testing.assert_array_equal(best, last)


def test_more_epochs_of_a_finished_run_are_fine_tuning(keras, tmp_path, folder):
    path, _ = run(two_phases(folder, 1, 1), tmp_path)
    project = load_project(path / "project.cnns")
    with pytest.raises(TrainingError, match=r"done 2 of 2 epochs.*fine_tune\.epochs"):
        run(project, tmp_path, resume=path)
    longer = with_epochs(project.training, path, 4)
    assert (longer["epochs"], longer["fine_tune"]["epochs"]) == (1, 3)
    project = type(project)(project.network, project.data, longer)
    _, listener = run(project, tmp_path, resume=path)
    assert listener.of("started")[0].fine_tuning
    assert listener.of("finished")[0].epochs_done == 4
    assert rates_of(path)[1:] == pytest.approx([0.001] * 3)
    first, last = weights_at(path)
    np.testing.assert_array_equal(first[FROZEN[1]][2], last[FROZEN[1]][2])
    # Without the phase it is in, it cannot go on.
    plain = type(project)(project.network, project.data, {**longer, "fine_tune": {}})
    with pytest.raises(TrainingError, match="fine-tuned since epoch 2"):
        run(plain, tmp_path, resume=path)


def test_a_finished_run_can_be_fine_tuned(keras, tmp_path, folder):
    network = freeze_to(make_network(), ["batch_normalization_1"])
    path, _ = run(make_project(folder, network=network, epochs=1), tmp_path)
    project = load_project(path / "project.cnns")
    training = {**project.training, "fine_tune": {"enabled": True, "epochs": 1}}
    _, listener = run(type(project)(project.network, project.data, training), tmp_path, resume=path)
    assert listener.of("phase")[0].epoch == 1
    assert listener.of("finished")[0].epochs_done == 2


@pytest.mark.parametrize(("wanted", "done", "phases"), [(5, 5, 1), (1, 1, 0)])
def test_epochs_asked_for_on_the_way_are_of_the_last_phase(
    keras, tmp_path, folder, wanted, done, phases
):
    control = Control()
    listener = Listener(started=lambda _event: control.set_epochs(wanted))
    path, _ = run(two_phases(folder), tmp_path, control=control, listener=listener)
    assert listener.of("finished")[0].epochs_done == done
    assert len(listener.of("phase")) == phases
    with (path / "metrics.csv").open() as file:
        assert len(list(csv.DictReader(file))) == done
    assert run_info(path).epochs == done


def test_averages_of_the_weights_are_kept_in_both_phases(keras, tmp_path, folder):
    optimizer = {"name": "Adam", "learning_rate": 0.01, "use_ema": True, "ema_momentum": 0.5}
    path, listener = run(two_phases(folder, 1, 2, optimizer=optimizer), tmp_path)
    assert listener.kinds[-1] == "finished"
    assert run_info(path).has_model


def test_mixed_precision_and_several_steps_at_once(keras, tmp_path, folder):
    path, listener = run(
        two_phases(folder, 1, 1, precision="mixed_float16", steps_per_execution=3), tmp_path
    )
    assert [event.epoch for event in listener.of("epoch")] == [1, 2]
    keras.models.load_model(path / "model.keras")


def test_settings_in_numbers():
    settings = TrainingSettings(epochs=10, fine_tune=FineTune(enabled=True, epochs=5))
    assert settings.epochs_in_all() == 15
    assert settings.epochs_in_all(border=4) == 9
    assert settings.fine_tune_rate == pytest.approx(settings.optimizer.learning_rate / 10)
    assert settings.lasting(30).epochs_in_all() == 30
    assert settings.lasting(30, border=4).epochs_in_all(border=4) == 30
    assert settings.lasting(8) == settings.model_copy(
        update={"epochs": 8, "fine_tune": FineTune(epochs=5)}
    )
    assert settings.lasting(3, border=4).fine_tune.epochs == 1
    assert TrainingSettings(epochs=7).epochs_in_all() == 7
