"""Scanning folders: every file is a picture of a class, or is named with a reason."""

from __future__ import annotations

import json
import os
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from awkward import folder_of, png_claiming, save, scene
from PIL import Image

from cnnstudio.data.report import DataError
from cnnstudio.data.scan import ScanProgress, scan_folder
from cnnstudio.errors import Cancelled


def reasons(report) -> dict[str, str]:
    return {
        skipped.path.relative_to(report.folder).as_posix(): skipped.reason
        for skipped in report.skipped
    }


def test_a_folder_for_each_class(tmp_path):
    report = scan_folder(folder_of(tmp_path, {"dog": 3, "cat": 2, "cat/tabby/young": 1}))
    assert report.classes == {"cat": 3, "dog": 3}
    assert list(report.classes) == ["cat", "dog"]
    assert report.splits == {}
    assert report.images == 6
    assert {picture.split for picture in report.pictures} == {None}
    assert report.sizes == {(8, 8): 6}
    assert report.modes == {"RGB": 6}
    assert not report.skipped


@pytest.mark.parametrize(
    ("names", "splits"),
    [
        (("train", "val", "test"), ["train", "val", "test"]),
        (("TRAIN", "Valid", "Test"), ["train", "val", "test"]),
        (("Training", "validation", "TESTING"), ["train", "val", "test"]),
        (("train", "val", "valid"), ["train", "val"]),
        (("test",), ["test"]),
    ],
)
def test_split_folders_by_any_name(tmp_path, names, splits):
    if len(set(names)) > len({name.lower() for name in names}):
        pytest.skip("the same names")
    counts = {f"{name}/{label}": 2 for name in names for label in ("a", "b")}
    report = scan_folder(folder_of(tmp_path, counts))
    assert list(report.splits) == splits
    assert report.images == 4 * len(names)
    assert report.classes == {"a": 2 * len(names), "b": 2 * len(names)}


def test_what_lies_beside_the_splits_is_named(tmp_path):
    folder_of(tmp_path, {"train/a": 2, "train/b": 2, "unlabelled": 1, "train": 1})
    (tmp_path / "README.txt").write_text("about")
    save(scene(), tmp_path / "stray.png")
    report = scan_folder(tmp_path)
    assert report.classes == {"a": 2, "b": 2}
    assert reasons(report) == {
        "README.txt": "not a picture",
        "stray.png": "not in a class folder",
        "train/000.png": "not in a class folder",
        "unlabelled/000.png": "not in a class folder",
    }


def test_a_class_may_be_called_train(tmp_path):
    report = scan_folder(folder_of(tmp_path, {"bus": 2, "train": 2, "plane": 2}))
    assert list(report.classes) == ["bus", "plane", "train"]
    assert report.splits == {}


def test_pictures_without_class_folders(tmp_path):
    report = scan_folder(folder_of(tmp_path, {".": 3}))
    assert report.images == 3
    assert report.classes == {}
    assert [picture.label for picture in report.pictures] == [None] * 3
    (problem,) = report.problems
    assert "lie in no class folder" in problem
    assert "train/cats/1.jpg" in problem
    inner = scan_folder(folder_of(tmp_path / "x", {"train": 2, "test": 1}))
    assert inner.images == 3
    assert inner.classes == {}


def test_every_awkward_file_has_its_reason(tmp_path):
    folder_of(tmp_path, {"a": 2, "b": 2})
    noise = np.random.default_rng(0).integers(0, 256, (300, 300, 3)).astype(np.uint8)
    whole = save(Image.fromarray(noise), tmp_path / "a" / "whole.jpg").read_bytes()
    assert 30_000 < len(whole) < 65_536
    large = save(Image.fromarray(np.tile(noise, (3, 3, 1))), tmp_path / "a" / "large.jpg")
    assert large.stat().st_size > 2 * 65_536
    files = {
        "a/empty.jpg": b"",
        "a/text.jpg": b"hello",
        "a/notes.txt": b"hello",
        "a/half.jpg": whole[: len(whole) // 2],
        "a/large half.jpg": large.read_bytes()[: large.stat().st_size // 2],
        "a/header only.jpg": whole[:30],
        "a/half.png": (tmp_path / "a/000.png").read_bytes()[:120],
        "b/📷 ñ.png": (tmp_path / "a/000.png").read_bytes() + b"more",
        "b/really a png.jpg": scene_png(),
        "b/trailing.jpg": whole + bytes(2000),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    for name in ("Thumbs.db", ".DS_Store", "Icon\r", "desktop.ini", "._000.png"):
        (tmp_path / "b" / name).write_bytes(b"x")
    folder_of(tmp_path / "__MACOSX", {"a": 1})

    report = scan_folder(tmp_path)
    assert reasons(report) == {
        "a/empty.jpg": "empty file",
        "a/text.jpg": "not a picture (text inside)",
        "a/notes.txt": "not a picture (text inside)",
        "a/half.jpg": "cut short or damaged",
        "a/large half.jpg": "cut short or damaged",
        "a/header only.jpg": "cut short or damaged",
        "a/half.png": "cut short or damaged",
    }
    assert report.classes == {"a": 4, "b": 5}
    assert {(skipped.path.name, skipped.reason) for skipped in report.ignored} == {
        (name, "system file")
        for name in ("Thumbs.db", ".DS_Store", "Icon\r", "desktop.ini", "._000.png", "__MACOSX")
    }


def scene_png() -> bytes:
    import io

    stream = io.BytesIO()
    scene().save(stream, "PNG")
    return stream.getvalue()


def test_a_jpeg_without_an_end_mark_may_be_whole(tmp_path):
    folder_of(tmp_path, {"a": 1, "b": 1})
    path = save(scene(64, 64), tmp_path / "a" / "whole.jpg")
    content = path.read_bytes()
    assert content.endswith(b"\xff\xd9")
    path.write_bytes(content[:-2] + bytes(100))
    assert not scan_folder(tmp_path).skipped


def test_a_bomb_is_set_aside(tmp_path):
    folder_of(tmp_path, {"a": 1, "b": 1})
    (tmp_path / "a" / "bomb.png").write_bytes(png_claiming(60_000, 60_000))
    found = reasons(scan_folder(tmp_path))
    assert found["a/bomb.png"].startswith("60,000 × 60,000 pixels are too many")


def test_sizes_are_those_of_the_upright_picture(tmp_path):
    folder_of(tmp_path, {"b": 1})
    exif = Image.Exif()
    exif[0x0112] = 6
    save(scene(40, 24), tmp_path / "a" / "turned.jpg", exif=exif)
    assert (24, 40) in scan_folder(tmp_path).sizes


def test_links(tmp_path):
    folder_of(tmp_path, {"a": 2, "b": 2})
    try:
        (tmp_path / "a" / "loop").symlink_to(tmp_path, target_is_directory=True)
    except OSError:
        pytest.skip("this account may make no links")
    (tmp_path / "b" / "self").symlink_to(tmp_path / "b", target_is_directory=True)
    (tmp_path / "a" / "dead.png").symlink_to(tmp_path / "nowhere.png")
    (tmp_path / "a" / "again.png").symlink_to(tmp_path / "a" / "000.png")
    (tmp_path / "0 first").symlink_to(tmp_path / "b", target_is_directory=True)
    report = scan_folder(tmp_path)
    assert report.classes == {"a": 3, "b": 2}
    again = "a link to a folder that was read already"
    assert reasons(report) == {
        "a/loop": again,
        "b/self": again,
        "0 first": again,
        "a/dead.png": "a link that leads nowhere",
    }
    assert len(report.duplicates) == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_does_not_hang_the_scan(tmp_path):
    folder_of(tmp_path, {"a": 1, "b": 1})
    os.mkfifo(tmp_path / "a" / "pipe.png")
    assert reasons(scan_folder(tmp_path)) == {"a/pipe.png": "not a file"}


def test_unreadable_file_and_folder(tmp_path):
    folder_of(tmp_path, {"a": 2, "b": 2, "c": 1})
    (tmp_path / "a" / "000.png").chmod(0)
    (tmp_path / "c").chmod(0)
    try:
        if os.access(tmp_path / "c", os.R_OK):
            pytest.skip("this account may read everything")
        report = scan_folder(tmp_path)
        assert reasons(report) == {
            "a/000.png": "cannot be read: permission denied",
            "c": "cannot be read: permission denied",
        }
        with pytest.raises(DataError, match="cannot be read: permission denied"):
            scan_folder(tmp_path / "c")
    finally:
        (tmp_path / "c").chmod(0o700)


def test_exact_copies(tmp_path):
    folder_of(tmp_path, {"train/a": 10, "train/b": 10, "test/a": 1, "test/b": 1})
    content = (tmp_path / "train/a/000.png").read_bytes()
    (tmp_path / "test/a/copy.png").write_bytes(content)
    (tmp_path / "train/b/copy.png").write_bytes(content)
    noise = np.random.default_rng(0).integers(0, 256, (300, 300, 3)).astype(np.uint8)
    large = save(Image.fromarray(noise), tmp_path / "train/b/large.png").read_bytes()
    (tmp_path / "train/b/large copy.png").write_bytes(large)
    (tmp_path / "train/b/large other.png").write_bytes(large + b" ")
    report = scan_folder(tmp_path)
    assert [
        [path.relative_to(tmp_path).as_posix() for path in group] for group in report.duplicates
    ] == [
        ["test/a/copy.png", "train/a/000.png", "train/b/copy.png"],
        ["train/b/large copy.png", "train/b/large.png"],
    ]
    text = " ".join(report.problems)
    assert "3 pictures are exact copies of another." in text
    assert "1 picture in more than one of train, val and test" in text
    assert "1 picture in more than one class." in text


def test_one_spelling_for_accents(tmp_path):
    composed, decomposed = (unicodedata.normalize(form, "Äpfel") for form in ("NFC", "NFD"))
    folder_of(tmp_path, {f"train/{composed}": 1, f"test/{decomposed}": 1, "train/b": 1})
    assert scan_folder(tmp_path).classes == {composed: 2, "b": 1}


@pytest.mark.skipif(os.name == "nt" or os.uname().sysname == "Darwin", reason="names are text here")
def test_names_that_are_no_text(tmp_path):
    folder_of(tmp_path, {"a": 1, "b": 1})
    odd = os.fsencode(tmp_path) + b"/\xff\xfe"
    os.mkdir(odd)
    Image.new("RGB", (4, 4)).save(os.fsdecode(odd + b"/\xfd.png"))
    report = scan_folder(tmp_path)
    assert report.images == 3
    json.dumps(report.to_json()).encode()
    "".join(report.classes).encode()


@pytest.mark.parametrize(
    ("name", "text"),
    [("missing", "There is no folder"), ("file.png", "is a file"), ("empty", "is empty")],
)
def test_what_is_no_folder_of_pictures(tmp_path, name, text):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.png").write_bytes(b"x")
    with pytest.raises(DataError) as caught:
        scan_folder(tmp_path / name)
    assert text in caught.value.message
    assert str(tmp_path / name) in caught.value.message


def test_nothing_usable_says_what_is_there_and_what_is_expected(tmp_path):
    (tmp_path / "a").mkdir()
    for number in range(3):
        (tmp_path / "a" / f"{number}.jpg").write_bytes(b"")
    (tmp_path / "a" / "notes.txt").write_text("hello")
    with pytest.raises(DataError) as caught:
        scan_folder(tmp_path)
    assert "4 other files (3 × empty file and 1 × not a picture (text inside))" in str(caught.value)
    assert "cats/1.jpg" in str(caught.value)


def test_problems(tmp_path):
    report = scan_folder(folder_of(tmp_path / "one", {"cats": 12}))
    assert report.problems[0].startswith("There is one class only, cats;")
    report = scan_folder(folder_of(tmp_path / "wrapped", {"data/cats": 10, "data/dogs": 10}))
    assert "Did you mean the folder data inside it, with cats and dogs?" in report.problems[0]
    counts = {"train/a": 12, "train/b": 4, "train/c": 0, "val/a": 2, "val/b": 2, "test/a": 1}
    report = scan_folder(folder_of(tmp_path / "split", counts))
    assert report.problems == (
        "The class folder c holds no picture that can be used.",
        "test has no pictures of b.",
        "Too few pictures to learn from (fewer than 10): b 4.",
    )
    report = scan_folder(folder_of(tmp_path / "tests", {"test/a": 10, "test/b": 10}))
    assert report.problems[0] == "There are no pictures in a train folder to learn from."
    report = scan_folder(folder_of(tmp_path / "good", {"a": 10, "b": 10}))
    assert report.problems == ()


def test_suggestions(tmp_path):
    for index, (width, height) in enumerate([(28, 28), (28, 30), (28, 30)]):
        save(scene(width, height).convert("L"), tmp_path / "a" / f"{index}.png")
    report = scan_folder(tmp_path)
    assert report.suggested_size == (30, 28)
    assert report.suggested_color_mode == "grayscale"
    for index in range(9):
        save(scene(1024, 768), tmp_path / "b" / f"{index}.jpg", quality=index + 20)
    report = scan_folder(tmp_path)
    assert report.suggested_size == (168, 224)
    assert report.suggested_color_mode == "rgb"


def test_json(tmp_path):
    folder_of(tmp_path, {"train/a": 2, "test/a": 1, "train/b": 2})
    (tmp_path / "train/b/x.png").write_bytes(b"")
    found = json.loads(json.dumps(scan_folder(tmp_path).to_json()))
    assert found["classes"] == {"a": 3, "b": 2}
    assert found["images"] == 5
    assert found["skipped"] == [{"path": str(tmp_path / "train/b/x.png"), "reason": "empty file"}]
    assert found["duplicates"] == []
    assert found["sizes"] == {"8x8": 5}
    assert found["modes"] == {"RGB": 5}
    assert found["splits"] == {"train": {"a": 2, "b": 2}, "test": {"a": 1}}


def test_progress_and_stop(tmp_path):
    folder_of(tmp_path, {"a": 40, "b": 40})
    seen: list[ScanProgress] = []
    report = scan_folder(tmp_path, progress=seen.append)
    assert seen
    assert all(progress.files_seen <= 80 for progress in seen)
    assert all(sum(progress.classes.values()) <= report.images for progress in seen)
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > 100

    with pytest.raises(Cancelled):
        scan_folder(tmp_path, cancelled=stop)
    assert asked == 101


def test_nothing_is_changed(tmp_path):
    folder_of(tmp_path, {"a": 2, "b": 2})
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    scan_folder(tmp_path)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_a_relative_folder(tmp_path, monkeypatch):
    folder_of(tmp_path / "data", {"a": 1, "b": 1})
    monkeypatch.chdir(tmp_path)
    report = scan_folder("data")
    assert report.folder == Path(tmp_path, "data")


def test_real_folders(fashion, groceries, fruit):
    report = scan_folder(fashion)
    assert report.images == 5000
    assert set(report.splits["train"].values()) == {400}
    assert report.suggested_size == (28, 28)
    assert report.suggested_color_mode == "grayscale"
    assert report.problems == ()
    report = scan_folder(groceries)
    assert (report.images, len(report.classes), list(report.splits)) == (490, 8, ["train", "val"])
    report = scan_folder(fruit)
    assert report.images == 51
    assert list(reasons(report).values()).count("not in a class folder") == 3
