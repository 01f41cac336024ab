"""Losses, metrics, class weights and precision through whole trainings."""

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_fscore_support, roc_auc_score
from small_trainings import make_pictures, make_project, run

from cnnstudio.training import checkpoint
from cnnstudio.training.errors import TrainingError
from cnnstudio.training.metrics import more_metrics
from cnnstudio.training.objective import Objective
from cnnstudio.training.runs import read_history
from cnnstudio.training.settings import TrainingSettings

ALL = ("top_k", "precision", "recall", "f1", "auc")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_pictures(tmp_path_factory.mktemp("pictures") / "colours")


def objective(form):
    single = form.startswith("single")
    name = "binary_crossentropy" if single else "sparse_categorical_crossentropy"
    return Objective(name, "logits" in form, "rows" in form, single)


FORMS = ["numbers", "numbers, logits", "rows", "rows, logits", "single", "single, logits"]


@pytest.mark.parametrize("form", FORMS)
def test_metrics_are_those_of_scikit_learn(keras, form):
    rng = np.random.default_rng(FORMS.index(form))
    goal = objective(form)
    classes = 2 if goal.single else 4
    labels = rng.integers(0, classes, 120)
    scores = rng.normal(size=(120, 1 if goal.single else classes)).astype("float32")
    if goal.single:
        scores += 1.5 * (labels[:, None] - 0.5)
        yes = 1 / (1 + np.exp(-scores))
        shares = np.hstack([1 - yes, yes])
    else:
        scores[np.arange(120), labels] += 1
        shares = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    given_scores = scores if goal.from_logits else (yes if goal.single else shares)
    rows = np.eye(classes, dtype="float32")[labels]
    truth = rows if goal.one_hot else labels
    found = {}
    for metric in more_metrics(TrainingSettings(metrics=ALL, top_k=2), goal, classes):
        for part in range(0, 120, 50):
            metric.update_state(truth[part : part + 50], given_scores[part : part + 50])
        found[metric.name] = float(metric.result())
    precision, recall, f1, _ = precision_recall_fscore_support(
        labels, shares.argmax(axis=1), average="macro", zero_division=0
    )
    assert found["precision"] == pytest.approx(precision, abs=1e-4)
    assert found["recall"] == pytest.approx(recall, abs=1e-4)
    assert found["f1"] == pytest.approx(f1, abs=1e-4)
    assert found["auc"] == pytest.approx(roc_auc_score(rows, shares, average="macro"), abs=0.01)
    if goal.single:
        assert "top_2" not in found
    else:
        top = np.argsort(-shares, axis=1)[:, :2]
        assert found["top_2"] == pytest.approx(
            np.mean([a in b for a, b in zip(labels, top, strict=True)])
        )


def test_metrics_are_in_events_table_tensorboard_and_history(keras, tmp_path, folder):
    path, listener = run(make_project(folder, epochs=2, metrics=ALL, top_k=2), tmp_path)
    names = {"accuracy", "top_2", "precision", "recall", "f1", "auc"}
    expected = names | {f"val_{name}" for name in (*names, "loss")}
    assert set(listener.of("epoch")[0].metrics) == expected
    batch = listener.of("batch")[-1]
    assert set(batch.metrics) == names
    assert batch.means["f1"] == pytest.approx(listener.of("epoch")[-1].metrics["f1"], rel=1e-5)
    row = read_history(path).epochs[-1]
    assert names <= set(row)
    assert list((path / "tensorboard" / "validation").iterdir())
    # For Keras alone the model knows loss and accuracy.
    model = keras.models.load_model(path / "model.keras")
    x, y = np.zeros((2, 12, 12, 3)), np.zeros(2, int)
    assert set(model.evaluate(x, y, verbose=0, return_dict=True)) == {"loss", "accuracy"}


@pytest.mark.parametrize(
    ("loss", "more"),
    [
        ("categorical_focal_crossentropy", {"focal_gamma": 1.0, "focal_alpha": 0.5}),
        ("binary_focal_crossentropy", {}),
        ("auto", {"label_smoothing": 0.2}),
    ],
)
def test_losses_learn_and_have_their_arguments(keras, tmp_path, folder, loss, more):
    project = make_project(folder, epochs=8, loss=loss, optimizer={"learning_rate": 0.05}, **more)
    path, listener = run(project, tmp_path)
    losses = [event.loss for event in listener.of("epoch")]
    assert losses[-1] < losses[0]
    config = keras.models.load_model(path / "model.keras").loss.get_config()
    if loss == "auto":
        assert (config["name"], config["label_smoothing"]) == ("categorical_crossentropy", 0.2)
        # Never surer than the labels: the loss cannot fall below their own entropy.
        shares = np.array([0.8 + 0.2 / 3, 0.2 / 3, 0.2 / 3])
        assert losses[-1] > -np.sum(shares * np.log(shares)) - 1e-3
    else:
        assert config["gamma"] == more.get("focal_gamma", 2.0)


def test_smoothing_a_loss_that_cannot_is_refused(keras, tmp_path, folder):
    for loss in ("sparse_categorical_crossentropy", "mean_squared_error"):
        with pytest.raises(TrainingError, match="does not take label smoothing"):
            run(make_project(folder, loss=loss, label_smoothing=0.1), tmp_path)


def test_class_weights_given_by_hand(keras, tmp_path, folder):
    """A class that counts nothing teaches nothing: the others push its score down."""
    project = make_project(
        folder,
        epochs=8,
        optimizer={"learning_rate": 0.05},
        class_weights={"red": 0.0},
        metrics=("recall",),
    )
    _, listener = run(project, tmp_path)
    assert listener.of("epoch")[-1].metrics["val_recall"] == pytest.approx(2 / 3, abs=0.01)
    with pytest.raises(TrainingError, match="names scarlet, but the classes are blue, green, red"):
        run(make_project(folder, class_weights={"scarlet": 2.0}), tmp_path)


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_is_in_the_layers_and_not_in_the_result(keras, tmp_path, folder, precision):
    from cnnstudio.training.compiling import compiled
    from cnnstudio.training.prepare import prepare

    project = make_project(
        folder, epochs=8, precision=precision, optimizer={"learning_rate": 0.05}, seed=3
    )
    model, _ = compiled(prepare(project))
    assert model.get_layer("conv2d_1").compute_dtype == precision.removeprefix("mixed_")
    assert model.get_layer("dense_1").compute_dtype == "float32"
    assert keras.config.dtype_policy().name == "float32"
    path, listener = run(project, tmp_path)
    assert listener.of("epoch")[-1].metrics["accuracy"] > 0.8
    kept = keras.models.load_model(path / "model.keras")
    assert {layer.dtype_policy.name for layer in kept.layers} == {"float32"}
    # And it can be gone on with.
    longer = make_project(folder, epochs=9, precision=precision, seed=3,
                          optimizer={"learning_rate": 0.05})  # fmt: skip
    _, listener = run(longer, tmp_path, resume=path)
    assert [event.epoch for event in listener.of("epoch")] == [9]


@pytest.mark.parametrize("how", [{"jit_compile": "on"}, {"steps_per_execution": 4}])
def test_xla_and_steps_per_execution_train_the_same(keras, tmp_path, folder, how):
    plain, first = run(make_project(folder, epochs=2), tmp_path / "plain")
    other, second = run(make_project(folder, epochs=2, **how), tmp_path / "other")
    for event, same in zip(first.of("epoch"), second.of("epoch"), strict=True):
        assert event.loss == pytest.approx(same.loss, rel=1e-3)
    steps = [event.step for event in second.of("batch")]
    if "steps_per_execution" in how:
        assert set(steps) <= {4, 6}
    a, b = (checkpoint.load(path / "checkpoint")[1]["model/0"] for path in (plain, other))
    np.testing.assert_allclose(a, b, atol=1e-3)


def test_all_devices_share_each_batch(tmp_path, folder):
    """Two processors stand for two GPUs, in a process of their own."""
    program = f"""
import json, sys
sys.path.insert(0, {str(__file__.rpartition("/")[0])!r})
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from pathlib import Path
from small_trainings import make_project, run
from cnnstudio.training.compiling import compiled
from cnnstudio.training.prepare import prepare
project = make_project(Path({str(folder)!r}), epochs=1, devices="all", metrics=["f1"],
                       schedule={{"name": "cosine"}})
model, _ = compiled(prepare(project))
path, first = run(project, Path({str(tmp_path)!r}))
longer = make_project(Path({str(folder)!r}), epochs=2, devices="all", metrics=["f1"],
                      schedule={{"name": "cosine"}})
_, second = run(longer, Path({str(tmp_path)!r}), resume=path)
import keras
kept = keras.models.load_model(path / "model.keras")
print(json.dumps([model.distribute_strategy.num_replicas_in_sync, first.kinds[-1],
                  second.kinds[-1], len(kept.layers)]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout.splitlines()[-1]) == [2, "finished", "finished", 6]


@settings(max_examples=10)
@given(st.dictionaries(st.text(min_size=1), st.floats(0, 100), max_size=3))
def test_class_weights_survive_json(weights):
    from cnnstudio.data.settings_model import settings_from_json

    made = TrainingSettings(class_weights=weights, metrics=("f1", "auc"))
    assert settings_from_json(TrainingSettings, made.to_json(), "training") == made
