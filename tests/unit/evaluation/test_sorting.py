"""Pictures copied into folders by class: nothing is lost, overwritten or left half done."""

import os

import pytest

from cnnstudio.errors import Cancelled
from cnnstudio.evaluation.predict import Prediction, Unreadable
from cnnstudio.evaluation.sorting import SortingError, folder_of, sort_into


@pytest.fixture
def results(tmp_path):
    """Three pictures: two called the same in different folders, one doubtful; one unreadable."""
    made = []
    for place, share, name in (("a", 0.9, "cat"), ("b", 0.8, "cat"), ("c", 0.4, "dog/wolf")):
        path = tmp_path / place / "picture.png"
        path.parent.mkdir()
        path.write_bytes(place.encode() * 10)
        made.append(Prediction(path, ((name, share), ("other", 1 - share))))
    return [*made, Unreadable(tmp_path / "x.png", "empty file")]


def test_copies_by_class_with_free_names(results, tmp_path):
    out = tmp_path / "out"
    told = []
    found = sort_into(results, out, threshold=0.5, progress=told.append)
    assert found.copied == {"cat": 2, "unsure": 1}
    assert told == [1, 2, 3, 4]
    assert [each.reason for each in found.failed] == ["empty file"]
    assert (out / "cat" / "picture.png").read_bytes() == b"a" * 10
    assert (out / "cat" / "picture (2).png").read_bytes() == b"b" * 10
    assert all(result.path.exists() for result in results[:3])
    # A second time nothing is copied twice.
    again = sort_into(results, out, threshold=0.5)
    assert again.copied == {}
    assert again.known == 3
    assert sum(len(files) for _, _, files in os.walk(out)) == 3


def test_names_of_classes_become_names_of_folders(results):
    assert folder_of(results[2], 0.0) == "dog_wolf"
    assert folder_of(results[2], 0.41) == "unsure"
    assert folder_of(Prediction(results[0].path, (("..", 1.0),)), 0) == "_"


def test_stop_a_lost_file_and_a_folder_that_is_a_file(results, tmp_path):
    with pytest.raises(Cancelled):
        sort_into(results, tmp_path / "out", cancelled=lambda: True)
    results[0].path.unlink()
    found = sort_into(results[:1], tmp_path / "out")
    assert found.failed[0].reason == "the file is gone"
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    with pytest.raises(SortingError, match=r"picture\.png could not be copied"):
        sort_into(results[1:2], blocked)


def test_the_command_line_sorts_too(colour_run, pictures, tmp_path, capsys):
    from cnnstudio.cli import main

    out = tmp_path / "out"
    assert main(["classify", str(colour_run), str(pictures), "--into", str(out)]) == 0
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 12
    assert sum(len(files) for _, _, files in os.walk(out)) == 12
    assert "copied into" in said.err
    assert main(["classify", str(colour_run), str(pictures), "--threshold", "2"]) == 2
    assert "from 0 to 1" in capsys.readouterr().err
