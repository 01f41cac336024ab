"""An evaluation for others: one HTML page with curves and examples inside, or a CSV table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

import numpy as np

from cnnstudio.data.html import html_page, picture_source
from cnnstudio.data.pictures import PictureError
from cnnstudio.data.report import count, shown
from cnnstudio.errors import StudioError
from cnnstudio.evaluation.curves import Curve
from cnnstudio.evaluation.evaluate import Evaluation, Record
from cnnstudio.graph.project import write_atomically

EXAMPLES = 24  # pictures of each kind on the page
THUMBNAIL = 96
_SIDE = 240  # pixels of a drawn curve
_MOST_POINTS = 400


class ReportError(StudioError):
    """A report that cannot be written as asked."""


def write_report(path: Path, found: Evaluation, title: str) -> None:
    """Write an evaluation as HTML or CSV, by the suffix of `path`; `title` names the network.

    Raises `ReportError` for another suffix, `ProjectError` where it cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in (".html", ".htm", ".csv"):
        raise ReportError(f"{path.name}: an evaluation is written as .html or .csv.")
    text = csv_text(found) if suffix == ".csv" else html_text(found, title)
    write_atomically(path, text.encode("utf-8", "replace"))


def csv_text(found: Evaluation) -> str:
    """A line for each picture: path, class, class taken for, and the probability of each class."""
    stream = io.StringIO()
    table = csv.writer(stream, lineterminator="\n")
    table.writerow(["path", "class", "predicted", "correct", *found.classes])
    for record, row in zip(found.records, found.probabilities, strict=True):
        table.writerow(
            [
                shown(record.path),
                record.truth,
                record.predicted,
                int(record.correct),
                *(f"{share:.6f}" for share in row.tolist()),
            ]
        )
    return stream.getvalue()


def html_text(found: Evaluation, title: str) -> str:
    """One page that needs nothing else."""
    measured = found.calibration()
    top = f" · in the top 5 {found.top_accuracy(5):.4f}" if len(found.classes) > 5 else ""
    where = {"train": "training ", "val": "validation ", "test": "test "}.get(found.split or "", "")
    wrong = sorted(
        (record for record in found.records if not record.correct),
        key=lambda record: -record.confidence,
    )
    doubtful = sorted(found.records, key=lambda record: record.confidence)
    rocs = [found.roc(index) for index in range(len(found.classes))]
    recalls = [found.precision_recall(index) for index in range(len(found.classes))]
    parts = [
        f"<h1>{escape(title)}</h1>",
        f"<p>Accuracy {found.accuracy:.4f}{top} · loss {found.loss:.4f} · calibration error "
        f"{measured.error:.4f} · {count(found.images, f'{where}picture')}</p>",
        "<h2>Classes</h2>",
        _classes(found, rocs, recalls),
        "<h2>Confusion matrix</h2>",
        '<p class="quiet">A row for each class, a column for each class it was taken for.</p>',
        _matrix(found),
        "<h2>Curves</h2>",
        '<div class="figures">',
        _square("ROC", [(curve.x, curve.y) for curve in rocs if curve.area is not None]),
        _square(
            "Precision over recall",
            [(curve.x, curve.y) for curve in recalls if curve.area is not None],
        ),
        _square("Accuracy over confidence", [], measured.accuracy),
        "</div>",
        _examples("Surest mistakes", wrong[:EXAMPLES]),
        _examples("Least sure", doubtful[:EXAMPLES]),
    ]
    if found.skipped:
        lines = "".join(
            f"<tr><td>{escape(shown(each.path))}</td><td>{escape(each.reason)}</td></tr>"
            for each in found.skipped
        )
        parts += ["<h2>Left out</h2>", f"<table>{lines}</table>"]
    return html_page(f"{escape(title)}: evaluation", parts)


def _classes(found: Evaluation, rocs: Sequence[Curve], recalls: Sequence[Curve]) -> str:
    names = ("class", "precision", "recall", "F1", "AUC", "average precision", "pictures")
    head = "".join(f"<th{'' if name == 'class' else _NUMBER}>{name}</th>" for name in names)
    rows = []
    for figures, roc, recall in zip(found.per_class, rocs, recalls, strict=True):
        values = (figures.precision, figures.recall, figures.f1, roc.area, recall.area)
        cells = "".join(f"<td{_NUMBER}>{_figure(value)}</td>" for value in values)
        rows.append(
            f"<tr><td>{escape(figures.name)}</td>{cells}<td{_NUMBER}>{figures.support:,}</td></tr>"
        )
    return f"<table><tr>{head}</tr>{''.join(rows)}</table>"


_NUMBER = ' class="n"'


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _matrix(found: Evaluation) -> str:
    most = int(found.confusion_matrix.max()) or 1
    head = "".join(f"<th{_NUMBER}>{escape(name)}</th>" for name in found.classes)
    rows = []
    for name, line in zip(found.classes, found.confusion_matrix.tolist(), strict=True):
        cells = "".join(
            f'<td{_NUMBER} style="background:color-mix(in srgb, var(--accent) '
            f'{round(60 * number / most)}%, transparent)">{number:,}</td>'
            for number in line
        )
        rows.append(f"<tr><th>{escape(name)}</th>{cells}</tr>")
    return f"<table><tr><th></th>{head}</tr>{''.join(rows)}</table>"


def _square(
    title: str,
    curves: Iterable[tuple[np.ndarray, np.ndarray]],
    bars: np.ndarray | None = None,
) -> str:
    """Curves, or bars, in a square from 0 to 1 as SVG."""
    drawn = []
    for x, y in curves:
        step = max(1, len(x) // _MOST_POINTS)
        # The last point closes the curve whatever the step.
        points = zip([*x[::step], x[-1]], [*y[::step], y[-1]], strict=True)
        places = " ".join(f"{_SIDE * a:.1f},{_SIDE * (1 - b):.1f}" for a, b in points)
        drawn.append(f'<polyline points="{places}" fill="none" stroke="var(--accent)"/>')
    if bars is not None:
        width = _SIDE / len(bars)
        drawn += [
            f'<rect x="{number * width + 1:.1f}" y="{_SIDE * (1 - height):.1f}" '
            f'width="{width - 2:.1f}" height="{_SIDE * height:.1f}" fill="var(--accent)"/>'
            for number, height in enumerate(bars.tolist())
            if np.isfinite(height)
        ]
        drawn.append(f'<path d="M0 {_SIDE}L{_SIDE} 0" stroke="var(--quiet)" fill="none"/>')
    return (
        f'<div><h3>{escape(title)}</h3><svg width="{_SIDE + 2}" height="{_SIDE + 2}" '
        f'viewBox="-1 -1 {_SIDE + 2} {_SIDE + 2}" role="img" aria-label="{escape(title)}">'
        f'<rect width="{_SIDE}" height="{_SIDE}" fill="none" stroke="var(--line)"/>'
        f"{''.join(drawn)}</svg></div>"
    )


def _examples(title: str, records: Sequence[Record]) -> str:
    if not records:
        return ""
    figures = []
    for record in records:
        words = record.truth if record.correct else f"{record.truth}, taken for {record.predicted}"
        caption = (
            f"<figcaption>{escape(words)} ({record.confidence:.0%})<br>"
            f"{escape(shown(record.path.name))}</figcaption>"
        )
        try:
            source = picture_source(record.path, THUMBNAIL)
        except PictureError as error:
            figures.append(f"<figure><p>{escape(error.reason)}</p>{caption}</figure>")
            continue
        figures.append(f'<figure><img src="{source}" alt="{escape(words)}">{caption}</figure>')
    return f"<h2>{escape(title)}</h2>{''.join(figures)}"
