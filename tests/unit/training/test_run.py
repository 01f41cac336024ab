"""A run from start to end, and what it leaves on disk."""

import csv
import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from small_trainings import Listener, make_network, make_pictures, make_project, run

from cnnstudio.errors import Cancelled
from cnnstudio.graph.preparation import Preparation
from cnnstudio.graph.project import load_project
from cnnstudio.training.control import Control
from cnnstudio.training.errors import TrainingError
from cnnstudio.training.runs import list_runs, read_history, run_info


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_pictures(tmp_path_factory.mktemp("pictures") / "colours")


@pytest.fixture(scope="module")
def finished(keras, folder, tmp_path_factory):
    """A run of 3 epochs: its folder and its events."""
    return run(make_project(folder), tmp_path_factory.mktemp("runs"), name="Small CNN!")


def test_events_come_in_order(finished):
    path, listener = finished
    kinds = [kind for kind in listener.kinds if kind not in ("batch", "message", "confusion")]
    assert kinds == ["started", "epoch", "epoch", "epoch", "finished"]
    assert all(event.run == path for event in listener.events)
    started = listener.of("started")[0]
    assert started.classes == ("blue", "green", "red")
    assert (started.training_images, started.validation_images) == (24, 6)
    assert (started.steps_per_epoch, started.epochs) == (6, 3)
    assert started.device
    assert [event.time for event in listener.events] == sorted(e.time for e in listener.events)


def test_every_epoch_ends_with_a_batch_event(finished):
    _, listener = finished
    for number, event in enumerate(listener.events):
        if event.kind == "epoch":
            last = listener.events[number - 1]
            assert (last.kind, last.epoch, last.step, last.steps) == ("batch", event.epoch, 6, 6)
            # The running means at the end of the epoch are the epoch's figures.
            assert last.means["loss"] == pytest.approx(event.loss, rel=1e-5)
            assert last.means["accuracy"] == pytest.approx(event.metrics["accuracy"], rel=1e-5)


def test_batch_figures_add_up_to_the_epochs(finished):
    _, listener = finished
    for epoch in (1, 2, 3):
        done, total = 0, 0.0
        for event in listener.of("batch"):
            if event.epoch == epoch:
                total += event.loss * (event.step - done)
                done = event.step
        assert total / 6 == pytest.approx(listener.of("epoch")[epoch - 1].loss, rel=1e-4)


def test_figures_of_an_epoch(finished):
    _, listener = finished
    epochs = listener.of("epoch")
    assert [event.epoch for event in epochs] == [1, 2, 3]
    assert set(epochs[0].metrics) == {"accuracy", "val_loss", "val_accuracy"}
    assert all(event.learning_rate == 0.01 for event in epochs)
    assert all(event.images_per_second > 0 for event in epochs)
    losses = [event.metrics["val_loss"] for event in epochs]
    assert [event.best for event in epochs] == [
        loss == min(losses[: number + 1]) for number, loss in enumerate(losses)
    ]
    end = listener.of("finished")[0]
    assert end.best_epoch == 1 + losses.index(min(losses))
    assert end.metrics["val_loss"] == min(losses)
    assert (end.epochs_done, end.epochs, end.skipped) == (3, 3, 0)


def test_the_files_of_a_run(finished, folder):
    path, listener = finished
    assert path.name.endswith("_small-cnn")
    assert (path / "classes.txt").read_text() == "blue\ngreen\nred\n"
    environment = json.loads((path / "environment.json").read_text())
    assert environment["versions"]["tensorflow"]
    assert environment["device"] == listener.of("started")[0].device
    project = load_project(path / "project.cnns")
    assert project.network == make_network()
    assert project.data["folder"] == str(folder)
    assert project.data["image_size"] == [12, 12]
    assert project.training["epochs"] == 3
    assert project.training["early_stopping"]["patience"] == 5
    lines = [json.loads(line) for line in (path / "events.jsonl").read_text().splitlines()]
    assert [line["event"] for line in lines if line["event"] != "batch"] == [
        kind for kind in listener.kinds if kind not in ("batch", "confusion")
    ]
    assert not list(path.rglob("*.part*"))


def test_metrics_are_a_table_as_keras_writes_it(finished):
    path, listener = finished
    with (path / "metrics.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        "epoch", "accuracy", "learning_rate", "loss", "val_accuracy", "val_loss",
    ]  # fmt: skip
    assert [row["epoch"] for row in rows] == ["0", "1", "2"]
    assert [float(row["val_loss"]) for row in rows] == [
        event.metrics["val_loss"] for event in listener.of("epoch")
    ]


def test_tensorboard_reads_the_scalars(finished):
    from tensorflow.compat.v1.train import summary_iterator
    from tensorflow.python.framework import tensor_util

    path, listener = finished
    found = {}
    for board in ("train", "validation"):
        (file,) = (path / "tensorboard" / board).iterdir()
        for event in summary_iterator(str(file)):
            for value in event.summary.value:
                assert value.metadata.plugin_data.plugin_name == "scalars"
                figure = float(tensor_util.MakeNdarray(value.tensor))
                found.setdefault((board, value.tag), []).append((event.step, figure))
    assert set(found) == {
        ("train", "epoch_loss"),
        ("train", "epoch_accuracy"),
        ("train", "epoch_learning_rate"),
        ("validation", "epoch_loss"),
        ("validation", "epoch_accuracy"),
    }
    assert found["validation", "epoch_loss"] == [
        (event.epoch - 1, pytest.approx(event.metrics["val_loss"]))
        for event in listener.of("epoch")
    ]


def test_tensorboard_reads_the_run_with_its_own_reader(finished):
    """As its window does: the whole folder of runs, a board for training and one for validation."""
    reason = "the package tensorboard is not installed"
    reader = pytest.importorskip(
        "tensorboard.backend.event_processing.plugin_event_multiplexer", reason=reason
    )
    path, listener = finished
    multiplexer = reader.EventMultiplexer()
    multiplexer.AddRunsFromDirectory(str(path.parent))
    multiplexer.Reload()
    train, validation = (f"{path.name}/tensorboard/{b}" for b in ("train", "validation"))
    assert set(multiplexer.Runs()) == {train, validation}

    from tensorboard.util.tensor_util import make_ndarray

    def curve(board, tag):
        events = multiplexer.Tensors(board, tag)
        found = [(event.step, float(make_ndarray(event.tensor_proto))) for event in events]
        return [(step, pytest.approx(figure)) for step, figure in found]

    epochs = listener.of("epoch")
    for board, tag, figures in (
        (train, "epoch_loss", [event.loss for event in epochs]),
        (train, "epoch_accuracy", [event.metrics["accuracy"] for event in epochs]),
        (train, "epoch_learning_rate", [event.learning_rate for event in epochs]),
        (validation, "epoch_loss", [event.metrics["val_loss"] for event in epochs]),
        (validation, "epoch_accuracy", [event.metrics["val_accuracy"] for event in epochs]),
    ):
        metadata = multiplexer.SummaryMetadata(board, tag)
        assert metadata.plugin_data.plugin_name == "scalars"
        assert list(enumerate(figures)) == curve(board, tag)


def test_the_model_works_with_keras_alone(finished, folder):
    path, _ = finished
    program = f"""
import sys, importlib.abc
class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.split(".")[0] == "cnnstudio":
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
import keras, numpy as np
from PIL import Image
model = keras.models.load_model({str(path / "model.keras")!r})
picture = np.asarray(Image.open({str(folder / "red" / "00.png")!r}), "float32")
print(model.predict(picture[None], verbose=0)[0].tolist())
print(sorted(model.evaluate(picture[None], np.array([2]), verbose=0, return_dict=True)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    scores, figures = map(json.loads, done.stdout.replace("'", '"').splitlines()[-2:])
    assert len(scores) == 3
    assert sum(scores) == pytest.approx(1, abs=1e-5)
    assert figures == ["accuracy", "loss"]


def test_the_model_is_the_best_epochs(finished, keras, folder):
    from cnnstudio.data.dataset import make_dataset
    from cnnstudio.data.pictures import load_picture
    from cnnstudio.data.scan import scan_folder
    from cnnstudio.data.settings import DataSettings

    path, listener = finished
    dataset = make_dataset(scan_folder(folder), DataSettings(image_size=(12, 12)))
    x = np.stack([load_picture(s.path, Preparation((12, 12))) for s in dataset.val]).astype(
        "float32"
    )
    y = np.array([s.label_index for s in dataset.val])
    model = keras.models.load_model(path / "model.keras")
    found = model.evaluate(x, y, verbose=0, return_dict=True)
    assert found["loss"] == pytest.approx(listener.of("finished")[0].metrics["val_loss"], rel=1e-5)


def test_the_run_is_listed_and_read_back(finished):
    path, listener = finished
    (info,) = list_runs(path.parent)
    assert info.path == path
    assert (info.state, info.epochs_done, info.epochs) == ("finished", 3, 3)
    end = listener.of("finished")[0]
    assert info.best_epoch == end.best_epoch
    assert info.best_val_loss == end.metrics["val_loss"]
    assert info.best_val_accuracy == end.metrics["val_accuracy"]
    assert info.classes == ("blue", "green", "red")
    assert info.settings["training"]["batch_size"] == 4
    assert info.started is not None
    assert info.seconds == pytest.approx(end.seconds)
    assert info.resumable
    assert info.has_model
    json.dumps(info.to_json(), allow_nan=False)
    history = read_history(path)
    assert [row["epoch"] for row in history.epochs] == [1, 2, 3]
    assert [row["val_loss"] for row in history.epochs] == [
        event.metrics["val_loss"] for event in listener.of("epoch")
    ]
    assert {(row["epoch"], row["step"]) for row in history.batches} >= {(1, 6), (2, 6), (3, 6)}


ENDINGS = {
    "logits": ([("Dense", {"units": 3})], ("blue", "green", "red")),
    "softmax layer": ([("Dense", {"units": 3}), ("Softmax", {})], ("blue", "green", "red")),
    "one sigmoid": ([("Dense", {"units": 1, "activation": "sigmoid"})], ("blue", "red")),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_colours_are_learned_whatever_the_ending(keras, tmp_path, ending):
    layers, classes = ENDINGS[ending]
    folder = make_pictures(tmp_path / "pictures", classes=classes)
    project = make_project(folder, *layers, epochs=12, optimizer={"learning_rate": 0.05})
    _, listener = run(project, tmp_path / "runs")
    assert listener.of("epoch")[-1].metrics["accuracy"] >= 0.9


@pytest.mark.parametrize(
    "loss", ["categorical_crossentropy", "binary_crossentropy", "mean_squared_error"]
)
def test_other_losses(keras, tmp_path, folder, loss):
    path, listener = run(make_project(folder, epochs=1, loss=loss), tmp_path)
    assert listener.of("started")[0].loss_name == loss
    assert keras.models.load_model(path / "model.keras").loss.name == loss


def test_the_input_decides_the_size_and_colours_of_the_pictures(keras, tmp_path, folder):
    project = make_project(folder, network=make_network(shape=(8, 10, 1)), epochs=1)
    project = replace(project, data={**project.data, "image_size": [64, 64], "color_mode": "rgb"})
    path, _ = run(project, tmp_path)
    used = load_project(path / "project.cnns").data
    assert (used["image_size"], used["color_mode"]) == ([8, 10], "grayscale")
    assert keras.models.load_model(path / "model.keras").input_shape == (None, 8, 10, 1)


def test_without_validation(keras, tmp_path, folder):
    project = make_project(folder)
    project = replace(project, data={**project.data, "validation_split": 0})
    path, listener = run(project, tmp_path)
    assert listener.of("started")[0].validation_images == 0
    assert set(listener.of("epoch")[0].metrics) == {"accuracy"}
    losses = [event.loss for event in listener.of("epoch")]
    assert listener.of("finished")[0].best_epoch == 1 + losses.index(min(losses))
    info = run_info(path)
    assert info.best_loss == min(losses)
    assert info.best_val_loss is None
    header, first = (path / "metrics.csv").read_text().splitlines()[:2]
    assert header.endswith("val_accuracy,val_learning_rate,val_loss")
    assert first.endswith("NA,NA,NA")


def test_early_stopping_keeps_the_best(keras, tmp_path, folder):
    # So high a rate that nothing gets better for long.
    project = make_project(
        folder,
        epochs=60,
        optimizer={"name": "SGD", "learning_rate": 20.0},
        early_stopping={"enabled": True, "patience": 2},
    )
    path, listener = run(project, tmp_path)
    end = listener.of("finished")[0]
    assert end.early
    assert end.epochs_done < 60
    assert end.epochs_done == end.best_epoch + 2
    assert run_info(path).best_epoch == end.best_epoch
    assert any("Early stopping" in event.text for event in listener.of("message"))


@pytest.mark.parametrize("restore_best", [True, False])
def test_restore_best_decides_whose_weights_are_kept(keras, tmp_path, folder, restore_best):
    stopping = {"enabled": True, "patience": 1, "restore_best": restore_best}
    project = make_project(
        folder,
        epochs=60,
        optimizer={"name": "SGD", "learning_rate": 20.0},
        early_stopping=stopping,
    )
    from cnnstudio.training import checkpoint

    path, _ = run(project, tmp_path)
    _, arrays = checkpoint.load(path / "checkpoint")
    last = [arrays[name] for name in sorted(arrays) if name.startswith("model/")]
    kept = keras.models.load_model(path / "model.keras").variables
    same = all(np.array_equal(a, v.numpy()) for a, v in zip(last, kept, strict=True))
    assert same is not restore_best


def test_stop_while_preparing_leaves_nothing(keras, tmp_path, folder):
    control, listener = Control(), Listener()
    control.stop()
    with pytest.raises(Cancelled):
        run(make_project(folder), tmp_path / "runs", control=control, listener=listener)
    assert not (tmp_path / "runs").exists()
    assert not listener.events


def test_the_same_seed_gives_the_same_run(keras, tmp_path, folder):
    losses = {}
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        project = make_project(folder, network=make_network(dropout=True), epochs=1, seed=seed)
        losses[name] = run(project, tmp_path)[1].of("epoch")[0].loss
    assert losses["one"] == pytest.approx(losses["again"], rel=1e-6)
    assert losses["one"] != losses["other"]


def test_runs_started_in_the_same_second_get_folders_of_their_own(tmp_path):
    from datetime import datetime

    from cnnstudio.training.folder import RunFolder

    now = datetime(2026, 11, 21, 14, 3, 5)
    folders = [RunFolder.create(tmp_path, "Zürich  net", now) for _ in range(3)]
    assert [each.path.name for each in folders] == [
        "2026-11-21_14-03-05_z-rich-net",
        "2026-11-21_14-03-05_z-rich-net-2",
        "2026-11-21_14-03-05_z-rich-net-3",
    ]
    for each in folders:
        each.close()


def test_unknown_settings_fail_with_a_failed_event(tmp_path, folder):
    listener = Listener()
    with pytest.raises(TrainingError, match=r"training\.epochs must be at least 1"):
        run(make_project(folder, epochs=0), tmp_path / "runs", listener=listener)
    assert listener.kinds == ["failed"]
    assert listener.events[0].run is None
    assert not (tmp_path / "runs").exists()
