"""Weights in the cache go when nobody names them any more, and not before."""

import os
import time

import pytest

from cnnstudio.app import paths
from cnnstudio.app.imported_weights import OLD, ImportedWeights, sweep
from cnnstudio.graph.project import Project, save_project


@pytest.fixture
def imported():
    return ImportedWeights()


def made(imported, *, age=0.0):
    file = imported.new_file()
    file.write_bytes(b"weights")
    then = time.time() - age
    os.utime(file, (then, then))
    return file


def named_by(folder, name, file):
    folder.mkdir(parents=True)
    save_project(Project(extra={"weights": str(file)}), folder / name)


def test_they_go_with_the_window_that_made_them(imported):
    file, other = made(imported), made(ImportedWeights())
    imported.new_file()  # asked for and never written
    imported.close(keep=False)
    assert not file.exists()
    assert other.exists()


def test_they_stay_for_a_project_that_is_kept_and_for_a_run(imported):
    file = made(imported)
    imported.close(keep=True)
    assert file.exists()
    again = ImportedWeights()
    file = made(again)
    named_by(paths.runs_folder() / "2026-01-01_10-00-00_mine", "project.cnns", file)
    again.close(keep=False)
    assert file.exists()


def test_what_a_crash_has_left_goes_after_a_while_unless_it_can_be_restored(imported):
    sweep()  # nothing there yet
    old, new, wanted = made(imported, age=OLD + 60), made(imported), made(imported, age=OLD + 60)
    named_by(paths.recovery_folder(), "left.cnns", wanted)
    sweep()
    assert [file.exists() for file in (old, new, wanted)] == [False, True, True]
