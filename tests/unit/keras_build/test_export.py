"""Exports: written, read back, moved into place; or refused with what was there left alone."""

import os
import shutil
import zipfile

import numpy as np
import pytest
from keras_networks import chain, small_classifier

from cnnstudio.data.settings import DataSettings
from cnnstudio.errors import StudioError
from cnnstudio.graph.edits import add_layer, connect
from cnnstudio.graph.preparation import Preparation
from cnnstudio.graph.project import Project, save_project
from cnnstudio.keras_build.build import BuildError, build_model
from cnnstudio.keras_build.export import ExportError, export, export_file, moved_into_place
from cnnstudio.keras_build.importing import import_file
from cnnstudio.keras_build.trained import ModelError, TrainedModel

try:
    import resource
except ImportError:  # Windows
    resource = None

CLASSES = ("cat", "dog", "owl")


@pytest.fixture
def project(tmp_path):
    path = tmp_path / "mine.cnns"
    save_project(Project(small_classifier(), training={"optimizer": {"name": "SGD"}}), path)
    return path


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "2026-11-21_14-03-05_owls"
    folder.mkdir()
    save_project(Project(small_classifier()), folder / "project.cnns")
    (folder / "classes.txt").write_text("".join(f"{name}\n" for name in CLASSES))
    build_model(small_classifier(), seed=4).save(folder / "model.keras")
    return folder


def answers(path):
    picture = np.random.default_rng(0).uniform(0, 255, (2, 8, 8, 3)).astype(np.float32)
    return np.asarray(TrainedModel.load(path).model(picture))


def built(path):
    namespace = {"__name__": "exported"}
    exec(path.read_text(encoding="utf-8"), namespace)
    return namespace, namespace["build_model"]()


def test_a_project_as_source(project, tmp_path):
    export_file(project, tmp_path / "net.py")
    _, model = built(tmp_path / "net.py")
    assert model.name == "mine"
    assert type(model.optimizer).__name__ == "SGD"
    assert sorted(os.listdir(tmp_path)) == ["mine.cnns", "net.py"]


def test_a_project_as_an_untrained_model(keras, project, tmp_path):
    export_file(project, tmp_path / "net.keras")
    model = keras.saving.load_model(tmp_path / "net.keras")
    assert [layer.name for layer in model.layers] == list(small_classifier().order)


def test_a_project_as_json(keras, project, tmp_path):
    export_file(project, tmp_path / "net.json")
    text = (tmp_path / "net.json").read_text(encoding="utf-8")
    assert keras.models.model_from_json(text).output_shape == (None, 3)


def test_a_run_gives_its_trained_model_and_its_classes(run, tmp_path):
    export_file(run, tmp_path / "trained.KERAS")
    copy = tmp_path / "trained.KERAS"
    np.testing.assert_array_equal(answers(copy.rename(tmp_path / "t.keras")), answers(run))
    export_file(run, tmp_path / "net.py")
    namespace, model = built(tmp_path / "net.py")
    assert model.name == "owls"
    assert namespace["CLASSES"] == list(CLASSES)


def test_an_exported_model_knows_its_classes_and_how_pictures_are_prepared(run, tmp_path):
    data = {"image_size": [8, 8], "resize": "pad", "background": "#102030", "folder": "mine"}
    save_project(Project(small_classifier(), data), run / "project.cnns")
    export_file(run, tmp_path / "mine.keras")
    found = TrainedModel.load(tmp_path / "mine.keras")
    assert found.classes == list(CLASSES)
    assert found.preparation == TrainedModel.load(run).preparation
    assert found.preparation == Preparation((8, 8), resize="pad", background="#102030")
    # Nothing of where the pictures are leaves this computer.
    with zipfile.ZipFile(tmp_path / "mine.keras") as archive:
        assert "folder" not in archive.read("cnnstudio.json").decode()
    imported = DataSettings(**import_file(tmp_path / "mine.keras").project.data)
    assert imported.preparation == found.preparation
    export_file(tmp_path / "mine.keras", tmp_path / "copy.keras")
    assert TrainedModel.load(tmp_path / "copy.keras").preparation == found.preparation
    export_file(tmp_path / "mine.keras", tmp_path / "mine.py")
    assert '(8, 8), "#102030"' in (tmp_path / "mine.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("content", ["", "[]", '{"classes": 3, "data": {}}', '{"classes": []}'])
def test_a_note_that_makes_no_sense_is_not_used(run, tmp_path, content):
    shutil.copy(run / "model.keras", tmp_path / "other.keras")
    with zipfile.ZipFile(tmp_path / "other.keras", "a") as archive:
        archive.writestr("cnnstudio.json", content)
    found = TrainedModel.load(tmp_path / "other.keras")
    assert found.preparation == Preparation((8, 8))
    assert not found.named


def test_a_run_without_a_model_has_source_only(run, tmp_path):
    (run / "model.keras").unlink()
    export_file(run, tmp_path / "net.py")
    export_file(run, tmp_path / "net.json")
    with pytest.raises(ModelError, match="has no trained model yet"):
        export_file(run, tmp_path / "net.keras")


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_model_files(run, tmp_path):
    build_model(small_classifier(), seed=4).save(tmp_path / "old.h5")
    export_file(tmp_path / "old.h5", tmp_path / "new.keras")
    np.testing.assert_allclose(answers(tmp_path / "new.keras"), answers(run), atol=1e-6)
    export_file(tmp_path / "new.keras", tmp_path / "net.py")
    assert (
        built(tmp_path / "net.py")[1].count_params()
        == build_model(small_classifier()).count_params()
    )
    export_file(run / "model.keras", tmp_path / "again.py")
    assert built(tmp_path / "again.py")[0]["CLASSES"] == list(CLASSES)


def test_several_inputs_and_outputs(keras, tmp_path):
    network = chain(("Input", {"shape": (4, 4, 1)}), "Add", "Flatten")
    for name in ("Input", "ReLU"):
        network, added = add_layer(
            network, name, settings={"shape": (4, 4, 1)} if name == "Input" else {}
        )
        ends = (added, "add_1") if name == "Input" else ("add_1", added)
        network = connect(network, *ends)
    for suffix in (".keras", ".py", ".json"):
        export(network, tmp_path / f"net{suffix}")
    assert len(keras.saving.load_model(tmp_path / "net.keras").inputs) == 2


@pytest.mark.parametrize("name", ["net", "net.png", "net.py.txt"])
def test_other_forms_are_refused_with_those_there_are(project, tmp_path, name):
    with pytest.raises(ExportError, match=r"\.py .*\.keras .*\.json") as caught:
        export_file(project, tmp_path / name)
    assert name in caught.value.message
    assert not (tmp_path / name).exists()


def test_what_cannot_be_built_leaves_what_was_there(tmp_path):
    out = tmp_path / "net.py"
    out.write_text("mine")
    broken = chain(("Input", {"shape": (4, 4, 3)}), ("Conv2D", {"groups": 2}))
    with pytest.raises(BuildError, match="conv2d_1"):
        export(broken, out)
    assert out.read_text() == "mine"
    assert os.listdir(tmp_path) == ["net.py"]


def test_places_that_cannot_be_written(project, run, tmp_path):
    with pytest.raises(ExportError, match=r"nowhere.net\.py could not be written"):
        export_file(project, tmp_path / "nowhere" / "net.py")
    (tmp_path / "net.py").mkdir()
    with pytest.raises(ExportError, match=r"net\.py could not be written"):
        export_file(project, tmp_path / "net.py")
    with pytest.raises(ExportError, match="choose another name"):
        export_file(run, run / "model.keras")


@pytest.mark.parametrize("name", ["missing.cnns", "missing.keras", "missing"])
def test_a_source_that_is_not_there(name, tmp_path):
    with pytest.raises(StudioError, match=name):
        export_file(tmp_path / name, tmp_path / "net.py")


def test_a_file_that_does_not_work_is_never_put_in_place(tmp_path):
    out = tmp_path / "net.py"
    out.write_text("mine")

    def write():
        with moved_into_place(out) as beside:
            beside.write_text("1 / 0")
            exec(beside.read_text())

    with pytest.raises(ExportError, match=r"net\.py could not be written: division by zero"):
        write()
    assert out.read_text() == "mine"
    assert os.listdir(tmp_path) == ["net.py"]


@pytest.mark.skipif(resource is None, reason="no limits on the size of files here")
@pytest.mark.parametrize("name", ["net.py", "net.keras", "net.json"])
def test_a_full_disk(project, tmp_path, name):
    (tmp_path / name).write_text("mine")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, hard))
    try:
        with pytest.raises(ExportError, match=f"{name} could not be written"):
            export_file(project, tmp_path / name)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (tmp_path / name).read_text() == "mine"
    assert sorted(os.listdir(tmp_path)) == ["mine.cnns", name]
