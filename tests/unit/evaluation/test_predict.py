"""Classifying files, folders and arrays: order, broken files, batches, threads."""

import json
import os
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from cnnstudio.data.pictures import load_picture
from cnnstudio.errors import Cancelled
from cnnstudio.evaluation.predict import (
    Classifier,
    Prediction,
    Unreadable,
    as_probabilities,
    expand_paths,
    output_kind,
)
from cnnstudio.graph.preparation import Preparation
from cnnstudio.graph.presets import PRESETS
from cnnstudio.keras_build.build import build_model
from cnnstudio.keras_build.trained import TrainedModel


def test_a_folder_in_order_with_the_probabilities_of_keras(trained, pictures):
    results = list(Classifier(trained).classify([pictures], batch_size=5))
    paths = sorted(pictures.rglob("*.png"))
    assert [result.path for result in results] == paths
    pixels = np.stack([load_picture(path, Preparation((8, 8))) for path in paths])
    wanted = trained.model.predict(pixels.astype(np.float32), verbose=0)
    for result, row in zip(results, wanted, strict=True):
        assert result.ranked[0][0] == result.path.parent.name
        names = sorted(trained.classes, key=lambda name: -row[trained.classes.index(name)])
        assert [name for name, _ in result.ranked] == names
        for name, probability in result.ranked:
            index = trained.classes.index(name)
            assert probability == pytest.approx(float(row[index]), abs=1e-5)


def test_broken_files_are_named_in_their_place_and_stop_nothing(trained, pictures, tmp_path):
    good = pictures / "test" / "red" / "0.png"
    fake = tmp_path / "fake.jpg"
    fake.write_text("no picture")
    cut = tmp_path / "cut.png"
    cut.write_bytes(good.read_bytes()[:300])
    notes = tmp_path / "notes.txt"
    notes.write_text("notes")
    empty = tmp_path / "empty"
    empty.mkdir()
    given = [fake, good, cut, notes, tmp_path / "gone.png", empty, str(good)]
    results = list(Classifier(trained).classify(given, batch_size=2))
    assert [result.path for result in results] == [Path(path) for path in given]
    broken = {
        result.path.name: result.reason for result in results if isinstance(result, Unreadable)
    }
    assert set(broken) == {"fake.jpg", "cut.png", "notes.txt", "gone.png", "empty"}
    assert "no such file" in broken["gone.png"]
    assert "no pictures" in broken["empty"]
    assert json.loads(json.dumps(results[0].to_json())) == {
        "path": str(fake),
        "error": broken["fake.jpg"],
    }
    assert results[1].ranked == results[-1].ranked


def test_json_and_top(trained, pictures):
    (result,) = Classifier(trained).classify([pictures / "test" / "green" / "1.png"], top=2)
    line = json.loads(json.dumps(result.to_json()))
    assert line["predictions"][0]["class"] == "green"
    assert len(line["predictions"]) == 2


def test_only_broken_files_in_a_batch(trained, tmp_path):
    for number in range(3):
        (tmp_path / f"{number}.png").write_bytes(b"")
    assert len(list(Classifier(trained).classify([tmp_path], batch_size=2))) == 3


def test_stopping(trained, pictures):
    asked = []

    def cancelled():
        asked.append(True)
        return len(asked) > 2

    results = []
    with pytest.raises(Cancelled):
        results.extend(Classifier(trained).classify([pictures], batch_size=3, cancelled=cancelled))
    seen = iter(Classifier(trained).classify([pictures], batch_size=3))
    next(seen)
    seen.close()
    # conftest fails the test if the decoding threads are left


def test_batch_size_changes_nothing(trained, pictures):
    classifier = Classifier(trained)
    one, five = (
        [result.ranked for result in classifier.classify([pictures], batch_size=size)]
        for size in (1, 5)
    )
    for first, second in zip(one, five, strict=True):
        assert dict(first) == pytest.approx(dict(second), abs=1e-6)


def test_a_pasted_picture(trained, pictures):
    path = pictures / "test" / "blue" / "0.png"
    classifier = Classifier(trained)
    (result,) = classifier.classify([path])
    pasted = classifier.classify_array(load_picture(path, Preparation((8, 8))))
    assert dict(pasted) == pytest.approx(dict(result.ranked), abs=1e-6)


def test_a_network_with_a_fixed_batch(keras, loaded, trained, pictures):
    inputs = keras.Input((8, 8, 3), batch_size=5)
    trained.model = keras.Model(inputs, loaded.model(inputs))
    fixed = [result.ranked for result in Classifier(trained).classify([pictures])]
    free = [result.ranked for result in Classifier(loaded).classify([pictures])]
    for one, other in zip(fixed, free, strict=True):
        assert dict(one) == pytest.approx(dict(other), abs=1e-6)


def test_a_network_with_its_input_and_output_in_lists(keras, loaded, pictures, tmp_path):
    model = loaded.model
    keras.Model([model.input], [model.output]).save(tmp_path / "listed.keras")
    (tmp_path / "classes.txt").write_text("blue\ngreen\nred\n")
    listed = TrainedModel.load(tmp_path / "listed.keras")
    one, other = (
        [result.ranked for result in Classifier(each).classify([pictures])]
        for each in (listed, loaded)
    )
    assert one == other


def test_a_diverged_network_says_so(loaded, trained, pictures, keras):
    copy = keras.models.clone_model(loaded.model)
    copy.set_weights([np.full_like(weight, np.nan) for weight in loaded.model.get_weights()])
    trained.model = copy
    (result,) = Classifier(trained).classify([pictures / "test" / "red" / "0.png"])
    assert "diverged" in result.reason


def test_folders_are_walked_in_order_and_hidden_files_left_out(pictures):
    (pictures / ".cache").mkdir()
    shutil.copy(pictures / "test" / "red" / "0.png", pictures / ".cache" / "a.png")
    shutil.copy(pictures / "test" / "red" / "0.png", pictures / "._0.png")
    (pictures / "readme.md").write_text("")
    found = list(expand_paths([pictures]))
    assert found == sorted(path for path in pictures.joinpath("test").rglob("*.png"))


@pytest.mark.skipif(os.name == "nt", reason="no such names")
def test_names_that_are_no_text(trained, pictures, tmp_path):
    path = tmp_path / os.fsdecode(b"\xff.png")
    shutil.copy(pictures / "test" / "red" / "0.png", path)
    (result,) = Classifier(trained).classify([path])
    json.dumps(result.to_json()).encode("utf-8")
    assert isinstance(result, Prediction)


@pytest.mark.parametrize(
    ("last", "kind"),
    [
        ([("Dense", {"units": 3, "activation": "softmax"})], "softmax"),
        ([("Dense", {"units": 3}), ("Softmax", {})], "softmax"),
        ([("Dense", {"units": 3}), ("Activation", {"activation": "sigmoid"})], "sigmoid"),
        ([("Dense", {"units": 3, "activation": "sigmoid"}), ("Dropout", {})], "sigmoid"),
        ([("Dense", {"units": 3})], "scores"),
        ([("Dense", {"units": 3, "activation": "softmax"}), ("ReLU", {})], "scores"),
        ([("Flatten", {})], "scores"),
    ],
)
def test_what_the_last_layer_gives(keras, last, kind):
    tensor = inputs = keras.Input((2, 2, 1))
    for type_, settings in [("Flatten", {}), *last]:
        settings = {"rate": 0.5} if type_ == "Dropout" else settings
        tensor = getattr(keras.layers, type_)(**settings)(tensor)
    assert output_kind(keras.Model(inputs, tensor)) == kind


rows = arrays.arrays(
    np.float32,
    st.tuples(st.integers(1, 4), st.integers(1, 5)),
    elements=st.floats(-50, 50, width=32),
)


@given(rows, st.sampled_from(["softmax", "sigmoid", "scores"]))
def test_probabilities_add_up_and_keep_the_order(outputs, kind):
    if kind == "sigmoid" or (outputs.shape[-1] == 1 and kind == "softmax"):
        outputs = 1 / (1 + np.exp(-outputs))
    if kind == "softmax" and outputs.shape[-1] > 1:
        outputs = as_probabilities(outputs, "scores")
    result = as_probabilities(outputs, kind)
    assert result.shape == (len(outputs), max(2, outputs.shape[-1]))
    assert (result >= 0).all()
    np.testing.assert_allclose(result.sum(axis=-1), 1, atol=1e-4)
    if outputs.shape[-1] > 1:
        best = np.take_along_axis(result, outputs.argmax(-1)[:, None], 1)[:, 0]
        np.testing.assert_allclose(best, result.max(axis=-1), rtol=1e-5)


def test_one_sigmoid_unit_answers_for_two_classes():
    np.testing.assert_allclose(
        as_probabilities(np.array([[0.2], [0.9]]), "sigmoid"), [[0.8, 0.2], [0.1, 0.9]], atol=1e-6
    )
    np.testing.assert_allclose(as_probabilities(np.array([[0.0]]), "scores"), [[0.5, 0.5]])


def test_classifying_while_another_thread_trains(keras, colour_run, pictures):
    model = build_model(PRESETS["small-cnn"].build((8, 8, 3), 3), seed=2)
    model.compile("adam", "sparse_categorical_crossentropy")
    begun, enough = threading.Event(), threading.Event()
    epochs = []

    class Watch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            begun.set()
            if enough.is_set():
                model.stop_training = True

        def on_epoch_end(self, epoch, logs=None):
            epochs.append(logs["loss"])

    def fit():
        draw = np.random.default_rng(0)
        data = draw.uniform(0, 255, (64, 8, 8, 3)).astype(np.float32)
        labels = draw.integers(0, 3, 64)
        model.fit(data, labels, epochs=10_000, batch_size=8, verbose=0, callbacks=[Watch()])

    thread = threading.Thread(target=fit, name="cnnstudio-test-fit")
    thread.start()
    try:
        assert begun.wait(60)
        classifier = Classifier(TrainedModel.load(colour_run))
        for _ in range(5):
            results = list(classifier.classify([pictures], batch_size=5))
            assert [result.ranked[0][0] for result in results] == [
                result.path.parent.name for result in results
            ]
        assert thread.is_alive()
    finally:
        enough.set()
        thread.join(60)
    assert np.isfinite(epochs).all()
