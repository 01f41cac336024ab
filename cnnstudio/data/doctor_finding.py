"""What the folder doctor finds: findings with remedies, each a change of the settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from cnnstudio.data import corrections
from cnnstudio.data.corrections import Counts
from cnnstudio.data.doctor_check import Check
from cnnstudio.data.report import FolderReport, Picture, Skipped, relative, shown
from cnnstudio.data.settings import DataSettings, Split

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")


@dataclass(frozen=True)
class Change:
    """A step of correction: pictures by their paths below the folder, classes by name.

    `merge` is the names of classes and the class they become; `forget` are pictures whose
    corrections end; `fields` other settings of the data by name.
    """

    aside: tuple[str, ...] = ()
    relabel: Mapping[str, str] = field(default_factory=dict)
    move: Mapping[str, Split] = field(default_factory=dict)
    merge: tuple[tuple[str, ...], str] | None = None
    forget: tuple[str, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)

    def applied(self, data: DataSettings, report: FolderReport) -> DataSettings:
        """The settings with this change; `report` is the folder as it lies there."""
        data = corrections.take_back(data, self.forget) if self.forget else data
        for label in sorted(set(self.relabel.values())):
            keys = [key for key, name in self.relabel.items() if name == label]
            data = corrections.relabel(data, report, keys, label)
        for split in sorted(set(self.move.values())):
            keys = [key for key, part in self.move.items() if part == split]
            data = corrections.move(data, report, keys, split)
        if self.merge is not None:
            data = corrections.merge(data, report, *self.merge)
        data = corrections.set_aside(data, self.aside) if self.aside else data
        return data.model_copy(update=dict(self.fields)) if self.fields else data


@dataclass(frozen=True)
class Remedy:
    """Something that helps, as a button says it, and what it changes."""

    title: str
    change: Change


@dataclass(frozen=True)
class Finding:
    """One thing that was found.

    Attributes:
        kind: what it is, for scripts: "exact-splits", "damaged".
        title: in a few words, without the number.
        why: why it matters and what to do, in full sentences.
        count: how many of `what` ("picture", "file", "group", "class").
        groups: pictures that belong together, such as copies of one picture; other pictures
            concerned are one group each.
        files: files that are not used at all, with their reasons.
        classes: the classes concerned.
        remedies: the best first.
    """

    kind: str
    severity: Severity
    title: str
    why: str
    count: int
    what: str = "picture"
    groups: tuple[tuple[Picture, ...], ...] = ()
    files: tuple[Skipped, ...] = ()
    classes: tuple[str, ...] = ()
    remedies: tuple[Remedy, ...] = ()

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """All pictures concerned, group by group."""
        return tuple(picture for group in self.groups for picture in group)

    @property
    def amount(self) -> str:
        """ "1 picture", "12 groups"."""
        plural = "es" if self.what.endswith("s") else "s"
        return f"{self.count:,} {self.what}{'' if self.count == 1 else plural}"

    def to_json(self, folder: Path) -> dict[str, Any]:
        """As `cnnstudio scan --json` prints it, pictures as paths below the folder."""
        return {
            "kind": self.kind,
            "severity": self.severity,
            "title": self.title,
            "message": self.why,
            "count": self.count,
            "classes": list(self.classes),
            "pictures": [
                [relative(folder, picture.path) for picture in group] for group in self.groups
            ],
            "files": [{"path": shown(each.path), "reason": each.reason} for each in self.files],
            "remedies": [remedy.title for remedy in self.remedies],
        }


@dataclass(frozen=True)
class Case:
    """All that a finding may be drawn from.

    `report` is the folder as it lies there, `now` as corrected; `check` the full check, if any.
    """

    report: FolderReport
    settings: DataSettings
    check: Check | None
    now: FolderReport
    counts: Counts

    def keys(self, pictures: tuple[Picture, ...]) -> tuple[str, ...]:
        """The paths of pictures as the project holds them."""
        return tuple(relative(self.report.folder, picture.path) for picture in pictures)

    def set_aside(self, title: str, pictures: tuple[Picture, ...]) -> Remedy:
        """The remedy that leaves `pictures` out."""
        return Remedy(title, Change(aside=self.keys(pictures)))


def each(pictures: tuple[Picture, ...]) -> tuple[tuple[Picture, ...], ...]:
    """Pictures that do not belong together, as groups."""
    return tuple((picture,) for picture in pictures)
