"""Findings on classes: too few, missing in a split, unbalanced, named alike."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from cnnstudio.data.balance import suggestion
from cnnstudio.data.corrections import words_on_gone
from cnnstudio.data.doctor_finding import Case, Change, Finding, Remedy, each
from cnnstudio.data.report import FEW, Picture, count, listed
from cnnstudio.data.settings import Split

SPLIT_WORDS: Mapping[Split, str] = {"train": "training", "val": "validation", "test": "test"}
MOVED_SHARE = 0.2
_BALANCES = {
    "class_weights": "Let pictures of small classes count more",
    "sampling": "Show pictures of small classes more often",
}


def findings(case: Case) -> Iterator[Finding]:
    """What is wrong with the classes as they are now."""
    yield from _unfit(case)
    yield from _missing(case)
    yield from _few(case)
    yield from _unbalanced(case)
    yield from _alike(case)
    yield from _empty(case)
    yield from _remarks(case)
    yield from _gone(case)


def _unfit(case: Case) -> Iterator[Finding]:
    """What keeps a network from being trained at all."""
    if case.report.classes and case.now is not case.report and len(case.counts.classes) < 2:
        left = len(case.counts.classes)
        yield Finding(
            "one-class", "error", "Fewer than two classes are left",
            f"{count(left, 'class') if left == 1 else 'No class'} is left after what was set aside "
            "and merged; a classifier needs two or more. Take some of it back.",
            left, "class",
        )  # fmt: skip
    elif len(case.counts.classes) < 2:
        what = "There is only one class" if case.counts.classes else "There are no classes"
        yield Finding(
            "one-class" if case.counts.classes else "no-classes", "error", what,
            case.report.problems[0], len(case.counts.classes), "class",
        )  # fmt: skip
    elif not sum(case.counts.learned.values()):
        yield Finding(
            "no-training", "error", "Nothing to learn from",
            "There are no pictures in a train folder. Move some of the others to training.",
            0,
        )  # fmt: skip


def _missing(case: Case) -> Iterator[Finding]:
    train = case.counts.learned
    if not sum(train.values()) or len(train) < 2:
        return
    unlearned = [name for name, number in train.items() if number <= 0]
    if unlearned:
        pictures = _of(case, unlearned)
        moved: dict[str, Split] = {
            key: "train"
            for name in unlearned
            for key in case.keys(_share(tuple(p for p in pictures if p.label == name), 0.8))
        }
        yield Finding(
            "never-learned", "error", "Classes without training pictures",
            f"{listed(unlearned)} cannot be learned and will always be called something else. "
            "Move pictures to training, or set the classes aside.",
            len(unlearned), "class", each(pictures), classes=tuple(unlearned),
            remedies=(
                Remedy("Move most of them to training", Change(move=moved)),
                case.set_aside("Set the classes aside", pictures),
            ),
        )  # fmt: skip
    for split in ("val", "test"):
        present = case.counts.splits.get(split)
        if not present:
            continue
        absent = [name for name in train if name not in present and train[name] > 1]
        if not absent:
            continue
        pictures = tuple(p for p in _of(case, absent) if p.split in ("train", None))
        keys = [
            key
            for name in absent
            for key in case.keys(_share(tuple(p for p in pictures if p.label == name), MOVED_SHARE))
        ]
        words = SPLIT_WORDS[split]
        yield Finding(
            f"not-in-{split}", "warning", f"Classes without {words} pictures",
            f"Nobody will see how well the network knows {listed(absent)}. Move a fifth of their "
            f"training pictures to {words}.",
            len(absent), "class", each(pictures), classes=tuple(absent),
            remedies=(
                Remedy(f"Move a fifth to {words}", Change(move=dict.fromkeys(keys, split))),
            ),
        )  # fmt: skip


def _few(case: Case) -> Iterator[Finding]:
    few = {name: number for name, number in case.counts.learned.items() if 0 < number < FEW}
    if not few or len(case.counts.classes) < 2:
        return
    pictures = _of(case, few)
    which = listed([f"{name} ({number})" for name, number in few.items()])
    yield Finding(
        "few", "warning", "Classes too small to learn",
        f"Fewer than {FEW} training pictures: {which}. The network learns these pictures by heart "
        "rather than what they show. Add pictures, merge the classes into others, or set them "
        "aside.",
        len(few), "class", each(pictures), classes=tuple(few),
        remedies=(case.set_aside("Set the classes aside", pictures),),
    )  # fmt: skip


def _unbalanced(case: Case) -> Iterator[Finding]:
    found = suggestion(case.counts.learned, case.settings.balance)
    if found is None:
        return
    other = "sampling" if found.balance == "class_weights" else "class_weights"
    yield Finding(
        "unbalanced", "warning" if found.balance == "sampling" else "info",
        "Classes of very different sizes",
        f"{found.text} Let their pictures count more, or come more often, while it trains.",
        len(case.counts.classes), "class", classes=tuple(case.counts.classes),
        remedies=tuple(
            Remedy(_BALANCES[way], Change(fields={"balance": way}))
            for way in (found.balance, other)
        ),
    )  # fmt: skip


def _alike(case: Case) -> Iterator[Finding]:
    """Classes whose names differ in capitals, spaces or a plural only."""
    alike: dict[str, list[str]] = defaultdict(list)
    for name in case.counts.classes:
        plain = re.sub(r"[\s_\-.]+", "", name.casefold())
        alike[plain[:-1] if len(plain) > 3 and plain.endswith("s") else plain].append(name)
    for names in alike.values():
        if len(names) < 2:
            continue
        into = max(names, key=lambda name: case.counts.classes[name])
        yield Finding(
            "alike-names", "warning", f"{' and '.join(names)} may be one class",
            f"Their names differ very little. If they mean the same, merge them into {into}; the "
            "network is taught a difference that is none.",
            len(names), "class", each(_of(case, names)), classes=tuple(names),
            remedies=(Remedy(f"Merge them into {into}", Change(merge=(tuple(names), into))),),
        )  # fmt: skip


def _empty(case: Case) -> Iterator[Finding]:
    empty = tuple(name for name in case.now.empty_classes if name not in case.counts.classes)
    if empty:
        yield Finding(
            "empty-class", "warning", "Class folders without a picture",
            f"{listed(list(empty))}: nothing in there can be used, so the network will not know "
            "the class. Put pictures there and look through the folder again.",
            len(empty), "class", classes=empty,
        )  # fmt: skip


def _remarks(case: Case) -> Iterator[Finding]:
    for remark in case.report.remarks:
        yield Finding("table", "warning", "The table of classes", remark, 1, "remark")


def _gone(case: Case) -> Iterator[Finding]:
    gone = case.counts.gone
    if gone:
        yield Finding(
            "gone", "info", "Corrected pictures that are gone", words_on_gone(gone), len(gone),
            remedies=(Remedy("Forget these corrections", Change(forget=gone)),),
        )  # fmt: skip


def _of(case: Case, names: Mapping[str, int] | list[str]) -> tuple[Picture, ...]:
    return tuple(picture for picture in case.now.pictures if picture.label in names)


def _share(pictures: tuple[Picture, ...], share: float) -> tuple[Picture, ...]:
    """A part of the pictures, at least one, evenly from the first to the last."""
    wanted = max(1, round(len(pictures) * share))
    return tuple(pictures[number * len(pictures) // wanted] for number in range(wanted))
