"""`cnnstudio new --backbone`."""

from __future__ import annotations

import json

import pytest

from cnnstudio.cli import main


def test_a_project_on_a_backbone(tmp_path, capsys):
    project = tmp_path / "net.cnns"
    words = ["new", str(project), "--backbone", "MobileNetV2", "--input", "32x32x3"]
    assert main([*words, "--classes", "5", "--weights", "none"]) == 0
    assert main(["summary", str(project), "--json"]) == 0
    document = json.loads(capsys.readouterr().out.partition("\n")[2])
    assert document["trainable_parameters"] == 1280 * 5 + 5
    assert document["parameters"] == 2_257_984 + 1280 * 5 + 5
    assert not document["problems"]
    assert main([*words, "--weights", "none"]) == 1
    assert "--force" in capsys.readouterr().err


def test_weights_from_a_file_lie_beside_the_project(keras, tmp_path, capsys):
    file = tmp_path / "mobile.weights.h5"
    shape = (32, 32, 3)
    keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=shape).save_weights(
        file
    )
    project = tmp_path / "net.cnns"
    words = ["new", str(project), "--backbone", "MobileNetV2", "--input", "32x32"]
    assert main([*words, "--weights", str(file), "--freeze", "block_3_expand"]) == 0
    assert "net_weights.h5" in capsys.readouterr().out
    assert json.loads(project.read_text())["weights"] == "net_weights.h5"
    assert main(["export", str(project), str(tmp_path / "net.py")]) == 0


@pytest.mark.parametrize(
    ("words", "said", "status"),
    [
        (["--backbone", "MobileNetV2", "--preset", "vgg16"], "not allowed with", 2),
        (["--backbone", "VGG17"], "did you mean VGG1", 2),
        (["--preset", "vgg16", "--freeze", "all"], "--freeze goes with --backbone", 2),
        ([], "--preset --backbone --from is required", 2),
        (["--backbone", "VGG16", "--weights", "no.h5"], "There is no weights file no.h5", 1),
    ],
)
def test_calls_that_make_no_sense(tmp_path, capsys, words, said, status):
    assert main(["new", str(tmp_path / "net.cnns"), *words]) == status
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
