"""Every file of a run damaged in every way: each is named with the way out, and nothing crashes."""

import json
import shutil

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_trainings import Listener, make_pictures, make_project, run

from cnnstudio.cli import main
from cnnstudio.errors import StudioError
from cnnstudio.graph.project import load_project
from cnnstudio.keras_build.trained import TrainedModel
from cnnstudio.training.care import Remark, write_remark
from cnnstudio.training.runs import list_runs, read_history, run_info

FILES = (
    "project.cnns", "events.jsonl", "metrics.csv", "model.keras", "checkpoint/state.json",
    "checkpoint/arrays", "classes.txt", "environment.json", "split.csv", "person.json",
)  # fmt: skip
# Without these nobody can say where the run was, or of what.
NEEDED_TO_GO_ON = {"project.cnns", "checkpoint/state.json", "checkpoint/arrays"}
HOW = {
    "removed": lambda path: path.unlink(),
    "emptied": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "garbage": lambda path: path.write_bytes(bytes(range(256)) * 40),
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
}
# A person's remark is not there unless they said something; half a log looks like a crash's.
NO_DAMAGE = {("person.json", "removed"), ("split.csv", "removed"), ("split.csv", "cut")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_pictures(tmp_path_factory.mktemp("pictures") / "colours")


@pytest.fixture(scope="module")
def whole(keras, folder, tmp_path_factory):
    """A run of 2 epochs about which a person said something."""
    path, _ = run(make_project(folder, epochs=2), tmp_path_factory.mktemp("runs"))
    write_remark(path, Remark("Mine", "some notes", True))
    return path


def file_of(path, name):
    return next(path.glob("checkpoint/*.npz")) if name.endswith("arrays") else path / name


def tried(function):
    """What a function gives, and the sentence of the error that it raised instead."""
    try:
        return function(), ""
    except StudioError as error:
        return None, error.message


def damaged(whole, folder, name, how):
    """A copy of the run in `folder` with one file damaged, and that file."""
    path = folder / whole.name
    shutil.copytree(whole, path)
    file = file_of(path, name)
    HOW[how](file)
    return path, file


def test_a_whole_run_has_no_damage(whole):
    info = run_info(whole, thorough=True)
    assert info.damages == ()
    assert info.state == "finished"


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("name", FILES)
def test_listing_names_the_file(whole, tmp_path, capsys, name, how):
    path, file = damaged(whole, tmp_path / "runs", name, how)
    (info,) = list_runs(tmp_path / "runs", thorough=True)
    if (name, how) in NO_DAMAGE:
        assert info.damages == ()
        return
    (damage,) = info.damages
    assert damage.path == file
    assert damage.way_out.endswith(".")
    assert info.state == ("damaged" if name == "project.cnns" else "finished") or (
        name == "events.jsonl" and info.state == "interrupted"
    )
    assert info.resumable is (name not in NEEDED_TO_GO_ON)
    # What the others say is still told.
    assert info.classes == ("blue", "green", "red")
    assert (info.epochs_done == 2) is (name != "metrics.csv")
    read_history(path)
    assert main(["runs", str(tmp_path / "runs"), "--check"]) == 0
    assert str(file) in capsys.readouterr().err
    assert main(["runs", str(tmp_path / "runs"), "--check", "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert told["damages"][0]["file"] == str(file)


@pytest.mark.parametrize("how", ["removed", "emptied", "cut", "garbage"])
def test_a_look_at_the_list_finds_the_usual_damage(whole, tmp_path, how):
    """Without reading everything to its end."""
    for name in FILES:
        if (name, how) in NO_DAMAGE:
            continue
        path, file = damaged(whole, tmp_path / name.replace("/", "_"), name, how)
        assert [damage.path for damage in run_info(path).damages] == [file], name


@pytest.mark.parametrize("how", ["removed", "garbage"])
@pytest.mark.parametrize("name", FILES)
def test_going_on_names_the_file_or_gets_by_without(whole, folder, tmp_path, name, how):
    path, file = damaged(whole, tmp_path / "runs", name, how)
    listener = Listener()
    project, refused = tried(lambda: load_project(path / "project.cnns"))
    if refused:
        assert str(file) in refused
        return
    training = {**project.training, "epochs": 3}
    project = make_project(folder, **training)
    _, refused = tried(lambda: run(project, tmp_path, resume=path, listener=listener))
    if refused:
        assert name in NEEDED_TO_GO_ON
        assert str(file) in refused or (how == "removed" and str(path) in refused)
        assert listener.kinds == ["failed"]
        return
    assert name not in NEEDED_TO_GO_ON
    assert listener.kinds[-1] == "finished"
    assert [event.epoch for event in listener.of("epoch")] == [3]
    if (name, how) not in NO_DAMAGE:
        assert any(str(file) in event.text for event in listener.of("message"))
    # What it needs is whole again.
    model = TrainedModel.load(path)
    assert model.classes == ["blue", "green", "red"]
    assert run_info(path, thorough=True).state == "finished"
    left = {damage.path.name for damage in run_info(path, thorough=True).damages}
    assert left <= {"events.jsonl", "metrics.csv", "person.json"}


@pytest.mark.parametrize(
    ("name", "how"),
    [
        *((name, "garbage") for name in FILES),
        *((name, how) for name in ("model.keras", "classes.txt") for how in ("removed", "cut")),
        ("classes.txt", "emptied"),
        ("project.cnns", "removed"),
    ],
)
def test_classifying_works_or_names_the_file(whole, tmp_path, name, how):
    path, file = damaged(whole, tmp_path / "runs", name, how)
    model, refused = tried(lambda: TrainedModel.load(path))
    if refused:
        assert name in ("model.keras", "classes.txt")
        assert file.name in refused
        assert str(path) in refused
        return
    assert name != "model.keras"
    assert len(model.classes) == 3
    assert np.asarray(model(np.zeros((1, 12, 12, 3), np.float32))).shape == (1, 3)


@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    name=st.sampled_from(FILES),
    start=st.floats(0, 1),
    content=st.binary(min_size=1, max_size=200),
    cut=st.booleans(),
)
def test_bytes_anywhere_never_crash_the_list(whole, tmp_path, name, start, content, cut):
    path = tmp_path / "copy"
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(whole, path)
    file = file_of(path, name)
    old = file.read_bytes()
    at = int(start * len(old))
    file.write_bytes(old[:at] + content + (b"" if cut else old[at + len(content) :]))
    info = run_info(path, thorough=True)
    assert {damage.path for damage in info.damages} <= {file}
    json.dumps(info.to_json(), allow_nan=False)
    history = read_history(path)
    assert all(isinstance(event["step"], int | float) for event in history.batches)
