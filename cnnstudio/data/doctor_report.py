"""The report on a folder for others: one HTML file with its pictures inside, or a CSV table."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from cnnstudio.data.corrections import Counts, counts, touched
from cnnstudio.data.doctor_figures import Figures, figures
from cnnstudio.data.doctor_finding import Finding
from cnnstudio.data.html import html_page, picture_source
from cnnstudio.data.pictures import PictureError
from cnnstudio.data.report import DataError, FolderReport, Picture, relative, shown
from cnnstudio.data.report import count as words_of
from cnnstudio.data.settings import DataSettings
from cnnstudio.errors import Cancelled
from cnnstudio.graph.project import write_atomically

if TYPE_CHECKING:
    from cnnstudio.data.doctor_check import Check

THUMBNAIL = 96  # pixels
OF_A_CLASS, OF_A_FINDING, IN_ALL = 4, 18, 600  # pictures shown
FILES_LISTED = 100
_SEVERITIES = {"error": "Error", "warning": "Warning", "info": "Hint"}
_SPLITS = {"train": "Train", "val": "Val", "test": "Test"}


def write_report(
    path: Path,
    report: FolderReport,
    settings: DataSettings,
    findings: Sequence[Finding],
    check: Check | None = None,
    *,
    cancelled: Callable[[], bool] | None = None,
) -> None:
    """Write the report as HTML or CSV, by the suffix of `path`.

    `report` is the folder as it lies there; it is shown as `settings` correct it. Raises
    `DataError` for another suffix, `ProjectError` where it cannot be written, and `Cancelled`.
    """
    if path.suffix.lower() not in (".html", ".htm", ".csv"):
        raise DataError(f"{path.name}: the report is written as .html or .csv.")
    if path.suffix.lower() == ".csv":
        text = csv_text(report, settings, findings)
    else:
        text = html_text(report, settings, findings, check, cancelled=cancelled)
    # A name that is no text keeps a mark in its place.
    write_atomically(path, text.encode("utf-8", "replace"))


def csv_text(report: FolderReport, settings: DataSettings, findings: Sequence[Finding]) -> str:
    """A line for each picture and each file left out, with what was found and corrected."""
    kinds: dict[Path, list[str]] = defaultdict(list)
    for finding in findings:
        for picture in finding.pictures:
            kinds[picture.path].append(finding.kind)
        for file in finding.files:
            kinds[file.path].append(finding.kind)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(
        ["path", "used", "class", "split", "width", "height", "format", "mode", "reason",
         "findings", "class_in_folder", "split_in_folder"]
    )  # fmt: skip
    aside = set(settings.excluded)
    for picture in report.pictures:
        key = relative(report.folder, picture.path)
        label = settings.relabelled.get(key, picture.label)
        label = settings.merged.get(label, label) if label is not None else None
        split = settings.moved.get(key, picture.split)
        table.writerow(
            [key, "no" if key in aside else "yes", label or "", split or "",
             picture.width, picture.height, picture.format, picture.mode,
             "set aside" if key in aside else "", " ".join(kinds[picture.path]),
             picture.label or "", picture.split or ""]
        )  # fmt: skip
    for skipped in report.skipped:
        inside = skipped.path.is_relative_to(report.folder)
        key = relative(report.folder, skipped.path) if inside else shown(skipped.path)
        found = " ".join(kinds[skipped.path])
        table.writerow([key, "no", "", "", "", "", "", "", skipped.reason, found, "", ""])
    return text.getvalue()


def html_text(
    report: FolderReport,
    settings: DataSettings,
    findings: Sequence[Finding],
    check: Check | None = None,
    *,
    cancelled: Callable[[], bool] | None = None,
) -> str:
    """One page that needs nothing else, dark or light as the reader's system, and printable."""
    pictures = _Pictures(report.folder, cancelled)
    found, drawn = counts(report, settings), figures(report)
    name = escape(shown(report.folder.name) or shown(report.folder))
    parts = [
        f"<h1>{name}</h1>",
        f'<p class="quiet">{escape(shown(report.folder))}</p>',
        f"<p>{_summary(report, found, settings, check)}</p>",
        "<h2>Findings</h2>",
        *(_finding(finding, pictures) for finding in findings),
    ]
    if not findings:
        parts.append("<p>Nothing wrong was found.</p>")
    parts += ["<h2>Classes</h2>", _classes(report, settings, found, pictures)]
    parts += ["<h2>Figures</h2>", _figures(drawn), _corrections(settings)]
    return html_page(f"{name}: folder report", parts)


class _Pictures:
    """Thumbnails as `<img>` with the pixels inside, as many as there is room for."""

    def __init__(self, folder: Path, cancelled: Callable[[], bool] | None) -> None:
        self._folder = folder
        self._cancelled = cancelled
        self._left = IN_ALL

    def tag(self, picture: Picture) -> str:
        """The picture with its path below; without pixels where it cannot be read."""
        if self._cancelled is not None and self._cancelled():
            raise Cancelled
        key = escape(relative(self._folder, picture.path))
        caption = f"<figcaption>{key}</figcaption>"
        self._left -= 1
        if self._left < 0:
            return f"<figure>{caption}</figure>"
        try:
            source = picture_source(picture.path, THUMBNAIL)
        except PictureError as error:
            return f"<figure><p>{escape(error.reason)}</p>{caption}</figure>"
        return f'<figure><img src="{source}" alt="{key}">{caption}</figure>'


def _summary(
    report: FolderReport, found: Counts, settings: DataSettings, check: Check | None
) -> str:
    classes = f"{len(found.classes):,} class" + ("" if len(found.classes) == 1 else "es")
    words = [f"{words_of(found.pictures, 'picture')} in {classes}"]
    if report.skipped:
        words.append(f"{words_of(len(report.skipped), 'file')} left out")
    if settings.excluded:
        words.append(f"{len(settings.excluded):,} set aside")
    if check is None:
        words.append("read from their first bytes; not every picture was decoded")
    else:
        words.append(f"every picture decoded, {len(check.broken):,} damaged")
    return escape(" · ".join(words))


def _finding(finding: Finding, pictures: _Pictures) -> str:
    parts = [
        f'<section class="{finding.severity}"><h3>{escape(finding.title)}</h3>',
        f'<p class="quiet">{_SEVERITIES[finding.severity]} · {finding.amount}</p>',
        f"<p>{escape(finding.why)}</p>",
    ]
    room = OF_A_FINDING
    for group in finding.groups:
        if room <= 0:
            break
        together = len(group) > 1
        tags = "".join(pictures.tag(picture) for picture in group[:room])
        parts.append(f'<div class="group">{tags}</div>' if together else tags)
        room -= len(group)
    more = len(finding.pictures) - OF_A_FINDING
    if more > 0:
        parts.append(f'<p class="quiet">and {words_of(more, "picture")} more</p>')
    if finding.files:
        parts.append(_files(finding))
    return "\n".join([*parts, "</section>"])


def _files(finding: Finding) -> str:
    lines = "".join(
        f"<tr><td>{escape(shown(file.path))}</td><td>{escape(file.reason)}</td></tr>"
        for file in finding.files[:FILES_LISTED]
    )
    more = len(finding.files) - FILES_LISTED
    rest = f'<p class="quiet">and {words_of(more, "file")} more</p>' if more > 0 else ""
    return f"<table>{lines}</table>{rest}"


def _classes(
    report: FolderReport, settings: DataSettings, found: Counts, pictures: _Pictures
) -> str:
    splits = [split for split in _SPLITS if split in found.splits]
    splits = splits if len(splits) > 1 else []
    heads = ["Class", *(_SPLITS[split] for split in splits), "Pictures", "Share", ""]
    total, most = found.pictures or 1, max(found.classes.values(), default=1)
    shown_of = _first_of_classes(report, settings)
    lines = []
    for name, number in found.classes.items():
        cells = [f"<td>{escape(name)}</td>"]
        cells += [f'<td class="n">{found.splits[s].get(name, 0):,}</td>' for s in splits]  # type: ignore[index]
        cells.append(f'<td class="n">{number:,}</td><td class="n">{number / total:.1%}</td>')
        tags = "".join(pictures.tag(picture) for picture in shown_of.get(name, ()))
        cells.append(f'<td class="w">{_bar(number, most)}{tags}</td>')
        lines.append(f"<tr>{''.join(cells)}</tr>")
    head = "".join(f"<th>{title}</th>" for title in heads)
    return f'<table class="classes"><tr>{head}</tr>{"".join(lines)}</table>'


def _first_of_classes(report: FolderReport, settings: DataSettings) -> Mapping[str, list[Picture]]:
    found: dict[str, list[Picture]] = defaultdict(list)
    changed = touched(settings)
    for picture in report.pictures:
        label = picture.label
        if label is None or relative(report.folder, picture.path) in changed:
            continue
        label = settings.merged.get(label, label)
        if len(found[label]) < OF_A_CLASS:
            found[label].append(picture)
    return found


def _bar(number: int, most: int) -> str:
    return f'<span class="bar" style="width:{max(1, round(160 * number / most))}px"></span>'


def _figures(drawn: Figures) -> str:
    return '<div class="figures">' + "".join(
        _bars(title, values)
        for title, values in (
            ("Longer side in pixels", drawn.sides),
            ("Width : height", drawn.shapes),
            ("Formats", drawn.formats),
            ("Colour modes", drawn.modes),
        )
    ) + "</div>"  # fmt: skip


def _bars(title: str, values: Mapping[str, int]) -> str:
    most = max(values.values(), default=1) or 1
    lines = "".join(
        f'<tr><td>{escape(name)}</td><td class="n">{number:,}</td>'
        f'<td class="w">{_bar(number, most) if number else ""}</td></tr>'
        for name, number in values.items()
    )
    return f"<div><h3>{title}</h3><table>{lines}</table></div>"


def _corrections(settings: DataSettings) -> str:
    lines = list(_correction_lines(settings))
    if not lines:
        return ""
    more = len(lines) - FILES_LISTED
    rest = f'<p class="quiet">and {more:,} more</p>' if more > 0 else ""
    return (
        '<h2>Corrections</h2><p class="quiet">Kept in the project; no file is changed.</p>'
        f"<table>{_rows(lines[:FILES_LISTED])}</table>{rest}"
    )


def _rows(lines: Iterable[tuple[str, str]]) -> str:
    return "".join(f"<tr><td>{escape(a)}</td><td>{escape(b)}</td></tr>" for a, b in lines)


def _correction_lines(settings: DataSettings) -> Iterator[tuple[str, str]]:
    for name, into in settings.merged.items():
        yield name, f"class becomes {into}"
    for key in settings.excluded:
        yield key, "set aside"
    for key, label in settings.relabelled.items():
        yield key, f"is {label}"
    for key, split in settings.moved.items():
        yield key, f"moved to {split}"
