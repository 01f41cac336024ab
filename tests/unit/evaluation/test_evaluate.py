"""Evaluating on folders: figures checked by hand and against Keras, refusals that name things."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import f1_score

from cnnstudio.data.pictures import load_picture
from cnnstudio.data.scan import DataError
from cnnstudio.data.settings import DataSettings
from cnnstudio.errors import Cancelled
from cnnstudio.evaluation.evaluate import EvaluationError, evaluate
from cnnstudio.graph.edits import set_setting, set_settings
from cnnstudio.graph.preparation import Preparation
from cnnstudio.graph.presets import PRESETS
from cnnstudio.graph.project import Project, load_project, save_project
from cnnstudio.keras_build.build import build_model
from cnnstudio.keras_build.trained import TrainedModel


def arrays(folder, classes):
    paths = sorted(folder.rglob("*.png"))
    pixels = np.stack([load_picture(path, Preparation((8, 8))) for path in paths]).astype(
        np.float32
    )
    return pixels, np.array([classes.index(path.parent.name) for path in paths])


def test_a_test_folder(trained, pictures):
    red = pictures / "test" / "red"
    # One red picture lies with the blue ones.
    shutil.move(red / "0.png", pictures / "test" / "blue" / "stray.png")
    seen = []
    result = evaluate(
        trained, pictures, batch_size=5, progress=lambda done, of: seen.append((done, of))
    )
    assert result.split == "test"
    assert result.images == 12
    assert result.classes == ("blue", "green", "red")
    assert result.confusion_matrix.tolist() == [[4, 0, 1], [0, 4, 0], [0, 0, 3]]
    assert result.accuracy == pytest.approx(11 / 12)
    blue, green, red = result.per_class
    assert (blue.precision, blue.recall, blue.support) == (1.0, 0.8, 5)
    assert (red.precision, red.recall, red.support) == (0.75, 1.0, 3)
    assert green.f1 == 1.0
    (wrong,) = [record for record in result.records if not record.correct]
    assert (wrong.path.name, wrong.truth, wrong.predicted) == ("stray.png", "blue", "red")
    assert 0.5 < wrong.confidence <= 1
    assert seen == [(5, 12), (10, 12), (12, 12)]


def test_json(trained, pictures):
    (pictures / "test" / "red" / "broken.png").write_text("no")
    document = json.loads(json.dumps(evaluate(trained, pictures).to_json(), allow_nan=False))
    assert set(document) == {
        "loss",
        "accuracy",
        "top_5_accuracy",
        "calibration_error",
        "auc",
        "classes",
        "confusion_matrix",
        "per_class",
        "images",
        "split",
        "skipped",
    }
    assert document["images"] == 12
    assert document["per_class"][0]["class"] == "blue"
    assert [entry["path"].endswith("broken.png") for entry in document["skipped"]] == [True]
    assert document["skipped"][0]["reason"]


@pytest.mark.parametrize(
    ("loss", "last"),
    [
        ("sparse_categorical_crossentropy", "softmax"),
        ("categorical_crossentropy", "softmax"),
        ("mean_squared_error", "softmax"),
        ("binary_crossentropy", "sigmoid"),
        ("logits", "linear"),
        ("smoothed", "softmax"),
    ],
)
def test_loss_and_accuracy_are_those_of_keras(keras, loss, last, pictures, tmp_path):
    network = PRESETS["small-cnn"].build((8, 8, 3), 3)
    (end,) = network.sinks
    network = set_settings(network, end, {"activation": last, "kernel_regularizer": {"l2": 0.01}})
    model = build_model(network, seed=3)
    sparse = loss in ("sparse_categorical_crossentropy", "logits")
    made = {
        "logits": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        "smoothed": keras.losses.CategoricalCrossentropy(label_smoothing=0.2),
    }.get(loss, loss)
    accuracy = "sparse_categorical_accuracy" if sparse else "categorical_accuracy"
    model.compile("sgd", made, metrics=[accuracy])
    model.save(tmp_path / "model.keras")
    (tmp_path / "classes.txt").write_text("blue\ngreen\nred\n")
    pixels, labels = arrays(pictures, ["blue", "green", "red"])
    wanted = model.evaluate(
        pixels, labels if sparse else np.eye(3)[labels], batch_size=5, verbose=0
    )
    result = evaluate(TrainedModel.load(tmp_path / "model.keras"), pictures, batch_size=5)
    assert (result.loss, result.accuracy) == pytest.approx(wanted, abs=1e-4)
    predicted = [result.classes.index(record.predicted) for record in result.records]
    assert np.mean([figures.f1 for figures in result.per_class]) == pytest.approx(
        f1_score(labels, predicted, labels=[0, 1, 2], average="macro", zero_division=0)
    )


def test_a_model_that_does_not_say_its_loss(trained, pictures):
    known = evaluate(trained, pictures)
    unknown = evaluate(replace(trained, loss=None), pictures)
    assert known.loss == pytest.approx(unknown.loss, abs=1e-6)
    strange = evaluate(replace(trained, loss={"class_name": "Mine", "config": {}}), pictures)
    assert known.loss == pytest.approx(strange.loss, abs=1e-6)


def test_one_sigmoid_unit(keras, pictures, tmp_path):
    network = PRESETS["small-cnn"].build((8, 8, 3), 1)
    (end,) = network.sinks
    model = build_model(set_setting(network, end, "activation", "sigmoid"), seed=3)
    model.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
    model.save(tmp_path / "model.keras")
    shutil.rmtree(pictures / "test" / "red")
    (tmp_path / "classes.txt").write_text("blue\ngreen\n")
    result = evaluate(TrainedModel.load(tmp_path / "model.keras"), pictures)
    pixels, labels = arrays(pictures, ["blue", "green"])
    wanted = model.evaluate(pixels, labels[:, None], verbose=0)
    assert (result.loss, result.accuracy) == pytest.approx(wanted, abs=1e-4)


def test_a_folder_of_classes_without_parts_and_one_class(trained, pictures):
    result = evaluate(trained, pictures / "test")
    assert (result.images, result.split) == (12, None)
    shutil.rmtree(pictures / "test" / "red")
    shutil.rmtree(pictures / "test" / "blue")
    result = evaluate(trained, pictures / "test")
    assert result.per_class[0].support == 0
    assert result.accuracy == 1.0


def run_on(folder, colour_run, run, **data):
    """A copy of the run, as if trained on `folder` with these data settings."""
    shutil.copytree(colour_run, run)
    network = load_project(run / "project.cnns").network
    settings = DataSettings(folder=str(folder), **data)
    save_project(Project(network, settings.to_json()), run / "project.cnns")
    return TrainedModel.load(run)


def test_the_folder_of_the_run_is_measured_on_what_it_held_out(colour_run, pictures, tmp_path):
    folder = pictures / "test"
    trained = run_on(folder, colour_run, tmp_path / "run", validation_split=0.25)
    result = evaluate(trained, folder)
    assert (result.split, result.images) == ("val", 3)
    assert evaluate(trained, folder, split="train").images == 9
    with pytest.raises(EvaluationError, match="'test'"):
        evaluate(trained, folder, split="test")
    # A picture of the same name may lie there later: what was written down counts.
    kept = {record.path for record in result.records}
    lines = [
        f"{path.relative_to(folder).as_posix()},x,{'train' if path in kept else 'test'}"
        for path in folder.rglob("*.png")
    ]
    (tmp_path / "run" / "split.csv").write_text("path,class,split\n" + "\n".join(lines))
    result = evaluate(trained, folder)
    assert (result.split, result.images) == ("test", 9)
    assert not kept & {record.path for record in result.records}


def test_corrections_of_the_run_hold_when_it_is_measured(colour_run, pictures, tmp_path):
    (pictures / "test" / "red").rename(pictures / "test" / "crimson")
    trained = run_on(
        pictures,
        colour_run,
        tmp_path / "run",
        merged={"crimson": "red"},
        excluded=("test/blue/0.png",),
        relabelled={"test/blue/1.png": "green"},
    )
    for folder in (pictures, pictures / "test"):  # without a train part, so as another folder
        if folder == pictures:
            shutil.copytree(pictures / "test", pictures / "train")
        result = evaluate(trained, folder)
        assert result.images == 11
        assert [figures.support for figures in result.per_class] == [2, 5, 4]
    elsewhere = shutil.copytree(pictures / "test", tmp_path / "elsewhere")
    assert evaluate(trained, elsewhere).images == 12


def test_pictures_by_name_are_measured_by_name(colour_run, pictures, tmp_path):
    flat = tmp_path / "flat"
    flat.mkdir()
    for path in (pictures / "test").rglob("*.png"):
        shutil.copy(path, flat / f"{path.parent.name}_{path.name}")
    layout = {"kind": "filename", "pattern": "{class}_{number}"}
    trained = run_on(tmp_path / "gone", colour_run, tmp_path / "run", layout=layout)
    result = evaluate(trained, flat)
    assert (result.images, result.accuracy) == (12, 1.0)


def test_parts_are_chosen(trained, pictures):
    shutil.copytree(pictures / "test", pictures / "train")
    for path in (pictures / "train").rglob("1.png"):
        path.unlink()
    (pictures / "train" / "red" / "broken.png").write_text("no")
    result = evaluate(trained, pictures)
    assert (result.split, result.images, result.skipped) == ("test", 12, ())
    result = evaluate(trained, pictures, split="train")
    assert (result.split, result.images, len(result.skipped)) == ("train", 9, 1)
    with pytest.raises(EvaluationError, match="'val'"):
        evaluate(trained, pictures, split="val")


def test_a_class_the_model_does_not_know(trained, pictures):
    (pictures / "test" / "red").rename(pictures / "test" / "crimson")
    with pytest.raises(EvaluationError, match=r"class crimson.*it knows blue, green, red"):
        evaluate(trained, pictures)


def test_a_model_without_class_names(trained, pictures):
    nameless = replace(trained, named=False, classes=["class 0", "class 1", "class 2"])
    assert evaluate(nameless, pictures).accuracy == 1.0
    shutil.rmtree(pictures / "test" / "red")
    with pytest.raises(EvaluationError, match=r"does not say what its 3 classes .* has 2"):
        evaluate(nameless, pictures)


def test_folders_without_pictures(trained, tmp_path):
    with pytest.raises(DataError, match="no folder"):
        evaluate(trained, tmp_path / "gone")
    with pytest.raises(DataError, match="is empty"):
        evaluate(trained, tmp_path)


def test_loose_pictures_have_no_class(trained, pictures, tmp_path):
    loose = tmp_path / "loose"
    loose.mkdir()
    shutil.copy(pictures / "test" / "red" / "0.png", loose)
    with pytest.raises(EvaluationError, match="one folder of pictures for each class"):
        evaluate(trained, loose)


def test_stopping(trained, pictures):
    batches = []
    with pytest.raises(Cancelled):
        evaluate(
            trained,
            pictures,
            batch_size=3,
            progress=lambda done, of: batches.append(done),
            cancelled=lambda: len(batches) >= 2,
        )
    assert batches == [3, 6]


def test_a_diverged_network_has_no_loss(keras, trained, pictures):
    copy = keras.models.clone_model(trained.model)
    copy.set_weights([np.full_like(weight, np.nan) for weight in trained.model.get_weights()])
    result = evaluate(replace(trained, model=copy), pictures)
    assert result.to_json()["loss"] is None
    json.dumps(result.to_json(), allow_nan=False)
