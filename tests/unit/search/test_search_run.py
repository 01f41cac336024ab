"""Searches that train: in this process, and by the command line in others."""

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from cnnstudio import cli
from cnnstudio.data.report import DataError
from cnnstudio.graph.edits import set_setting
from cnnstudio.graph.project import load_project, save_project
from cnnstudio.search.errors import SearchError
from cnnstudio.search.info import StudyReader
from cnnstudio.search.run import search
from cnnstudio.search.settings import SearchSettings, parse_entry
from cnnstudio.search.trial import TRIAL_FILE
from cnnstudio.training.control import Control
from cnnstudio.training.runs import list_runs, run_info

RATE = "training.optimizer.learning_rate"


class Ears:
    """Keeps the events; calls `when[kind](event)` as they come."""

    def __init__(self, **when):
        self.events = []
        self._when = when

    def __call__(self, event):
        self.events.append(event)
        if event.kind in self._when:
            self._when[event.kind](event)

    def of(self, kind):
        return [event for event in self.events if event.kind == kind]


def searched(project, tmp_path, settings, *, ears=None, control=None, **more):
    ears = ears or Ears()
    tmp_path.mkdir(exist_ok=True)
    info = search(
        project,
        settings,
        study=str(tmp_path / "s.study"),
        on_event=ears,
        control=control or Control(),
        **{"runs_folder": tmp_path / "runs", **more},
    )
    return info, ears


def test_a_grid_trains_every_combination_and_passes_by_networks_that_cannot_be(project, tmp_path):
    space = {
        RATE: parse_entry("0.01, 0.1"),
        # Shapes of 12 × 12 cannot take the larger one without padding.
        "layers.conv2d_1.kernel_size": parse_entry("3, 40"),
    }
    settings = SearchSettings(method="grid", pruner="none", epochs=1, space=space)
    plain = set_setting(project.network, "conv2d_1", "padding", "valid")
    project = replace(project, network=plain)
    info, ears = searched(project, tmp_path, settings)
    found = sorted((trial.values[RATE], trial.state) for trial in info.trials)
    assert [state for _, state in found] == ["complete", "pruned"] * 2
    for trial in info.trials:
        if trial.state == "pruned":
            assert "40" in trial.reason
            assert trial.run is None
            continue
        # An ordinary run, which says what trial it is.
        run = run_info(trial.run)
        assert (run.state, run.epochs_done) == ("finished", 1)
        assert run.settings["training"]["optimizer"]["learning_rate"] == trial.values[RATE]
        assert load_project(trial.run / "project.cnns").network["conv2d_1"]["kernel_size"] == (3, 3)
        about = json.loads((trial.run / TRIAL_FILE).read_text(encoding="utf-8"))
        assert (about["trial"], about["values"]) == (trial.number, trial.values)
        assert trial.figure == run.best_val_accuracy
    assert len(list_runs(tmp_path / "runs")) == 2
    assert len(ears.of("trial_started")) == len(ears.of("trial_ended")) == 4
    assert ears.of("search_ended")[0].trial == info.best.number
    # Again: there is nothing left to do.
    _, ears = searched(project, tmp_path, settings)
    assert [event.kind for event in ears.events] == ["search_started", "search_ended"]


def test_a_bad_trial_ends_early_and_its_run_as_stopped(project, tmp_path):
    space = {RATE: parse_entry("0.01, 0.02, 0.03, 0.04, 1e-9, 2e-9, 3e-9")}
    settings = SearchSettings(
        method="grid", pruner="median", epochs=4, monitor="val_loss", space=space
    )
    info, _ = searched(project, tmp_path, settings)
    assert info.done == 7
    pruned = [trial for trial in info.trials if trial.state == "pruned"]
    assert pruned
    for trial in pruned:
        assert trial.values[RATE] < 1e-8
        assert trial.epochs < 4
        assert "is behind other trials" in trial.reason
        assert run_info(trial.run).state == "stopped"
    assert info.best.values[RATE] >= 0.01


def test_stop_and_go_on_where_the_trial_was(project, tmp_path):
    settings = SearchSettings(
        method="random",
        pruner="none",
        trials=2,
        epochs=6,
        monitor="val_f1",
        space={RATE: parse_entry("0.001..0.1 log")},
    )
    control = Control()

    def stop(event):
        if event.epoch == 2:
            control.stop()

    info, ears = searched(project, tmp_path, settings, ears=Ears(epoch=stop), control=control)
    ended = ears.of("search_ended")[0]
    assert ended.stopped
    assert (ended.note, ended.next) == ("Stopped after 0 of 2 trials.", "trial 1 where it was")
    (trial,) = info.trials
    assert (trial.state, trial.epochs) == ("waiting", 2)
    assert run_info(trial.run).state == "stopped"
    info, ears = searched(project, tmp_path, settings)
    ended = ears.of("search_ended")[0]
    assert (ended.stopped, ended.note, ended.next) == (False, "All 2 trials are done.", "")
    began = ears.of("trial_started")
    assert [(event.trial, event.resumed) for event in began] == [(1, True), (2, False)]
    assert [event.epoch for event in ears.of("epoch")] == [3, 4, 5, 6, 1, 2, 3, 4, 5, 6]
    assert [trial.state for trial in info.trials] == ["complete", "complete"]
    assert info.trials[0].run == trial.run
    assert info.trials[0].values == trial.values
    assert len(list_runs(tmp_path / "runs")) == 2
    # More trials, and one whose folder somebody threw away.
    settings = settings.model_copy(update={"trials": 3})
    info, ears = searched(project, tmp_path, settings)
    assert [event.trial for event in ears.of("trial_started")] == [3]


def test_what_breaks_off_every_trial_ends_the_search(project, tmp_path):
    settings = SearchSettings(method="random", space={RATE: parse_entry("0.001..0.1 log")})
    with pytest.raises(DataError, match="nowhere"):
        searched(project, tmp_path, settings, data_folder=tmp_path / "nowhere")
    (tmp_path / "runs").write_text("no folder", encoding="utf-8")
    with pytest.raises(SearchError, match="3 trials in a row broke off"):
        searched(project, tmp_path, settings)
    reader = StudyReader(str(tmp_path / "s.study"))
    trials = reader.read().trials
    assert [trial.state for trial in trials] == ["failed"] * 3
    assert "runs" in trials[0].reason
    # So it does where there are fewer of them.
    one = settings.model_copy(update={"trials": 1})
    with pytest.raises(SearchError, match="The only trial broke off"):
        searched(project, tmp_path / "one", one, runs_folder=tmp_path / "runs")


class Process:
    """`cnnstudio search --json` in a process of its own."""

    def __init__(self, *words):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "cnnstudio", "search", *map(str, words), "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.events = []

    def read(self, kind=""):
        """Read events until one of this kind has come, or to the end."""
        for line in self.process.stdout:
            event = json.loads(line)
            self.events.append(event)
            if event["event"] == kind:
                return event
        return None

    def end(self):
        self.read()
        said = self.process.communicate()[1]
        return self.process.returncode, said


def test_two_processes_share_a_study_and_one_that_is_killed_loses_nothing(project, tmp_path):
    save_project(project, tmp_path / "p.cnns")
    place, runs = tmp_path / "s.study", tmp_path / "runs"
    words = [tmp_path / "p.cnns", "--study", place, "--runs", runs, "--trials", 3]
    words += ["--space", f"{RATE}=0.001..0.1:log", "--set", "search.method=random"]
    words += ["--set", "search.epochs=8", "--set", "search.pruner=none"]
    settings = SearchSettings(
        method="random",
        pruner="none",
        trials=3,
        epochs=8,
        space={RATE: parse_entry("0.001..0.1 log")},
    )
    killed, other = Process(*words), Process(*words)
    assert killed.read("epoch") is not None, killed.end()
    first = killed.events[-1]
    killed.process.kill()
    killed.process.communicate()
    done = threading.Thread(target=other.end, name="other")
    done.start()
    _, ears = searched(project, tmp_path, settings)
    done.join()
    assert other.process.returncode == 0
    reader = StudyReader(str(place))
    info = reader.read()
    assert [trial.state for trial in info.trials] == ["complete"] * 3
    assert {trial.epochs for trial in info.trials} == {8}
    # Each trial ended in one process, and the killed one went on where it was, in its own run.
    ends = [event["trial"] for event in other.events if event["event"] == "trial_ended"]
    ends += [event.trial for event in ears.of("trial_ended")]
    assert sorted(ends) == [1, 2, 3]
    assert info.trials[first["trial"] - 1].run == Path(first["run"])
    assert len(list_runs(runs)) == 3
    assert len({json.dumps(trial.values) for trial in info.trials}) == 3


def test_the_command_says_what_is_wrong(project, tmp_path, capsys):
    path = str(tmp_path / "p.cnns")
    save_project(project, path)
    assert cli.main(["search", path]) == 2
    assert "--study" in capsys.readouterr().err
    assert cli.main(["search", path, "--study", "s", "--space", "oops"]) == 2
    assert "KEY=VALUES" in capsys.readouterr().err
    study = str(tmp_path / "s.study")
    assert cli.main(["search", path, "--study", study]) == 1
    assert "Nothing is searched over" in capsys.readouterr().err
    assert cli.main(["search", path, "--study", study, "--space", "training.rate=1,2"]) == 1
    assert "There is no setting training.rate" in capsys.readouterr().err
    assert cli.main(["search", path, "--study", study, "--set", "search.method=clever"]) == 1
    assert "search.method must be one of" in capsys.readouterr().err
    assert not Path(study).exists()


def test_stop_while_the_folder_is_looked_at_is_told_too(project, tmp_path):
    settings = SearchSettings(method="random", space={RATE: parse_entry("0.001..0.1 log")})
    control = Control()
    ears = Ears(search_started=lambda _: control.stop())
    info, _ = searched(project, tmp_path, settings, ears=ears, control=control)
    assert info.trials == ()
    assert [event.kind for event in ears.events] == ["search_started", "search_ended"]
    assert ears.events[1].stopped
    assert ears.events[1].next == "trial 1"


def test_ctrl_c_says_that_it_stopped_and_how_to_go_on(project, tmp_path, capsys):
    path, runs = str(tmp_path / "p.cnns"), tmp_path / "runs"
    save_project(project, path)
    words = ["search", path, "--study", str(tmp_path / "s.study"), "--runs", str(runs)]
    words += ["--space", f"{RATE}=0.01, 0.1", "--set", "search.epochs=100000"]
    over = threading.Event()

    def press():
        while not (runs.is_dir() and list(runs.glob(f"*/{TRIAL_FILE}"))) and not over.wait(0.05):
            pass
        os.kill(os.getpid(), signal.SIGINT)

    presses = threading.Thread(target=press, name="ctrl-c")
    presses.start()
    try:
        assert cli.main(words) == 0
    finally:
        over.set()
        presses.join()
    said = capsys.readouterr().out
    assert "trial 1 stopped" in said
    end = "Stopped after 0 of 20 trials. The same command goes on with trial 1 where it was.\n"
    assert said.endswith(end)


def test_the_command_prints_a_ranking(project, tmp_path, capsys):
    path = str(tmp_path / "p.cnns")
    save_project(project, path)
    words = ["search", path, "--study", str(tmp_path / "s.study"), "--runs", str(tmp_path / "r")]
    words += ["--space", f"{RATE}=0.01, 0.05", "--set", "search.method=grid"]
    assert cli.main([*words, "--set", "training.epochs=1"]) == 0
    said = capsys.readouterr().out
    assert "trial 1 begins: optimizer.learning_rate 0.0" in said
    assert "The best of 2 trials by val_accuracy:" in said
    # A grid that has less than the budget, and one that has more.
    assert "0 of 2 trials done\nThe grid has 2 combinations: the search ends when all" in said
    assert said.endswith("All 2 combinations of the grid are tried.\n")
    words[3] += "-cut"
    assert cli.main([*words, "--set", "training.epochs=1", "--trials", "1"]) == 0
    said = capsys.readouterr().out
    assert "2 combinations, of which only 1 is tried. --trials 2 tries all." in said
    assert said.endswith("1 of the grid's 2 combinations is tried.\n")
    # A project that is another one is not mixed in.
    assert cli.main([*words, "--set", "training.batch_size=3"]) == 1
    assert "begun with other training settings" in capsys.readouterr().err
