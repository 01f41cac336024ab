"""Where classes are written: folders, tables in every common form, file names."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from awkward import folder_of
from hypothesis import given
from hypothesis import strategies as st

from cnnstudio.data.dataset import make_dataset
from cnnstudio.data.name_patterns import CLASS, GROUP, NamePattern, guess_pattern
from cnnstudio.data.report import DataError
from cnnstudio.data.scan import scan_folder
from cnnstudio.data.settings import DataSettings, LayoutSettings
from cnnstudio.data.settings_model import SettingsError, settings_from_json

CSV = LayoutSettings(kind="csv")


def flat(folder: Path, names: list[str]) -> Path:
    """Pictures with these names."""
    folder_of(folder, {".made": 1})
    content = (folder / ".made/000.png").read_bytes()
    for number, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content + bytes([number % 256]))
    return folder


def labels(report) -> dict[str, str | None]:
    return {
        picture.path.relative_to(report.folder).as_posix(): picture.label
        for picture in report.pictures
    }


FOUR = ["1.png", "2.png", "3.png", "4.png"]
WANTED = {"1.png": "cat", "2.png": "dog", "3.png": "cat", "4.png": "dög"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("labels.csv", "path,label\n1.png,cat\n2.png,dog\n3.png,cat\n4.png,dög\n".encode()),
        ("labels.csv", "1.png,cat\n2.png,dog\n3.png,cat\n4.png,dög".encode()),
        ("labels.csv", b"\xef\xbb\xbf" + "path,label\n1,cat\n2,dog\n3,cat\n4,dög\n".encode()),
        ("a b.csv", "file;class\r\n1.png;cat\r\n2.png;dog\r\n3.png;cat\r\n4.png;dög\r\n".encode()),
        ("labels.tsv", "1.png\tcat\n2.png\tdog\n3.png\tcat\n4.png\tdög\n".encode("latin-1")),
        ("l.txt", '"1.png" , "cat"\n"2.png","dog"\n3.png,cat\n"4.png","dög"\n'.encode()),
        ("l.csv", "label,id\ncat,1\ndog,2\ncat,3\ndög,4\n".encode()),
        ("l.csv", "nr,thing,what\n9,./1.png,cat\n8,2.png,dog\n7,3.png,cat\n6,4.png,dög\n".encode()),
        ("l.csv", "\nname,label\n\n1.png,cat\n2.png,dog\n3.png,cat\n\n4.png,dög\n\n".encode()),
        ("l.csv", "a,b\n1.png,cat\n2.png,dog\n3.png,cat\n4.png,dög\n".encode("utf-16")),
        ("l.csv", "C:\\x\\1.png,cat\nC:\\x\\2.png,dog\nC:\\x\\3.png,cat\n/y/4.png,dög\n".encode()),
    ],
)
def test_tables_as_people_have_them(tmp_path, name, content):
    flat(tmp_path, FOUR)
    (tmp_path / name).write_bytes(content)
    for layout in (LayoutSettings(), CSV, LayoutSettings(kind="csv", file=name)):
        report = scan_folder(tmp_path, layout)
        assert labels(report) == WANTED
        assert report.layout == LayoutSettings(kind="csv", file=name)
        assert not report.skipped
        assert not report.remarks


def test_numbers_as_classes(tmp_path):
    """The number of a class may be the name of a file too."""
    flat(tmp_path, ["0.png", "1.png", "2.png", "3.png"])
    (tmp_path / "l.csv").write_text("id,target\n0,1\n1,0\n2,1\n3,0\n")
    assert labels(scan_folder(tmp_path)) == {
        "0.png": "1",
        "1.png": "0",
        "2.png": "1",
        "3.png": "0",
    }


@pytest.mark.parametrize("title", ["split", "Set", "usage", None])
def test_parts_in_a_column(tmp_path, title):
    flat(tmp_path, FOUR)
    lines = [["path", "label", title]] if title else []
    lines += [[n, WANTED[n], s] for n, s in zip(FOUR, ["Train", "TEST", "valid", ""], strict=True)]
    with (tmp_path / "l.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(lines)
    found = {picture.path.name: picture.split for picture in scan_folder(tmp_path).pictures}
    assert found == {"1.png": "train", "2.png": "test", "3.png": "val", "4.png": None}


def test_pictures_in_folders_of_a_table(tmp_path):
    """From the table's folder, from the folder itself, or the name alone."""
    flat(tmp_path, ["images/a/1.png", "images/b/2.png", "images/b/3.png"])
    (tmp_path / "labels.csv").write_text("images/a/1.png,x\n2.png,y\nimages/b/3,y\n")
    report = scan_folder(tmp_path)
    assert report.classes == {"x": 1, "y": 2}
    (tmp_path / "images/l.csv").write_text("a/1.png,x\nb/2.png,z\nb/3.png,z\n")
    report = scan_folder(tmp_path, LayoutSettings(kind="csv", file="images/l.csv"))
    assert report.classes == {"x": 1, "z": 2}
    assert {s.path.name: s.reason for s in report.skipped} == {"labels.csv": "not a picture"}
    elsewhere = tmp_path / "images" / "a"
    report = scan_folder(elsewhere.parent, LayoutSettings(kind="csv", file="../labels.csv"))
    assert report.classes == {"x": 1, "y": 2}


def test_split_folders_with_a_table(tmp_path):
    flat(tmp_path, ["train/1.png", "train/2.png", "test/3.png", "test/4.png"])
    (tmp_path / "labels.csv").write_text("id,label\n1,cat\n2,dog\n3,cat\n")
    report = scan_folder(tmp_path)
    assert report.splits == {"train": {"cat": 1, "dog": 1}, "test": {"cat": 1}}
    assert [skipped.reason for skipped in report.skipped] == ["not in labels.csv"]


def test_what_is_wrong_with_a_table_is_named(tmp_path):
    flat(tmp_path, [*FOUR, "5.png", "6.png"])
    (tmp_path / "notes.md").write_text("x")
    (tmp_path / "labels.csv").write_text(
        "path,label,split\n1.png,cat,train\n1.png,cat,train\n2.png,dog,\n2.png,cat,\n"
        "gone.png,dog,\n3.png,,\n4.png,dog,later\n6.png,dog,train\n6.png,dog,test\n"
    )
    report = scan_folder(tmp_path)
    assert report.classes == {"cat": 1, "dog": 1}
    assert {s.path.name: s.reason for s in report.skipped} == {
        "2.png": "several classes in labels.csv: dog (line 4), cat (line 5)",
        "gone.png": "named in labels.csv, line 6, but not there",
        "3.png": "no class in labels.csv, line 7",
        "6.png": "several parts in labels.csv: train (line 9), test (line 10)",
        "5.png": "not in labels.csv",
        "notes.md": "not a picture",
    }
    text = " ".join(report.problems)
    assert "labels.csv names 1 file that is not there." in text
    assert "2 pictures have lines in labels.csv that contradict each other" in text
    assert "1 picture is named more than once in labels.csv." in text
    assert '("later")' in text
    assert "1 picture is not in labels.csv." in text


def test_class_folders_come_before_a_table(tmp_path):
    folder_of(tmp_path, {"a": 2, "b": 2})
    (tmp_path / "labels.csv").write_text("a/000.png,x\na/001.png,x\nb/000.png,y\nb/001.png,y\n")
    report = scan_folder(tmp_path)
    assert report.classes == {"a": 2, "b": 2}
    (offer,) = report.offers
    assert (offer.layout, offer.classes, offer.pictures) == (
        LayoutSettings(kind="csv", file="labels.csv"),
        ("x", "y"),
        4,
    )
    assert scan_folder(tmp_path, offer.layout).classes == {"x": 2, "y": 2}
    assert scan_folder(tmp_path, LayoutSettings(kind="folders")).classes == report.classes


def test_several_tables_are_asked_about(tmp_path):
    flat(tmp_path, FOUR)
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("".join(f"{n},{c}\n" for n, c in WANTED.items()), "utf-8")
    report = scan_folder(tmp_path)
    assert report.classes == {}
    assert [offer.layout.file for offer in report.offers] == ["a.csv", "b.csv"]
    assert "The table a.csv names classes: cat, dog and dög." in report.problems[0]
    with pytest.raises(DataError, match=r"several tables of pictures \(a.csv and b.csv\)"):
        scan_folder(tmp_path, CSV)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "has no lines"),
        (b"8.png,x\n9.png,y\n", "names no file that is in the folder"),
        (b"1.png\n2.png\n", "has one column only"),
        (b"\0\1\2\3\0\0\0\0", "is no text"),
    ],
)
def test_what_is_no_table(tmp_path, content, text):
    flat(tmp_path, FOUR)
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(DataError, match=text) as caught:
        scan_folder(tmp_path, LayoutSettings(kind="csv", file="t.csv"))
    assert "t.csv" in caught.value.message
    assert scan_folder(tmp_path).classes == {}
    with pytest.raises(DataError, match="has no table of its pictures"):
        scan_folder(tmp_path, CSV)
    with pytest.raises(DataError, match="There is no table"):
        scan_folder(tmp_path, LayoutSettings(kind="csv", file="u.csv"))


@given(
    rows=st.dictionaries(
        st.integers(0, 9),
        st.text("ab ,;\"'é\t", min_size=1).filter(lambda s: s.strip()),
        min_size=1,
    ),
    delimiter=st.sampled_from(",;\t"),
    titles=st.booleans(),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "latin-1", "utf-16"]),
)
def test_any_table_that_a_program_writes(tmp_path_factory, rows, delimiter, titles, encoding):
    folder = tmp_path_factory.mktemp("table")
    for number in range(10):
        (folder / f"p{number}.png").write_bytes(b"")
    from cnnstudio.data.tables import Files, Table

    with (folder / "t.csv").open("w", newline="", encoding=encoding) as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerows([["path", "label"]] if titles else [])
        writer.writerows([f"p{number}.png", label] for number, label in rows.items())
    files = Files(folder, [str(folder / f"p{number}.png") for number in range(10)])
    assigned = Table(folder / "t.csv", folder, files).assign()
    assert {Path(path).name: label for path, (label, _) in assigned.labels.items()} == {
        f"p{number}.png": label.strip() for number, label in rows.items()
    }
    assert not assigned.skipped


# --- names


@pytest.mark.parametrize(
    ("pattern", "name", "found"),
    [
        ("{class}_*", "cat_001.jpg", "cat"),
        ("{class}_*", "cat_small_001.jpg", "cat"),
        ("{class}_{number}", "cat_small_001.jpg", "cat_small"),
        ("{class}-{number}", "dog-12.png", "dog"),
        ("{class}.{number}", "cat.0.jpg", "cat"),
        ("*-{class}", "012-cat.jpg", "cat"),
        ("*_{class}_??", "x_y_cat_12.jpg", "y_cat"),
        ("{class}.jpg", "cat.jpg", "cat"),
        ("{class}_*", "nothing.jpg", None),
        ("[{class}]*", "[cat]1.png", "cat"),
        ("{group}_{class}_*", "p7_cat_1.png", "cat"),
    ],
)
def test_patterns(pattern, name, found):
    assert NamePattern(pattern, CLASS).find(name) == found


def test_groups_in_names():
    assert NamePattern("{group}_*", GROUP).find("patient7_012.png") == "patient7"


@pytest.mark.parametrize(
    ("names", "pattern", "classes"),
    [
        (["cat_001.jpg", "cat_002.jpg", "dog_001.jpg", "dog_7.png"], "{class}_{number}", "cat dog"),
        (["cat-1.jpg", "cat-2.jpg", "dog-1.jpg", "dog-7.png"], "{class}-{number}", "cat dog"),
        (["cat.0.jpg", "cat.1.jpg", "dog.0.jpg", "dog.1.jpg"], "{class}.{number}", "cat dog"),
        (["cat1.jpg", "cat2.jpg", "dog1.jpg", "dog2.jpg"], "{class}{number}", "cat dog"),
        (["cat (1).jpg", "cat (2).jpg", "d (1).jpg", "d (2).jpg"], "{class} ({number})", "cat d"),
        (["1_cat.jpg", "2_cat.jpg", "3_dog.jpg", "4_dog.jpg"], "{number}_{class}", "cat dog"),
        (["cat_a.jpg", "cat_b.jpg", "dog_x.jpg", "dog_y.jpg"], "{class}_*", "cat dog"),
        (["a_b_1.jpg", "a_b_2.jpg", "a_c_1.jpg", "a_c_2.jpg"], "{class}_{number}", "a_b a_c"),
        (["c_p1_1.jpg", "c_p1_2.jpg", "d_p2_1.jpg", "d_p2_2.jpg"], "{class}_*", "c d"),
        (["IMG_001.jpg", "IMG_002.jpg", "DSC_003.jpg", "DSC_004.jpg"], None, ""),
        (["cat_1.jpg", "cat_2.jpg", "cat_3.jpg"], None, ""),
        (["1.jpg", "2.jpg", "3.jpg"], None, ""),
        (["anna.jpg", "bert.jpg", "carl.jpg"], None, ""),
        ([], None, ""),
    ],
)
def test_guessed_patterns(names, pattern, classes):
    guess = guess_pattern(names)
    assert (guess.pattern if guess else None) == pattern
    assert " ".join(guess.classes if guess else ()) == classes


def test_names_are_offered_and_used_when_wanted(tmp_path):
    flat(tmp_path, ["cat_1.png", "cat_2.png", "dog_1.png", "dog_2.png", "dog_3.png"])
    (tmp_path / "read me.txt").write_text("hello")
    report = scan_folder(tmp_path)
    assert report.classes == {}
    (offer,) = report.offers
    assert (offer.layout.pattern, offer.classes, offer.pictures) == (
        "{class}_{number}",
        ("cat", "dog"),
        5,
    )
    assert (
        "By the pattern {class}_{number} the file names show classes: cat and dog."
        in (report.problems[0])
    )
    with pytest.raises(DataError, match=r"Set data.layout.kind=filename and data.layout.pattern="):
        make_dataset(report, DataSettings())
    for layout in (offer.layout, LayoutSettings(kind="filename")):
        found = scan_folder(tmp_path, layout)
        assert found.classes == {"cat": 2, "dog": 3}
        assert found.answers(tmp_path, layout)
        assert not found.answers(tmp_path, LayoutSettings())
    found = scan_folder(tmp_path, LayoutSettings(kind="filename", pattern="cat_{class}"))
    assert found.classes == {"1": 1, "2": 1}
    assert {s.path.name: s.reason for s in found.skipped} == {
        "read me.txt": "not a picture",
        **{f"dog_{n}.png": "its name does not fit cat_{class}" for n in (1, 2, 3)},
    }
    with pytest.raises(DataError, match=r"No picture in .* has a name that fits x_\{class\}"):
        scan_folder(tmp_path, LayoutSettings(kind="filename", pattern="x_{class}"))


def test_names_that_show_no_class(tmp_path):
    flat(tmp_path, FOUR)
    with pytest.raises(DataError, match="show no classes: say how they are written"):
        scan_folder(tmp_path, LayoutSettings(kind="filename"))


def test_a_pattern_needs_its_part():
    with pytest.raises(SettingsError, match=r"data.pattern: .* has no \{class\} in it"):
        settings_from_json(LayoutSettings, {"pattern": "cat_*"}, "data")
