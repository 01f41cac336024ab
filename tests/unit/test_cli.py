"""The command line, called as a person's script calls it: words in, exit status and lines out."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from cnnstudio.cli import main
from cnnstudio.graph import edits
from cnnstudio.graph.presets import PRESETS
from cnnstudio.graph.project import load_project, save_project


@pytest.fixture
def call(capsys):
    """Run a command in this process: (status, standard output, standard error)."""

    def run(*words: object) -> tuple[int, str, str]:
        capsys.readouterr()
        try:
            status = main([str(word) for word in words])
        except SystemExit as leaving:
            status = int(leaving.code or 0)
        out, err = capsys.readouterr()
        return status, out, err

    return run


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Path:
    """Two classes a network can tell apart at once: light and dark squares, 24 of each."""
    folder = tmp_path_factory.mktemp("pictures")
    for split, count in (("train", 24), ("test", 8)):
        for name, ground in (("dark", 30), ("light", 220)):
            (folder / split / name).mkdir(parents=True)
            for number in range(count):
                picture = Image.new("RGB", (16, 16), (ground, ground, ground))
                ImageDraw.Draw(picture).point((number % 16, number // 16), (128, 0, number))
                picture.save(folder / split / name / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def run_folder(pictures, tmp_path_factory) -> Path:
    """A run trained by the command line."""
    folder = tmp_path_factory.mktemp("runs")
    project = folder / "tiny.cnns"
    assert main(["new", str(project), "--preset", "mlp", "--input", "8x8x3", "--classes", "2"]) == 0
    words = ["train", str(project), "--data", str(pictures), "--epochs", "3"]
    assert main([*words, "--runs", str(folder / "kept"), "--set", "training.batch_size=8"]) == 0
    (run,) = (folder / "kept").iterdir()
    return run


def one_line(text: str) -> str:
    assert text.count("\n") == 1, text
    assert "Traceback" not in text
    return text


def test_presets_and_layers(call):
    status, out, _ = call("presets", "--json")
    rows = json.loads(out)
    assert status == 0
    assert [row["name"] for row in rows] == list(PRESETS)
    assert {
        "small-cnn", "mlp", "lenet5", "tiny-vgg", "alexnet", "vgg16", "vgg19", "googlenet",
        "resnet18", "resnet34", "resnet50", "densenet121", "mobilenetv2", "efficientnetb0",
    } <= set(PRESETS)  # fmt: skip
    vgg = next(row for row in rows if row["name"] == "vgg16")
    assert vgg["parameters"] == 138_357_544
    assert set(vgg) == {"name", "title", "description", "input", "parameters"}
    assert "138,357,544" in call("presets")[1]
    kinds = [layer["type"] for layer in json.loads(call("layers", "--json")[1])]
    assert "Conv2D" in kinds
    assert "Conv2D" in call("layers")[1]


def test_summary_of_a_new_project(call, tmp_path):
    project = tmp_path / "net.cnns"
    assert (
        call("new", project, "--preset", "small-cnn", "--input", "28x28x1", "--classes", "7")[0]
        == 0
    )
    status, out, _ = call("summary", project, "--json")
    document = json.loads(out)
    assert status == 0
    assert document["layers"][-1]["output_shape"] == [7]
    assert document["parameters"] == sum(layer["parameters"] for layer in document["layers"])
    assert document["problems"] == []
    assert set(document["layers"][0]) == {
        "name", "type", "inputs", "output_shape", "parameters", "trainable_parameters",
        "multiply_adds", "activation_bytes", "receptive_field",
    }  # fmt: skip
    assert document["memory"]["batch_size"] == 32
    assert document["memory"]["optimizer"] == "Adam"
    assert document["memory"]["training_bytes"] > document["memory"]["inference_bytes"]
    text = call("summary", project)[1]
    assert f"{document['parameters']:,} parameters" in text
    assert "to train with Adam in batches of 32" in text


def test_two_projects_are_compared(call, tmp_path):
    old, new = tmp_path / "old.cnns", tmp_path / "new.cnns"
    call("new", old, "--preset", "lenet5", "--classes", 10)
    project = load_project(old)
    network = edits.set_setting(project.network, "conv2d_1", "filters", 8)
    network, added = edits.insert_after(network, "dense_1", "Dropout")
    settings = {"batch_size": 4, "optimizer": {"name": "SGD"}}
    save_project(replace(project, network=network, training=settings), new)
    status, out, err = call("compare", old, new, "--json")
    assert (status, err) == (0, "")
    document = json.loads(out)
    assert (document["old"], document["new"]) == ("old", "new")
    kinds = {
        (layer["new"] or layer["old"])["name"]: layer["kind"]
        for layer in document["layers"]
        if layer["kind"] not in ("same", "figures")
    }
    assert kinds == {"conv2d_1": "changed", added: "added"}
    assert document["totals"]["parameters"]["old"] == 61_706
    assert document["memory"]["new"]["optimizer"] == "SGD"
    assert document["memory"]["new"]["batch_size"] == 4
    text = call("compare", old, new)[1]
    assert "filters 6 → 8" in text
    assert f"{added}" in text
    assert "Multiply-adds" in text
    assert "rescaling_1" not in text
    assert "rescaling_1" in call("compare", old, new, "--all")[1]
    assert "No differences" in call("compare", old, old)[1]


def test_a_run_is_compared_with_its_model_and_project(run_folder, call):
    assert "No differences" in call("compare", run_folder, run_folder / "model.keras")[1]
    assert (
        "No differences" in call("compare", run_folder.parent.parent / "tiny.cnns", run_folder)[1]
    )
    status, out, _ = call("summary", run_folder, "--json")
    assert status == 0
    assert json.loads(out)["memory"]["batch_size"] == 8


def test_new_says_how_large_pictures_must_be(call, tmp_path):
    project = tmp_path / "net.cnns"
    status, _, err = call("new", project, "--preset", "alexnet", "--input", "32x32x3")
    assert status == 1
    assert "AlexNet needs pictures of at least 67 × 67 pixels" in err
    assert not project.exists()


def test_new_does_not_replace_a_project(call, tmp_path):
    project = tmp_path / "net.cnns"
    call("new", project, "--preset", "mlp")
    before = project.read_bytes()
    status, _, err = call("new", project, "--preset", "lenet5")
    assert status == 1
    assert "net.cnns exists already" in one_line(err)
    assert project.read_bytes() == before
    assert call("new", project, "--preset", "lenet5", "--force")[0] == 0
    assert project.read_bytes() != before


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nonsense"], "invalid choice: 'nonsense'"),
        (["new", "x.cnns"], "--preset"),
        (["new", "x.cnns", "--preset", "resnet1000"], "there is no preset 'resnet1000'"),
        (["new", "x.cnns", "--preset", "mlp", "--input", "wide"], "'wide' is not a size"),
        (["new", "x.cnns", "--preset", "mlp", "--classes", "0"], "at least 1"),
        (["sample", "cats", "x"], "there is no sample 'cats'"),
        (["train"], "name a project"),
    ],
)
def test_a_wrong_call_is_one_line_and_status_2(call, words, says, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, out, err = call(*words)
    assert (status, out) == (2, "")
    assert says in one_line(err)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["summary", "missing.cnns"], "missing.cnns"),
        (["summary", "short.cnns"], "damaged or cut short"),
        (["summary", "newer.cnns"], "newer CNN Studio"),
        (["train", "good.cnns", "--data", "nowhere"], "nowhere"),
        (["train", "good.cnns"], "folder"),
        (["train", "good.cnns", "--data", "empty"], "empty"),
        (["train", "good.cnns", "--set", "training.epochs=0"], "training.epochs"),
        (["train", "good.cnns", "--set", "training.epoch=3"], "training.epoch"),
        (["train", "--resume", "nowhere"], "nowhere"),
        (["scan", "nowhere"], "nowhere"),
        (["compare", "good.cnns", "missing.cnns"], "missing.cnns"),
        (["compare", "short.cnns", "good.cnns"], "damaged or cut short"),
        (["compare", "good.cnns", "empty"], "empty"),
        (["classify", "nowhere", "good.cnns"], "nowhere"),
        (["evaluate", "nowhere", "empty"], "nowhere"),
        (["export", "good.cnns", "out.xyz"], "out.xyz"),
        (["export", "missing.cnns", "out.py"], "missing.cnns"),
        (["runs", "nowhere"], "nowhere"),
    ],
)
def test_bad_input_is_one_line_that_names_it(call, words, says, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    call("new", "good.cnns", "--preset", "mlp", "--input", "8x8x3", "--classes", "2")
    good = Path("good.cnns").read_text()
    Path("short.cnns").write_text(good[: len(good) // 2])
    Path("newer.cnns").write_text(good.replace('"version": 1', '"version": 99'))
    status, _, err = call(*words)
    assert status == 1
    assert says in one_line(err)
    assert Path("good.cnns").read_text() == good


def test_a_cycle_is_a_problem_that_names_its_layers(call, tmp_path):
    project = tmp_path / "cycle.cnns"
    call("new", project, "--preset", "mlp", "--input", "8x8x3", "--classes", "2")
    document = json.loads(project.read_text())
    layers = document["network"]["layers"]
    layers.append({"name": "loop", "type": "Add", "settings": {}, "position": [0, 0]})
    second = document["network"]["links"][1]
    document["network"]["links"] = [
        link for link in document["network"]["links"] if link != second
    ] + [[second[0], "loop"], ["loop", second[1]], [layers[-2]["name"], "loop"]]
    project.write_text(json.dumps(document))
    status, out, _ = call("summary", project, "--json")
    assert status == 0
    assert any("circle" in problem["message"] for problem in json.loads(out)["problems"])
    status, _, err = call("train", project, "--data", tmp_path)
    assert status == 1
    one_line(err)


def test_training_streams_its_events(call, pictures, tmp_path):
    project = tmp_path / "tiny.cnns"
    call("new", project, "--preset", "mlp", "--input", "8x8x3", "--classes", "2")
    status, out, err = call(
        "train", project, "--data", pictures, "--epochs", 2, "--runs", tmp_path, "--json"
    )
    assert status == 0, err
    events = [json.loads(line) for line in out.splitlines()]
    assert [events[0]["event"], events[-1]["event"]] == ["started", "finished"]
    epochs = [event for event in events if event["event"] == "epoch"]
    assert [event["epoch"] for event in epochs] == [1, 2]
    for event in events:
        assert Path(event["run"]).is_dir()
        assert event["time"]
    for event in epochs:
        assert {"loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"} <= set(event)


def test_a_learning_rate_is_found(call, pictures, tmp_path):
    project = tmp_path / "tiny.cnns"
    call("new", project, "--preset", "mlp", "--input", "8x8x3", "--classes", "2")
    words = ("train", project, "--data", pictures, "--runs", tmp_path / "runs", "--find-rate")
    status, out, err = call(*words, "--json")
    assert status == 0, err
    events = [json.loads(line) for line in out.splitlines()]
    assert {event["event"] for event in events[:-1]} == {"rate"}
    assert events[-1]["event"] == "suggestion"
    assert not (tmp_path / "runs").exists()


def test_what_a_run_leaves(run_folder, call):
    names = {path.name for path in run_folder.iterdir()}
    assert {
        "project.cnns", "events.jsonl", "metrics.csv", "tensorboard", "model.keras", "checkpoint",
        "classes.txt", "environment.json",
    } <= names  # fmt: skip
    assert (run_folder / "classes.txt").read_text().split() == ["dark", "light"]
    rows = list(csv.DictReader((run_folder / "metrics.csv").read_text().splitlines()))
    assert [int(row["epoch"]) for row in rows] == [0, 1, 2]
    assert run_folder.name in call("runs", run_folder.parent)[1]
    (listed,) = json.loads(call("runs", run_folder.parent, "--json")[1])
    assert listed["state"] == "finished"


def test_evaluate_and_classify(run_folder, pictures, call, tmp_path):
    status, out, err = call("evaluate", run_folder, pictures / "test", "--json")
    assert status == 0, err
    figures = json.loads(out)
    assert figures["classes"] == ["dark", "light"]
    assert sum(map(sum, figures["confusion_matrix"])) == figures["images"] == 16
    assert {"class", "precision", "recall", "f1", "support"} == set(figures["per_class"][0])

    broken = tmp_path / "broken.jpg"
    broken.write_text("no picture")
    table = tmp_path / "table.csv"
    light = pictures / "test" / "light" / "0.png"
    status, out, _ = call(
        "classify", run_folder, light, broken, pictures / "test" / "dark", "--top", 2,
        "--csv", table, "--json",
    )  # fmt: skip
    lines = [json.loads(line) for line in out.splitlines()]
    assert status == 0
    assert len(lines) == 10
    assert lines[0]["path"] == str(light)
    assert [set(row) for row in lines[0]["predictions"]] == [{"class", "probability"}] * 2
    assert lines[1]["path"] == str(broken)
    assert lines[1]["error"]
    assert len(table.read_text().splitlines()) == 1 + 2 * 9 + 1
    assert call("classify", run_folder, broken)[0] == 1


def test_export_of_a_run_needs_nothing_of_ours(run_folder, call, tmp_path):
    for name in ("plain.py", "plain.keras"):
        status, _, err = call("export", run_folder, tmp_path / name)
        assert status == 0, err
    code = (
        "import sys, numpy as np, keras, plain\n"
        "model = plain.build_model()\n"
        "trained = keras.models.load_model('plain.keras')\n"
        "model.set_weights(trained.get_weights())\n"
        "x = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3)).astype('float32')\n"
        "assert np.allclose(model(x), trained(x), atol=1e-6)\n"
        "assert not [name for name in sys.modules if name.startswith('cnnstudio')]\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_ctrl_c_stops_a_training_and_keeps_the_run(pictures, tmp_path):
    project = tmp_path / "long.cnns"
    main(["new", str(project), "--preset", "mlp", "--input", "8x8x3", "--classes", "2"])
    command = [sys.executable, "-m", "cnnstudio", "train", str(project), "--data", str(pictures)]
    command += ["--epochs", "100000", "--runs", str(tmp_path / "runs"), "--json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    ) as process:
        for line in process.stdout:
            if json.loads(line)["event"] == "epoch":
                process.send_signal(signal.SIGINT)
                break
        rest = [json.loads(line) for line in process.stdout]
        errors = process.stderr.read()
    assert rest[-1]["event"] == "stopped", errors
    assert "Traceback" not in errors
    run = Path(rest[-1]["run"])
    assert (run / "model.keras").is_file()
    assert (run / "checkpoint").is_dir()
    # Going on with it needs no project: the run holds its own.
    done = [row for row in (run / "metrics.csv").read_text().splitlines() if row[0].isdigit()]
    command = [sys.executable, "-m", "cnnstudio", "train", "--resume", str(run), "--json"]
    command += ["--epochs", str(len(done) + 2)]
    resumed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (resumed.returncode, resumed.stderr) == (0, "")
    assert json.loads(resumed.stdout.splitlines()[-1])["event"] == "finished"


def test_the_light_commands_do_not_import_tensorflow(tmp_path, pictures):
    project = tmp_path / "net.cnns"
    code = (
        "import sys\n"
        "from cnnstudio.cli import main\n"
        f"assert main(['new', {str(project)!r}, '--preset', 'small-cnn']) == 0\n"
        f"assert main(['summary', {str(project)!r}]) == 0\n"
        f"assert main(['compare', {str(project)!r}, {str(project)!r}]) == 0\n"
        "assert main(['presets']) == 0\n"
        f"assert main(['scan', {str(pictures)!r}]) == 0\n"
        "heavy = {'tensorflow', 'keras', 'PySide6', 'matplotlib', 'sklearn'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_samples_are_the_same_every_time(call, tmp_path):
    for name, classes in (("digits", 10), ("shapes", None)):
        status, out, err = call("sample", name, tmp_path / name, "--json")
        assert status == 0, err
        report = json.loads(out)
        assert classes is None or len(report["classes"]) == classes
        assert {"train", "test"} <= set(report["splits"])
    scanned = json.loads(call("scan", tmp_path / "shapes", "--json")[1])
    assert {"classes", "images", "skipped", "duplicates", "sizes", "modes", "splits"} <= set(
        scanned
    )
    assert scanned["skipped"] == []


def test_doctor_tells_versions_and_devices(call):
    status, out, _ = call("doctor", "--json")
    found = json.loads(out)
    assert status == 0
    assert re.match(r"\d+\.\d+", found["versions"]["tensorflow"])
    assert found["devices"]
    assert found["gpu"]["reason"]


def test_every_command_has_help(call):
    out = call("--help")[1]
    names = re.findall(r"^    (\w+) ", out, re.MULTILINE)
    assert {"demo", "train", "classify", "doctor"} <= set(names)
    for name in names:
        status, text, _ = call(name, "--help")
        assert status == 0
        assert "--debug" in text
