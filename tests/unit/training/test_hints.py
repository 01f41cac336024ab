"""Hints come when they should, once, and not in a good training; the confusion while it trains."""

import math

import numpy as np
import pytest
from small_trainings import make_network, make_pictures, make_project, run

from cnnstudio.training.hints import Hints, Probe

CLASSES = ("cat", "dog")


def told(epochs, *, rate=0.001, confusion=None, dead=None):
    hints = Hints(CLASSES)
    return [
        text for figures in epochs for text in hints.epoch(figures, rate, confusion, dead or {})
    ]


def good(number):
    """An epoch of a training that goes well."""
    loss = math.exp(-number / 4)
    return {"loss": loss, "val_loss": loss + 0.05, "accuracy": 1 - loss / 2}


def test_a_good_training_is_left_alone():
    confusion = np.array([[9, 1], [2, 8]])
    assert told([good(n) for n in range(20)], confusion=confusion, dead={"relu": 0.1}) == []


def test_a_loss_that_wavers_near_its_end_is_left_alone():
    wavering = [0.02, 0.021, 0.023, 0.026, 0.03, 0.02]
    epochs = [good(n) for n in range(8)]
    epochs += [{"loss": loss, "val_loss": 0.1, "accuracy": 0.99} for loss in wavering]
    assert told(epochs) == []


def test_overfitting_is_told_once():
    epochs = [{**good(n), "val_loss": max(0.5, 1 - n / 5) + max(0, n - 5) * 0.1} for n in range(15)]
    (text,) = told(epochs)
    assert text.startswith("Overfitting: since epoch 4")
    assert "augmentation" in text


def test_underfitting_and_a_rate_too_low():
    epochs = [{"loss": 0.69, "accuracy": 0.5} for _ in range(10)]
    low, under = told(epochs)
    assert "Try a learning rate of 0.01" in low
    assert "it knows 50% of the pictures" in under
    assert "guessing gives 50%" in under


@pytest.mark.parametrize("losses", [[1.0, 1.2, 1.4, 1.6], [0.7, 9.0]])
def test_a_rate_too_high(losses):
    (text,) = told([{"loss": loss, "accuracy": 0.9} for loss in losses], rate=0.1)
    assert "Try a learning rate of 0.01, or a warm-up" in text


def test_first_steps_that_ruin_a_network():
    ruined = [{"loss": loss, "accuracy": 0.5} for loss in (2e4, 0.71, 0.7)]
    (text,) = told(ruined, rate=5.0)
    assert "2e+04 where guessing gives 0.69" in text
    assert "Try a learning rate of 0.5, or a warm-up" in text
    # A penalty on the weights makes a loss large, too.
    assert told([{"loss": 9 - n, "accuracy": 0.8} for n in range(3)]) == []


def test_a_class_never_predicted():
    (text,) = told([good(n) for n in range(5)], confusion=np.array([[9, 0], [9, 0]]))
    assert "No validation picture is taken for dog" in text
    # A class without validation pictures is none.
    assert told([good(n) for n in range(5)], confusion=np.array([[9, 0], [0, 0]])) == []


def test_dead_units_name_the_layer():
    (text,) = told([good(0)], dead={"conv2d_1": 0.5, "conv2d_2": 0.75})
    assert text.startswith("75% of the units of conv2d_2")


def test_dead_units_are_those_that_are_always_zero(keras):
    inputs = keras.Input((4, 4, 1))
    x = keras.layers.Conv2D(4, 1, activation="relu", name="one")(inputs)
    x = keras.layers.Conv2D(2, 1)(x)
    model = keras.Model(inputs, keras.layers.ReLU(name="two")(x))
    model.get_layer("one").set_weights([np.ones((1, 1, 1, 4)), np.array([0, 0, 0, -999.0])])
    shares = Probe(model).dead(np.full((3, 4, 4, 1), 200, np.uint8))
    assert shares["one"] == 0.25
    assert set(shares) == {"one", "two"}


ENDINGS = {
    "numbers": (("Dense", {"units": 3, "activation": "softmax"}), "auto"),
    "rows": (("Dense", {"units": 3, "activation": "softmax"}), "categorical_crossentropy"),
    "single logit": (("Dense", {"units": 1}), "auto"),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_confusion_of_each_epoch_fits_the_accuracy(keras, tmp_path, ending):
    layer, loss = ENDINGS[ending]
    classes = ("blue", "red") if "single" in ending else ("blue", "green", "red")
    folder = make_pictures(tmp_path / "pictures", classes=classes)
    project = make_project(folder, network=make_network(layer), epochs=2, loss=loss)
    path, listener = run(project, tmp_path / "runs")
    matrices = listener.of("confusion")
    assert [event.epoch for event in matrices] == [1, 2]
    for event, epoch in zip(matrices, listener.of("epoch"), strict=True):
        assert event.classes == classes
        assert event.matrix.sum() == listener.of("started")[0].validation_images
        share = np.trace(event.matrix) / event.matrix.sum()
        assert share == pytest.approx(epoch.metrics["val_accuracy"])
    assert '"event": "confusion"' not in (path / "events.jsonl").read_text()
    # The model that is kept is the plain one.
    assert keras.models.load_model(path / "model.keras").layers[-1].name == "dense_1"
