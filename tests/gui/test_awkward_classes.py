"""Awkward pictures trained on, and their classes: one answer, wherever they are asked for."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from awkward_suite import suite

from cnnstudio.cli import main
from cnnstudio.evaluation.predict import Classifier, Unreadable
from cnnstudio.graph.edits import add_layer, connect
from cnnstudio.graph.network import Network
from cnnstudio.graph.preparation import Preparation
from cnnstudio.graph.project import Project, load_project, save_project
from cnnstudio.keras_build.export import export_file
from cnnstudio.keras_build.trained import TrainedModel
from cnnstudio.training.control import Control
from cnnstudio.training.run import train

WAIT = 60_000
DATA = {"resize": "pad", "interpolation": "lanczos", "background": "#2080c0"}

# Lab is not Pillow's own business, and it asks before it opens 200 megapixels.
NOT_FOR_SOURCE = {"lab.tif", "200 megapixels.jpg"}


@pytest.fixture(scope="module")
def trained(keras, tmp_path_factory):
    """A run on the whole suite, its events, the suite."""
    folder = tmp_path_factory.mktemp("pictures")
    files = suite(folder)
    network, last = add_layer(Network(), "Input", settings={"shape": (16, 20, 3)})
    for type_, settings in (
        ("Rescaling", {}),
        ("Conv2D", {"filters": 4, "activation": "relu"}),
        ("Flatten", {}),
        ("Dense", {"units": 2, "activation": "softmax"}),
    ):
        network, name = add_layer(network, type_, settings=settings)
        network = connect(network, last, name)
        last = name
    training = {"epochs": 2, "batch_size": 8, "optimizer": {"learning_rate": 0.01}}
    project = Project(network, {"folder": str(folder), **DATA}, training)
    events = []
    run = train(
        project,
        runs_folder=tmp_path_factory.mktemp("runs"),
        on_event=events.append,
        control=Control(),
    )
    return SimpleNamespace(run=run, events=events, files=files, folder=folder)


@pytest.fixture(scope="module")
def usable(trained):
    return sorted(each.path for each in trained.files if each.usable)


@pytest.fixture(scope="module")
def answers(trained, usable):
    """What the network answers to each usable picture on the command line: path to {class: p}."""
    import contextlib
    import io

    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert main(["classify", str(trained.run), *map(str, usable), "--json"]) == 0
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    return {
        line["path"]: {each["class"]: each["probability"] for each in line["predictions"]}
        for line in lines
    }


def close(one: dict[str, float], other: dict[str, float]) -> bool:
    """The same class and the same probabilities, to 1e-5."""
    assert set(one) == set(other)
    same = all(abs(one[name] - other[name]) < 1e-5 for name in one)
    return same and max(one, key=one.__getitem__) == max(other, key=other.__getitem__)


def test_training_completes_on_the_usable_pictures(trained, usable):
    assert [event.kind for event in trained.events if event.kind == "epoch"] == ["epoch"] * 2
    last = trained.events[-1]
    assert last.kind == "finished"
    started = next(event for event in trained.events if event.kind == "started")
    assert started.training_images + started.validation_images == len(usable)


def test_the_run_says_how_its_pictures_were_prepared(keras, trained, tmp_path):
    wanted = Preparation((16, 20), "rgb", "pad", "lanczos", "#2080c0")
    assert TrainedModel.load(trained.run).preparation == wanted
    assert TrainedModel.load(trained.run / "model.keras").preparation == wanted
    assert load_project(trained.run / "project.cnns").data["resize"] == "pad"
    # Its model alone says so, too, and who has only Keras opens it as ever.
    shutil.copy(trained.run / "model.keras", tmp_path / "moved.keras")
    moved = TrainedModel.load(tmp_path / "moved.keras")
    assert (moved.preparation, moved.classes) == (wanted, ["first", "second"])
    assert keras.saving.load_model(tmp_path / "moved.keras").input_shape == (None, 16, 20, 3)


def test_the_command_line_names_what_it_cannot_use(trained, capsys):
    bad = [each for each in trained.files if not each.usable and each.path.is_file()]
    bad = [each for each in bad if each.reason != "system file"]
    main(["classify", str(trained.run), *(str(each.path) for each in bad), "--json"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == len(bad)
    for each, line in zip(bad, lines, strict=True):
        assert each.reason in line["error"]


def test_the_window_answers_the_same(trained, usable, answers, window, qtbot):
    window.show_page("classify")
    page = window.pages["classify"]
    qtbot.waitUntil(lambda: page.chooser.listed, timeout=WAIT)
    page.chooser.open_file(trained.run / "model.keras")
    page.classify(usable)
    qtbot.waitUntil(
        lambda: not page.session.busy and len(page.results.results) == len(usable), timeout=WAIT
    )
    for result in page.results.results:
        assert not isinstance(result, Unreadable), result
        assert close(dict(result.ranked), answers[str(result.path)]), result.path.name


def test_evaluation_counts_with_the_same_pixels(trained, usable, answers, tmp_path, capsys):
    # Elsewhere: of its own folder a run is measured on what it did not train on.
    for path in usable:
        (tmp_path / path.parent.name).mkdir(exist_ok=True)
        shutil.copy(path, tmp_path / path.parent.name / path.name)
    assert main(["evaluate", str(trained.run), str(tmp_path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["images"] == len(usable)
    right = sum(
        max(answer, key=answer.__getitem__) == Path(path).parent.name
        for path, answer in answers.items()
    )
    assert found["accuracy"] == pytest.approx(right / len(usable))


def test_the_exported_model_answers_the_same(trained, usable, answers, tmp_path, capsys):
    export_file(trained.run, tmp_path / "mine.keras")
    assert main(["classify", str(tmp_path / "mine.keras"), *map(str, usable), "--json"]) == 0
    for line in map(json.loads, capsys.readouterr().out.splitlines()):
        found = {each["class"]: each["probability"] for each in line["predictions"]}
        assert close(found, answers[line["path"]]), line["path"]


def test_the_exported_source_answers_the_same(trained, usable, tmp_path):
    """In a process that has Keras and Pillow and nothing of ours; cut and stretched, too."""
    paths = [path for path in usable if path.name not in NOT_FOR_SOURCE]
    assert len(paths) > 60
    (tmp_path / "paths.json").write_text(json.dumps([str(path) for path in paths]))
    project = load_project(trained.run / "project.cnns")
    wanted = {}
    for resize in ("pad", "crop", "stretch"):
        run = tmp_path / resize
        run.mkdir()
        for name in ("model.keras", "classes.txt"):
            (run / name).write_bytes((trained.run / name).read_bytes())
        data = {**project.data, "resize": resize}
        save_project(Project(project.network, data, project.training), run / "project.cnns")
        export_file(run, tmp_path / f"net_{resize}.py")
        predictions = Classifier(TrainedModel.load(run)).classify(paths)
        wanted[resize] = [dict(each.ranked) for each in predictions]
    (tmp_path / "use.py").write_text(_USE)
    done = subprocess.run(
        [sys.executable, "-I", "use.py"],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "found.json").read_text())
    for resize, rows in found.items():
        for path, row, row_here in zip(paths, rows, wanted[resize], strict=True):
            assert close(row, row_here), (resize, path)


_USE = """
import importlib, json, sys

sys.path.insert(0, ".")
paths = json.load(open("paths.json"))
found = {}
for resize in ("pad", "crop", "stretch"):
    net = importlib.import_module("net_" + resize)
    model = net.build_model()
    model.load_weights(resize + "/model.keras")
    pixels = net.np.stack([net.read_picture(path) for path in paths])
    rows = model.predict(pixels, verbose=0).tolist()
    found[resize] = [dict(zip(net.CLASSES, row)) for row in rows]
json.dump(found, open("found.json", "w"))
assert not [name for name in sys.modules if name.startswith("cnnstudio")]
"""


def test_the_exported_source_classifies_a_file_as_a_program(trained, usable, answers, tmp_path):
    export_file(trained.run, tmp_path / "net.py")
    picture = next(path for path in usable if "🍎" in path.name)
    done = subprocess.run(
        [sys.executable, "-I", tmp_path / "net.py", trained.run / "model.keras", picture],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = [line.split(maxsplit=1) for line in done.stdout.splitlines()]
    assert close({name: float(score) for score, name in said}, answers[str(picture)])
    assert np.isclose(sum(float(score) for score, _ in said), 1, atol=1e-4)
