"""Splits: every picture once, each class in proportion, the same for the same seed."""

from __future__ import annotations

from pathlib import Path

import pytest
from awkward import folder_of
from hypothesis import given
from hypothesis import strategies as st

from cnnstudio.data.dataset import make_dataset, measured_part, relative, split_table
from cnnstudio.data.report import DataError, FolderReport, Picture
from cnnstudio.data.scan import scan_folder
from cnnstudio.data.settings import DataSettings

ROOT = Path("/pictures")


def report_of(counts: dict[str, int], split=None) -> FolderReport:
    return FolderReport(
        ROOT,
        tuple(
            Picture(ROOT / label / f"{number}.png", label, split, 8, 8, "RGB", "PNG")
            for label, count in sorted(counts.items())
            for number in range(count)
        ),
    )


counts = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 40), min_size=2)
shares = st.floats(0, 0.95)
seeds = st.integers(0, 2**32 - 1)


@given(counts=counts, share=shares, seed=seeds)
def test_the_split_is_complete_disjoint_and_stratified(counts, share, seed):
    report = report_of(counts)
    settings = DataSettings(validation_split=share, seed=seed)
    dataset = make_dataset(report, settings)
    assert dataset.classes == tuple(sorted(counts))
    train, val = set(dataset.train), set(dataset.val)
    assert not train & val
    assert {sample.path for sample in train | val} == {p.path for p in report.pictures}
    assert len(dataset.train) + len(dataset.val) == sum(counts.values())
    for index, label in enumerate(dataset.classes):
        kept = sum(sample.label_index == index for sample in dataset.val)
        assert all(s.path.parent.name == label for s in dataset.val if s.label_index == index)
        assert kept < counts[label]
        if share == 0:
            assert kept == 0
        elif counts[label] > 1:
            assert kept >= 1
            assert abs(kept - share * counts[label]) <= 1
    assert make_dataset(report, settings) == dataset


@given(counts=counts, seed=seeds, data=st.data())
def test_other_pictures_keep_their_side(counts, seed, data):
    """With one picture excluded, at most one other of its class changes sides."""
    report = report_of(counts)
    before = make_dataset(report, DataSettings(seed=seed))
    gone = data.draw(st.sampled_from([picture.path for picture in report.pictures]))
    settings = DataSettings(seed=seed, excluded=(relative(ROOT, gone),))
    if counts[gone.parent.name] == 1 and len(counts) == 2:
        return
    after = make_dataset(report, settings)
    moved = {s.path for s in before.val} ^ {s.path for s in after.val}
    assert len(moved - {gone}) <= 1
    assert all(path.parent == gone.parent for path in moved)
    assert gone not in {s.path for s in (*after.train, *after.val)}


def test_another_seed_keeps_others():
    report = report_of({"a": 50, "b": 50})
    first, second = (make_dataset(report, DataSettings(seed=seed)) for seed in (0, 1))
    assert first.val != second.val


def test_the_place_of_the_folder_does_not_matter(tmp_path):
    one = scan_folder(folder_of(tmp_path / "one", {"a": 20, "b": 20}))
    two = scan_folder(folder_of(tmp_path / "two", {"a": 20, "b": 20}))
    kept = [
        [
            relative(report.folder, sample.path)
            for sample in make_dataset(report, DataSettings()).val
        ]
        for report in (one, two)
    ]
    assert kept[0] == kept[1]


def test_the_folders_own_val_takes_the_place_of_the_share(tmp_path):
    counts = {"train/a": 10, "train/b": 10, "val/a": 3, "val/b": 2, "test/a": 1, "test/b": 1}
    dataset = make_dataset(scan_folder(folder_of(tmp_path, counts)), DataSettings())
    assert (len(dataset.train), len(dataset.val), len(dataset.test)) == (20, 5, 2)
    assert {sample.path.parts[-3] for sample in dataset.val} == {"val"}


def test_test_is_never_used_for_validation(tmp_path):
    counts = {"train/a": 10, "train/b": 10, "test/a": 4, "test/b": 4}
    dataset = make_dataset(scan_folder(folder_of(tmp_path, counts)), DataSettings())
    assert (len(dataset.train), len(dataset.val), len(dataset.test)) == (16, 4, 8)
    assert {sample.path.parts[-3] for sample in dataset.val} == {"train"}


@pytest.mark.parametrize(
    ("counts", "settings", "text"),
    [
        ({"a": 5}, {}, "one class only, a; a classifier needs two"),
        ({"a": 5, "b": 1}, {"excluded": ("b/000.png",)}, "one class only, a"),
        ({"test/a": 5, "test/b": 5}, {}, "has pictures for test but none in a train folder"),
        ({".": 3}, {}, "lie in no class folder"),
    ],
)
def test_what_cannot_be_trained_on(tmp_path, counts, settings, text):
    report = scan_folder(folder_of(tmp_path, counts))
    with pytest.raises(DataError, match=text) as caught:
        make_dataset(report, DataSettings(**settings))
    assert str(tmp_path) in caught.value.message


def test_corrections_come_first(tmp_path):
    report = scan_folder(folder_of(tmp_path, {"a": 10, "b": 10, "c": 3, "bad": 1}))
    settings = DataSettings(
        excluded=("bad/000.png", "a/000.png"),
        relabelled={"a/001.png": "b"},
        merged={"c": "b"},
        moved={"a/002.png": "val", "a/003.png": "test", "a/004.png": "train"},
    )
    dataset = make_dataset(report, settings)
    assert dataset.classes == ("a", "b")
    assert sum(map(sum, dataset.counts.values())) == 22
    assert sum(counts[1] for counts in dataset.counts.values()) == 14
    where = {sample.path: part for part, found in dataset.parts.items() for sample in found}
    assert [where[tmp_path / f"a/00{n}.png"] for n in (2, 3, 4)] == ["val", "test", "train"]
    # What was moved by hand does not take the place of the share.
    assert dataset.counts["val"][1] == round(0.2 * 14)
    assert tmp_path / "a/000.png" not in where


def test_the_split_as_a_table(tmp_path):
    report = scan_folder(folder_of(tmp_path, {"train/a, b": 2, "train/ç": 1, "val/ç": 1}))
    assert split_table(make_dataset(report, DataSettings())) == (
        "path,class,split\n"
        '"train/a, b/000.png","a, b",train\n"train/a, b/001.png","a, b",train\n'
        "train/ç/000.png,ç,train\nval/ç/000.png,ç,val\n"
    )


def test_the_part_a_network_is_measured_on(tmp_path):
    assert measured_part(["train", "val", "test"]) == "test"
    assert measured_part(["train", "val"]) == "val"
    assert measured_part(["train"]) is None
    report = scan_folder(folder_of(tmp_path, {"a": 5, "b": 5}))
    assert make_dataset(report, DataSettings()).held_out == "val"
    assert make_dataset(report, DataSettings(validation_split=0)).held_out == "train"
    assert make_dataset(report, DataSettings(split={"test_share": 0.2})).held_out == "test"


def test_real_folders(fashion, groceries):
    dataset = make_dataset(scan_folder(fashion), DataSettings())
    assert (len(dataset.train), len(dataset.val), len(dataset.test)) == (3200, 800, 1000)
    dataset = make_dataset(scan_folder(groceries), DataSettings())
    assert (len(dataset.train), len(dataset.val), len(dataset.test)) == (420, 70, 0)
