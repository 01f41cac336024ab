"""Stop, pause, resume, and going on with a run."""

import csv
import json
import shutil
import threading
from dataclasses import replace

import numpy as np
import pytest
from small_trainings import Listener, make_network, make_pictures, make_project, run

from cnnstudio.graph.project import load_project
from cnnstudio.training import checkpoint
from cnnstudio.training.control import Control
from cnnstudio.training.errors import TrainingError
from cnnstudio.training.runs import read_history, run_info


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_pictures(tmp_path_factory.mktemp("pictures") / "colours")


@pytest.fixture
def deterministic(keras):
    """Determinism is for the whole process: end it with the test."""
    from tensorflow.python.framework import config

    yield
    config.disable_op_determinism()


def state_of(path):
    return checkpoint.load(path / "checkpoint")[0]


def iterations(path):
    """Batches the optimizer of a checkpoint has seen."""
    return int(checkpoint.load(path / "checkpoint")[1]["optimizer/0"])


def stopping_at(epoch, step, **more):
    """A control, and a listener that stops it at the first batch event from there on."""
    control = Control()

    def stop(event):
        if (event.epoch, event.step) >= (epoch, step):
            control.stop()

    return control, Listener(batch=stop, **more)


def test_stop_answers_within_one_batch(keras, tmp_path, folder):
    control, listener = stopping_at(2, 1)
    path, _ = run(make_project(folder, epochs=50), tmp_path, control=control, listener=listener)
    asked = next(event for event in listener.of("batch") if control.stopping and event.epoch == 2)
    assert listener.kinds[-1] == "stopped"
    assert listener.events.index(asked) >= len(listener.events) - 2
    assert iterations(path) - ((asked.epoch - 1) * 6 + asked.step) <= 1
    end = listener.of("stopped")[0]
    assert (end.epochs_done, end.epochs) == (1, 50)
    info = run_info(path)
    assert (info.state, info.epochs_done) == ("stopped", 1)
    assert info.resumable
    assert info.has_model


def test_stop_from_another_thread(keras, tmp_path, folder):
    control, listener = Control(), Listener()

    def press():
        assert listener.seen("batch").wait(60)
        control.stop()

    thread = threading.Thread(target=press, name="cnnstudio-test")
    thread.start()
    run(make_project(folder, epochs=100_000), tmp_path, control=control, listener=listener)
    thread.join()
    assert listener.kinds[-1] == "stopped"


def test_stop_in_validation_answers_before_its_next_batch(keras, tmp_path, folder):
    control, listener = stopping_at(1, 6)
    path, _ = run(make_project(folder), tmp_path, control=control, listener=listener)
    assert "epoch" not in listener.kinds
    assert listener.kinds[-1] == "stopped"
    state = state_of(path)
    assert (state.epoch, state.step) == (0, 6)


@pytest.mark.parametrize("step", [1, 6])
def test_a_stop_leaves_no_threads_of_keras(keras, tmp_path, folder, step):
    before = set(threading.enumerate())
    control, listener = stopping_at(1, step)
    run(make_project(folder), tmp_path, control=control, listener=listener)
    left = [thread.name for thread in threading.enumerate() if thread not in before]
    assert not [name for name in left if name.startswith(("ThreadPool", "cnnstudio"))]


def test_stop_before_the_first_epoch_keeps_a_usable_model(keras, tmp_path, folder):
    control, listener = stopping_at(1, 1)
    path, _ = run(make_project(folder), tmp_path, control=control, listener=listener)
    _, arrays = checkpoint.load(path / "checkpoint")
    model = keras.models.load_model(path / "model.keras")
    assert model.predict(np.zeros((1, 12, 12, 3)), verbose=0).shape == (1, 3)
    np.testing.assert_array_equal(model.variables[0].numpy(), arrays["model/0"])
    assert listener.of("stopped")[0].best_epoch is None


class Pausing:
    """A training in a thread of its own that pauses at its first batch event of epoch 2."""

    def __init__(self, project, runs_folder):
        self.control = Control()
        self.path = None

        def pause(event):
            if event.epoch == 2 and not self.listener.of("paused"):
                self.control.pause()

        self.listener = Listener(batch=pause)
        self.thread = threading.Thread(
            target=self._run, args=(project, runs_folder), name="cnnstudio-test"
        )

    def _run(self, project, runs_folder):
        self.path, _ = run(project, runs_folder, control=self.control, listener=self.listener)

    def __enter__(self):
        self.thread.start()
        assert self.listener.seen("paused").wait(60)
        return self

    def __exit__(self, *_):
        self.control.stop()
        self.thread.join(60)
        assert not self.thread.is_alive()


def test_pause_waits_and_resume_goes_on(keras, tmp_path, folder):
    with Pausing(make_project(folder), tmp_path) as paused:
        assert paused.listener.kinds[-1] == "paused"
        # Nothing happens while it waits, but another layer can be looked at.
        paused.control.watch("conv2d_1", np.full((12, 12, 3), 200, np.uint8))
        assert paused.listener.seen("feature_maps").wait(60)
        assert paused.listener.kinds[-2:] == ["paused", "feature_maps"]
        paused.control.watch(None)
        paused.control.resume()
        assert paused.listener.seen("finished").wait(60)
    resumed = paused.listener.of("resumed")[0]
    stopped_at = paused.listener.of("paused")[0]
    assert (resumed.epoch, resumed.step) == (stopped_at.epoch, stopped_at.step)
    assert len(paused.listener.of("epoch")) == 3
    # The wait is in none of the times.
    assert sum(event.seconds for event in paused.listener.of("epoch")) < (
        paused.listener.events[-1].time - paused.listener.events[0].time - resumed.seconds + 0.1
    )


def test_stop_works_while_paused(keras, tmp_path, folder):
    with Pausing(make_project(folder), tmp_path) as paused:
        paused.control.stop()
        assert paused.listener.seen("stopped").wait(60)
    assert "resumed" not in paused.listener.kinds
    assert run_info(paused.path).state == "stopped"


def test_feature_maps_of_a_watched_picture(keras, tmp_path, folder):
    picture = np.full((12, 12, 3), (200, 40, 40), np.uint8)
    control = Control()
    control.watch("conv2d_1", picture)

    def look_elsewhere(event):
        control.watch("dense_1" if event.epoch == 1 else "no_such_layer", picture)

    path, listener = run(
        make_project(folder), tmp_path, control=control, listener=Listener(epoch=look_elsewhere)
    )
    maps = {event.layer: event for event in listener.of("feature_maps")}
    first, second = maps["conv2d_1"], maps["dense_1"]
    assert (first.maps.shape, first.maps.dtype) == ((12, 12, 4), np.float32)
    assert second.maps.shape == (3,)
    assert second.maps.sum() == pytest.approx(1, abs=1e-5)
    assert len([e for e in listener.of("message") if "no_such_layer" in e.text]) == 1
    assert '"event": "feature_maps"' not in (path / "events.jsonl").read_text()


def test_a_picture_of_another_size_is_told_not_fatal(keras, tmp_path, folder):
    control = Control()
    control.watch("conv2d_1", np.zeros((5, 5, 3), np.uint8))
    _, listener = run(make_project(folder, epochs=1), tmp_path, control=control)
    assert [e.text for e in listener.of("message") if "5 × 5 × 3" in e.text]
    assert listener.kinds[-1] == "finished"


def final(path):
    """Every number of a run's last checkpoint, and its rows."""
    _, arrays = checkpoint.load(path / "checkpoint")
    with (path / "metrics.csv").open(newline="") as file:
        return arrays, list(csv.DictReader(file))


@pytest.fixture(scope="module")
def project(folder):
    return make_project(
        folder, network=make_network(dropout=True), epochs=4, seed=5, deterministic=True
    )


@pytest.fixture(scope="module")
def uninterrupted(keras, project, tmp_path_factory):
    from tensorflow.python.framework import config

    path, _ = run(project, tmp_path_factory.mktemp("runs"))
    config.disable_op_determinism()
    return final(path)


def assert_same(path, uninterrupted):
    arrays, rows = final(path)
    expected, expected_rows = uninterrupted
    assert rows == expected_rows
    assert arrays.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(arrays[name], array, err_msg=name)


@pytest.mark.parametrize(("epoch", "step"), [(1, 1), (2, 4), (2, 6), (4, 6)])
def test_a_stopped_and_continued_run_equals_an_uninterrupted_one(
    deterministic, tmp_path, project, uninterrupted, epoch, step
):
    control, listener = stopping_at(epoch, step)
    path, _ = run(project, tmp_path, control=control, listener=listener)
    assert listener.kinds[-1] == "stopped"
    again, listener = run(load_project(path / "project.cnns"), tmp_path, resume=path)
    assert again == path
    started = listener.of("started")[0]
    assert (started.epoch, started.step) == (state_before(path).epoch, state_before(path).step)
    assert listener.kinds[-1] == "finished"
    assert_same(path, uninterrupted)
    # The log tells both parts; curves go through without a gap or a fold.
    places = [(row["epoch"], row["step"]) for row in read_history(path).batches]
    assert places == sorted(set(places))
    assert {(number, 6) for number in range(1, 5)} <= set(places)


def state_before(path):
    """Where the second part of a run began, from its log."""
    lines = [json.loads(line) for line in (path / "events.jsonl").read_text().splitlines()]
    second = [line for line in lines if line["event"] == "started"][-1]
    return checkpoint.State(epoch=second["epoch"], step=second["step"])


def test_a_run_that_died_goes_on_from_its_last_checkpoint(
    deterministic, tmp_path, project, uninterrupted
):
    dead = tmp_path / "dead"

    def die(event):
        # What a power cut in epoch 3 leaves.
        if event.epoch == 3 and not dead.exists():
            shutil.copytree(event.run, dead)
            (dead / "checkpoint" / "epoch-00009-step-0000000.npz.part").write_bytes(b"half")
            with (dead / "events.jsonl").open("a") as file:
                file.write('{"event": "batch", "epo')

    run(project, tmp_path / "runs", listener=Listener(batch=die))
    assert run_info(dead).state == "interrupted"
    assert run_info(dead).epochs_done == 2
    run(project, tmp_path, resume=dead)
    assert run_info(dead).state == "finished"
    assert_same(dead, uninterrupted)


def test_more_epochs_for_a_finished_run(deterministic, tmp_path, project, uninterrupted):
    fewer = replace(project, training={**project.training, "epochs": 2})
    path, _ = run(fewer, tmp_path)
    with pytest.raises(TrainingError, match=r"has done 2 of 2 epochs.*more"):
        run(fewer, tmp_path, resume=path)
    run(project, tmp_path, resume=path)
    assert load_project(path / "project.cnns").training["epochs"] == 4
    assert_same(path, uninterrupted)


def test_another_batch_size_starts_the_epoch_again(keras, tmp_path, folder):
    control, listener = stopping_at(1, 3)
    path, _ = run(make_project(folder), tmp_path, control=control, listener=listener)
    _, listener = run(make_project(folder, batch_size=8), tmp_path, resume=path)
    assert (listener.of("started")[0].epoch, listener.of("started")[0].step) == (0, 0)
    assert any("starts again" in event.text for event in listener.of("message"))
    assert [event.epoch for event in listener.of("epoch")] == [1, 2, 3]


def test_another_learning_rate_is_used_from_there_on(keras, tmp_path, folder):
    path, _ = run(make_project(folder, epochs=1), tmp_path)
    slower = make_project(folder, epochs=2, optimizer={"learning_rate": 0.0005})
    _, listener = run(slower, tmp_path, resume=path)
    assert listener.of("epoch")[0].learning_rate == 0.0005


@pytest.mark.parametrize("what", ["classes", "optimizer", "network", "nothing there"])
def test_what_cannot_be_continued_says_why(keras, tmp_path, folder, what):
    path, _ = run(make_project(folder, epochs=1), tmp_path / "runs")
    project = make_project(folder, epochs=2)
    message = "no checkpoint"
    if what == "classes":
        make_pictures(tmp_path / "more")
        (tmp_path / "more" / "red").rename(tmp_path / "more" / "scarlet")
        project = make_project(tmp_path / "more", epochs=2)
        message = "blue, green, red, but the pictures now have blue, green, scarlet"
    elif what == "optimizer":
        project = make_project(folder, epochs=2, optimizer={"name": "SGD"})
        message = "trained with Adam, the settings say SGD"
    elif what == "network":
        project = make_project(folder, ("Dense", {"units": 7}), ("Dense", {"units": 3}), epochs=2)
        message = "another network"
    else:
        shutil.rmtree(path / "checkpoint")
    model = (path / "model.keras").read_bytes()
    listener = Listener()
    with pytest.raises(TrainingError, match=message):
        run(project, tmp_path, resume=path, listener=listener)
    assert listener.kinds == ["failed"]
    assert (path / "model.keras").read_bytes() == model


def test_a_run_is_trained_in_one_place_at_a_time(keras, tmp_path, folder):
    messages = []

    def again(event):
        assert run_info(event.run).state == "running"
        with pytest.raises(TrainingError) as caught:
            run(make_project(folder), tmp_path, resume=event.run)
        messages.append(str(caught.value))

    path, _ = run(make_project(folder, epochs=1), tmp_path, listener=Listener(epoch=again))
    assert "being trained right now" in messages[0]
    assert run_info(path).state == "finished"
