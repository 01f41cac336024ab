"""Studies without any training: who takes up what, and what becomes of it."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from cnnstudio.graph.edits import set_setting
from cnnstudio.graph.presets import PRESETS
from cnnstudio.graph.project import Project
from cnnstudio.search import alive, storage
from cnnstudio.search.alive import Watch, Worker
from cnnstudio.search.errors import SearchError, UnreachableError
from cnnstudio.search.info import StudyReader
from cnnstudio.search.joining import join
from cnnstudio.search.settings import SearchSettings, parse_entry
from cnnstudio.search.storage import patiently, shown_storage, split_name
from cnnstudio.search.study import Lost
from cnnstudio.search.words import ended_words, goes_on_with, grid_words, used_up

PROJECT = Project(PRESETS["small-cnn"].build())
SPACE = {
    "training.optimizer.learning_rate": parse_entry("1e-4..1e-1 log"),
    "layers.conv2d_1.filters": parse_entry("8..32 step 8"),
    "layers.conv2d_1.kernel_size": parse_entry("[[3, 3], [5, 5]]"),
}


@pytest.fixture
def place(tmp_path):
    return str(tmp_path / "search.study")


@pytest.fixture(params=["file", "sqlite"])
def any_place(request, place):
    return place if request.param == "file" else f"sqlite:///{place}"


@pytest.fixture
def held():
    """Make studies and workers that are closed at the end."""
    made = []

    def make(place, settings=None, *, project=PROJECT, **more):
        settings = settings or SearchSettings(method="random", space=SPACE, **more)
        study = join(place, project, settings, 4)
        worker = Worker()
        made.append((study, worker))
        return study, worker

    yield make
    for study, worker in made:
        worker.close()
        study.close()


def read(place):
    reader = StudyReader(place)
    try:
        return reader.read()
    finally:
        reader.close()


def test_every_combination_of_a_grid_once_however_many_work_on_it(any_place, held):
    space = {
        "training.batch_size": parse_entry("8, 16, 32"),
        "training.optimizer.name": parse_entry("Adam, SGD"),
        "layers.conv2d_1.kernel_size": parse_entry("[[3, 3], [5, 5]]"),
    }
    settings = SearchSettings(method="grid", trials=None, space=space)
    holds = [held(any_place, settings) for _ in range(2)]
    seen, turn = [], 0
    while (claim := holds[turn % 2][0].claim(holds[turn % 2][1])) is not None:
        seen.append(claim.values)
        holds[turn % 2][0].finish(claim, 0.5, 1.0)
        turn += 1
    assert len(seen) == 12
    assert len({json.dumps(values) for values in seen}) == 12
    assert seen[0]["layers.conv2d_1.kernel_size"] in ([3, 3], [5, 5])
    assert read(any_place).done == 12


@pytest.mark.parametrize("method", ["random", "bayesian"])
def test_the_same_seed_gives_the_same_values(tmp_path, held, method):
    def values(name, seed):
        settings = SearchSettings(method=method, seed=seed, trials=7, space=SPACE)
        study, worker = held(str(tmp_path / name), settings)
        found = []
        while (claim := study.claim(worker)) is not None:
            found.append(claim.values)
            study.finish(claim, claim.values["training.optimizer.learning_rate"], 1.0)
        return found

    first = values("a", 1)
    assert len(first) == 7
    assert first == values("b", 1)
    assert first != values("c", 2)
    for found in first:
        assert 1e-4 <= found["training.optimizer.learning_rate"] <= 0.1
        assert found["layers.conv2d_1.filters"] in (8, 16, 24, 32)


def test_a_bayesian_search_finds_more_than_chance(tmp_path, held):
    def mean_of_the_last(method):
        space = {"training.optimizer.learning_rate": parse_entry("1e-6..1 log")}
        settings = SearchSettings(method=method, trials=25, space=space, monitor="val_loss")
        study, worker = held(str(tmp_path / method), settings)
        losses = []
        while (claim := study.claim(worker)) is not None:
            rate = claim.values["training.optimizer.learning_rate"]
            losses.append(abs(rate - 1e-3) if rate > 1e-3 else abs(1e-3 / rate - 1) / 1000)
            study.finish(claim, losses[-1], 1.0)
        return sum(losses[-10:]) / 10

    assert mean_of_the_last("bayesian") < mean_of_the_last("random")


def test_a_trial_belongs_to_one_process(place, held):
    (one, worker), (other, second) = held(place, trials=4), held(place, trials=4)
    claims = [one.claim(worker), other.claim(second), one.claim(worker), other.claim(second)]
    assert [claim.number for claim in claims] == [1, 2, 3, 4]
    assert len({json.dumps(claim.values) for claim in claims}) == 4
    assert one.claim(worker) is None
    info = read(place)
    assert (info.running, info.done) == (4, 0)
    assert {trial.host for trial in info.trials} == {second.facts["host"]}


def test_processes_in_a_crowd_take_up_each_trial_once(any_place, held):
    holds = [held(any_place, trials=12) for _ in range(3)]
    for study, worker in holds[:1]:
        # Four wait, for whoever is first.
        claims = [study.claim(worker) for _ in range(4)]
        for claim in claims:
            study.put_back(claim)
    taken, failures = [], []

    def work(study, worker):
        try:
            while (claim := study.claim(worker)) is not None:
                taken.append(claim.number)
        except Exception as error:  # noqa: BLE001 - told below
            failures.append(error)

    threads = [threading.Thread(target=work, args=hold, name="crowd") for hold in holds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sorted(taken) == list(range(1, 13))


def test_processes_that_begin_at_once_make_one_study(any_place, held):
    failures = []

    def begin():
        try:
            held(any_place, trials=2)
        except Exception as error:  # noqa: BLE001 - told below
            failures.append(error)

    threads = [threading.Thread(target=begin, name="crowd") for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert read(any_place).trials == ()


def test_a_storage_that_does_not_answer_for_a_moment_is_waited_for(monkeypatch):
    answers = iter([UnreachableError("away"), UnreachableError("away"), 3])

    def ask():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert patiently(ask, lambda: False) == 3
    answers = iter([UnreachableError("away")])
    with pytest.raises(UnreachableError, match="away"):
        patiently(ask, lambda: True)
    monkeypatch.setattr("cnnstudio.search.storage.PATIENCE", 0.0)
    answers = iter([UnreachableError("for long")])
    with pytest.raises(UnreachableError, match="for long"):
        patiently(ask, lambda: False)


def test_a_trial_that_could_not_be_put_back_is_seen_at_once(place, held):
    study, worker = held(place, trials=2)
    study.claim(worker)
    worker.close(trace=True)
    assert [trial.state for trial in read(place).trials] == ["interrupted"]
    other, second = held(place, trials=2)
    assert other.rescue() == ()
    assert other.claim(second).number == 1


def test_a_stopped_trial_waits_and_goes_on_with_what_it_has(any_place, held, tmp_path):
    study, worker = held(any_place, trials=2)
    claim = study.claim(worker)
    study.note(claim, run=str(tmp_path))
    assert study.report(claim, 1, 0.25) is False
    study.put_back(claim)
    trial = read(any_place).trials[0]
    assert (trial.state, trial.figure, trial.epochs, trial.run) == ("waiting", 0.25, 1, tmp_path)
    other, second = held(any_place, trials=2)
    again = other.claim(second)
    assert (again.number, again.values, again.run) == (1, claim.values, tmp_path)
    assert again.reported == {1: 0.25}
    other.finish(again, 0.5, 3.0)
    assert other.claim(second).number == 2
    info = read(any_place)
    assert [trial.state for trial in info.trials] == ["complete", "running"]
    assert (info.best.number, info.best.figure) == (1, 0.5)
    # Who held it before has nothing to say any more.
    with pytest.raises(Lost):
        study.report(claim, 2, 0.9)
    study.put_back(claim)
    assert len(read(any_place).trials) == 2


def test_a_trial_whose_process_was_killed_is_taken_over(place, held):
    script = (
        "import os, sys\n"
        "from cnnstudio.graph.presets import PRESETS\n"
        "from cnnstudio.graph.project import Project\n"
        "from cnnstudio.search.alive import Worker\n"
        "from cnnstudio.search.settings import SearchSettings, parse_entry\n"
        "from cnnstudio.search.joining import join\n"
        "space = {'training.batch_size': parse_entry('8..64')}\n"
        "settings = SearchSettings(method='random', trials=2, space=space)\n"
        "study = join(sys.argv[1], Project(PRESETS['small-cnn'].build()), settings, 4)\n"
        "claim = study.claim(Worker())\n"
        "study.report(claim, 1, 0.125)\n"
        "print(claim.values, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    dead = subprocess.run(
        [sys.executable, "-c", script, place], capture_output=True, text=True, check=False
    )
    assert dead.returncode == -9, dead.stderr
    assert [trial.state for trial in read(place).trials] == ["interrupted"]
    space = {"training.batch_size": parse_entry("8..64")}
    settings = SearchSettings(method="random", trials=2, space=space)
    (one, worker), (other, second) = held(place, settings), held(place, settings)
    # Both see it at once; one of them takes it.
    assert one.rescue() == ()
    assert other.rescue() == ()
    first, next_ = one.claim(worker), other.claim(second)
    assert (first.number, str(first.values), first.reported) == (1, dead.stdout.strip(), {1: 0.125})
    assert next_.number == 2
    assert one.claim(worker) is None


def test_a_worker_elsewhere_counts_as_gone_when_its_beat_stands_still(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(alive.time, "monotonic", lambda: now[0])
    watch = Watch(gone_after=75)
    facts = {"id": "a", "host": "another computer", "lock": "/nowhere", "time": 0.0}
    assert not watch.has_gone(1, facts, 1)
    now[0] = 74
    assert not watch.has_gone(1, facts, 1)
    assert not watch.has_gone(1, facts, 2)
    now[0] = 148
    assert not watch.has_gone(1, facts, 2)
    now[0] = 149
    assert watch.has_gone(1, facts, 2)


def test_of_two_who_put_the_same_trial_back_one_counts(place, held):
    (one, worker), (other, _) = held(place, trials=3), held(place, trials=3)
    one.claim(worker)
    chain = one.chains()[0]
    # Both saw it running.
    one._follow(chain, chain.current)
    other._follow(chain, chain.current)
    assert len(one.chains()) == 1
    assert one.claim(worker).number == 1
    assert one.claim(worker).number == 2
    assert [trial.state for trial in read(place).trials] == ["running", "running"]


def test_more_trials_can_be_asked_for_while_others_work(place, held):
    study, worker = held(place, trials=1)
    study.finish(study.claim(worker), 0.5, 1.0)
    assert study.claim(worker) is None
    held(place, trials=2)
    assert study.claim(worker).number == 2


def test_the_budget_of_a_study_stays_unless_another_is_asked_for(place, held):
    held(place, trials=3)
    again = join(place, PROJECT, SearchSettings(method="random", space=SPACE), 4, budget=())
    assert again.limit == 3
    again.close()


def test_hours_are_those_of_all_trials(place, held):
    study, worker = held(place, hours=0.01, trials=None)
    study.finish(study.claim(worker), 0.5, 30.0)
    study.finish(study.claim(worker), 0.5, 5.0)
    last = study.claim(worker)
    study.finish(last, 0.5, 3.0)
    assert study.claim(worker) is None
    assert read(place).seconds == 38.0


@pytest.mark.parametrize("pruner", ["median", "hyperband"])
def test_bad_trials_end_early_and_good_ones_do_not(tmp_path, held, pruner):
    settings = SearchSettings(method="random", pruner=pruner, trials=30, space=SPACE)
    study, worker = held(str(tmp_path / "s"), settings)
    ended = []
    while (claim := study.claim(worker)) is not None:
        figure = 0.5 - claim.number / 100 if claim.number % 3 else 0.9
        for epoch in range(1, 5):
            if study.report(claim, epoch, figure * epoch) and epoch < 4:
                study.prune(claim, "behind", 1.0, figure)
                ended.append(figure)
                break
        else:
            study.finish(claim, figure * 4, 1.0)
    assert ended
    assert 0.9 not in ended or pruner == "hyperband"
    info = read(str(tmp_path / "s"))
    assert {trial.state for trial in info.trials} == {"complete", "pruned"}
    assert info.best.figure == 3.6
    pruned = [trial for trial in info.trials if trial.state == "pruned"]
    assert {trial.reason for trial in pruned} == {"behind"}


def test_importance_names_what_mattered(tmp_path, held):
    place = str(tmp_path / "s")
    study, worker = held(place, trials=20)
    reader = StudyReader(place)
    assert reader.read().trials == ()
    assert reader.importance() == {}
    while (claim := study.claim(worker)) is not None:
        study.finish(claim, float(claim.values["layers.conv2d_1.filters"]), 1.0)
    reader.read()
    found = reader.importance()
    assert set(found) == set(SPACE)
    assert found["layers.conv2d_1.filters"] > 0.8
    assert sum(found.values()) == pytest.approx(1)


def other_space():
    return {"space": {**SPACE, "training.batch_size": parse_entry("8, 16")}}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (other_space, "searches over .*not over"),
        (lambda: {"method": "grid"}, "search.method random, not grid"),
        (lambda: {"epochs": 9}, "search.epochs"),
        (lambda: {"monitor": "val_loss"}, "search.monitor val_accuracy, not val_loss"),
    ],
)
def test_a_study_refuses_another_search(tmp_path, held, change, said):
    place = str(tmp_path / "s")
    held(place)
    settings = SearchSettings(method="random", space=SPACE).model_copy(update=change())
    with pytest.raises(SearchError, match=said):
        join(place, PROJECT, settings, 4)
    # Under another name there is room for it in the same file.
    held(f"{place}#other", settings)
    assert read(place).settings.space == SPACE


def test_a_study_refuses_another_network(tmp_path, held):
    place = str(tmp_path / "s")
    held(place)
    other = set_setting(PROJECT.network, "conv2d_2", "filters", 5)
    with pytest.raises(SearchError, match="begun with another network and other training"):
        held(place, project=Project(other, {}, {"seed": 4}))


def test_what_is_no_study_is_left_alone(tmp_path, held):
    path = tmp_path / "notes.txt"
    path.write_text("dear diary\n", encoding="utf-8")
    with pytest.raises(SearchError, match="is not a study"):
        held(str(path))
    assert path.read_text(encoding="utf-8") == "dear diary\n"
    with pytest.raises(SearchError, match="is a folder"):
        held(str(tmp_path))
    with pytest.raises(SearchError, match="no folder"):
        held(str(tmp_path / "none" / "s"))
    with pytest.raises(SearchError, match="cannot be reached"):
        held("nodatabase://here")
    with pytest.raises(SearchError, match=r"cannot be reached \(unable to open database file"):
        held("sqlite:////no/folder/s.db")
    assert read(str(tmp_path / "none")) is None


def test_a_line_that_a_power_cut_left_unfinished_is_taken_away(tmp_path, held):
    path = tmp_path / "s"
    study, worker = held(str(path), trials=3)
    study.finish(study.claim(worker), 0.5, 1.0)
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"op_code":4,"work')
    assert read(str(path)).done == 1
    assert path.read_bytes() == whole
    again, second = held(str(path), trials=3)
    again.finish(again.claim(second), 0.5, 1.0)
    assert read(str(path)).done == 2


def test_a_database_whose_driver_is_missing_says_what_to_install(held, monkeypatch):
    monkeypatch.setattr(storage.importlib.util, "find_spec", lambda name: None)
    for url, package in (
        ("postgresql://me:secret@host/db", r'pip install "psycopg\[binary\]", or name a file'),
        ("mysql://host/db", "pip install pymysql, or"),
    ):
        with pytest.raises(SearchError, match=package) as caught:
            held(url)
        assert "secret" not in str(caught.value)
    with pytest.raises(SearchError, match=r"not installed .*No module named 'pg8000'"):
        held("postgresql+pg8000://host/db")


def test_the_first_driver_that_is_installed_is_taken(monkeypatch):
    for there, url, found in (
        ({"psycopg", "psycopg2"}, "postgresql://h/d", "postgresql+psycopg://h/d"),
        ({"psycopg2"}, "postgres://h/d", "postgresql+psycopg2://h/d"),
        ({"pymysql"}, "mariadb://h/d", "mariadb+pymysql://h/d"),
        (set(), "postgresql+psycopg2://h/d", "postgresql+psycopg2://h/d"),
        (set(), "oracle://h/d", "oracle://h/d"),
    ):
        monkeypatch.setattr(
            storage.importlib.util, "find_spec", lambda name, there=there: name in there or None
        )
        assert storage._with_driver(url)[0] == found


def test_a_link_to_the_folder_or_the_file_is_the_same_study(tmp_path, held):
    (tmp_path / "real").mkdir()
    study, worker = held(str(tmp_path / "real" / "s"), trials=2)
    study.claim(worker)
    (tmp_path / "link").symlink_to(tmp_path / "real" / "s")
    other, second = held(str(tmp_path / "link"), trials=2)
    assert other.claim(second).number == 2
    # They keep out of each other's way by one lock.
    journal = other._storage._backend
    assert Path(journal._lock._lock_file) == tmp_path / "real" / "s.lock"


@pytest.mark.parametrize(
    ("trials", "combinations", "said"),
    [
        (20, None, ""),
        (None, 6, ""),
        (6, 6, ""),
        (20, 6, "The grid has 6 combinations: the search ends when all are tried."),
        (20, 1, "The grid has 1 combination: the search ends when all are tried."),
        (5, 1200, "The grid has 1,200 combinations, of which only 5 are tried."),
    ],
)
def test_what_the_budget_means_for_a_grid(trials, combinations, said):
    assert grid_words(SearchSettings(trials=trials, method="grid"), combinations) == said


def test_how_far_a_study_is_in_words(place, held):
    study, worker = held(place, trials=4, hours=1.0)
    first, second = study.claim(worker), study.claim(worker)
    info = read(place)
    assert ended_words(info, None, stopped=False).startswith("0 of 4 trials done; 2 are still")
    study.finish(first, 0.5, 10.0)
    assert ended_words(read(place), None, stopped=True) == "Stopped after 1 of 4 trials."
    study.put_back(second)
    third = study.claim(worker)
    study.put_back(third)
    fourth = study.claim(worker)
    assert goes_on_with(read(place)) == "trial 3"
    study.put_back(fourth)
    assert goes_on_with(read(place)) == "trial 2"
    for _ in range(2):
        study.finish(study.claim(worker), 0.5, 1800.0)
    info = read(place)
    assert used_up(info, info.settings, None) == (
        "The hour of training is used up, after 3 trials."
    )
    more = info.settings.model_copy(update={"hours": None, "trials": 3})
    assert used_up(info, more, None) == "All 3 trials are done."
    assert used_up(info, more, 3) == "All 3 combinations of the grid are tried."
    assert used_up(info, more, 4) == "3 of the grid's 4 combinations are tried."
    assert used_up(info, more.model_copy(update={"trials": 4}), None) == ""


def test_a_lock_that_a_killed_process_left_is_taken_away(tmp_path, held, monkeypatch):
    monkeypatch.setattr(storage, "_WRITES", 3)
    lock = tmp_path / "s.lock"
    lock.touch()
    study, worker = held(str(tmp_path / "s"), trials=1)
    assert study.claim(worker).number == 1
    assert not lock.exists()


def test_places_and_names():
    assert split_name("a.study") == ("a.study", "cnnstudio")
    assert split_name("a.study#b") == ("a.study", "b")
    assert split_name("sqlite:///a.db#b") == ("sqlite:///a.db", "b")
    assert split_name("/a#b/c.study") == ("/a#b/c.study", "cnnstudio")
    assert shown_storage("postgresql://me:secret@host/db") == "postgresql://me:…@host/db"
