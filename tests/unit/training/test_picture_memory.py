"""Where a training keeps its pictures changes nothing of what it learns."""

from small_trainings import Listener, make_pictures, make_project, run

from cnnstudio.data.cache import BUDGET_VARIABLE


def test_pictures_in_a_file_train_the_same_and_are_told_of(keras, tmp_path, monkeypatch):
    folder = make_pictures(tmp_path / "colours")
    figures = {}
    for budget in ("100", "0"):
        monkeypatch.setenv(BUDGET_VARIABLE, budget)
        _, listener = run(make_project(folder), tmp_path / "runs", listener=Listener())
        figures[budget] = [(event.loss, event.metrics) for event in listener.of("epoch")]
        told = [event.text for event in listener.of("message")]
        assert any("kept in a file" in text for text in told) == (budget == "0")
    assert figures["0"] == figures["100"]
