"""The curves as files: PNG, SVG or PDF drawn by matplotlib, CSV with every point.

Runs in a background thread: the figure belongs to that thread alone, with the Agg, SVG or PDF
canvas that needs no window.
"""

from __future__ import annotations

from pathlib import Path

from cnnstudio.errors import StudioError
from cnnstudio.graph.spec import Category
from cnnstudio.views.theme import Theme
from cnnstudio.views.train.plot import LABELS, TITLES
from cnnstudio.views.train.series import History

SUFFIXES = (".png", ".svg", ".pdf", ".csv")


class SaveError(StudioError):
    """The curves could not be written."""


def save_curves(
    history: History, path: Path, colours: Theme, title: str, *, log: bool, smooth: bool
) -> Path:
    """Write the curves to `path` in the format of its suffix. Raises `SaveError`."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        raise SaveError(f"{path.name}: curves are saved as {known}; give it one of these endings.")
    try:
        if suffix == ".csv":
            history.write_csv(path)
        else:
            _draw(history, path, colours, title, log=log, smooth=smooth)
    except OSError as error:
        raise SaveError(
            f"{path} could not be written: {error.strerror or error}. Choose another folder."
        ) from None
    return path


def _draw(
    history: History, path: Path, colours: Theme, title: str, *, log: bool, smooth: bool
) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.5), facecolor=colours.surface, layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, color=colours.text)
    for axes, metric in zip(figure.subplots(1, 2), TITLES, strict=True):
        for kind, label in LABELS.items():
            series = history.get(metric, kind)
            if not len(series):
                continue
            values = series.smooth if smooth and kind == "batch" else series.y
            colour = colours.accent
            if kind == "validation":
                colour = colours.family[Category.REGULARISATION]
            thin = kind == "batch"
            axes.plot(
                series.x,
                values,
                color=colour,
                label="training, by batch" if kind == "batch" else label,
                linewidth=0.7 if thin else 2,
                alpha=0.5 if thin else 1,
                marker="" if thin else "o",
                markersize=4,
            )
        axes.set_title(TITLES[metric], color=colours.text)
        axes.set_xlabel("epoch", color=colours.secondary)
        axes.set_facecolor(colours.surface)
        axes.tick_params(colors=colours.secondary)
        axes.grid(color=colours.border, linewidth=0.8)
        for spine in axes.spines.values():
            spine.set_color(colours.border)
        if log:
            axes.set_yscale("log")
        if axes.lines:
            axes.legend(facecolor=colours.raised, edgecolor=colours.border, labelcolor=colours.text)
    figure.savefig(path, dpi=150, facecolor=figure.get_facecolor())
