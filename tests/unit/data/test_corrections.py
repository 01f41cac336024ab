"""Corrections: what is counted, trained and measured after them, and how the settings change."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnstudio.data import corrections
from cnnstudio.data.corrections import corrected, counts
from cnnstudio.data.report import FolderReport, Picture, relative
from cnnstudio.data.settings import DataSettings

ROOT = Path("/pictures")


def picture(key: str, split=None) -> Picture:
    parts = key.split("/")
    label = parts[-2] if len(parts) > 1 else None
    return Picture(ROOT / key, label, split, 8, 8, "RGB", "PNG")


def make(*keys: str, duplicates=(), empty=()) -> FolderReport:
    splits = ("train", "val", "test")
    return FolderReport(
        ROOT,
        tuple(picture(key, next((s for s in splits if key.startswith(f"{s}/")), None))
              for key in keys),
        duplicates=tuple(tuple(ROOT / key for key in group) for group in duplicates),
        empty_classes=empty,
    )  # fmt: skip


@pytest.fixture
def animals():
    return make("cat/1.png", "cat/2.png", "dog/1.png", "dog/2.png", "fox/1.png")


def labels(report: FolderReport) -> dict[str, str | None]:
    return {relative(report.folder, each.path): each.label for each in report.pictures}


def test_without_corrections_the_report_is_the_same(animals):
    assert corrected(animals, DataSettings()) is animals
    assert counts(animals, DataSettings()).classes == {"cat": 2, "dog": 2, "fox": 1}


def test_pictures_are_set_aside_and_taken_back(animals):
    settings = corrections.set_aside(DataSettings(), ["dog/1.png", "fox/1.png"])
    assert settings.excluded == ("dog/1.png", "fox/1.png")
    assert corrected(animals, settings).classes == {"cat": 2, "dog": 1}
    back = corrections.take_back(settings, ["fox/1.png"])
    assert corrected(animals, back).classes == {"cat": 2, "dog": 1, "fox": 1}
    assert corrections.take_back_all(settings) == DataSettings()


def test_pictures_get_another_class_and_their_own_again(animals):
    settings = corrections.relabel(DataSettings(), animals, ["dog/1.png"], "wolf")
    assert labels(corrected(animals, settings))["dog/1.png"] == "wolf"
    assert counts(animals, settings).classes == {"cat": 2, "dog": 1, "fox": 1, "wolf": 1}
    again = corrections.relabel(settings, animals, ["dog/1.png"], "dog")
    assert again == DataSettings()


def test_a_picture_set_aside_and_relabelled_is_used_again(animals):
    aside = corrections.set_aside(DataSettings(), ["dog/1.png"])
    settings = corrections.relabel(aside, animals, ["dog/1.png"], "cat")
    assert counts(animals, settings).classes == {"cat": 3, "dog": 1, "fox": 1}


def test_classes_are_merged_renamed_and_separated(animals):
    merged = corrections.merge(DataSettings(), animals, ["dog", "fox"], "canine")
    assert counts(animals, merged).classes == {"canine": 3, "cat": 2}
    renamed = corrections.merge(merged, animals, ["canine"], "dog")
    assert renamed.merged == {"fox": "dog"}
    assert counts(animals, renamed).classes == {"cat": 2, "dog": 3}
    assert corrections.separate(renamed, "dog") == DataSettings()


def test_a_relabelled_picture_follows_the_class_it_was_given(animals):
    settings = corrections.relabel(DataSettings(), animals, ["cat/1.png"], "wolf")
    settings = corrections.merge(settings, animals, ["wolf"], "dog")
    assert counts(animals, settings).classes == {"cat": 1, "dog": 3, "fox": 1}


def test_classes_can_be_exchanged():
    report = make("a/1.png", "b/1.png", "c/1.png")
    swapped = DataSettings(merged={"a": "b", "b": "a"})
    assert labels(corrected(report, swapped)) == {"b/1.png": "a", "a/1.png": "b", "c/1.png": "c"}


def test_pictures_move_to_another_split():
    report = make("train/a/1.png", "train/a/2.png", "train/b/1.png", "test/b/2.png")
    settings = corrections.move(DataSettings(), report, ["train/a/2.png"], "test")
    assert corrected(report, settings).splits == {
        "train": {"a": 1, "b": 1},
        "test": {"a": 1, "b": 1},
    }
    back = corrections.move(settings, report, ["train/a/2.png"], "train")
    assert back.moved == {"train/a/2.png": "train"}, "and never drawn for validation"
    settings = corrections.move(settings, report, ["test/b/2.png"], "val")
    assert corrected(report, settings).splits["val"] == {"b": 1}
    assert corrections.move(settings, report, ["test/b/2.png"], "test").moved == {
        "train/a/2.png": "test"
    }


def test_pictures_without_a_class_can_be_given_one():
    report = make("1.png", "2.png")
    settings = corrections.relabel(DataSettings(), report, ["1.png"], "cat")
    assert counts(report, settings).classes == {"cat": 1}
    assert labels(corrected(report, settings)) == {"2.png": None, "1.png": "cat"}


def test_duplicates_keep_what_is_left_of_them():
    report = make(
        "a/1.png", "a/2.png", "b/1.png", "b/2.png",
        duplicates=[("a/1.png", "a/2.png", "b/1.png"), ("a/1.png", "b/2.png")],
    )  # fmt: skip
    settings = corrections.set_aside(DataSettings(), ["a/1.png"])
    assert corrected(report, settings).duplicates == ((ROOT / "a/2.png", ROOT / "b/1.png"),)


def test_files_that_are_gone_are_ignored_and_said(animals):
    settings = DataSettings(excluded=("cat/9.png",), relabelled={"ox/1.png": "cat"})
    found = counts(animals, settings)
    assert found.classes == animals.classes
    assert found.gone == ("cat/9.png", "ox/1.png")
    words = corrections.words_on_gone(found.gone)
    assert words.startswith("2 corrected pictures are no longer in the folder (cat/9.png and ox/")
    assert not corrections.words_on_gone(())


def test_a_name_that_is_no_text_has_a_key():
    broken = Path("/pictures") / "a" / "caf\udce9.png"
    report = FolderReport(ROOT, (Picture(broken, "a", None, 1, 1, "L", "PNG"),))
    (key,) = report.by_key
    assert key == "a/caf\N{REPLACEMENT CHARACTER}.png"
    assert corrected(report, DataSettings(excluded=(key,))).images == 0


def test_a_picture_outside_of_the_folder_has_a_key_too():
    away = Picture(Path("/elsewhere/1.png"), "a", None, 1, 1, "L", "PNG")
    report = FolderReport(ROOT, (away, picture("a/1.png")))
    assert set(report.by_key) == {"../elsewhere/1.png", "a/1.png"}
    settings = corrections.set_aside(DataSettings(), ["../elsewhere/1.png"])
    assert corrected(report, settings).images == 1


KEYS = [f"{split}/{name}/{n}.png" for split in ("train", "val") for name in "abc" for n in (1, 2)]
NAMES = st.sampled_from([*"abcdx"])


@given(
    excluded=st.sets(st.sampled_from(KEYS)),
    relabelled=st.dictionaries(st.sampled_from(KEYS), NAMES),
    merged=st.dictionaries(NAMES, NAMES),
    moved=st.dictionaries(st.sampled_from(KEYS), st.sampled_from(["train", "val", "test"])),
)
def test_quick_counts_are_those_of_the_corrected_report(excluded, relabelled, merged, moved):
    report = make(*KEYS)
    settings = DataSettings(
        excluded=tuple(excluded), relabelled=relabelled, merged=merged, moved=moved
    )
    slow, quick = corrected(report, settings), counts(report, settings)
    assert quick.classes == slow.classes
    assert quick.splits == slow.splits
    assert list(quick.classes) == sorted(quick.classes)


@given(
    merged=st.dictionaries(NAMES, NAMES),
    chosen=st.sets(st.sampled_from(KEYS), min_size=1),
    name=NAMES,
    names=st.sets(NAMES, min_size=1),
)
def test_edits_do_what_they_say(merged, chosen, name, names):
    report = make(*KEYS)
    settings = DataSettings(merged=merged)
    now = set(corrected(report, settings).classes)
    joined = corrections.merge(settings, report, names, name)
    assert set(corrected(report, joined).classes) == {name if n in names else n for n in now}
    before = corrected(report, settings)
    changed = labels(corrected(report, corrections.relabel(settings, report, chosen, name)))
    final = merged.get(name, name)
    wanted = {key: final if key in chosen else label for key, label in labels(before).items()}
    assert changed == wanted
