"""Every schedule against Keras's own, by number and through whole trainings."""

import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_trainings import Listener, make_pictures, make_project, run

from cnnstudio.training.control import Control
from cnnstudio.training.runs import read_history
from cnnstudio.training.schedule import SCHEDULES, Plateau, ScheduleSettings, share_at

STEPS, EPOCHS = 7, 12


def shares(**settings):
    schedule = ScheduleSettings(**settings)
    return [share_at(schedule, step, STEPS, EPOCHS) for step in range(STEPS * EPOCHS)]


def keras_shares(schedule):
    return [float(schedule(step)) for step in range(STEPS * EPOCHS)]


def test_constant_step_exponential_and_polynomial_are_keras(keras):
    schedules = keras.optimizers.schedules
    assert shares() == [1.0] * STEPS * EPOCHS
    for name, staircase in (("step", True), ("exponential", False)):
        found = shares(name=name, factor=0.5, every=2)
        expected = schedules.ExponentialDecay(1.0, 2 * STEPS, 0.5, staircase=staircase)
        np.testing.assert_allclose(found, keras_shares(expected), rtol=1e-5)
    found = shares(name="polynomial", power=2.0, end=0.1)
    expected = schedules.PolynomialDecay(1.0, STEPS * EPOCHS, 0.1, power=2.0)
    np.testing.assert_allclose(found, keras_shares(expected), rtol=1e-5)


def test_cosine_with_warm_up_and_restarts_is_keras(keras):
    schedules = keras.optimizers.schedules
    found = shares(name="cosine", end=0.2, warmup_epochs=2, warmup_from=0.1)
    expected = schedules.CosineDecay(
        0.1, STEPS * (EPOCHS - 2), alpha=0.2, warmup_target=1.0, warmup_steps=2 * STEPS
    )
    np.testing.assert_allclose(found, keras_shares(expected), rtol=1e-5)
    for growth, peak in ((1.0, 1.0), (2.0, 0.5), (1.5, 0.9)):
        found = shares(
            name="cosine", cycle_epochs=2, cycle_factor=growth, peak_factor=peak, end=0.05
        )
        expected = schedules.CosineDecayRestarts(
            1.0, 2 * STEPS, t_mul=growth, m_mul=peak, alpha=0.05
        )
        np.testing.assert_allclose(found, keras_shares(expected), rtol=1e-4)


def test_one_cycle_rises_to_the_top_and_falls_to_the_end():
    found = shares(name="one_cycle", start=0.04, rise=0.25, end=0.001)
    top = STEPS * EPOCHS // 4
    assert found[0] == pytest.approx(0.04)
    assert found[top] == pytest.approx(1.0)
    assert np.all(np.diff(found[: top + 1]) > 0)
    assert np.all(np.diff(found[top:]) < 0)
    assert found[-1] == pytest.approx(0.001, abs=2e-3)


settings = st.builds(
    ScheduleSettings,
    name=st.sampled_from(sorted(SCHEDULES)),
    factor=st.floats(0.01, 1),
    every=st.floats(0.1, 20),
    power=st.floats(0.5, 3),
    end=st.floats(0, 1),
    cycle_epochs=st.none() | st.floats(0.1, 20),
    cycle_factor=st.floats(1, 3),
    peak_factor=st.floats(0.1, 1),
    start=st.floats(0, 1),
    rise=st.floats(0.05, 0.95),
    warmup_epochs=st.floats(0, 15),
    warmup_from=st.floats(0, 1),
)


@given(settings, st.integers(0, 500), st.integers(1, 50), st.integers(1, 30))
def test_a_share_is_between_nothing_and_all(schedule, step, steps_per_epoch, epochs):
    assert 0 <= share_at(schedule, step, steps_per_epoch, epochs) <= 1 + 1e-9


@given(settings, st.integers(1, 20), st.integers(1, 10))
def test_a_warm_up_rises_in_a_straight_line(schedule, steps_per_epoch, epochs):
    warm = int(schedule.warmup_epochs * steps_per_epoch)
    found = [share_at(schedule, step, steps_per_epoch, epochs) for step in range(warm)]
    if len(found) > 2:
        assert np.allclose(np.diff(found, 2), 0, atol=1e-9)
        assert found[0] == pytest.approx(schedule.warmup_from)


@pytest.mark.parametrize(("patience", "cooldown"), [(1, 0), (2, 0), (2, 3)])
def test_reduce_on_plateau_is_keras(keras, patience, cooldown):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(1.0), "mse")
    theirs = keras.callbacks.ReduceLROnPlateau(
        monitor="loss", factor=0.5, patience=patience, cooldown=cooldown
    )
    theirs.set_model(model)
    theirs.on_train_begin()
    schedule = ScheduleSettings(
        name="reduce_on_plateau", factor=0.5, patience=patience, cooldown=cooldown
    )
    ours, rate = Plateau(), 1.0
    losses = np.random.default_rng(patience + cooldown).uniform(0, 1, 40)
    for epoch, loss in enumerate([*np.sort(losses)[::-1][:5], *losses, np.nan]):
        theirs.on_epoch_end(epoch, {"loss": loss})
        if ours.reduces(schedule, loss, larger_is_better=False):
            rate *= 0.5
        assert rate == pytest.approx(float(model.optimizer.learning_rate)), epoch


# --- through whole trainings


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_pictures(tmp_path_factory.mktemp("pictures") / "colours")


@pytest.fixture
def every_batch(monkeypatch):
    """An event for every batch, however fast they are."""
    monkeypatch.setattr("cnnstudio.training.loop.BATCH_EVENTS", 0.0)


FORMS = {
    "constant with a warm-up": {"warmup_epochs": 1.5},
    "step": {"name": "step", "every": 1.0, "factor": 0.5},
    "exponential": {"name": "exponential", "every": 1.0, "factor": 0.5},
    "polynomial": {"name": "polynomial", "end": 0.1},
    "cosine with restarts": {"name": "cosine", "cycle_epochs": 1.0, "cycle_factor": 1.0},
    "one cycle": {"name": "one_cycle"},
}


def drawn(project, epochs, steps=6):
    """The rates as the window draws them."""
    schedule = ScheduleSettings(**project.training["schedule"])
    rate = project.training["optimizer"]["learning_rate"]
    return [rate * share_at(schedule, step, steps, epochs) for step in range(steps * epochs)]


@pytest.mark.parametrize("form", FORMS)
def test_the_rates_as_logged_are_those_drawn(keras, tmp_path, folder, every_batch, form):
    project = make_project(folder, epochs=2, schedule=FORMS[form])
    _, listener = run(project, tmp_path)
    logged = [event.learning_rate for event in listener.of("batch")]
    assert len(logged) == 12
    np.testing.assert_allclose(logged, drawn(project, 2), rtol=1e-6, atol=1e-12)


def test_a_stop_keeps_the_place_in_the_schedule(keras, tmp_path, folder, every_batch):
    project = make_project(folder, epochs=3, schedule={"name": "cosine", "warmup_epochs": 1.0})
    control = Control()

    def stop(event):
        if (event.epoch, event.step) == (2, 3):
            control.stop()

    path, first = run(project, tmp_path, control=control, listener=Listener(batch=stop))
    _, second = run(project, tmp_path, resume=path)
    events = first.of("batch") + second.of("batch")
    assert [(event.epoch, event.step) for event in events] == [
        (epoch, step) for epoch in (1, 2, 3) for step in range(1, 7)
    ]
    logged = [event.learning_rate for event in events]
    np.testing.assert_allclose(logged, drawn(project, 3), rtol=1e-6, atol=1e-12)


def test_a_death_keeps_the_place_in_the_schedule(keras, tmp_path, folder, every_batch):
    """Without determinism: what was trained again has the rates it had, and the rest goes on."""
    project = make_project(folder, epochs=3, schedule={"name": "cosine", "warmup_epochs": 1.0})
    dead = tmp_path / "dead"

    def die(event):
        if (event.epoch, event.step) == (3, 2):
            shutil.copytree(event.run, dead)

    run(project, tmp_path / "runs", listener=Listener(batch=die))
    _, listener = run(project, tmp_path, resume=dead)
    begun = listener.of("started")[0]
    assert (begun.epoch, begun.step) < (3, 2)
    logged = [event.learning_rate for event in listener.of("batch")]
    rest = drawn(project, 3)[begun.epoch * 6 + begun.step :]
    np.testing.assert_allclose(logged, rest, rtol=1e-6, atol=1e-12)


def test_a_rate_changed_while_training_is_kept_and_marked(keras, tmp_path, folder, every_batch):
    """From the next batch on, in proportion to the schedule, also after a stop."""
    project = make_project(folder, epochs=3, schedule={"name": "polynomial", "end": 0.0})
    control = Control()

    def act(event):
        if (event.epoch, event.step) == (1, 4):
            control.set_learning_rate(0.5)
        if (event.epoch, event.step) == (2, 2):
            control.stop()

    path, first = run(project, tmp_path, control=control, listener=Listener(batch=act))
    _, second = run(project, tmp_path, resume=path)
    (change,) = first.of("learning_rate")
    assert (change.epoch, change.step, change.learning_rate) == (1, 4, 0.5)
    plan = drawn(project, 3)
    assert change.before == pytest.approx(plan[4])
    expected = plan[:4] + [value * 0.5 / plan[4] for value in plan[4:]]
    logged = [event.learning_rate for event in first.of("batch") + second.of("batch")]
    np.testing.assert_allclose(logged, expected, rtol=1e-6, atol=1e-12)
    (mark,) = read_history(path).rates
    assert (mark["epoch"], mark["step"], mark["learning_rate"]) == (1, 4, 0.5)


def test_another_rate_in_the_settings_begins_anew(keras, tmp_path, folder, every_batch):
    control = Control()
    control.set_learning_rate(0.5)
    path, _ = run(make_project(folder, epochs=1), tmp_path, control=control)
    _, listener = run(make_project(folder, epochs=2), tmp_path, resume=path)
    assert listener.of("epoch")[0].learning_rate == 0.5
    slower = make_project(folder, epochs=3, optimizer={"learning_rate": 0.0005})
    _, listener = run(slower, tmp_path, resume=path)
    assert listener.of("epoch")[0].learning_rate == 0.0005


def test_a_plateau_reduces_the_rate(keras, tmp_path, folder):
    # Steps so small that nothing gets better.
    project = make_project(
        folder,
        epochs=8,
        optimizer={"name": "SGD", "learning_rate": 20.0, "clipvalue": 1e-30},
        schedule={"name": "reduce_on_plateau", "patience": 1, "factor": 0.5, "end": 0.25},
    )
    _, listener = run(project, tmp_path)
    changes = listener.of("learning_rate")
    assert changes
    assert [event.reduced for event in changes] == [True] * len(changes)
    assert [event.learning_rate for event in changes] == [10.0, 5.0]
    rates = [event.learning_rate for event in listener.of("epoch")]
    assert rates[changes[0].epoch - 1 : changes[0].epoch + 1] == [20.0, 10.0]


def test_epochs_added_while_it_trains(keras, tmp_path, folder):
    control = Control()

    def more(event):
        if event.epoch == 1:
            control.set_epochs(3)

    path, listener = run(
        make_project(folder, epochs=2), tmp_path, control=control, listener=Listener(epoch=more)
    )
    assert [event.epochs for event in listener.of("epochs")] == [3]
    assert [event.epoch for event in listener.of("epoch")] == [1, 2, 3]
    assert listener.of("finished")[0].epochs == 3
    from cnnstudio.graph.project import load_project

    assert load_project(path / "project.cnns").training["epochs"] == 3


def test_fewer_epochs_while_it_trains_end_it(keras, tmp_path, folder):
    control = Control()

    def fewer(event):
        control.set_epochs(1)

    _, listener = run(
        make_project(folder, epochs=50), tmp_path, control=control, listener=Listener(batch=fewer)
    )
    assert listener.of("finished")[0].epochs_done <= 2
