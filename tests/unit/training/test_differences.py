"""Two runs side by side: figures, settings that had an effect, networks; from the command line."""

import json

import pytest
from small_trainings import make_network, make_pictures, make_project, run

from cnnstudio.cli import main
from cnnstudio.training.differences import UNUSED, differences, value_words
from cnnstudio.training.meaning import meant
from cnnstudio.training.runs import run_info
from cnnstudio.training.settings import TrainingSettings


@pytest.fixture(scope="module")
def two(keras, tmp_path_factory):
    """A run with Adam and one with SGD, another schedule, another network, one epoch more."""
    folder = make_pictures(tmp_path_factory.mktemp("pictures") / "colours")
    runs = tmp_path_factory.mktemp("runs")
    first, _ = run(make_project(folder, epochs=1), runs, name="first")
    training = {
        "epochs": 2,
        "optimizer": {"name": "SGD", "learning_rate": 0.01, "momentum": 0.5},
        "schedule": {"name": "cosine"},
        "metrics": ["f1"],
    }
    project = make_project(folder, network=make_network(dropout=True), **training)
    second, _ = run(project, runs, name="second")
    return run_info(first), run_info(second)


def test_settings_that_differ_come_without_those_that_had_no_effect(two):
    found = {each.key: (each.old, each.new) for each in differences(*two).differing}
    assert found.pop("training.epochs") == (1, 2)
    assert found.pop("training.optimizer.name") == ("Adam", "SGD")
    assert found.pop("training.optimizer.beta_1") == (0.9, UNUSED)
    assert found.pop("training.optimizer.momentum") == (UNUSED, 0.5)
    assert found.pop("training.schedule.name") == ("constant", "cosine")
    assert found.pop("training.schedule.end") == (UNUSED, 0.0)
    assert found.pop("training.metrics") == ((), ("f1",))
    # The rate is the same, and what neither took is not spoken of.
    rest = {key for key in found if not key.startswith(("training.optimizer", "training.schedule"))}
    assert rest == set()
    every = {each.key for each in differences(*two).settings}
    assert "training.optimizer.learning_rate" in every
    assert "training.fine_tune.enabled" in every
    assert not any(key.startswith("training.early_stopping.p") for key in every)


def test_figures_say_which_is_better(two):
    old, new = two
    figures = {each.key: each for each in differences(old, new).figures}
    assert list(figures)[:4] == ["val_accuracy", "val_loss", "accuracy", "loss"]
    loss = figures["val_loss"]
    assert (loss.old, loss.new) == (old.best_val_loss, new.best_val_loss)
    assert loss.better == (1 if new.best_val_loss < old.best_val_loss else -1)
    assert (figures["val_f1"].old, figures["val_f1"].better) == (None, 0)
    assert (figures["epochs_done"].old, figures["epochs_done"].new) == (1, 2)


def test_a_run_beside_itself_is_the_same(two):
    found = differences(two[0], two[0])
    assert found.differing == ()
    assert {each.better for each in found.figures} == {0}


def test_on_the_command_line(two, capsys):
    old, new = (str(info.path) for info in two)
    assert main(["runs", "--compare", old, new]) == 0
    said = capsys.readouterr().out
    for words in ("val accuracy", "training.optimizer.name", "Adam", "SGD", "dropout_1", "added"):
        assert words in said
    assert "training.batch_size" not in said
    # By name within the folder, with what is the same.
    folder = str(two[0].path.parent)
    names = [info.name for info in two]
    assert main(["runs", folder, "--compare", *names, "--all", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["old"]["name"], told["new"]["name"]) == tuple(names)
    assert told["settings"]["training.batch_size"] == {"old": 4, "new": 4}
    assert told["figures"]["epochs_done"] == {"old": 1, "new": 2}
    assert told["network"]["counts"]["added"] == 1
    assert main(["runs", folder, "--compare", names[0], "nobody"]) == 1
    assert "nobody" in capsys.readouterr().err
    assert main(["runs", folder, "--all"]) == 2


def test_the_list_has_settings_and_figures(two, capsys):
    assert main(["runs", str(two[0].path.parent), "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    by_name = {each["name"]: each for each in listed}
    told = by_name[two[1].name]
    assert told["settings"]["training"]["optimizer"]["momentum"] == 0.5
    assert told["figures"]["val_f1"] == two[1].figures["val_f1"]
    assert told["val_loss"] == two[1].best_val_loss
    assert told["damages"] == []


def test_settings_that_cannot_be_read_are_taken_as_they_are():
    found = meant({"training": {"optimizer": {"name": "Tiger"}, "epochs": 3}})
    assert found["training.optimizer.name"] == "Tiger"
    assert found["training.epochs"] == 3
    assert "training.batch_size" not in found
    found = meant({"training": TrainingSettings(loss="mean_squared_error").to_json()})
    assert "training.label_smoothing" not in found


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "none"),
        (True, "yes"),
        (0.001, "0.001"),
        ((), "none"),
        ([32, 32], "32, 32"),
        ({"cat": 2.0}, "cat=2"),
        (tuple("abcdefgh"), "a, b, c, d, e, f, … (8 in all)"),
    ],
)
def test_values_in_words(value, words):
    assert value_words(value) == words
