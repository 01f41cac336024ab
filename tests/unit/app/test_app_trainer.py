"""The training's state machine over real trainings of a tiny network."""

import itertools
import threading

import numpy as np
import pytest
from PIL import Image

from cnnstudio.app.trainer import TRANSITIONS, State, Trainer
from cnnstudio.graph.presets import PRESETS
from cnnstudio.graph.project import Project
from cnnstudio.training.events import (
    BatchDone,
    EpochDone,
    Failed,
    FeatureMapsReady,
    Finished,
    Started,
    Stopped,
)

LONG = 90_000


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Two classes that differ in brightness, 24 pictures of 8 × 8."""
    folder = tmp_path_factory.mktemp("pictures")
    generator = np.random.default_rng(0)
    for label, low in (("dark", 0), ("light", 150)):
        (folder / label).mkdir()
        for number in range(12):
            pixels = generator.integers(low, low + 100, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / label / f"{number}.png")
    return folder


@pytest.fixture
def project(pictures):
    return make_project(pictures, epochs=2)


def make_project(pictures, **training):
    return Project(
        PRESETS["mlp"].build((8, 8, 3), 2),
        {"folder": str(pictures), "image_size": [8, 8]},
        {"batch_size": 4, **training},
    )


@pytest.fixture
def trainer(qapp):
    made = Trainer()
    made.seen = []
    made.states = []
    made.events.connect(made.seen.extend)
    made.state_changed.connect(made.states.append)
    yield made
    assert made.shutdown(60)


def wait_for(qtbot, trainer, *states):
    qtbot.waitUntil(lambda: trainer.state in states, timeout=LONG)


def test_table_of_transitions_has_no_dead_end_and_no_second_start():
    assert set(TRANSITIONS) == set(State)
    for state, following in TRANSITIONS.items():
        assert following
        assert (State.PREPARING in following) is not state.active


def test_run_from_start_to_end(trainer, project, tmp_path, qtbot):
    assert trainer.state is State.IDLE
    assert trainer.start(project, runs_folder=tmp_path, name="bright")
    assert trainer.state is State.PREPARING
    assert not trainer.start(project, runs_folder=tmp_path), "a second start was not refused"
    wait_for(qtbot, trainer, State.FINISHED, State.FAILED)
    assert trainer.states == [State.PREPARING, State.RUNNING, State.FINISHED]
    kinds = [type(event) for event in trainer.seen]
    assert kinds[0] is Started
    assert kinds[-1] is Finished
    assert kinds.count(EpochDone) == 2
    steps = [(event.epoch, event.step) for event in trainer.seen if isinstance(event, BatchDone)]
    assert steps == sorted(steps)
    assert trainer.run is not None
    assert (trainer.run / "model.keras").is_file()
    assert "bright" in trainer.run.name
    assert len(list(tmp_path.iterdir())) == 1
    assert trainer.device


def test_pause_resume_and_stop(trainer, pictures, tmp_path, qtbot):
    assert not trainer.pause()
    assert not trainer.resume()
    assert not trainer.stop()
    trainer.start(make_project(pictures, epochs=100_000), runs_folder=tmp_path)
    wait_for(qtbot, trainer, State.RUNNING)
    assert not trainer.resume()
    assert trainer.pause()
    assert trainer.state is State.PAUSED
    assert not trainer.pause()
    assert not trainer.start(make_project(pictures), runs_folder=tmp_path)
    assert trainer.resume()
    assert trainer.state is State.RUNNING
    assert trainer.stop()
    assert trainer.state is State.STOPPING
    assert not trainer.stop()
    wait_for(qtbot, trainer, State.FINISHED)
    assert any(isinstance(event, Stopped) for event in trainer.seen)
    assert (trainer.run / "project.cnns").is_file()


def test_stop_ends_a_pause(trainer, pictures, tmp_path, qtbot):
    trainer.start(make_project(pictures, epochs=100_000), runs_folder=tmp_path)
    wait_for(qtbot, trainer, State.RUNNING)
    trainer.pause()
    assert trainer.stop()
    wait_for(qtbot, trainer, State.FINISHED)


def test_stop_before_anything_was_trained(trainer, project, tmp_path, qtbot):
    trainer.start(project, runs_folder=tmp_path)
    assert trainer.stop()
    wait_for(qtbot, trainer, State.FINISHED)
    # The next one starts as if nothing had been.
    assert trainer.start(project, runs_folder=tmp_path)
    wait_for(qtbot, trainer, State.FINISHED, State.FAILED)
    assert trainer.state is State.FINISHED


def test_failure_is_told_once_and_another_start_works(trainer, project, tmp_path, qtbot):
    messages = []
    trainer.failed.connect(messages.append)
    broken = Project(project.network, {"folder": str(tmp_path / "nowhere")}, project.training)
    trainer.start(broken, runs_folder=tmp_path / "runs")
    wait_for(qtbot, trainer, State.FAILED)
    assert len(messages) == 1
    assert "nowhere" in messages[0]
    failures = [event for event in trainer.seen if isinstance(event, Failed)]
    assert [failure.message for failure in failures] == messages
    assert trainer.start(project, runs_folder=tmp_path / "runs")
    wait_for(qtbot, trainer, State.FINISHED)


def test_watched_layer_is_told_while_it_trains(trainer, pictures, tmp_path, qtbot):
    project = make_project(pictures, epochs=100_000)
    layer = next(name for name, one in project.network.layers.items() if one.type == "Dense")
    trainer.watch(layer, np.zeros((8, 8, 3), np.uint8))
    trainer.start(project, runs_folder=tmp_path)
    qtbot.waitUntil(
        lambda: any(isinstance(event, FeatureMapsReady) for event in trainer.seen), timeout=LONG
    )
    trainer.stop()
    wait_for(qtbot, trainer, State.FINISHED)


def test_what_is_seen_last_is_the_network_as_it_ended(trainer, pictures, tmp_path, qtbot):
    project = make_project(pictures, epochs=2)
    layer = next(name for name, one in project.network.layers.items() if one.type == "Dense")
    picture = np.zeros((8, 8, 3), np.uint8)
    trainer.watch(layer, picture)
    trainer.start(project, runs_folder=tmp_path)
    wait_for(qtbot, trainer, State.FINISHED)

    maps = [event for event in trainer.seen if isinstance(event, FeatureMapsReady)]
    steps = next(event.steps for event in trainer.seen if isinstance(event, BatchDone))
    assert (maps[-1].epoch, maps[-1].step) == (2, steps)


def test_warm_up_names_the_device(trainer, qtbot):
    with qtbot.waitSignal(trainer.device_changed, timeout=LONG) as known:
        trainer.warm_up()
    assert known.args[0].startswith(("CPU", "GPU"))
    assert trainer.state is State.IDLE


def test_all_trainings_share_one_thread(trainer, project, tmp_path, qtbot):
    names = set()
    for number in range(2):
        trainer.start(project, runs_folder=tmp_path / str(number))
        names |= {thread for thread in threading.enumerate() if "cnnstudio-keras" in thread.name}
        wait_for(qtbot, trainer, State.FINISHED)
    assert len(names) == 1


def test_shutdown_in_the_middle_keeps_the_run(qapp, pictures, tmp_path, qtbot):
    trainer = Trainer()
    trainer.start(make_project(pictures, epochs=100_000), runs_folder=tmp_path)
    wait_for(qtbot, trainer, State.RUNNING)
    assert trainer.shutdown(60)
    assert trainer.state in (State.FINISHED, State.STOPPING)
    assert not trainer.start(make_project(pictures), runs_folder=tmp_path)
    (run,) = tmp_path.iterdir()
    assert (run / "events.jsonl").read_text().splitlines()[-1].startswith('{"event": "stopped"')


def test_flood_of_events_is_delivered_in_lists_without_loss(trainer, qtbot):
    lists = []
    trainer.events.connect(lists.append)
    done = threading.Event()

    def flood():
        for number in range(20_000):
            trainer._post(number)
        done.set()

    thread = threading.Thread(target=flood, name="cnnstudio-flood")
    thread.start()
    qtbot.waitUntil(lambda: done.is_set() and sum(map(len, lists)) == 20_000)
    thread.join()
    assert list(itertools.chain(*lists)) == list(range(20_000))
    assert len(lists) < 200
