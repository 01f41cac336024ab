"""Findings on copies: the same picture, or nearly the same, more than once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from cnnstudio.data.doctor_finding import Case, Change, Finding, Remedy, Severity
from cnnstudio.data.report import Picture

# What is kept where copies lie in several splits: what is measured on rather than what is learned.
_KEPT_FIRST = {"test": 0, "val": 1, "train": 2, None: 2}
_NEAR = (
    "Near duplicates are resized, recompressed, brightened or slightly cropped copies: their "
    "perceptual hashes differ in at most 10 of 64 bits, and their details agree. Have a look."
)


def findings(case: Case) -> Iterator[Finding]:
    """Exact copies, and near ones where the full check was made."""
    yield from _copies(case, case.now.duplicates, exact=True)
    if case.check is not None:
        yield from _copies(case, case.check.near, exact=False)


def best(group: Sequence[Picture]) -> Picture:
    """The one to keep: of the split furthest from training, then the one of most pixels."""
    return min(
        group,
        key=lambda each: (_KEPT_FIRST[each.split], -each.width * each.height, str(each.path)),
    )


def _copies(case: Case, paths: Iterable[Sequence[Path]], *, exact: bool) -> Iterator[Finding]:
    place = {picture.path: picture for picture in case.now.pictures}
    labels, splits, plain = [], [], []
    for group in paths:
        pictures = tuple(place[path] for path in group if path in place)
        if len(pictures) < 2:
            continue
        if len({picture.label for picture in pictures}) > 1:
            labels.append(pictures)
        elif len({picture.split for picture in pictures}) > 1:
            splits.append(pictures)
        else:
            plain.append(pictures)
    same = "Same picture" if exact else "Near copies"
    near = "" if exact else f" {_NEAR}"
    kind = "exact" if exact else "near"
    if labels:
        yield _finding(
            case, f"{kind}-labels", "error" if exact else "warning",
            f"{same} in several classes",
            "At most one of the classes can be right, and the network is taught both. Give the "
            f"copies their true class, or set them aside.{near}",
            labels, ("all",),
        )  # fmt: skip
    if splits:
        yield _finding(
            case, f"{kind}-splits", "error" if exact else "warning",
            f"{same} in several splits",
            "What was learned is measured on itself, so the figures come out too good. Keep the "
            f"copy that the network is measured on, and set the others aside.{near}",
            splits, ("one", "training"),
        )  # fmt: skip
    if plain:
        yield _finding(
            case, f"{kind}-copies", "info",
            f"{same} more than once" if exact else same,
            "Copies count more than once in training, and when they are divided between training "
            "and validation what was learned is measured on itself. Keep the best of each: the "
            f"one with the most pixels.{near}",
            plain, ("one",),
        )  # fmt: skip


def _finding(
    case: Case,
    kind: str,
    severity: Severity,
    title: str,
    why: str,
    groups: list[tuple[Picture, ...]],
    ways: tuple[str, ...],
) -> Finding:
    remedies = []
    for way in ways:
        if way == "all":
            every = tuple(picture for group in groups for picture in group)
            remedies.append(case.set_aside("Set them all aside", every))
            continue
        surplus = tuple(_surplus(groups, way))
        words = {"one": "Keep the best of each", "training": "Keep those in training"}[way]
        remedies.append(Remedy(words, Change(aside=case.keys(surplus))))
    groups.sort(key=lambda group: str(group[0].path))
    return Finding(
        kind, severity, title, why, len(groups), groups=tuple(groups), remedies=tuple(remedies)
    )


def _surplus(groups: Iterable[tuple[Picture, ...]], way: str) -> Iterator[Picture]:
    """All but the one to keep of each group."""
    for group in groups:
        choice: Sequence[Picture] = group
        if way == "training":
            choice = [each for each in group if each.split in ("train", None)] or group
        kept = best(choice)
        yield from (picture for picture in group if picture is not kept)
