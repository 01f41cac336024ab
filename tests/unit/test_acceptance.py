"""The main job at the command line on real pictures, as long as it takes."""

import json

import pytest

from cnnstudio.cli import main


@pytest.mark.slow
def test_small_cnn_learns_fashion_in_eight_epochs(fashion, tmp_path, capsys):
    project, runs = tmp_path / "fashion.cnns", tmp_path / "runs"
    new = ["new", str(project), "--preset", "small-cnn", "--input", "28x28x1", "--classes", "10"]
    assert main(new) == 0
    train = ["train", str(project), "--data", str(fashion), "--epochs", "8", "--runs", str(runs)]
    assert main(train) == 0
    (run,) = runs.iterdir()
    capsys.readouterr()
    assert main(["evaluate", str(run), str(fashion / "test"), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["images"] == 1000
    assert figures["accuracy"] >= 0.85
