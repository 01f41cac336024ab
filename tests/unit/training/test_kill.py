"""`kill -9` of the real command line at any moment; every resume ends as if nothing had been."""

import contextlib
import json
import random
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from small_trainings import make_network, make_pictures

from cnnstudio.data.augmentation import PRESETS
from cnnstudio.graph.freezing import freeze_to
from cnnstudio.graph.project import Project, save_project
from cnnstudio.training import checkpoint
from cnnstudio.training.runs import read_history, run_info


def write_project(
    folder: Path, *, epochs: int, each: int, dropout: bool = True, more: int = 0
) -> Path:
    """Augmentation, dropout, batch normalisation, Adam, a cosine schedule, determinism.

    With `more` epochs in a second phase, convolution and normalisation are frozen in the first.
    """
    pictures = make_pictures(folder / "pictures", each=each)
    augmentation = list(PRESETS.values())[-1].to_json()
    training = {
        "epochs": epochs,
        "batch_size": 4,
        "seed": 11,
        "deterministic": True,
        "optimizer": {"name": "Adam", "learning_rate": 0.01},
        "schedule": {"name": "cosine", "warmup_epochs": 1.0},
    }
    network = make_network(dropout=dropout)
    if more:
        network = freeze_to(network, ["batch_normalization_1"])
        training["fine_tune"] = {"enabled": True, "epochs": more}
        training["early_stopping"] = {"enabled": True, "patience": 1000}
    path = folder / "project.cnns"
    data = {"folder": str(pictures), "augmentation": augmentation}
    save_project(Project(network, data, training), path)
    return path


class Training:
    """The command line in a process of its own; `run` is its folder once it has begun."""

    def __init__(self, *words: object):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "cnnstudio", "train", *map(str, words), "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.run: Path | None = None
        self.kinds: list[str] = []

    def read(self, until: str) -> bool:
        """Read events until one of this kind has come; False where it ended before."""
        for line in self.process.stdout:
            event = json.loads(line)
            self.run = Path(event["run"])
            self.kinds.append(event["event"])
            if event["event"] == until:
                return True
        return False

    def finish(self) -> str:
        """What it says on standard error, after its end."""
        _, said = self.process.communicate()
        return said

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def assert_equal(run: Path, expected: Path) -> None:
    """The weights, the optimizer, the random states and the rows of two runs, bit for bit."""
    state, arrays = checkpoint.load(run / "checkpoint")
    wanted_state, wanted = checkpoint.load(expected / "checkpoint")
    assert (state.epoch, state.best_epoch) == (wanted_state.epoch, wanted_state.best_epoch)
    assert arrays.keys() == wanted.keys()
    for name, array in wanted.items():
        np.testing.assert_array_equal(arrays[name], array, err_msg=name)
    assert read_history(run).epochs == read_history(expected).epochs
    assert run_info(run).state == "finished"


def kept(run: Path):
    from cnnstudio.keras_build.backend import load_keras

    model = load_keras().models.load_model(run / "model.keras")
    return [variable.numpy() for variable in model.variables]


def test_a_killed_training_goes_on_as_if_nothing_had_been(tmp_path):
    project = write_project(tmp_path, epochs=30, each=10)
    whole = Training(project, "--runs", tmp_path / "whole")
    killed = Training(project, "--runs", tmp_path / "killed")
    assert killed.read("epoch")
    killed.kill()
    assert not whole.read("nothing")
    assert whole.finish() == ""
    assert run_info(killed.run).state == "interrupted"
    again = Training("--resume", killed.run)
    assert not again.read("nothing"), again.finish()
    assert again.finish() == ""
    assert again.kinds[-1] == "finished"
    assert_equal(killed.run, whole.run)
    for array, wanted in zip(kept(killed.run), kept(whole.run), strict=True):
        np.testing.assert_array_equal(array, wanted)


@pytest.mark.slow
def test_killed_in_both_phases_and_between_them(tmp_path):
    project = write_project(tmp_path, epochs=8, each=10, more=8)
    whole = Training(project, "--runs", tmp_path / "whole")
    assert not whole.read("nothing")
    assert whole.finish() == ""
    killed = Training(project, "--runs", tmp_path / "killed")
    # Within the first, behind its last epoch, within the second.
    done = 0
    for until in (3, 8, 12):
        while done < until:
            assert killed.read("epoch"), killed.finish()
            done += 1
        killed.kill()
        run = killed.run
        done = len(read_history(run).epochs)
        killed = Training("--resume", run)
    assert not killed.read("nothing"), killed.finish()
    assert killed.finish() == ""
    assert_equal(run, whole.run)
    assert len(read_history(run).phases) == 1
    for array, wanted in zip(kept(run), kept(whole.run), strict=True):
        np.testing.assert_array_equal(array, wanted)


@pytest.mark.slow
def test_killed_ten_times_at_random_moments_and_while_saving(tmp_path):
    project = write_project(tmp_path, epochs=160, each=24)
    whole = Training(project, "--runs", tmp_path / "whole")
    whole.read("nothing")
    assert whole.finish() == ""
    moments = random.Random(5)
    training = Training(project, "--runs", tmp_path / "killed")
    kills, saving, run = 0, 0, None
    while kills < 10:
        begun = training.read("started")
        assert begun, training.finish()
        run = training.run
        if kills % 2:
            # While a checkpoint or the model is being written.
            folder, caught = run / "checkpoint", False
            while training.process.poll() is None and not caught:
                parts = [*folder.glob("*.part"), *run.glob("*.part*")]
                caught = bool(parts)
            saving += caught
        else:
            drain = threading.Thread(target=training.read, args=("nothing",), name="drain")
            drain.start()
            with contextlib.suppress(subprocess.TimeoutExpired):
                training.process.wait(timeout=moments.uniform(0.0, 1.5))
            training.process.kill()
            drain.join()
        training.kill()
        kills += 1
        if run_info(run).state == "finished":
            pytest.fail(f"it was done after {kills} kills: give it more epochs")
        training = Training("--resume", run)
    training.read("nothing")
    assert training.finish() == ""
    assert saving >= 4
    assert_equal(run, whole.run)
    for array, wanted in zip(kept(run), kept(whole.run), strict=True):
        np.testing.assert_array_equal(array, wanted)
