"""The folder doctor: each thing is found, explained, and helped by its remedies."""

from pathlib import Path

import pytest

from cnnstudio.data.corrections import corrected, counts
from cnnstudio.data.doctor import examine
from cnnstudio.data.doctor_check import Check
from cnnstudio.data.report import FolderReport, Picture, Skipped
from cnnstudio.data.settings import DataSettings

ROOT = Path("/pictures")
SPLITS = ("train", "val", "test")


def picture(key: str, size=(32, 32), mode="RGB", format_="PNG") -> Picture:
    parts = key.split("/")
    split = parts[0] if parts[0] in SPLITS else None
    label = parts[-2] if len(parts) > 1 else None
    return Picture(ROOT / key, label, split, *size, mode, format_)


def many(where: str, number: int, **more) -> list[Picture]:
    return [picture(f"{where}/{index}.png", **more) for index in range(number)]


def folder(*pictures: Picture, **more) -> FolderReport:
    return FolderReport(ROOT, tuple(pictures), **more)


def kinds(report: FolderReport, settings=DataSettings(), check=None) -> list[str]:  # noqa: B008
    return [finding.kind for finding in examine(report, settings, check)]


def the(kind: str, report: FolderReport, settings=DataSettings(), check=None):  # noqa: B008
    (found,) = [each for each in examine(report, settings, check) if each.kind == kind]
    return found


def take(finding, report, settings=DataSettings(), remedy: int = 0) -> DataSettings:  # noqa: B008
    return finding.remedies[remedy].change.applied(settings, report)


def test_a_folder_in_order_has_no_findings():
    assert kinds(folder(*many("a", 20), *many("b", 20))) == []


def test_copies_are_told_apart_by_what_they_spoil():
    pictures = [
        *many("train/a", 20), *many("train/b", 20), *many("test/a", 12), *many("test/b", 12)
    ]  # fmt: skip
    groups = (
        (ROOT / "train/a/0.png", ROOT / "train/a/1.png"),
        (ROOT / "test/a/2.png", ROOT / "train/a/2.png"),
        (ROOT / "train/a/3.png", ROOT / "train/b/3.png"),
    )
    report = folder(*pictures, duplicates=groups)
    found = examine(report, DataSettings())
    assert [(each.kind, each.severity, each.count) for each in found] == [
        ("exact-labels", "error", 1),
        ("exact-splits", "error", 1),
        ("exact-copies", "info", 1),
    ]
    labels, splits, plain = found
    assert take(splits, report).excluded == ("train/a/2.png",)
    assert take(splits, report, remedy=1).excluded == ("test/a/2.png",)
    assert take(labels, report).excluded == ("train/a/3.png", "train/b/3.png")
    assert take(plain, report).excluded == ("train/a/1.png",)
    settings = DataSettings()
    for finding in found:
        settings = take(finding, report, settings)
    assert kinds(report, settings) == []


def test_of_near_copies_the_one_with_most_pixels_is_kept():
    large = picture("a/large.png", size=(64, 64))
    report = folder(*many("a", 12), *many("b", 12), large)
    check = Check(ROOT, 25, near=((ROOT / "a/0.png", ROOT / "a/large.png", ROOT / "a/1.png"),))
    found = the("near-copies", report, check=check)
    assert [each.path.name for each in found.pictures] == ["0.png", "large.png", "1.png"]
    assert "10 of 64 bits" in found.why
    assert take(found, report).excluded == ("a/0.png", "a/1.png")


def test_relabelling_one_of_two_labels_makes_it_an_ordinary_copy():
    report = folder(
        *many("a", 12), *many("b", 12), duplicates=((ROOT / "a/0.png", ROOT / "b/0.png"),)
    )
    settings = DataSettings(relabelled={"b/0.png": "a"})
    assert kinds(report, settings) == ["exact-copies"]


def test_what_the_full_check_found_can_be_set_aside():
    report = folder(*many("a", 12), *many("b", 12))
    check = Check(
        ROOT, 24, broken=(Skipped(ROOT / "a/1.png", "cut short"),), flat=(ROOT / "b/2.png",)
    )
    assert kinds(report, check=check) == ["undecodable", "flat"]
    settings = take(the("undecodable", report, check=check), report)
    assert settings.excluded == ("a/1.png",)
    assert kinds(report, settings, check) == ["flat"]
    elsewhere = Check(Path("/other"), 24, broken=check.broken)
    assert kinds(report, check=elsewhere) == []


def test_classes_in_one_split_only_get_pictures_in_the_others():
    report = folder(
        *many("train/a", 20), *many("train/b", 20), *many("test/a", 5), *many("test/c", 10)
    )
    never, absent = the("never-learned", report), the("not-in-test", report)
    assert never.classes == ("c",)
    assert absent.classes == ("b",)
    settings = take(absent, report, take(never, report))
    assert counts(report, settings).splits == {
        "train": {"a": 20, "b": 16, "c": 8},
        "test": {"a": 5, "b": 4, "c": 2},
    }
    assert "not-in-test" not in kinds(report, settings)
    aside = take(never, report, remedy=1)
    assert set(counts(report, aside).classes) == {"a", "b"}


def test_small_and_unbalanced_classes():
    report = folder(*many("a", 90), *many("b", 4))
    assert set(kinds(report)) == {"few", "unbalanced"}
    assert "b (4)" in the("few", report).why
    weighed = take(the("unbalanced", report), report)
    assert weighed.balance != "none"
    assert kinds(report, weighed) == ["few"]
    assert counts(report, take(the("few", report), report)).classes == {"a": 90}


def test_names_that_differ_little_are_merged_into_the_larger_class():
    report = folder(*many("Cats", 15), *many("cat", 20), *many("dog", 20))
    settings = take(the("alike-names", report), report)
    assert counts(report, settings).classes == {"cat": 35, "dog": 20}
    assert kinds(report, settings) == []


@pytest.mark.parametrize(
    ("reason", "kind", "severity"),
    [
        ("cut short or damaged", "damaged", "warning"),
        ("empty file", "empty", "warning"),
        ("cannot be read: permission denied", "unreadable", "warning"),
        ("not in a class folder", "outside", "warning"),
        ("a link that leads nowhere", "link", "info"),
        ("not a picture (text inside)", "no-picture", "info"),
        ("a drawing (SVG), not a picture of pixels", "no-picture", "info"),
        ("20,000 × 20,000 pixels are too many to decode (at most 180 million)", "too-large",
         "warning"),
        ("named in labels.csv, line 3, but not there", "absent", "warning"),
        ("several classes in labels.csv: a (line 2), b (line 9)", "outside", "warning"),
        ("something new", "skipped", "info"),
    ],
)  # fmt: skip
def test_files_left_out_are_grouped_by_what_can_be_done(reason, kind, severity):
    skipped = (Skipped(ROOT / "a/x", reason), Skipped(ROOT / "a/y", reason))
    found = the(kind, folder(*many("a", 12), *many("b", 12), skipped=skipped))
    assert (found.severity, found.amount, found.files) == (severity, "2 files", skipped)


def test_wrong_endings_are_read_by_content():
    odd = [
        picture("a/x.jpg", format_="PNG"),
        picture("a/y.JPEG", format_="JPEG"),
        picture("a/z", format_="PNG"),
        picture("a/w.jpg", format_="MPO"),
    ]
    found = the("misnamed", folder(*many("a", 12), *many("b", 12), *odd))
    assert [each.path.name for each in found.pictures] == ["x.jpg"]


def test_sizes_and_shapes_against_the_input():
    report = folder(
        *many("a", 12, size=(4000, 3000)), *many("b", 12, size=(10, 12)), picture("b/x.png")
    )
    settings = DataSettings(image_size=(32, 32))
    assert the("large", report, settings).count == 12
    assert "12.0 million pixels" in the("large", report, settings).why
    assert the("small", report, settings).count == 12
    wide = folder(*many("a", 12), *many("b", 12, size=(64, 32)))
    odd = the("distorted", wide, settings)
    assert odd.count == 12
    assert take(odd, wide, settings).resize == "pad"
    assert kinds(wide, take(odd, wide, settings)) == []


def test_grey_pictures_among_colours():
    report = folder(*many("a", 12), *many("b", 12), picture("b/x.png", mode="I;16"))
    found = the("grey", report)
    assert [each.path.name for each in found.pictures] == ["x.png"]
    assert kinds(report, take(found, report)) == []


def test_what_prevents_training_comes_first():
    assert kinds(folder(*many("a", 12)))[0] == "one-class"
    assert kinds(folder(picture("1.png"), picture("2.png"))) == ["no-classes"]
    only_test = folder(*many("test/a", 12), *many("test/b", 12))
    assert kinds(only_test)[0] == "no-training"
    two = folder(*many("a", 12), *many("b", 12))
    left = DataSettings(merged={"a": "b"})
    assert kinds(two, left) == ["one-class"]
    assert "Take some of it back" in the("one-class", two, left).why


def test_corrections_of_files_that_are_gone_can_be_forgotten():
    report = folder(*many("a", 12), *many("b", 12))
    settings = DataSettings(excluded=("a/99.png",), moved={"b/77.png": "test"})
    found = the("gone", report, settings)
    assert take(found, report, settings) == DataSettings()


def test_findings_as_json():
    report = folder(
        *many("a", 12), *many("b", 12), duplicates=((ROOT / "a/0.png", ROOT / "a/1.png"),),
        empty_classes=("c",), remarks=("Line 3 names a file twice.",),
    )  # fmt: skip
    found = [each.to_json(ROOT) for each in examine(report, DataSettings())]
    assert [each["kind"] for each in found] == ["empty-class", "table", "exact-copies"]
    assert found[2]["pictures"] == [["a/0.png", "a/1.png"]]
    assert found[2]["remedies"] == ["Keep the best of each"]
    assert corrected(report, DataSettings()) is report
