"""The full check: broken files named, copies found, stopped at once, nothing read twice."""

import os
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnstudio.data import doctor_check
from cnnstudio.data.doctor_check import Checker
from cnnstudio.data.scan import scan_folder
from cnnstudio.errors import Cancelled


def photo(path: Path, seed: int, side: int = 96) -> Path:
    """Soft shapes, as in a photograph, with some grain."""
    random = np.random.default_rng(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = random.integers(0, 256, (8, 8, 3), np.uint8)
    image = Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC)
    image.save(path)
    return path


@pytest.fixture
def folder(tmp_path):
    for number in range(6):
        photo(tmp_path / "a" / f"{number}.png", number)
        photo(tmp_path / "b" / f"{number}.png", 100 + number)
    return tmp_path


def damage(path: Path) -> None:
    """Zeros in the middle: the header and the end are as they were."""
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 200] = bytes(200)
    path.write_bytes(content)


def test_broken_pictures_copies_and_empty_ones_are_found(folder):
    Image.open(folder / "a" / "0.png").resize((64, 64)).save(folder / "b" / "copy.jpg", quality=60)
    Image.new("RGB", (80, 80), "white").save(folder / "b" / "white.png")
    damage(folder / "a" / "3.png")
    report = scan_folder(folder)
    assert len(report.pictures) == 14, "from its header nothing is wrong"
    steps = []
    check = Checker().check(report, progress=steps.append)
    assert [(each.path, each.reason) for each in check.broken] == [
        (folder / "a" / "3.png", "cut short or damaged")
    ]
    assert check.near == ((folder / "a" / "0.png", folder / "b" / "copy.jpg"),)
    assert check.flat == (folder / "b" / "white.png",)
    assert (steps[-1].done, steps[-1].total, steps[-1].broken) == (14, 14, 1)


def test_exact_copies_are_no_near_duplicates(folder):
    (folder / "a" / "same.png").write_bytes((folder / "a" / "1.png").read_bytes())
    assert Checker().check(scan_folder(folder)).near == ()


def test_only_what_changed_is_read_again(folder, monkeypatch):
    read = []
    lock = threading.Lock()

    def counted(path, box):
        with lock:
            read.append(path)
        return thumbnail(path, box)

    thumbnail = doctor_check.thumbnail
    monkeypatch.setattr(doctor_check, "thumbnail", counted)
    checker, report = Checker(), scan_folder(folder)
    checker.check(report)
    assert len(read) == 12
    damage(folder / "b" / "2.png")
    os.utime(folder / "b" / "2.png", ns=(1, 1))
    (folder / "b" / "4.png").unlink()
    read.clear()
    found = {each.path: each.reason for each in checker.check(report).broken}
    assert read == [folder / "b" / "2.png"]
    assert found[folder / "b" / "4.png"] == "the file is gone"
    assert len(found) == 2


def test_it_stops_when_asked(folder):
    asked = []

    def cancelled():
        asked.append(True)
        return len(asked) > 2

    with pytest.raises(Cancelled):
        Checker().check(scan_folder(folder), cancelled=cancelled)
    assert not [t for t in threading.enumerate() if t.name.startswith("cnnstudio-check")]
