"""Findings on single pictures and files: damaged, misnamed, no pictures, of odd size or shape."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from cnnstudio.data.doctor_finding import Case, Change, Finding, Remedy, Severity, each
from cnnstudio.data.report import GREY_MODES, Picture, Skipped

# A picture with this many times the pixels of the input is far larger than needed; one with this
# part of its sides shows nothing more when it is enlarged.
MUCH_LARGER, LARGE_PIXELS = 16, 1_000_000
MUCH_SMALLER = 0.5
DISTORTED = 1.5  # times wider or narrower than what the network sees

_SUFFIXES: Mapping[str, tuple[str, ...]] = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "MPO": (".mpo", ".jpg", ".jpeg", ".jpe"),
    "PNG": (".png", ".apng"),
    "GIF": (".gif",),
    "BMP": (".bmp", ".dib"),
    "DIB": (".bmp", ".dib"),
    "WEBP": (".webp",),
    "TIFF": (".tif", ".tiff"),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm", ".pfm"),
    "AVIF": (".avif",),
}
# How reasons begin that a picture has no class.
_NO_CLASS = ("not in ", "no class in ", "several classes ", "several parts ", "its name does not ")


class _Kind(NamedTuple):
    kind: str
    severity: Severity
    title: str
    why: str


_DAMAGED = _Kind(
    "damaged", "warning", "Damaged files",
    "They are cut short or damaged, for example by a copy that was broken off. They are left out. "
    "Copy them again from where they came, and look through the folder again.",
)  # fmt: skip
_EMPTY = _Kind(
    "empty", "warning", "Empty files",
    "They hold nothing, often after a copy that was broken off or on a full disk. They are left "
    "out. Copy them again from where they came.",
)  # fmt: skip
_LOCKED = _Kind(
    "unreadable", "warning", "Files that cannot be opened",
    "The system does not let this program read them. They are left out. Change their permissions, "
    "and look through the folder again.",
)  # fmt: skip
_OUTSIDE = _Kind(
    "outside", "warning", "Pictures without a class",
    "Nothing says what they show: they lie outside of the class folders, or the table or their "
    "names give no class, or two. They are left out. Put that right, and look through the folder "
    "again.",
)  # fmt: skip
_ABSENT = _Kind(
    "absent", "warning", "Pictures that the table names are not there",
    "The table of classes has lines for files that are not in the folder. Copy them there, or take "
    "the lines out of the table.",
)  # fmt: skip
_LINK = _Kind(
    "link", "info", "Links not followed",
    "They lead nowhere, or to a folder that was read already. They are left out.",
)  # fmt: skip
_OTHER = _Kind(
    "no-picture", "info", "Files that are no pictures",
    "Nothing in them can be shown to the network. They are left out and do no harm.",
)  # fmt: skip
_HUGE = _Kind(
    "too-large", "warning", "Pictures too large to read",
    "They have more pixels than can be decoded in the memory there is. They are left out. Save "
    "them smaller, and look through the folder again.",
)  # fmt: skip


def findings(case: Case) -> Iterator[Finding]:
    """What is wrong with files and pictures."""
    yield from _checked(case)
    yield from _skipped(case)
    yield from _misnamed(case)
    yield from _large(case)
    yield from _small(case)
    yield from _distorted(case)
    yield from _grey(case)


def _kind_of(reason: str) -> _Kind:
    if "cut short" in reason:
        return _DAMAGED
    if reason == "empty file":
        return _EMPTY
    if reason.startswith("cannot be read"):
        return _LOCKED
    if reason.startswith("named in "):
        return _ABSENT
    if reason.startswith(_NO_CLASS):
        return _OUTSIDE
    if reason.startswith("a link"):
        return _LINK
    if "too many to decode" in reason or "too large" in reason:
        return _HUGE
    if reason.startswith(("not a", "a drawing", "a HEIC")):
        return _OTHER
    return _Kind("skipped", "info", reason[:1].upper() + reason[1:], "They are left out.")


def _skipped(case: Case) -> Iterator[Finding]:
    by_kind: dict[_Kind, list[Skipped]] = defaultdict(list)
    for skipped in case.report.skipped:
        by_kind[_kind_of(skipped.reason)].append(skipped)
    for kind, files in by_kind.items():
        yield Finding(*kind, len(files), "file", files=tuple(files))


def _checked(case: Case) -> Iterator[Finding]:
    if case.check is None:
        return
    place = {picture.path: picture for picture in case.now.pictures}
    broken = tuple(place[one.path] for one in case.check.broken if one.path in place)
    if broken:
        yield _found(
            case, "undecodable", "error", "Pictures damaged inside",
            "Their headers are in order, but the pixels cannot be decoded. Training would leave "
            "them out one by one. Set them aside, or copy them again from where they came.",
            broken,
        )  # fmt: skip
    flat = tuple(place[path] for path in case.check.flat if path in place)
    if flat:
        yield _found(
            case, "flat", "warning", "Pictures with nothing in them",
            "They are of one tone all over: a scan gone wrong, a lens cap, a placeholder. The "
            "network would learn that nothing is a class. Set them aside.",
            flat,
        )  # fmt: skip


def _misnamed(case: Case) -> Iterator[Finding]:
    wrong = tuple(picture for picture in case.now.pictures if _wrongly_named(picture))
    if wrong:
        yield _found(
            case, "misnamed", "info", "Files with a wrong ending",
            "Their content is another format than their names say, such as a PNG in .jpg. They are "
            "read by their content, so training is not affected; other programs may stumble.",
            wrong,
        )  # fmt: skip


def _wrongly_named(picture: Picture) -> bool:
    usual = _SUFFIXES.get(picture.format)
    suffix = picture.path.suffix.lower()
    return usual is not None and bool(suffix) and suffix not in usual


def _large(case: Case) -> Iterator[Finding]:
    height, width = case.settings.image_size
    least = max(MUCH_LARGER * height * width, LARGE_PIXELS)
    large = tuple(one for one in case.now.pictures if one.width * one.height >= least)
    if not large:
        return
    pixels = sum(one.width * one.height for one in large) / len(large) / 1e6
    remedies = []
    better = case.report.suggested_size
    if better[0] * better[1] > height * width:
        size = f"{better[0]} × {better[1]}"
        remedies.append(Remedy(f"Use {size} pixels", Change(fields={"image_size": better})))
    yield Finding(
        "large", "info", "Pictures far larger than needed",
        f"They have {pixels:.1f} million pixels on average; the network is given {height} × "
        f"{width}. That costs time in the first epoch, and what is small in them is lost. A larger "
        "input keeps more of it; copies saved smaller are read faster.",
        len(large), groups=each(large), remedies=tuple(remedies),
    )  # fmt: skip


def _small(case: Case) -> Iterator[Finding]:
    height, width = case.settings.image_size
    small = tuple(
        one
        for one in case.now.pictures
        if one.width <= MUCH_SMALLER * width and one.height <= MUCH_SMALLER * height
    )
    if not small:
        return
    remedies = [case.set_aside("Set them aside", small)]
    better = case.report.suggested_size
    if better[0] * better[1] < height * width:
        size = f"{better[0]} × {better[1]}"
        remedies.insert(0, Remedy(f"Use {size} pixels", Change(fields={"image_size": better})))
    yield Finding(
        "small", "info", "Pictures much smaller than the input",
        f"They are enlarged to {height} × {width} pixels and show no more for it, while every "
        "layer computes with the larger size.",
        len(small), groups=each(small), remedies=tuple(remedies),
    )  # fmt: skip


def _distorted(case: Case) -> Iterator[Finding]:
    if case.settings.resize != "stretch":
        return
    height, width = case.settings.image_size
    wanted = width / height

    def distortion(picture: Picture) -> float:
        shape = picture.width / picture.height
        return max(shape / wanted, wanted / shape)

    odd = tuple(one for one in case.now.pictures if distortion(one) >= DISTORTED)
    if not odd:
        return
    most = max(distortion(one) for one in odd)
    yield Finding(
        "distorted", "info", "Pictures of other proportions",
        f"They are squeezed or stretched to {height} × {width}, by up to {most:.1f} times. Cut "
        "out the middle, or keep the whole picture with a margin, where shapes matter.",
        len(odd), groups=each(odd),
        remedies=(
            Remedy("Keep them whole with a margin", Change(fields={"resize": "pad"})),
            Remedy("Cut out the middle", Change(fields={"resize": "crop"})),
            case.set_aside("Set them aside", odd),
        ),
    )  # fmt: skip


def _grey(case: Case) -> Iterator[Finding]:
    if case.settings.color_mode != "rgb":
        return
    grey = tuple(one for one in case.now.pictures if _is_grey(one))
    if not grey or 2 * len(grey) > len(case.now.pictures):
        return
    yield Finding(
        "grey", "info", "Grey pictures among those in colour",
        "If some classes have more of them than others, the network may tell them by that. "
        "Without colour all pictures are alike.",
        len(grey), groups=each(grey),
        remedies=(
            Remedy("Use all in grey", Change(fields={"color_mode": "grayscale"})),
            case.set_aside("Set them aside", grey),
        ),
    )  # fmt: skip


def _is_grey(picture: Picture) -> bool:
    return picture.mode in GREY_MODES or picture.mode.startswith("I;16")


def _found(
    case: Case, kind: str, severity: Severity, title: str, why: str, pictures: tuple[Picture, ...]
) -> Finding:
    return Finding(
        kind, severity, title, why, len(pictures), groups=each(pictures),
        remedies=(case.set_aside("Set them aside", pictures),),
    )  # fmt: skip
