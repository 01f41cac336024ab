"""The curves as files: PNG, SVG or PDF drawn by matplotlib, CSV with every point.

Runs in a background thread: the figure belongs to that thread alone, with the Agg, SVG or PDF
canvas that needs no window.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cnnstudio.errors import StudioError
from cnnstudio.graph.spec import Category
from cnnstudio.views.theme import Theme
from cnnstudio.views.train.plot import LABELS, colour_of, title_of
from cnnstudio.views.train.series import History

SUFFIXES = (".png", ".svg", ".pdf", ".csv")


class SaveError(StudioError):
    """The curves could not be written."""


@dataclass(frozen=True)
class Shown:
    """What is on the screen: runs by name, metrics, and how they are drawn."""

    runs: Sequence[tuple[str, History]]
    measures: Sequence[str]
    log: bool = False
    smooth: bool = False
    by_step: bool = False


def save_curves(shown: Shown, path: Path, colours: Theme) -> Path:
    """Write the curves to `path` in the format of its suffix. Raises `SaveError`."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        raise SaveError(f"{path.name}: curves are saved as {known}; give it one of these endings.")
    try:
        if suffix == ".csv":
            _write_table(shown, path)
        else:
            _draw(shown, path, colours)
    except OSError as error:
        raise SaveError(
            f"{path} could not be written: {error.strerror or error}. Choose another folder."
        ) from None
    return path


def _write_table(shown: Shown, path: Path) -> None:
    """Every point of every metric as a row: run, metric, measured on, epoch, value."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["run", "metric", "measured_on", "epoch", "value"])
        for name, history in shown.runs:
            for metric, kind, x, y in history.rows():
                writer.writerow([name, metric, kind, f"{x:.6g}", repr(y)])


def _draw(shown: Shown, path: Path, colours: Theme) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    width = 5.5 * len(shown.measures)
    figure = Figure(figsize=(width, 4.5), facecolor=colours.surface, layout="constrained")
    FigureCanvasAgg(figure)
    if len(shown.runs) == 1:
        figure.suptitle(shown.runs[0][0], color=colours.text)
    panels = figure.subplots(1, len(shown.measures), squeeze=False)[0]
    for axes, measure in zip(panels, shown.measures, strict=True):
        for place, (name, history) in enumerate(shown.runs):
            _draw_run(axes, shown, measure, place, name, history, colours)
        axes.set_title(title_of(measure), color=colours.text)
        axes.set_xlabel("step" if shown.by_step else "epoch", color=colours.secondary)
        axes.set_facecolor(colours.surface)
        axes.tick_params(colors=colours.secondary)
        axes.grid(color=colours.border, linewidth=0.8)
        for spine in axes.spines.values():
            spine.set_color(colours.border)
        if shown.log and measure in ("loss", "learning_rate"):
            axes.set_yscale("log")
        if axes.lines:
            axes.legend(facecolor=colours.raised, edgecolor=colours.border, labelcolor=colours.text)
    figure.savefig(path, dpi=150, facecolor=figure.get_facecolor())


def _draw_run(
    axes: Any,
    shown: Shown,
    measure: str,
    place: int,
    name: str,
    history: History,
    colours: Theme,
) -> None:
    several = len(shown.runs) > 1
    scale = history.steps if shown.by_step else 1
    for kind, label in LABELS.items():
        series = history.get(measure, kind)
        by_epoch = len(history.get(measure, "training")) > 0
        if not len(series) or (several and kind == "batch" and by_epoch):
            continue
        colour = colour_of(place, colours)
        if kind == "validation" and not several:
            colour = colours.family[Category.REGULARISATION]
        thin = kind == "batch"
        said = "training, by batch" if thin else label
        axes.plot(
            series.x * scale,
            series.smooth if shown.smooth else series.y,
            color=colour,
            label=f"{name}, {said}" if several else said,
            linestyle=":" if several and kind == "training" else "-",
            linewidth=0.7 if thin else 2,
            alpha=0.5 if thin else 1,
            marker="" if thin else "o",
            markersize=4,
        )
    if place == 0:
        for epoch, text in history.marks:
            axes.axvline(epoch * scale, color=colours.warning, linewidth=0.8, linestyle=":")
            axes.annotate(
                text,
                (epoch * scale, 0.98),
                xycoords=("data", "axes fraction"),
                color=colours.warning,
                fontsize=8,
                va="top",
            )
