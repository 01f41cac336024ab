"""What breaks while training: named, told once, and nothing that was trained is lost."""

import errno
import json
import os
import shutil
import subprocess
import sys

import pytest
from PIL import Image
from small_trainings import Listener, make_network, make_pictures, make_project, run

from cnnstudio.training import checkpoint
from cnnstudio.training.errors import TrainingError, explain, writing
from cnnstudio.training.runs import list_runs, read_history, run_info


@pytest.fixture
def folder(tmp_path):
    return make_pictures(tmp_path / "colours")


def fails(project, runs_folder, **more):
    """The message of a training that fails, and its listener."""
    listener = more.pop("listener", None) or Listener()
    with pytest.raises(TrainingError) as caught:
        run(project, runs_folder, listener=listener, **more)
    assert listener.kinds.count("failed") == 1
    assert listener.events[-1].kind == "failed"
    assert listener.events[-1].message == str(caught.value)
    return str(caught.value), listener


def cut(path):
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def test_a_picture_cut_short_is_skipped_named_and_counted(keras, tmp_path, folder):
    # After the folder was scanned, before the first batch.
    path, listener = run(
        make_project(folder),
        tmp_path / "runs",
        listener=Listener(started=lambda event: cut(folder / "green" / "03.png")),
    )
    (skipped,) = listener.of("skipped")
    assert skipped.path == folder / "green" / "03.png"
    assert skipped.reason
    assert len(listener.of("epoch")) == 3
    assert listener.of("finished")[0].skipped == 1
    lines = [json.loads(line) for line in (path / "events.jsonl").read_text().splitlines()]
    assert [line["path"] for line in lines if line["event"] == "skipped"] == [str(skipped.path)]


def test_pictures_that_vanish_all_end_the_training_with_words(keras, tmp_path, folder):
    listener = Listener(started=lambda event: shutil.rmtree(folder))
    message, listener = fails(make_project(folder), tmp_path / "runs", listener=listener)
    assert str(folder) in message
    info = run_info(listener.of("started")[0].run)
    assert (info.state, info.reason) == ("failed", message)


def test_one_class_is_refused(tmp_path):
    folder = make_pictures(tmp_path / "one", classes=("red",))
    message, _ = fails(make_project(folder), tmp_path / "runs")
    assert "red" in message
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("what", ["missing", "empty", "none named"])
def test_folders_without_pictures_are_refused(tmp_path, what):
    folder = tmp_path / "nothing"
    if what == "empty":
        folder.mkdir()
    project = make_project(folder)
    if what == "none named":
        project.data["folder"] = None
    message, _ = fails(project, tmp_path / "runs")
    assert ("--data" if what == "none named" else str(folder)) in message


def test_wrong_units_name_the_layer_and_the_way_out(tmp_path, folder):
    message, _ = fails(make_project(folder, ("Dense", {"units": 5})), tmp_path / "runs")
    assert "dense" in message
    assert "5" in message
    assert "3" in message
    assert not (tmp_path / "runs").exists()


def test_a_network_that_does_not_fit_together_names_the_layer(tmp_path, folder):
    from cnnstudio.graph.edits import set_settings

    network = set_settings(
        make_network(), "conv2d_1", {"kernel_size": (50, 50), "padding": "valid"}
    )
    message, _ = fails(make_project(folder, network=network), tmp_path / "runs")
    assert "conv2d_1" in message


def test_channels_that_no_picture_has(tmp_path, folder):
    network = make_network(shape=(12, 12, 4))
    message, _ = fails(make_project(folder, network=network), tmp_path / "runs")
    assert "input" in message
    assert "4 channels" in message


def test_runs_folder_that_cannot_be_made(tmp_path, folder, keras):
    (tmp_path / "file").write_text("in the way")
    message, _ = fails(make_project(folder), tmp_path / "file" / "runs")
    assert str(tmp_path / "file" / "runs") in message


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_read_only_runs_folder(tmp_path, folder, keras):
    (tmp_path / "runs").mkdir(mode=0o500)
    message, _ = fails(make_project(folder), tmp_path / "runs")
    assert "nothing may be written there" in message
    assert "another folder" in message


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_keeps_the_last_checkpoint(keras, tmp_path, folder):
    def fill(event):
        if event.epoch == 2:
            table = event.run / "metrics.csv"
            table.unlink()
            table.symlink_to("/dev/full")

    message, listener = fails(
        make_project(folder), tmp_path / "runs", listener=Listener(epoch=fill)
    )
    path = listener.of("started")[0].run
    assert str(path / "metrics.csv") in message
    assert "the disk is full" in message
    # The last checkpoint, which need not be the last epoch's: see `Saver`.
    epoch = checkpoint.load(path / "checkpoint")[0].epoch
    assert epoch in (1, 2)
    assert f"epoch {epoch}" in message
    assert keras.models.load_model(path / "model.keras")


def test_a_run_folder_that_vanishes(keras, tmp_path, folder):
    listener = Listener(epoch=lambda event: shutil.rmtree(event.run))
    message, listener = fails(make_project(folder), tmp_path / "runs", listener=listener)
    assert str(listener.of("started")[0].run) in message


def refuses_what_it_cannot_hold():
    """Whether the system refuses memory far beyond its own, as Linux does unless told otherwise."""
    try:
        with open("/proc/sys/vm/overcommit_memory", encoding="ascii") as file:
            return file.read().strip() != "1"
    except OSError:
        return False


@pytest.mark.skipif(not refuses_what_it_cannot_hold(), reason="memory is promised without limit")
def test_a_batch_too_large_for_memory(keras, tmp_path, folder):
    from cnnstudio.graph.edits import set_setting

    # 16 × 128 × 128 × a million numbers: a terabyte.
    network = set_setting(make_network(shape=(128, 128, 3)), "conv2d_1", "filters", 1_000_000)
    project = make_project(folder, network=network, batch_size=16)
    message, listener = fails(project, tmp_path / "runs")
    assert "A batch of 16 pictures of 128 × 128 does not fit into memory" in message
    assert "batch size to 8" in message
    info = run_info(listener.of("started")[0].run)
    assert (info.state, info.reason) == ("failed", message)
    # The program lives on.
    run(make_project(folder, epochs=1), tmp_path / "runs")


def test_what_errors_are_in_words(keras):
    import tensorflow as tf

    def words(error, batch_size=32):
        return str(explain(error, batch_size=batch_size, image_size=(64, 48), kept="Kept."))

    memory = "A batch of 32 pictures of 64 × 48 does not fit into memory"
    exhausted = tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")
    internal = tf.errors.InternalError(None, None, "CUDA_ERROR_OUT_OF_MEMORY: out of memory")
    for error in (MemoryError(), exhausted, internal):
        assert words(error).startswith(memory)
        assert words(error).endswith("Kept.")
    assert "smaller network" in words(MemoryError(), batch_size=1)
    full = tf.errors.ResourceExhaustedError(None, None, "file; No space left on device")
    assert "memory" not in words(full)
    assert words(RuntimeError("first\nsecond")) == (
        "The training broke off (RuntimeError: first). Kept."
    )


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EROFS, "nothing may be written there"),
        (errno.EACCES, "nothing may be written there"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_writing_errors_name_the_file(tmp_path, number, words):
    path = tmp_path / "metrics.csv"
    with pytest.raises(TrainingError, match=words) as caught, writing(path, "Kept."):
        raise OSError(number, os.strerror(number))
    assert str(path) in str(caught.value)
    assert str(caught.value).endswith("Kept.")


def test_broken_tensorflow_says_how_to_install_it_again(tmp_path, folder):
    broken = tmp_path / "broken" / "tensorflow"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("raise ImportError('libcudart.so.12: cannot open')")
    program = (
        f"import sys; sys.path[:0] = [{str(broken.parent)!r}, {os.path.dirname(__file__)!r}]\n"
        "from pathlib import Path\n"
        "from small_trainings import Listener, make_project, run\n"
        f"run(make_project(Path({str(folder)!r})), Path({str(tmp_path / 'runs')!r}))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    last = done.stderr.strip().splitlines()[-1]
    assert "TrainingError: TensorFlow cannot be loaded" in last
    assert "libcudart.so.12" in last
    assert "pip install --force-reinstall tensorflow" in last


def test_damaged_runs_are_listed_with_the_reason(keras, tmp_path, folder):
    good, _ = run(make_project(folder, epochs=1), tmp_path / "runs")
    for name in ("2001-01-01_00-00-00_cut", "2001-01-01_00-00-01_no-project"):
        shutil.copytree(good, tmp_path / "runs" / name)
    cut(tmp_path / "runs" / "2001-01-01_00-00-00_cut" / "project.cnns")
    (tmp_path / "runs" / "2001-01-01_00-00-01_no-project" / "project.cnns").unlink()
    (tmp_path / "runs" / "not-a-run").mkdir()
    (tmp_path / "runs" / "file.txt").write_text("no run either")
    found = list_runs(tmp_path / "runs")
    assert [info.state for info in found] == ["finished", "damaged", "damaged"]
    assert "project.cnns" in found[1].reason
    assert "cut short" in found[2].reason
    assert list_runs(tmp_path / "nowhere") == []


def test_other_damage_leaves_what_can_be_read(keras, tmp_path, folder):
    path, _ = run(make_project(folder, epochs=2), tmp_path / "runs")
    (path / "events.jsonl").write_bytes(b"\xff\xfe not json\n" + b"\0" * 100)
    cut(path / "checkpoint" / "state.json")
    info = run_info(path)
    assert (info.state, info.epochs_done, info.resumable) == ("interrupted", 2, False)
    assert read_history(path).batches == ()
    (path / "metrics.csv").unlink()
    assert run_info(path).epochs_done == 0
    assert read_history(path).epochs == ()


def test_a_picture_of_every_kind_is_trained_on(keras, tmp_path):
    folder = make_pictures(tmp_path / "colours", each=6)
    with Image.open(folder / "red" / "00.png") as image:
        image.convert("L").save(folder / "red" / "grey.png")
        image.convert("P").save(folder / "red" / "palette.gif")
        image.convert("CMYK").resize((31, 17)).save(folder / "red" / "cmyk.jpg")
    _, listener = run(make_project(folder, epochs=1), tmp_path / "runs")
    assert (
        listener.of("started")[0].training_images + (listener.of("started")[0].validation_images)
        == 21
    )
    assert not listener.of("skipped")
