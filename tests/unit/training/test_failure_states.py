"""What can fail while training, each from a real cause: how it ends, what is kept, the way on.

In every case the run says why it failed, its last checkpoint is whole, and the same program goes
on with it once the cause is gone. What a GPU says is TensorFlow's own error with a GPU's words,
raised from inside a layer: a GPU that really fails would take a GPU.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_trainings import Listener, make_network, make_pictures, make_project, run

from cnnstudio.cli import main
from cnnstudio.graph.edits import set_setting
from cnnstudio.graph.project import save_project
from cnnstudio.training import checkpoint
from cnnstudio.training.errors import TrainingError, explain
from cnnstudio.training.runs import run_info

LINUX = sys.platform.startswith("linux")


@pytest.fixture
def folder(tmp_path):
    return make_pictures(tmp_path / "colours")


def fails(project, runs, *, cause, **more):
    """A training that fails for `cause` after it began: its run, message and listener."""
    listener = more.pop("listener", None) or Listener()
    with pytest.raises(TrainingError) as caught:
        run(project, runs, listener=listener, **more)
    end = listener.events[-1]
    assert (end.kind, end.message, end.cause) == ("failed", str(caught.value), cause)
    assert caught.value.cause == cause
    path = listener.of("started")[0].run
    info = run_info(path)
    assert (info.state, info.reason) == ("failed", end.message)
    assert end.resumable is info.resumable
    return path, end.message, listener


def assert_goes_on(path, project, keras, epochs=None):
    """The checkpoint and the model are whole, and the run goes on where the checkpoint is."""
    state, arrays = checkpoint.load(path / "checkpoint")
    assert all(np.isfinite(array).all() for array in arrays.values() if array.dtype.kind == "f")
    assert keras.models.load_model(path / "model.keras")
    assert not list(path.rglob("*.part*"))
    epochs = epochs or project.training["epochs"]
    project = replace(project, training={**project.training, "epochs": epochs})
    _, listener = run(project, path.parent, resume=path)
    assert listener.of("started")[0].epoch == state.epoch
    assert listener.kinds[-1] == "finished"
    assert run_info(path, thorough=True).damages == ()


# -- the loss is no number


def runaway(folder, **training):
    """Weights that run away in a step or two: exponentials of exponentials, a rate of 100."""
    network = make_network(("Dense", {"units": 3, "activation": "exponential"}))
    network = set_setting(network, "conv2d_1", "activation", "exponential")
    optimizer = {"name": "SGD", "learning_rate": 100.0}
    return make_project(
        folder, network=network, loss="mean_squared_error", optimizer=optimizer, **training
    )


def test_a_loss_that_is_no_number_ends_the_training(keras, tmp_path, folder):
    path, message, _ = fails(runaway(folder), tmp_path / "runs", cause="numbers")
    assert "no longer a number (epoch 1" in message
    assert "learning rate below 100" in message
    # No model of such weights is kept, and no line that no JSON reader takes.
    assert not (path / "model.keras").exists()
    json.loads((path / "events.jsonl").read_text().splitlines()[-1], parse_constant=pytest.fail)


def test_what_was_learned_before_the_weights_ran_away_is_kept(keras, tmp_path, folder):
    """A rate raised by hand in the second epoch; lowered again, the run goes on."""
    from cnnstudio.training.control import Control

    control = Control()

    def faster(event):
        control.set_learning_rate(1e30)

    project = make_project(folder, optimizer={"name": "SGD", "learning_rate": 0.01})
    listener = Listener(epoch=faster)
    path, message, _ = fails(
        project, tmp_path / "runs", cause="numbers", control=control, listener=listener
    )
    assert f"kept in {path}" in message
    state, _ = checkpoint.load(path / "checkpoint")
    assert state.epoch >= 1
    slower = {**project.training, "optimizer": {"name": "SGD", "learning_rate": 0.001}}
    assert_goes_on(path, replace(project, training=slower), keras)


def test_weights_that_are_no_numbers_are_not_saved(keras, tmp_path):
    from cnnstudio.training.checkpoint import capture, sound

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    model.compile("sgd", "mse")
    assert sound(model, capture(model))
    model.layers[-1].bias.assign([0.0, float("nan")])
    assert not sound(model, capture(model))


# -- memory


@pytest.mark.skipif(not LINUX, reason="limits memory as Linux does")
def test_memory_that_runs_out_in_the_middle_keeps_the_checkpoint(tmp_path):
    """No more memory for this process after the first epoch; in a process of its own."""
    folder = make_pictures(tmp_path / "colours", each=4, size=96)
    program = f"""
import json, resource, sys
from pathlib import Path
sys.path.insert(0, {os.path.dirname(__file__)!r})
from small_trainings import Listener, make_network, make_project, run
from cnnstudio.graph.edits import set_setting
from cnnstudio.training.errors import TrainingError
network = set_setting(make_network(shape=(96, 96, 3)), "conv2d_1", "filters", 256)
project = make_project(Path({str(folder)!r}), network=network, epochs=3, batch_size=8)
before = resource.getrlimit(resource.RLIMIT_AS)
def limit(event):
    used = next(int(line.split()[1]) for line in open("/proc/self/status")
                if line.startswith("VmSize")) * 1024
    resource.setrlimit(resource.RLIMIT_AS, (used + (4 << 20), before[1]))
listener = Listener(epoch=limit)
try:
    run(project, Path({str(tmp_path / "runs")!r}), listener=listener)
except TrainingError as error:
    resource.setrlimit(resource.RLIMIT_AS, before)
    failed = [str(error), error.cause]
    path = listener.of("started")[0].run
    _, again = run(project, path.parent, resume=path)
    print(json.dumps([*failed, str(path), again.of("started")[0].epoch, again.kinds[-1]]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    message, cause, path, epoch, end = json.loads(done.stdout.splitlines()[-1])
    assert cause == "memory", message
    assert message.startswith("A batch of 8 pictures of 96 × 96 does not fit into memory")
    assert "batch size to 4" in message
    assert f"epoch 1 is kept in {path}" in message
    assert (epoch, end) == (1, "finished")
    assert run_info(Path(path)).damages == ()


# -- the disk


@pytest.mark.skipif(not LINUX, reason="limits the size of files as Linux does")
def test_a_disk_without_room_keeps_the_checkpoint_and_goes_on_when_there_is_some(tmp_path):
    """From the second epoch on no file may grow beyond what the checkpoint takes."""
    folder = make_pictures(tmp_path / "colours")
    program = f"""
import json, resource, signal, sys
from pathlib import Path
sys.path.insert(0, {os.path.dirname(__file__)!r})
from small_trainings import Listener, make_project, run
from cnnstudio.training.errors import TrainingError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
project = make_project(Path({str(folder)!r}), epochs=4)
before = resource.getrlimit(resource.RLIMIT_FSIZE)
def limit(event):
    if event.epoch == 2:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024, before[1]))
listener = Listener(epoch=limit)
try:
    run(project, Path({str(tmp_path / "runs")!r}), listener=listener)
except TrainingError as error:
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    failed = [str(error), error.cause]
    path = listener.of("started")[0].run
    left = [str(file) for file in path.rglob("*.part*")]
    _, again = run(project, path.parent, resume=path)
    print(json.dumps([*failed, str(path), left, again.kinds[-1], len(again.of("epoch"))]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    message, cause, path, left, end, epochs = json.loads(done.stdout.splitlines()[-1])
    assert cause == "disk", message
    assert message.startswith(path)
    assert "the disk is full. Free some space, then continue the run." in message
    assert "is kept in" in message
    assert left == []
    assert end == "finished"
    assert epochs in (2, 3)
    info = run_info(Path(path), thorough=True)
    assert (info.state, info.epochs_done) == ("finished", 4)
    assert {damage.path.name for damage in info.damages} <= {"events.jsonl"}


def small_disk(folder, megabytes):
    """The words before a command so that it runs with a disk of that size at `folder`, or None."""
    words = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    mount = f'mount -t tmpfs -o size={megabytes}m small "{folder}" && exec "$@"'
    if shutil.which("unshare") is None:
        return None
    tried = subprocess.run([*words, mount, "sh", "true"], capture_output=True)
    return [*words, mount, "sh"] if tried.returncode == 0 else None


@pytest.mark.slow
def test_a_small_disk_that_fills_at_every_place(tmp_path):
    """A file system of 1 MB filled to the last byte at different moments of a training."""
    disk, folder = tmp_path / "disk", make_pictures(tmp_path / "colours")
    disk.mkdir()
    words = small_disk(disk, 1) if LINUX else None
    if words is None:
        pytest.skip("this system lets no test mount a disk of its own")
    program = f"""
import json, sys
from pathlib import Path
sys.path.insert(0, {os.path.dirname(__file__)!r})
from small_trainings import Listener, make_project, run
from cnnstudio.training.errors import TrainingError
from cnnstudio.training import checkpoint
disk = Path({str(disk)!r})
project = make_project(Path({str(folder)!r}), epochs=4)
told = []
for kind, leave in (("started", 0), ("batch", 0), ("epoch", 0), ("epoch", 20_000)):
    def fill(event):
        filler = disk / "filler"
        if not filler.exists() and (event.kind == "started" or event.epoch >= 2):
            with filler.open("wb", buffering=0) as file:
                try:
                    while file.write(bytes(1024)):
                        pass
                except OSError:
                    file.truncate(max(0, file.tell() - leave))
    listener = Listener(**{{kind: fill}})
    try:
        run(project, disk / "runs", listener=listener)
        told.append([kind, "no failure", "", "", ""])
    except TrainingError as error:
        path = listener.of("started")[0].run
        resumable = listener.events[-1].resumable
        (disk / "filler").unlink()
        again = Listener()
        run(project, path.parent, resume=path, listener=again)
        told.append([kind, str(error), error.cause, resumable, again.kinds[-1]])
    (disk / "filler").unlink(missing_ok=True)
print(json.dumps(told))
"""
    done = subprocess.run([*words, sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    for kind, message, cause, resumable, end in json.loads(done.stdout.splitlines()[-1]):
        assert cause == "disk", (kind, message)
        assert "the disk is full" in message
        assert end == "finished", kind
        assert resumable, kind


# -- the pictures


def test_a_data_folder_that_vanishes_while_training(keras, tmp_path, folder, monkeypatch):
    """Pictures that are kept nowhere are read again in each epoch."""
    monkeypatch.setenv("CNNSTUDIO_PICTURE_MEMORY", "0")
    away = tmp_path / "away"
    project = make_project(folder, epochs=4)
    monkeypatch.setattr("cnnstudio.data.cache.OnDisk.put", lambda *_: False)
    listener = Listener(epoch=lambda event: folder.exists() and folder.rename(away))
    path, message, _ = fails(project, tmp_path / "runs", cause="data", listener=listener)
    assert str(folder) in message
    assert "Bring the pictures back, then continue the run." in message
    # Still away: that is what stands in the way.
    with pytest.raises(TrainingError, match="colours"):
        run(project, path.parent, resume=path)
    away.rename(folder)
    assert_goes_on(path, project, keras)


def test_pictures_in_memory_outlive_their_folder(keras, tmp_path, folder):
    listener = Listener(epoch=lambda event: shutil.rmtree(folder, ignore_errors=True))
    _, listener = run(make_project(folder), tmp_path / "runs", listener=listener)
    assert listener.kinds[-1] == "finished"
    assert len(listener.of("epoch")) == 3


# -- a GPU

GPU_WORDS = {
    "InternalError": "CUDA error: Failed call to cuLaunchKernel: CUDA_ERROR_ILLEGAL_ADDRESS",
    "UnavailableError": "GPU is lost: CUDA_ERROR_DEVICE_UNAVAILABLE",
    "UnknownError": "Failed to get convolution algorithm. This is probably because cuDNN failed "
    "to initialize",
    "AbortedError": "CUDNN_STATUS_EXECUTION_FAILED in cudnnConvolutionForward",
}


@pytest.fixture
def failing_gpu(keras, monkeypatch):
    """From a step on a dense layer raises what TensorFlow raises when a GPU fails."""
    import tensorflow as tf

    after = {"calls": 0, "until": None, "kind": "InternalError"}
    call = keras.layers.Dense.call

    def check(values):
        after["calls"] += 1
        if after["until"] is not None and after["calls"] > after["until"]:
            kind = after["kind"]
            raise getattr(tf.errors, kind)(None, None, GPU_WORDS[kind])
        return values

    def dense(self, inputs, *more, **named):
        checked = tf.py_function(check, [inputs], inputs.dtype)
        checked.set_shape(inputs.shape)
        return call(self, checked, *more, **named)

    monkeypatch.setattr(keras.layers.Dense, "call", dense)
    return after


def test_a_gpu_that_fails_while_training(keras, tmp_path, folder, failing_gpu):
    project = make_project(folder, epochs=4)

    def fail(event):
        failing_gpu["until"] = failing_gpu["calls"] + 3

    path, message, _ = fails(
        project, tmp_path / "runs", cause="device", listener=Listener(epoch=fail)
    )
    assert "The GPU failed" in message
    assert "CUDA_ERROR_ILLEGAL_ADDRESS" in message
    assert "Start CNN Studio again, then continue the run" in message
    assert f"kept in {path}" in message
    failing_gpu["until"] = None
    assert_goes_on(path, project, keras)


@pytest.mark.parametrize("kind", GPU_WORDS)
def test_what_gpus_say_is_known_for_what_it_is(keras, kind):
    import tensorflow as tf

    error = getattr(tf.errors, kind)(None, None, GPU_WORDS[kind])
    told = explain(error, batch_size=8, image_size=(8, 8), kept="Kept.")
    assert told.cause == "device"
    assert str(told).endswith("Kept.")
    memory = tf.errors.InternalError(None, None, "CUDA_ERROR_OUT_OF_MEMORY: out of memory")
    assert explain(memory, batch_size=8, image_size=(8, 8), kept="").cause == "memory"
    other = tf.errors.InvalidArgumentError(None, None, "Incompatible shapes")
    assert explain(other, batch_size=8, image_size=(8, 8), kept="").cause == ""


def test_where_in_the_graph_it_happened_hides_nothing(keras):
    """As TensorFlow writes it, now with the stack, now without."""
    import tensorflow as tf

    for stack in ('File "fit.py", line 1, in <module>', "<stack traces unavailable>"):
        text = (
            "Graph execution error:\n\nDetected at node dense/MatMul defined at (most recent call "
            f"last):\n{stack}\n2 root error(s) found.\n  (0) INTERNAL:  CUDA_ERROR_LAUNCH_FAILED\n"
        )
        error = tf.errors.InternalError(None, None, text)
        told = explain(error, batch_size=8, image_size=(8, 8), kept="")
        assert told.cause == "device"
        assert "CUDA_ERROR_LAUNCH_FAILED" in str(told)


# -- the command line


def test_the_command_line_says_it_in_a_line(keras, tmp_path, folder, capsys):
    file = tmp_path / "project.cnns"
    save_project(runaway(folder), file)
    words = ["train", str(file), "--runs", str(tmp_path / "runs")]
    assert main(words) == 1
    said = capsys.readouterr()
    assert said.err.strip().splitlines()[-1].startswith("The loss is no longer a number")
    assert "Traceback" not in said.err
    assert main([*words, "--json"]) == 1
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (last["event"], last["cause"], last["resumable"]) == ("failed", "numbers", True)
    assert main(["runs", str(tmp_path / "runs"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {each["state"] for each in told} == {"failed"}
    # The way out that it names, with the run as it is: nothing was kept, so from the beginning.
    again = ["train", "--resume", told[0]["run"]]
    assert main([*again, "--set", "training.optimizer.learning_rate=0.0001"]) == 0
