"""Sample sets: made offline, the same every time, never over something else."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from cnnstudio.data.pictures import load_picture
from cnnstudio.data.samples import SAMPLES, SHAPES, SampleError, draw_shape, make_sample
from cnnstudio.data.scan import ScanProgress, scan_folder
from cnnstudio.errors import Cancelled
from cnnstudio.graph.preparation import Preparation


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    root = tmp_path_factory.mktemp("samples")
    return {name: make_sample(name, root / name) for name in SAMPLES}


def digest(folder: Path) -> str:
    found = hashlib.blake2b()
    for path in sorted(folder.rglob("*.png")):
        found.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return found.hexdigest()


def test_digits(made):
    report = scan_folder(made["digits"])
    assert report.images == 1797
    assert list(report.classes) == [str(digit) for digit in range(10)]
    assert report.sizes == {(32, 32): 1797}
    assert report.suggested_color_mode == "grayscale"
    for label, count in report.classes.items():
        assert report.splits["test"][label] == round(count * 0.2)
    assert not report.problems
    assert not report.skipped


def test_shapes(made):
    report = scan_folder(made["shapes"])
    assert report.classes == dict.fromkeys(sorted(SHAPES), 200)
    assert set(report.splits["test"].values()) == {40}
    assert report.sizes == {(48, 48): 1000}
    assert report.suggested_color_mode == "rgb"
    assert not report.problems
    assert not report.skipped


@pytest.mark.parametrize("name", SAMPLES)
def test_the_same_every_time_and_left_alone_when_there(made, name, tmp_path):
    again = make_sample(name, tmp_path / "deep" / name)
    assert digest(again) == digest(made[name])
    before = {path: path.stat().st_mtime_ns for path in again.rglob("*")}
    assert make_sample(name, again) == again
    assert {path: path.stat().st_mtime_ns for path in again.rglob("*")} == before


@pytest.mark.parametrize("name", SHAPES)
def test_another_seed_draws_other_shapes_that_can_be_seen(name):
    pictures = [np.asarray(draw_shape(name, np.random.default_rng(seed))) for seed in range(20)]
    assert len({picture.tobytes() for picture in pictures}) == 20
    for picture in pictures:
        luma = picture @ np.array([0.299, 0.587, 0.114])
        assert luma.max() - luma.min() > 50


def test_stopped_it_can_be_completed(made, tmp_path):
    folder = tmp_path / "digits"
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > 100

    with pytest.raises(Cancelled):
        make_sample("digits", folder, cancelled=stop)
    assert len(list(folder.rglob("*.png"))) == 100
    seen: list[ScanProgress] = []
    make_sample("digits", folder, progress=seen.append)
    assert digest(folder) == digest(made["digits"])
    assert (seen[-1].files_seen, seen[-1].total) == (1797, 1797)


def test_never_into_a_folder_with_other_things(tmp_path, made):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(SampleError, match="is not empty"):
        make_sample("digits", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    with pytest.raises(SampleError, match="is not empty"):
        make_sample("shapes", made["digits"])
    with pytest.raises(SampleError, match="is a file"):
        make_sample("digits", tmp_path / "mine.txt")
    with pytest.raises(SampleError, match=r"mine\.txt"):
        make_sample("digits", tmp_path / "mine.txt" / "below")
    with pytest.raises(SampleError, match="there are digits and shapes"):
        make_sample("letters", tmp_path / "x")


def test_pictures_are_what_they_say(made):
    zero = load_picture(
        next((made["digits"] / "train" / "0").iterdir()), Preparation((32, 32), "grayscale")
    )
    assert zero.max() > 200
    assert zero[0, 0, 0] < 30
