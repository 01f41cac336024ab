"""What a person corrected in a folder of pictures, without touching the files.

The corrections are settings of the project (`DataSettings.excluded`, `relabelled`, `merged`,
`moved`) and name pictures by their paths below the folder. A picture's class is the one of its
folder, unless it is relabelled; that class is then looked up in `merged`, once. Whoever counts,
trains or measures looks at `corrected(report, settings)`; `counts` gives its figures alone,
quickly. The other functions make the settings after an edit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from cnnstudio.data.report import (
    SPLITS,
    FolderReport,
    count,
    listed,
    picture_order,
    relative,
)
from cnnstudio.data.settings import DataSettings, Split


@dataclass(frozen=True)
class Counts:
    """Pictures by class, and by split and class, as `FolderReport` has them.

    `gone` are the paths that corrections name and that are not in the folder.
    """

    classes: Mapping[str, int]
    splits: Mapping[Split, Mapping[str, int]]
    gone: tuple[str, ...] = ()

    @property
    def pictures(self) -> int:
        """Pictures with a class."""
        return sum(self.classes.values())

    @property
    def learned(self) -> dict[str, int]:
        """Pictures by class that are there for training; validation is taken from them later."""
        held = [self.splits.get("val", {}), self.splits.get("test", {})]
        return {
            name: number - sum(each.get(name, 0) for each in held)
            for name, number in self.classes.items()
        }


def touched(settings: DataSettings) -> set[str]:
    """The paths of all pictures that a correction names."""
    return {*settings.excluded, *settings.relabelled, *settings.moved}


def corrects(settings: DataSettings) -> bool:
    """Whether there is any correction."""
    return bool(settings.excluded or settings.relabelled or settings.merged or settings.moved)


def corrected(report: FolderReport, settings: DataSettings) -> FolderReport:
    """The folder as the corrections leave it; `report` itself where there are none.

    Pictures set aside are not in it, the others have their new class and split; groups of
    duplicates keep what is left of them. Paths that are not in the folder are ignored (`counts`
    tells them).
    """
    if not corrects(settings):
        return report
    excluded, names = set(settings.excluded), settings.merged
    pictures, changed = [], False
    for picture in report.pictures:
        key = relative(report.folder, picture.path)
        if key in excluded:
            continue
        label = settings.relabelled.get(key, picture.label)
        if label is not None:
            label = names.get(label, label)
        split = settings.moved.get(key, picture.split)
        if label != picture.label or split != picture.split:
            pictures.append(replace(picture, label=label, split=split))
            changed = True
        else:
            pictures.append(picture)
    if changed:
        pictures.sort(key=picture_order)
    left = {picture.path for picture in pictures} if report.duplicates else set()
    groups = (tuple(path for path in group if path in left) for group in report.duplicates)
    found = {picture.label for picture in pictures}
    empty = {names.get(name, name) for name in report.empty_classes}
    return replace(
        report,
        pictures=tuple(pictures),
        duplicates=tuple(group for group in groups if len(group) > 1),
        empty_classes=tuple(sorted(empty - found)),
    )


def counts(report: FolderReport, settings: DataSettings) -> Counts:
    """The counts of `corrected(report, settings)`; takes time only for pictures corrected."""
    if not corrects(settings):
        return Counts(report.classes, report.splits)
    names, excluded = settings.merged, set(settings.excluded)
    pairs: Counter[tuple[Split | None, str]] = Counter()
    inside: Counter[str] = Counter()  # of a class, those that are in a split
    for split, found in report.splits.items():
        for name, number in found.items():
            pairs[split, names.get(name, name)] += number
            inside[name] += number
    for name, number in report.classes.items():
        pairs[None, names.get(name, name)] += number - inside[name]
    gone = []
    for key in touched(settings):
        picture = report.by_key.get(key)
        if picture is None:
            gone.append(key)
            continue
        if picture.label is not None:
            pairs[picture.split, names.get(picture.label, picture.label)] -= 1
        label = settings.relabelled.get(key, picture.label)
        if label is not None and key not in excluded:
            pairs[settings.moved.get(key, picture.split), names.get(label, label)] += 1
    classes: Counter[str] = Counter()
    for (_, name), number in pairs.items():
        classes[name] += number
    present = sorted(name for name, number in classes.items() if number)
    splits: dict[Split, Mapping[str, int]] = {
        split: {name: pairs[split, name] for name in present if pairs[split, name]}
        for split in SPLITS
    }
    return Counts(
        {name: classes[name] for name in present},
        {split: found for split, found in splits.items() if found},
        tuple(sorted(gone)),
    )


def words_on_gone(gone: Collection[str]) -> str:
    """A sentence on corrected pictures that are no longer there; empty for none."""
    if not gone:
        return ""
    verb = "is" if len(gone) == 1 else "are"
    return (
        f"{count(len(gone), 'corrected picture')} {verb} no longer in the folder "
        f"({listed(sorted(gone), 3)}); what was said of them is ignored."
    )


# --- edits


def set_aside(settings: DataSettings, keys: Iterable[str]) -> DataSettings:
    """Leave these pictures out."""
    excluded = tuple(sorted({*settings.excluded, *keys}))
    return settings.model_copy(update={"excluded": excluded})


def take_back(settings: DataSettings, keys: Iterable[str]) -> DataSettings:
    """Forget every correction of these pictures."""
    gone = set(keys)
    return settings.model_copy(
        update={
            "excluded": tuple(key for key in settings.excluded if key not in gone),
            "relabelled": _without(settings.relabelled, gone),
            "moved": _without(settings.moved, gone),
        }
    )


def take_back_all(settings: DataSettings) -> DataSettings:
    """Forget every correction."""
    return settings.model_copy(update={"excluded": (), "relabelled": {}, "merged": {}, "moved": {}})


def relabel(
    settings: DataSettings, report: FolderReport, keys: Iterable[str], label: str
) -> DataSettings:
    """Give these pictures the class `label`; those set aside are used again."""
    names, keys = settings.merged, set(keys)
    relabelled = dict(settings.relabelled)
    for key in sorted(keys):
        picture = report.by_key.get(key)
        own = picture.label if picture is not None else None
        relabelled.pop(key, None)
        if own is None or names.get(own, own) != names.get(label, label):
            relabelled[key] = label
    excluded = tuple(key for key in settings.excluded if key not in keys)
    return settings.model_copy(update={"relabelled": relabelled, "excluded": excluded})


def move(
    settings: DataSettings, report: FolderReport, keys: Iterable[str], split: Split
) -> DataSettings:
    """Put these pictures into another split.

    What is said to be training stays there: none of it is drawn for validation.
    """
    moved = dict(settings.moved)
    for key in sorted(set(keys)):
        picture = report.by_key.get(key)
        moved.pop(key, None)
        if picture is None or picture.split != split or split == "train":
            moved[key] = split
    return settings.model_copy(update={"moved": moved})


def merge(
    settings: DataSettings, report: FolderReport, names: Iterable[str], into: str
) -> DataSettings:
    """Take the classes `names`, as they are now, together as `into`; one name is a new name."""
    old, chosen = settings.merged, set(names)
    known = {*report.classes, *report.empty_classes, *settings.relabelled.values(), *old}
    merged = {}
    for name in sorted(known):
        becomes = old.get(name, name)
        becomes = into if becomes in chosen else becomes
        if becomes != name:
            merged[name] = becomes
    return settings.model_copy(update={"merged": merged})


def separate(settings: DataSettings, into: str) -> DataSettings:
    """Undo the merging of classes into `into`."""
    merged = {name: to for name, to in settings.merged.items() if to != into}
    return settings.model_copy(update={"merged": merged})


def _without(entries: Mapping[str, str], gone: set[str]) -> dict[str, str]:
    return {key: value for key, value in entries.items() if key not in gone}
