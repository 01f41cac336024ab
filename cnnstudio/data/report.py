"""What was found in a folder of pictures: the `FolderReport` that a scan returns."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from cnnstudio.data.settings import ColorMode, LayoutSettings, Split
from cnnstudio.errors import StudioError

SPLITS: tuple[Split, ...] = ("train", "val", "test")
LAYOUTS = (
    "A folder for each class is expected (cats/1.jpg, dogs/2.jpg), "
    "or train, val and test folders of those (train/cats/1.jpg), "
    "or a table beside the pictures (a .csv file with lines such as 1.jpg,cats), "
    "or names with the class in them (cats_1.jpg)"
)
LARGEST_SUGGESTED = 224
FEW = 10
# Modes of Pillow without colours; "I;16" and its like are grey too.
GREY_MODES = frozenset({"1", "L", "LA", "La", "I", "F"})


class DataError(StudioError):
    """A folder that cannot be used as a data set: what was found, and what is expected."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that can be used, by its header.

    `width` and `height` are pixels as shown (after EXIF orientation); `mode` and `format` are
    Pillow's names. `label` is None only in a folder without class folders.
    """

    path: Path
    label: str | None
    split: Split | None
    width: int
    height: int
    mode: str
    format: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file or folder left out, and why as a phrase: "empty file"."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class LayoutOffer:
    """Another way to tell the classes of a folder, and what it would give.

    `pictures` are those that get a class, as far as was looked.
    """

    layout: LayoutSettings
    classes: tuple[str, ...]
    pictures: int


@dataclass(frozen=True)
class FolderReport:
    """The pictures of a folder, by class and split.

    Attributes:
        pictures: sorted by split, class and name.
        skipped: what cannot be used, with reasons; `ignored`: files of the system, hidden files.
        classes: pictures by class over all splits; classes by name.
        duplicates: groups of files with the same bytes.
        sizes: pictures by (width, height), the most frequent first; `modes`: by Pillow mode.
        splits: by train, val, test (those that exist) and class; empty without such folders.
        empty_classes: class folders without one usable picture.
        asked: where the classes were to be read from; `layout`: where they were, never "auto".
        offers: other places where classes seem to be written.
        remarks: what is wrong with the table that the classes come from, as sentences.
    """

    folder: Path
    pictures: tuple[Picture, ...]
    skipped: tuple[Skipped, ...] = ()
    ignored: tuple[Skipped, ...] = ()
    duplicates: tuple[tuple[Path, ...], ...] = ()
    empty_classes: tuple[str, ...] = ()
    asked: LayoutSettings = field(default_factory=LayoutSettings)
    layout: LayoutSettings = field(default_factory=lambda: LayoutSettings(kind="folders"))
    offers: tuple[LayoutOffer, ...] = ()
    remarks: tuple[str, ...] = ()
    classes: Mapping[str, int] = field(init=False)
    splits: Mapping[Split, Mapping[str, int]] = field(init=False)
    sizes: Mapping[tuple[int, int], int] = field(init=False)
    modes: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        labels = Counter(picture.label for picture in self.pictures if picture.label is not None)
        pairs = Counter((picture.split, picture.label) for picture in self.pictures)
        splits = {
            split: {name: pairs[split, name] for name in sorted(labels) if pairs[split, name]}
            for split in SPLITS
        }
        sizes = Counter((picture.width, picture.height) for picture in self.pictures)
        modes = Counter(picture.mode for picture in self.pictures)
        values: dict[str, Any] = {
            "classes": {name: labels[name] for name in sorted(labels)},
            "splits": {split: found for split, found in splits.items() if found},
            "sizes": dict(sorted(sizes.items(), key=lambda item: (-item[1], item[0]))),
            "modes": dict(sorted(modes.items(), key=lambda item: (-item[1], item[0]))),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def images(self) -> int:
        """The number of pictures."""
        return len(self.pictures)

    def answers(self, folder: str | os.PathLike[str], layout: LayoutSettings) -> bool:
        """Whether this is what `folder` holds when its classes are read in this way."""
        return self.folder == Path(folder) and self.asked == layout

    def to_json(self) -> dict[str, Any]:
        """As `cnnstudio scan --json` prints it. Sizes are written width × height, "640x480"."""
        return {
            "folder": shown(self.folder),
            "layout": {
                key: value for key, value in self.layout.to_json().items() if value is not None
            },
            "classes": dict(self.classes),
            "images": self.images,
            "skipped": [_entry(skipped) for skipped in self.skipped],
            "ignored": [_entry(skipped) for skipped in self.ignored],
            "duplicates": [[shown(path) for path in group] for group in self.duplicates],
            "sizes": {f"{width}x{height}": n for (width, height), n in self.sizes.items()},
            "modes": dict(self.modes),
            "splits": {split: dict(found) for split, found in self.splits.items()},
            "problems": list(self.problems),
        }

    @cached_property
    def by_key(self) -> Mapping[str, Picture]:
        """The pictures by their paths below the folder, as `relative` writes them."""
        return {relative(self.folder, picture.path): picture for picture in self.pictures}

    @cached_property
    def suggested_size(self) -> tuple[int, int]:
        """Height and width: the median picture, made smaller where a side exceeds 224 pixels."""
        if not self.pictures:
            return (32, 32)
        width, height = (self._median([size[axis] for size in self.sizes]) for axis in (0, 1))
        if max(height, width) <= LARGEST_SUGGESTED:
            return (height, width)
        scale = LARGEST_SUGGESTED / max(height, width)
        # Multiples of 8 survive three poolings without a remainder.
        return (max(8, round(height * scale / 8) * 8), max(8, round(width * scale / 8) * 8))

    def _median(self, sides: list[int]) -> int:
        """The median picture's side, the smaller of two; `sides` of each of `sizes`."""
        # By the sizes that there are, not by the pictures: they may be a hundred thousand.
        before, middle = 0, (self.images - 1) // 2
        for side, pictures in sorted(zip(sides, self.sizes.values(), strict=True)):
            before += pictures
            if before > middle:
                return side
        raise ValueError("no pictures")

    @cached_property
    def suggested_color_mode(self) -> ColorMode:
        """ "grayscale" where no picture has colours."""
        plain = all(mode in GREY_MODES or mode.startswith("I;16") for mode in self.modes)
        return "grayscale" if self.pictures and plain else "rgb"

    @cached_property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with the folder, as sentences; the first ones prevent training."""
        if not self.classes:
            return (self._no_classes(),)
        found = []
        if len(self.classes) == 1:
            found.append(self._one_class(next(iter(self.classes))))
        if self.splits and "train" not in self.splits:
            found.append("There are no pictures in a train folder to learn from.")
        found += [
            f"The class folder {name} holds no picture that can be used."
            for name in self.empty_classes
        ]
        for split, present in self.splits.items():
            missing = [name for name in self.classes if name not in present]
            if missing:
                found.append(f"{split} has no pictures of {listed(missing)}.")
        learned = self.splits.get("train", self.classes)
        few = [name for name, pictures in learned.items() if pictures < FEW]
        if few:
            found.append(
                f"Too few pictures to learn from (fewer than {FEW}): "
                + listed([f"{name} {learned[name]}" for name in few])
                + "."
            )
        return (*found, *self.remarks, *self._copies())

    def _no_classes(self) -> str:
        verb = "lies" if self.images == 1 else "lie"
        text = f"The {count(self.images, 'picture')} {verb} in no class folder. "
        for offer in self.offers:
            where = (
                f"The table {offer.layout.file} names"
                if offer.layout.kind == "csv"
                else f"By the pattern {offer.layout.pattern} the file names show"
            )
            text += f"{where} classes: {listed(list(offer.classes))}. "
        return text.strip() if self.offers else text + f"{LAYOUTS}."

    def _one_class(self, name: str) -> str:
        text = f"There is one class only, {name}; a classifier needs two or more. "
        inner = sorted(
            {
                parts[1]
                for picture in self.pictures
                if len(parts := picture.path.relative_to(self.folder).parts) > 2
            }
        )
        if not self.splits and len(inner) > 1:
            return text + f"Did you mean the folder {name} inside it, with {listed(inner)}?"
        return text + f"{LAYOUTS}."

    def _copies(self) -> list[str]:
        if not self.duplicates:
            return []
        place = {picture.path: picture for picture in self.pictures}
        groups = [[place[path] for path in group] for group in self.duplicates]
        copies = sum(len(group) - 1 for group in groups)
        verb = "is an exact copy" if copies == 1 else "are exact copies"
        found = [f"{count(copies, 'picture')} {verb} of another."]
        crossing = sum(len({picture.split for picture in group}) > 1 for group in groups)
        if crossing:
            found.append(
                f"{count(crossing, 'picture')} in more than one of train, val and test: "
                "what is learned is then measured on itself."
            )
        two_labels = sum(len({picture.label for picture in group}) > 1 for group in groups)
        if two_labels:
            found.append(f"{count(two_labels, 'picture')} in more than one class.")
        return found


def relative(folder: Path, path: Path) -> str:
    """A picture's path as the project holds it: below the folder, parts joined by /.

    A table may name pictures elsewhere; their paths lead out of the folder.
    """
    whole, root = str(path), str(folder)
    if whole.startswith(root) and whole[len(root) : len(root) + 1] == os.sep:
        inside = whole[len(root) + 1 :]
    else:
        try:
            inside = os.path.relpath(path, folder)
        except ValueError:  # on another drive
            inside = whole
    if os.sep != "/":
        inside = inside.replace(os.sep, "/")
    return inside if inside.isascii() else shown(inside)


def picture_order(picture: Picture) -> tuple[int, str, str]:
    """What the pictures of a report are sorted by: split, class, path."""
    split = -1 if picture.split is None else SPLITS.index(picture.split)
    return split, picture.label or "", str(picture.path)


def shown(path: str | os.PathLike[str]) -> str:
    """A path as text that can always be written as UTF-8."""
    return os.fsencode(path).decode("utf-8", "replace")


def count(number: int, what: str) -> str:
    """ "1 picture", "12 pictures"."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def listed(names: list[str], most: int = 5) -> str:
    """ "a, b and c", or "a, b, c, d, e and 12 more"."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _entry(skipped: Skipped) -> dict[str, str]:
    return {"path": shown(skipped.path), "reason": skipped.reason}
