"""Trainings with augmentation and balanced classes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from small_trainings import Listener, make_network, make_pictures, make_project, run

from cnnstudio.data.augmentation import AugmentationSettings
from cnnstudio.data.dataset import make_dataset
from cnnstudio.data.pictures import load_picture
from cnnstudio.data.scan import scan_folder
from cnnstudio.data.settings import DataSettings, Preparation
from cnnstudio.graph.project import load_project
from cnnstudio.training import checkpoint
from cnnstudio.training.control import Control
from cnnstudio.training.errors import TrainingError
from cnnstudio.training.feeding import training_options
from cnnstudio.training.prepare import prepare

ON = {"enabled": True, "probability": 0.8}
EVERYTHING = {name: ON for name, _ in AugmentationSettings().operations()}
DENSE = [("Flatten", {}), ("Dense", {"units": 3, "activation": "softmax"})]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_pictures(tmp_path_factory.mktemp("pictures") / "colours")


@pytest.fixture(scope="module")
def uneven(tmp_path_factory):
    """30 blue, 10 green and 5 red pictures."""
    root = tmp_path_factory.mktemp("uneven") / "colours"
    for name, each in (("blue", 30), ("green", 10), ("red", 5)):
        make_pictures(root, classes=(name,), each=each, seed=each)
    return root


@pytest.fixture
def deterministic(keras):
    """Determinism is for the whole process: end it with the test."""
    from tensorflow.python.framework import config

    yield
    config.disable_op_determinism()


def with_data(project, **data):
    return replace(project, data={**project.data, **data})


def weights_of(path):
    arrays = checkpoint.load(path / "checkpoint")[1]
    return {name: array for name, array in arrays.items() if not name.startswith("metrics/")}


@pytest.mark.parametrize("balance", ["class_weights", "sampling"])
def test_a_stopped_and_continued_run_repeats_every_augmentation(
    deterministic, tmp_path, folder, balance
):
    project = with_data(
        make_project(folder, deterministic=True, seed=3), augmentation=EVERYTHING, balance=balance
    )
    whole, listener = run(project, tmp_path)
    assert listener.kinds[-1] == "finished"
    control = Control()

    def stop(event):
        if (event.epoch, event.step) >= (2, 2):
            control.stop()

    path, _ = run(project, tmp_path, control=control, listener=Listener(batch=stop))
    state, _ = checkpoint.load(path / "checkpoint")
    assert (state.epoch, state.step) != (0, 0)
    assert state.epoch < 3
    run(load_project(path / "project.cnns"), tmp_path, resume=path)
    first, second = weights_of(whole), weights_of(path)
    assert first.keys() == second.keys()
    for name, array in first.items():
        assert (array == second[name]).all(), name


def test_pictures_that_validate_stay_as_they_are(keras, tmp_path, folder):
    project = with_data(make_project(folder), augmentation=EVERYTHING)
    path, listener = run(project, tmp_path)
    best = max(
        (event for event in listener.of("epoch") if event.best), key=lambda event: event.epoch
    )
    dataset = make_dataset(scan_folder(folder), DataSettings(image_size=(12, 12)))
    x = [load_picture(sample.path, Preparation((12, 12))) for sample in dataset.val]
    y = np.eye(3)[[sample.label_index for sample in dataset.val]]
    # A plain Keras loads it, and its loss is that of rows.
    model = keras.models.load_model(path / "model.keras")
    found = model.evaluate(np.stack(x).astype("float32"), y, verbose=0, return_dict=True)
    assert best.metrics["val_loss"] == pytest.approx(found["loss"], rel=1e-4)
    assert best.metrics["val_accuracy"] == pytest.approx(found["accuracy"], rel=1e-6)
    assert listener.of("started")[0].loss_name == "categorical_crossentropy"


def test_one_sigmoid_unit_with_mixed_labels(keras, tmp_path):
    pictures = make_pictures(tmp_path / "two", classes=("blue", "red"), each=12)
    project = make_project(pictures, ("Dense", {"units": 1, "activation": "sigmoid"}), epochs=8)
    project = with_data(project, augmentation={"mixup": ON, "cutmix": ON})
    path, listener = run(project, tmp_path)
    assert listener.of("started")[0].loss_name == "binary_crossentropy"
    last = listener.of("epoch")[-1]
    # Most labels are neither 0 nor 1, and no answer equals them.
    assert last.metrics["accuracy"] > 0.6
    assert keras.models.load_model(path / "model.keras").count_params() > 0


def test_a_loss_of_class_numbers_is_refused(tmp_path, folder):
    project = make_project(folder, loss="sparse_categorical_crossentropy")
    project = with_data(project, augmentation={"mixup": ON})
    with pytest.raises(TrainingError, match="MixUp"):
        run(project, tmp_path)


def test_grey_pictures_have_no_colours_to_change(folder):
    project = make_project(folder, network=make_network(shape=(12, 12, 1)))
    plan = prepare(with_data(project, augmentation={"hue": ON, "saturation": ON}))
    assert any(hint.startswith("Saturation and Hue: without effect") for hint in plan.hints)
    assert training_options(plan) == {}


def test_nothing_is_done_to_the_pictures_by_default(folder):
    assert training_options(prepare(make_project(folder))) == {}


# --- uneven classes


@pytest.mark.parametrize("mixed", [False, True])
def test_class_weights_are_in_the_training_loss_alone(keras, tmp_path, uneven, mixed):
    network = make_network(*DENSE[1:])
    project = make_project(
        uneven, network=network, epochs=1, batch_size=45,
        optimizer={"name": "SGD", "learning_rate": 1e-12},
    )  # fmt: skip
    mixup = {"enabled": True, "probability": 1.0, "range": [0.0, 0.0]}
    project = with_data(
        project, balance="class_weights", validation_split=0.2,
        **({"augmentation": {"mixup": mixup}} if mixed else {}),
    )  # fmt: skip
    path, listener = run(project, tmp_path)
    epoch = listener.of("epoch")[0]
    dataset = make_dataset(
        scan_folder(uneven), DataSettings(image_size=(12, 12), validation_split=0.2)
    )
    model = keras.models.load_model(path / "model.keras")

    def losses(samples, training):
        x = [load_picture(sample.path, Preparation((12, 12))) for sample in samples]
        scores = np.asarray(model(np.stack(x).astype("float32"), training=training))
        numbers = np.array([sample.label_index for sample in samples])
        return -np.log(scores[np.arange(len(numbers)), numbers]), numbers

    validated, _ = losses(dataset.val, False)
    assert epoch.metrics["val_loss"] == pytest.approx(validated.mean(), rel=1e-4)
    each, numbers = losses(dataset.train, True)
    assert np.bincount(numbers).tolist() == [24, 8, 4]
    weights = 36 / (3 * np.array([24, 8, 4]))
    assert epoch.loss == pytest.approx((each * weights[numbers]).mean(), rel=1e-4)
    assert epoch.loss != pytest.approx(each.mean(), rel=1e-2)


def test_sampling_shows_all_classes_alike(uneven):
    from cnnstudio.data.feed import Feed

    plan = prepare(with_data(make_project(uneven), balance="sampling"))
    options = training_options(plan)
    with Feed(
        plan.dataset.train, plan.data, batch_size=4, classes=3, shuffle=True, **options
    ) as feed:
        assert feed.steps_per_epoch == 9
        shown = [
            np.bincount([plan.dataset.train[n].label_index for n in feed.order(epoch)], minlength=3)
            for epoch in range(3)
        ]
    assert [counts.sum() for counts in shown] == [36] * 3
    assert np.abs(np.array(shown) - 12).max() <= 1


@pytest.mark.parametrize("balance", ["class_weights", "sampling"])
def test_a_balanced_training_learns_the_small_class(keras, tmp_path, balance):
    """Two classes that can hardly be told apart, 10 to 1: left alone, the large one is said."""
    rng = np.random.default_rng(0)
    root = tmp_path / "grey"
    from PIL import Image

    for name, count, level in (("many", 100, 120), ("few", 10, 136)):
        (root / name).mkdir(parents=True)
        for number in range(count):
            value = np.clip(rng.normal(level, 12), 0, 255)
            pixels = np.full((4, 4, 3), value, np.uint8)
            Image.fromarray(pixels).save(root / name / f"{number:03}.png")
    ending = ("Dense", {"units": 2, "activation": "softmax"})
    network = make_network(ending, shape=(4, 4, 3))
    project = make_project(root, network=network, epochs=6, batch_size=16, seed=1)
    project = with_data(project, validation_split=0.0)

    def recall(settings):
        path, _ = run(with_data(project, balance=settings), tmp_path / "runs")
        model = keras.models.load_model(path / "model.keras")
        x = [load_picture(file, Preparation((4, 4))) for file in sorted((root / "few").iterdir())]
        scores = np.asarray(model(np.stack(x).astype("float32")))
        return (scores[:, 0] > scores[:, 1]).mean()

    assert recall(balance) > recall("none") + 0.3
