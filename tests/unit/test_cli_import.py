"""`cnnstudio import`, and model files wherever a project is taken."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from cnnstudio.cli import main
from cnnstudio.graph.presets import PRESETS
from cnnstudio.keras_build.build import build_model
from cnnstudio.keras_build.trained import load_model


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    file = tmp_path_factory.mktemp("models") / "lenet.keras"
    build_model(PRESETS["lenet5"].build(), seed=2).save(file)
    return file


def test_import_makes_a_project_with_weights(model_file, tmp_path, capsys):
    project = tmp_path / "net.cnns"
    assert main(["import", str(model_file), str(project)]) == 0
    assert "net_weights.h5" in capsys.readouterr().out
    document = json.loads(project.read_text())
    assert document["weights"] == "net_weights.h5"
    assert (tmp_path / "net_weights.h5").is_file()
    # Nothing is replaced unasked.
    assert main(["import", str(model_file), str(project)]) == 1
    assert "--force" in capsys.readouterr().err
    assert main(["import", str(model_file), str(project), "--force"]) == 0
    picture = tmp_path / "grey.png"
    shape = PRESETS["lenet5"].input_shape
    Image.new("L", shape[1::-1], 90).save(picture)
    answers = []
    for source in (model_file, project):
        capsys.readouterr()
        assert main(["classify", str(source), str(picture), "--json"]) == 0
        answers.append(json.loads(capsys.readouterr().out)["predictions"])
    assert answers[0] == answers[1]


def test_training_goes_on_from_the_imported_weights(model_file, tmp_path, capsys):
    height, width, _ = PRESETS["lenet5"].input_shape
    for number in range(20):
        folder = tmp_path / "pictures" / str(number % 10)
        folder.mkdir(parents=True, exist_ok=True)
        Image.new("L", (width, height), 12 * number).save(folder / f"{number}.png")
    project = tmp_path / "net.cnns"
    assert main(["import", str(model_file), str(project)]) == 0
    words = ["train", str(project), "--data", str(tmp_path / "pictures"), "--epochs", "1"]
    words += ["--runs", str(tmp_path / "runs"), "--set", "training.optimizer.learning_rate=1e-9"]
    assert main(words) == 0
    assert "starts from the weights in net_weights.h5" in capsys.readouterr().err
    (run,) = (tmp_path / "runs").iterdir()
    before, after = (load_model(file) for file in (model_file, run / "model.keras"))
    for one, other in zip(before.get_weights(), after.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_the_import_of_a_description_needs_no_tensorflow(model_file, tmp_path):
    import zipfile

    file = tmp_path / "net.json"
    file.write_bytes(zipfile.ZipFile(model_file).read("config.json"))
    code = (
        "import sys\nfrom cnnstudio.cli import main\n"
        f"assert main(['import', {str(file)!r}, {str(tmp_path / 'net.cnns')!r}]) == 0\n"
        f"assert main(['summary', {str(file)!r}]) == 0\n"
        "assert 'tensorflow' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["out.py", "out.json", "out.svg", "out.png"])
@pytest.mark.parametrize("kind", ["model", "description"])
def test_export_takes_what_import_takes(model_file, kind, name, tmp_path, capsys):
    source = model_file
    if kind == "description":
        source = tmp_path / "net.json"
        assert main(["export", str(model_file), str(source)]) == 0
    assert main(["export", str(source), str(tmp_path / name)]) == 0
    assert "written and read back" in capsys.readouterr().out
    assert (tmp_path / name).stat().st_size > 500


def test_a_picture_needs_no_display(model_file, tmp_path):
    code = (
        "import os, sys\nos.environ.pop('QT_QPA_PLATFORM', None)\nos.environ.pop('DISPLAY', None)\n"
        "from cnnstudio.cli import main\n"
        f"sys.exit(main(['export', {str(model_file)!r}, {str(tmp_path / 'net.svg')!r}]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Conv2D" in (tmp_path / "net.svg").read_text(encoding="utf-8")


def test_what_is_no_model_is_refused(tmp_path, capsys):
    (tmp_path / "text.txt").write_text("words")
    for name in ("text.txt", "gone.keras"):
        assert main(["import", str(tmp_path / name), str(tmp_path / "net.cnns")]) == 1
        assert name in capsys.readouterr().err
    assert not (tmp_path / "net.cnns").exists()
