"""Dividing pictures into training, validation and test.

The split is made from names and a seed, not from an order: pictures are drawn by a hash of their
names, class by class, so that a picture keeps its side when others are added or left out, on every
machine. Pictures of a group are drawn together.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from cnnstudio.data.name_patterns import GROUP, NamePattern
from cnnstudio.data.report import SPLITS, FolderReport, Picture, count, listed, relative
from cnnstudio.data.settings import DataSettings, Split
from cnnstudio.data.walk import SPLIT_NAMES

_COMPARED = 100  # groups on each side that are tried in an exchange
_WORTHWHILE = 0.02  # what an exchange must bring, in shares of the classes


@dataclass(frozen=True)
class Division:
    """Where each picture belongs, in the order of the pictures.

    `groups` is how many groups stay together; `warnings` say what is doubtful.
    """

    parts: tuple[Split, ...]
    groups: int = 0
    warnings: tuple[str, ...] = ()


def divide(report: FolderReport, settings: DataSettings, own: Collection[Split]) -> Division:
    """Divide the pictures of `report` (corrected, each with a class) as `settings` say.

    `own` are the parts that the folder itself brings. A picture that was moved goes where it was
    moved to; then a recorded split counts; then the folder's own val and test parts; what is left
    is drawn.
    """
    pictures = report.pictures
    keys = [relative(report.folder, picture.path) for picture in pictures]
    parts = _fixed(pictures, keys, settings)
    names = _group_names(pictures, keys, report, settings, in_parts=bool(own))
    free: dict[str, _Group] = {}
    for number, part in enumerate(parts):
        if part is None:
            name = names[number] or keys[number]
            group = free.get(name)
            if group is None:
                group = free[name] = _Group(_rank(name, settings.seed))
            label = pictures[number].label or ""
            group.numbers.append(number)
            group.classes[label] = group.classes.get(label, 0) + 1
    for chosen, drawn in _draw(list(free.values()), settings, own):
        for group in drawn:
            for number in group.numbers:
                parts[number] = chosen
    done = tuple(part or "train" for part in parts)
    groups = len({name for name in names if name is not None})
    return Division(done, groups, _warnings(pictures, done, names, settings))


@dataclass(slots=True)
class _Group:
    """Pictures that stay together: their place in the draw, how many of each class, and which."""

    rank: bytes
    classes: dict[str, int] = field(default_factory=dict)
    numbers: list[int] = field(default_factory=list)


def _fixed(
    pictures: Sequence[Picture], keys: Sequence[str], settings: DataSettings
) -> list[Split | None]:
    """Where each picture belongs; None for those that are drawn."""
    moved, folds = settings.moved, settings.split.by == "folds"
    recorded: dict[str, Split] | None = None
    if settings.split.recorded is not None:
        recorded = {key: part for part, kept in settings.split.recorded.items() for key in kept}
    parts: list[Split | None] = []
    for picture, key in zip(pictures, keys, strict=True):
        part: Split | None = picture.split
        if key in moved:
            part = moved[key]
        elif recorded is not None:
            part = recorded.get(key, part or "train")
        elif part == "train" or (part == "val" and folds):
            part = None
        parts.append(part)
    return parts


# --- drawing


def _draw(
    groups: list[_Group], settings: DataSettings, own: Collection[Split]
) -> Iterable[tuple[Split, list[_Group]]]:
    """Which groups are kept for test and for validation."""
    groups.sort(key=lambda group: group.rank)
    sizes: Counter[str] = Counter()
    for group in groups:
        for label, number in group.classes.items():
            sizes[label] += number
    wanted = {label: _wanted(number, settings, own) for label, number in sizes.items()}
    rest, left = groups, Counter(sizes)
    # From the other end than validation: the one changes little when the other one does.
    test = _pick(rest[::-1], {label: numbers[1] for label, numbers in wanted.items()}, sizes, left)
    if test:
        kept = set(map(id, test))
        rest = [group for group in groups if id(group) not in kept]
        yield "test", test
    if settings.split.by == "folds":
        yield "val", _fold(rest, settings, left)
    else:
        val = {label: numbers[0] for label, numbers in wanted.items()}
        yield "val", _pick(rest, val, sizes, left)


def _wanted(pictures: int, settings: DataSettings, own: Collection[Split]) -> tuple[int, int]:
    """How many of a class's `pictures` are kept for validation and for test; one or more train."""
    split, most = settings.split, max(pictures - 1, 0)
    if split.by == "count":
        val, test = split.validation_count, split.test_count
    else:
        test = _share(pictures, split.test_share)
        # One of three for each part, however large the shares are.
        room = most - 1 if test and most > 1 and "test" not in own else most
        val = min(_share(pictures, settings.validation_split), room)
    if split.by == "folds":
        val = 0  # the folds are made of all but the test pictures
    val = 0 if "val" in own else min(val, most)
    return val, 0 if "test" in own else min(test, most - val)


def _share(pictures: int, share: float) -> int:
    return max(round(pictures * share), 1) if share > 0 else 0


def _pick(
    groups: Sequence[_Group],
    wanted: Mapping[str, int],
    sizes: Mapping[str, int],
    left: Counter[str],
) -> list[_Group]:
    """Groups, in their order, that bring each class nearer to its number of pictures `wanted`.

    Never the last pictures of a class: `left` counts those that are not kept, and is updated.
    """
    missing = dict(wanted)
    chosen: list[_Group] = []
    passed_over: dict[str, list[_Group]] = defaultdict(list)
    open_ = sum(missing.values())
    for group in groups:
        if open_ <= 0:
            break
        if any(number >= left[label] for label, number in group.classes.items()):
            continue
        if _gain(group, missing, sizes) > 0:
            open_ -= _take(group, chosen, missing, left)
        elif len(group.numbers) > 1:
            for label in group.classes:
                passed_over[label].append(group)
    # A class that only comes in groups larger than what is wanted of it gets the smallest one.
    for label in sorted(passed_over):
        if wanted[label] and missing[label] == wanted[label]:
            possible = [
                group
                for group in passed_over[label]
                if all(number < left[name] for name, number in group.classes.items())
            ]
            if possible:
                best = max(possible, key=lambda group: _gain(group, missing, sizes))
                _take(best, chosen, missing, left)
    if any(len(group.numbers) > 1 for group in groups):
        _exchange(groups, chosen, wanted, missing, sizes, left)
    return chosen


def _exchange(
    groups: Sequence[_Group],
    chosen: list[_Group],
    wanted: Mapping[str, int],
    missing: dict[str, int],
    sizes: Mapping[str, int],
    left: Counter[str],
) -> None:
    """Exchange a few chosen groups for others where that brings the classes much nearer."""
    taken = set(map(id, chosen))
    others = [group for group in groups if id(group) not in taken][:_COMPARED]
    for _ in range(2 * len(wanted)):
        best, best_gain = None, _WORTHWHILE
        for out in [None, *chosen[:_COMPARED]]:
            for into in [None, *others]:
                change = _difference(into, out)
                gain = sum(
                    (abs(missing[label]) - abs(missing[label] - number)) / sizes[label]
                    for label, number in change.items()
                )
                if gain > best_gain and all(
                    number < left[label]
                    and (not wanted[label] or missing[label] - number < wanted[label])
                    for label, number in change.items()
                ):
                    best, best_gain = (into, out, change), gain
        if best is None:
            return
        into, out, change = best
        if out is not None:
            chosen.remove(out)
            others.append(out)
        if into is not None:
            others.remove(into)
            chosen.append(into)
        for label, number in change.items():
            missing[label] -= number
            left[label] -= number


def _difference(into: _Group | None, out: _Group | None) -> dict[str, int]:
    """What is kept more of each class when one group comes and one goes."""
    change = dict(into.classes) if into is not None else {}
    for label, number in out.classes.items() if out is not None else ():
        change[label] = change.get(label, 0) - number
    return change


def _take(group: _Group, chosen: list[_Group], missing: dict[str, int], left: Counter[str]) -> int:
    """Choose a group; return how many pictures fewer are missing."""
    before = sum(max(missing[label], 0) for label in group.classes)
    for label, number in group.classes.items():
        missing[label] -= number
        left[label] -= number
    chosen.append(group)
    return before - sum(max(missing[label], 0) for label in group.classes)


def _gain(group: _Group, missing: Mapping[str, int], sizes: Mapping[str, int]) -> float:
    """How much nearer the classes come to what is wanted, each in shares of its size."""
    return sum(
        (abs(missing[label]) - abs(missing[label] - number)) / sizes[label]
        for label, number in group.classes.items()
    )


def _fold(groups: list[_Group], settings: DataSettings, sizes: Counter[str]) -> list[_Group]:
    """The groups of the fold that validates. Each group is in one of the folds."""
    folds = settings.split.folds
    missing: list[dict[str, int]] = [{} for _ in range(folds)]
    for label, number in sizes.items():
        # Small classes do not all begin in the same fold.
        first = int.from_bytes(_rank(label, settings.seed)[:4]) % folds
        for place in range(folds):
            part = number * (place + 1) // folds - number * place // folds
            missing[(first + place) % folds][label] = part
    chosen = (min(settings.split.fold, folds)) - 1
    kept = []
    for group in groups:
        first = int.from_bytes(_rank(min(group.classes), settings.seed)[:4]) % folds
        order = [(first + place) % folds for place in range(folds)]
        best = max(order, key=lambda fold: _gain(group, missing[fold], sizes))
        for label, number in group.classes.items():
            missing[best][label] -= number
        if best == chosen:
            kept.append(group)
    return kept


def _rank(name: str, seed: int) -> bytes:
    """A number drawn from the seed and a name."""
    # A copy: the key takes as long as the name.
    drawn = _seeded(seed).copy()
    drawn.update(name.encode())
    return drawn.digest()


@lru_cache(maxsize=4)
def _seeded(seed: int) -> hashlib.blake2b:
    return hashlib.blake2b(digest_size=8, key=seed.to_bytes(8, "little"))


# --- groups


def _group_names(
    pictures: Sequence[Picture],
    keys: Sequence[str],
    report: FolderReport,
    settings: DataSettings,
    *,
    in_parts: bool,
) -> list[str | None]:
    """The group of each picture; None for one that stands alone."""
    split = settings.split
    if split.group_by == "pattern" and split.group_pattern is not None:
        pattern = NamePattern(split.group_pattern, GROUP)
        return [pattern.find(picture.path.name) for picture in pictures]
    if split.group_by == "folder":
        return [_sub_folder(key, report.layout.kind == "folders", in_parts) for key in keys]
    return [None] * len(pictures)


def _sub_folder(key: str, in_classes: bool, in_parts: bool) -> str | None:
    """The folder of a picture below those that stand for its part and its class."""
    folders = key.split("/")[:-1]
    if in_parts and folders and folders[0].lower() in SPLIT_NAMES:
        del folders[0]
    if in_classes:
        del folders[:1]
    return "/".join(folders) or None


# --- doubts


def _warnings(
    pictures: Sequence[Picture],
    parts: Sequence[Split],
    names: Sequence[str | None],
    settings: DataSettings,
) -> tuple[str, ...]:
    found = []
    places: dict[str, set[Split]] = defaultdict(set)
    for name, part in zip(names, parts, strict=True):
        if name is not None:
            places[name].add(part)
    crossing = sorted(name for name, where in places.items() if len(where) > 1)
    if crossing:
        verb = "is" if len(crossing) == 1 else "are"
        found.append(
            f"{count(len(crossing), 'group')} {verb} in more than one part "
            f"({listed(crossing, 3)}): the folder, a move or the split that was kept puts them "
            "there."
        )
    if settings.split.group_by != "none" and not places:
        what = (
            "no picture lies in a sub-folder of its class"
            if settings.split.group_by == "folder"
            else "no file name fits the pattern"
            if settings.split.group_pattern
            else "say which part of the names they share"
        )
        found.append(f"Nothing is kept together: {what}.")
    pairs = {(picture.label or "", part) for picture, part in zip(pictures, parts, strict=True)}
    labels = sorted({label for label, _ in pairs})
    for part in SPLITS:
        missing = [label for label in labels if (label, part) not in pairs]
        if missing and len(missing) < len(labels):
            found.append(f"{_WORDS[part]} has no pictures of {listed(missing)}.")
    return tuple(found)


_WORDS = {"train": "Training", "val": "Validation", "test": "Test"}
