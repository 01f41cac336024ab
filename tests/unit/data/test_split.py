"""Splits of any folder: disjoint, complete, in proportion, groups together, the same again."""

from __future__ import annotations

import contextlib
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from awkward import folder_of
from hypothesis import assume, example, given
from hypothesis import strategies as st

from cnnstudio.data.dataset import Dataset, make_dataset, recorded, relative
from cnnstudio.data.report import DataError, FolderReport, Picture
from cnnstudio.data.scan import scan_folder
from cnnstudio.data.settings import DataSettings, LayoutSettings, SplitSettings

ROOT = Path("/pictures")


def report_of(keys: list[str], layout: str = "folders") -> FolderReport:
    """Pictures with these paths; the class is the first folder."""
    pictures = tuple(
        Picture(ROOT / key, key.split("/")[0], None, 8, 8, "RGB", "PNG")
        for key in sorted(keys, key=lambda key: (key.split("/")[0], key))
    )
    return FolderReport(ROOT, pictures, layout=LayoutSettings(kind=layout))


def parts_of(dataset: Dataset) -> dict[str, str]:
    return {
        relative(dataset.folder, sample.path): part
        for part, samples in dataset.parts.items()
        for sample in samples
    }


def plain(counts: dict[str, int]) -> list[str]:
    return [f"{label}/{number}.png" for label, count in counts.items() for number in range(count)]


counts = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 40), min_size=2)
several = st.dictionaries(st.sampled_from("abcdef"), st.integers(4, 40), min_size=2)
seeds = st.integers(0, 2**32 - 1)
splits = st.builds(
    SplitSettings,
    by=st.sampled_from(["share", "count", "folds"]),
    test_share=st.floats(0, 0.95),
    validation_count=st.integers(0, 30),
    test_count=st.integers(0, 30),
    folds=st.integers(2, 12),
    fold=st.integers(1, 12),
    group_by=st.sampled_from(["none", "folder", "pattern"]),
    group_pattern=st.just("{group}-*"),
)
shares = st.floats(0, 0.95)
# Some pictures in sub-folders, some with the name of a group.
grouped = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.sampled_from(["", "x/", "y/", "y/z/", "w/"]),
        st.sampled_from(["", "p1-", "p2-", "p3-", "p4-"]),
        st.integers(0, 30),
    ).map(lambda parts: "{}/{}{}{}.png".format(*parts)),
    min_size=2,
    max_size=60,
    unique=True,
).filter(lambda keys: len({key[0] for key in keys}) > 1)


def group_of(key: str, by: str) -> str | None:
    _, *folders, name = key.split("/")
    if by == "folder":
        return "/".join(folders) or None
    return name.split("-")[0] if by == "pattern" and "-" in name else None


@given(keys=grouped, split=splits, share=shares, seed=seeds)
def test_any_split_is_complete_and_keeps_groups_together(keys, split, share, seed):
    settings = DataSettings(validation_split=share, seed=seed, split=split)
    report = report_of(keys)
    dataset = None
    with contextlib.suppress(DataError):
        dataset = make_dataset(report, settings)
    if dataset is None:
        assert split.by == "folds"  # of a few groups: all may be in one fold
        return
    assert sorted(
        relative(ROOT, sample.path) for found in dataset.parts.values() for sample in found
    ) == sorted(keys)  # each once
    where = parts_of(dataset)
    places = defaultdict(set)
    for key, part in where.items():
        places[group_of(key, split.group_by) or key].add(part)
    assert all(len(parts) == 1 for parts in places.values())
    assert make_dataset(report, settings) == dataset
    assert not any("in more than one part" in warning for warning in dataset.warnings)
    if split.by != "folds":
        # Every class can be learned.
        assert {key[0] for key, part in where.items() if part == "train"} == {k[0] for k in keys}


@example(counts={"a": 1, "b": 3}, val=0.5, test=0.25, seed=0)
@given(counts=counts, val=st.floats(0, 0.6), test=st.floats(0, 0.4), seed=seeds)
def test_shares_of_each_class(counts, val, test, seed):
    settings = DataSettings(validation_split=val, seed=seed, split={"test_share": test})
    dataset = make_dataset(report_of(plain(counts)), settings)
    for index, label in enumerate(dataset.classes):
        n = counts[label]
        found = {part: dataset.counts[part][index] for part in ("train", "val", "test")}
        assert found["train"] >= 1
        if n > 2:
            for part, share in (("val", val), ("test", test)):
                assert abs(found[part] - share * n) <= 1
                assert (found[part] > 0) == (share > 0)


@given(counts=counts, val=st.integers(0, 50), test=st.integers(0, 50), seed=seeds)
def test_counts_of_each_class(counts, val, test, seed):
    split = {"by": "count", "validation_count": val, "test_count": test}
    dataset = make_dataset(report_of(plain(counts)), DataSettings(seed=seed, split=split))
    for index, label in enumerate(dataset.classes):
        n = counts[label]
        assert dataset.counts["val"][index] == min(val, n - 1)
        assert dataset.counts["test"][index] == min(test, n - 1 - min(val, n - 1))


@given(counts=several, folds=st.integers(2, 12), test=st.sampled_from([0, 0.2]), seed=seeds)
def test_each_picture_validates_in_one_fold(counts, folds, test, seed):
    report, seen = report_of(plain(counts)), Counter()
    for fold in range(1, folds + 1):
        split = {"by": "folds", "folds": folds, "fold": fold, "test_share": test}
        dataset = make_dataset(report, DataSettings(seed=seed, split=split))
        seen.update(key for key, part in parts_of(dataset).items() if part == "val")
        tested = {key for key, part in parts_of(dataset).items() if part == "test"}
        for index, label in enumerate(dataset.classes):
            divided = counts[label] - dataset.counts["test"][index]
            assert abs(dataset.counts["val"][index] - divided / folds) < 1
    assert set(seen.values()) <= {1}
    assert seen.keys() | tested == set(plain(counts))
    assert not seen.keys() & tested


@given(counts=counts, new=st.sampled_from("abcdef"), split=splits, share=shares, seed=seeds)
def test_adding_a_picture_moves_few_others(counts, new, split, share, seed):
    assume(new in counts and (split.by != "folds" or min(counts.values()) > 3))
    settings = DataSettings(validation_split=share, seed=seed, split=split)
    before = parts_of(make_dataset(report_of(plain(counts)), settings))
    after = parts_of(make_dataset(report_of([*plain(counts), f"{new}/new.png"]), settings))
    moved = [key for key, part in before.items() if after[key] != part]
    assert all(key.startswith(new) for key in moved)
    # One at each end of what is drawn.
    assert len(moved) <= (4 if split.by == "folds" else 3)


@given(seed=seeds, extra=st.integers(0, 39))
def test_adding_to_a_group_moves_few_groups(seed, extra):
    keys = [f"{'ab'[n % 2]}/{n % 40:02}-{n}.png" for n in range(400)]
    split = {"group_by": "pattern", "group_pattern": "{group}-*", "test_share": 0.1}
    settings = DataSettings(seed=seed, split=split)
    before = parts_of(make_dataset(report_of(keys), settings))
    after = parts_of(make_dataset(report_of([*keys, f"a/{extra:02}-new.png"]), settings))
    assert len({key[2:4] for key, part in before.items() if after[key] != part}) <= 4


@given(seed=seeds)
def test_groups_of_several_classes_are_stratified(seed):
    """Forty patients with pictures of three classes: validation gets a fifth of each."""
    keys = [
        f"{label}/p{patient}-{number}.png"
        for patient in range(40)
        for label, each in (("a", 6), ("b", 3), ("c", 1 + patient % 3))
        for number in range(each)
    ]
    split = {"group_by": "pattern", "group_pattern": "{group}-*"}
    dataset = make_dataset(report_of(keys), DataSettings(seed=seed, split=split))
    for index, label in enumerate(dataset.classes):
        wanted = 0.2 * sum(key.startswith(label) for key in keys)
        assert abs(dataset.counts["val"][index] - wanted) <= 6


def test_a_class_of_few_large_groups_validates_all_the_same():
    keys = [f"a/{n % 2}-{n}.png" for n in range(20)] + [f"b/{n}.png" for n in range(20)]
    split = {"group_by": "pattern", "group_pattern": "{group}-*"}
    dataset = make_dataset(report_of(keys), DataSettings(split=split))
    assert dataset.counts["val"] == (10, 4)


def test_sub_folders_keep_pictures_together(tmp_path):
    counts = {f"train/{label}/day{day}": 3 for label in "ab" for day in range(5)}
    report = scan_folder(folder_of(tmp_path, {**counts, "test/a/day0": 1, "test/b": 1}))
    dataset = make_dataset(report, DataSettings(split={"group_by": "folder"}))
    days = {part: {s.path.parts[-2] for s in found} for part, found in dataset.parts.items()}
    assert not days["train"] & days["val"]
    assert len(days["val"]) == 1
    # The folder itself divides a group: that is said, not undone.
    assert "1 group is in more than one part (day0)" in " ".join(dataset.warnings)


def test_what_is_doubtful_is_said():
    report = report_of(plain({"a": 1, "b": 10}))
    dataset = make_dataset(report, DataSettings(split={"group_by": "folder"}))
    assert dataset.warnings == (
        "Nothing is kept together: no picture lies in a sub-folder of its class.",
        "Validation has no pictures of a.",
    )


def test_a_recorded_split_stays(tmp_path):
    report = report_of(plain({"a": 20, "b": 20}))
    dataset = make_dataset(report, DataSettings(split={"test_share": 0.1}))
    kept = recorded(dataset)
    before = parts_of(dataset)
    grown = report_of([*plain({"a": 20, "b": 20}), *(f"a/new{n}.png" for n in range(30))])
    settings = DataSettings(seed=7, validation_split=0.5, split=kept, moved={"a/new1.png": "val"})
    after = parts_of(make_dataset(grown, settings))
    assert all(after[key] == part for key, part in before.items())
    assert after["a/new0.png"] == "train"
    assert after["a/new1.png"] == "val"


def test_own_parts_take_the_place_of_shares(tmp_path):
    counts = {"train/a": 10, "train/b": 10, "val/a": 3, "val/b": 2, "test/a": 1, "test/b": 1}
    report = scan_folder(folder_of(tmp_path, counts))
    split = {"test_share": 0.5}
    assert make_dataset(report, DataSettings(split=split)).counts == {
        "train": (10, 10),
        "val": (3, 2),
        "test": (1, 1),
    }
    # Folds are made of all that is not kept for the end.
    dataset = make_dataset(report, DataSettings(split={"by": "folds", "folds": 2}))
    assert sum(dataset.counts["val"]) in (12, 13)
    assert dataset.counts["test"] == (1, 1)


@pytest.mark.parametrize("by", ["share", "count", "folds"])
def test_real_pictures(fashion, by):
    dataset = make_dataset(scan_folder(fashion), DataSettings(split={"by": by}))
    each = {"share": 80, "count": 20, "folds": 80}[by]
    assert dataset.counts["val"] == (each,) * 10
    assert dataset.counts["test"] == (100,) * 10
