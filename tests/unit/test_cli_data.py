"""The command line on data: layouts, Keras's sets, splits and cross-validation."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnstudio.cli import main


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


@pytest.fixture
def flat(tmp_path) -> Path:
    """Dark and light pictures of ten patients in one folder."""
    folder = tmp_path / "flat"
    folder.mkdir()
    for number in range(40):
        name, ground = (("dark", 30), ("light", 220))[number % 2]
        draw = np.random.default_rng(number)
        pixels = np.clip(ground + draw.normal(0, 20, (8, 8, 3)), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{name}_p{number % 10}_{number}.png")
    return folder


def test_scanning_by_names_and_by_a_table(call, flat, tmp_path):
    status, out, _ = call("scan", flat)
    assert status == 0
    assert "By the pattern {class}_* the file names show classes: dark and light." in out
    status, out, _ = call("scan", flat, "--pattern", "{class}_*")
    assert "40 pictures in 2 classes\nThe classes are those of the file names, {class}_*." in out
    table = tmp_path / "labels.csv"
    rows = [[path.name, path.name[0]] for path in sorted(flat.iterdir())]
    with table.open("w", newline="") as file:
        csv.writer(file).writerows([["path", "label"], *rows])
    document = json.loads(call("scan", flat, "--labels", table, "--json")[1])
    assert document["classes"] == {"d": 20, "l": 20}
    assert document["layout"] == {"kind": "csv", "file": str(table)}
    table.rename(flat / "labels.csv")
    status, out, _ = call("scan", flat, "--labels", "labels.csv")
    assert "The classes are those of the table labels.csv." in out
    assert call("scan", flat)[1] == out  # found by itself


@pytest.mark.parametrize(
    ("words", "status", "text"),
    [
        (("--labels", "none.csv"), 1, "There is no table none.csv."),
        (("--pattern", "cat_*"), 2, '"cat_*" has no {class} in it, as in {class}_*.'),
        (("--pattern", "{class}_*", "--labels", "x"), 2, "not both"),
        (("--pattern", "{class}+*"), 1, "has a name that fits {class}+*"),
    ],
)
def test_scanning_in_a_wrong_way(call, flat, words, status, text):
    found = call("scan", flat, *words)
    assert found[0] == status
    assert text in found[2]
    assert len(found[2].splitlines()) == 1


def test_a_data_set_of_keras_from_a_file(call, tmp_path):
    file = tmp_path / "mine.npz"
    draw = np.random.default_rng(0)
    parts = {}
    for part, count in (("train", 20), ("test", 10)):
        parts[f"x_{part}"] = draw.integers(0, 256, (count, 28, 28), np.uint8)
        parts[f"y_{part}"] = np.arange(count, dtype=np.uint8) % 10
    np.savez(file, **parts)
    status, out, err = call("sample", "mnist", tmp_path / "out", "--file", file, "--json")
    assert status == 0, err
    document = json.loads(out)
    assert (document["images"], document["splits"]["train"]["3"]) == (30, 2)
    status, _, err = call("sample", "cifar10", tmp_path / "other", "--file", file)
    assert (status, "is not CIFAR-10" in err) == (0, False)  # ten classes of arrays all the same
    status, _, err = call("sample", "digits", tmp_path / "other2", "--file", file)
    assert (status, "leave out --file" in err) == (2, True)
    status, _, err = call("sample", "letters", tmp_path / "other3")
    assert status == 2
    assert "digits, shapes, mnist, fashion_mnist, cifar10 or cifar100" in err


def test_cross_validation_by_groups(call, flat, tmp_path):
    project = tmp_path / "tiny.cnns"
    call("new", project, "--preset", "mlp", "--input", "8x8x3", "--classes", "2")
    sets = [
        *("--set", "data.layout.kind=filename", "--set", "data.layout.pattern={class}_*"),
        *("--set", "data.split.group_by=pattern"),
        *("--set", "data.split.group_pattern=*_{group}_*"),
    ]
    words = ["train", project, "--data", flat, "--epochs", 1, "--runs", tmp_path / "runs"]
    status, out, err = call(*words, *sets, "--folds", 2, "--json")
    assert status == 0, err
    *events, last = [json.loads(line) for line in out.splitlines()]
    assert [e["event"] for e in events if e["event"] in ("started", "finished")] == [
        "started",
        "finished",
    ] * 2
    assert (last["event"], last["folds"], len(last["runs"])) == ("folds", 2, 2)
    accuracy = last["metrics"]["val_accuracy"]
    assert accuracy["mean"] == pytest.approx(np.mean(accuracy["values"]))
    assert accuracy["deviation"] == pytest.approx(np.std(accuracy["values"], ddof=1))
    validated: list[str] = []
    for run in map(Path, last["runs"]):
        with (run / "split.csv").open(newline="") as table:
            rows = list(csv.DictReader(table))
        assert len(rows) == 40
        patients = {
            split: {row["path"].split("_")[1] for row in rows if row["split"] == split}
            for split in ("train", "val")
        }
        assert not patients["train"] & patients["val"]
        validated += [row["path"] for row in rows if row["split"] == "val"]
        # Measured on that folder, its own fold counts.
        document = json.loads(call("evaluate", run, flat, "--json")[1])
        assert document["split"] == "val"
        assert document["images"] == sum(row["split"] == "val" for row in rows)
    assert sorted(validated) == sorted(path.name for path in flat.iterdir())
    status, out, err = call(*words, *sets, "--folds", 2)
    assert "fold 2 of 2" in out
    assert "2 of 2 folds, the best epoch of each:" in out
    assert "validation pictures" in call("evaluate", last["runs"][0], flat)[1]


@pytest.mark.parametrize(
    ("words", "text"),
    [(("--folds", "1"), "2 or more"), (("--resume", ".", "--folds", "2"), "begins new runs")],
)
def test_folds_that_make_no_sense(call, tmp_path, words, text):
    project = tmp_path / "tiny.cnns"
    call("new", project, "--preset", "mlp", "--input", "8x8x3", "--classes", "2")
    (tmp_path / "project.cnns").write_text(project.read_text())
    named = [] if "--resume" in words else [project]
    words = [str(tmp_path) if word == "." else word for word in words]
    status, _, err = call("train", *named, *words)
    assert status == 2
    assert text in err
