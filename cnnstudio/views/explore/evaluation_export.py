"""Writing an evaluation to a file that the person chooses: page, table, or picture."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QPixmap
from PySide6.QtWidgets import QWidget

from cnnstudio.views.context import Context
from cnnstudio.views.dialogs import choose_file

if TYPE_CHECKING:
    from cnnstudio.evaluation.evaluate import Evaluation

FILTERS = (
    "HTML page with curves and examples (*.html);;CSV table of all pictures (*.csv);;"
    "PNG picture of what is drawn (*.png)"
)


def export_evaluation(
    parent: QWidget, context: Context, found: Evaluation, model: Path, drawn: QWidget
) -> None:
    """Ask where to, and write the evaluation of the network at `model` there.

    `drawn` is the widget that a PNG shows, enlarged twice.
    """
    start = Path.home() / f"{model.stem}-evaluation.html"
    write = partial(_write, context, found, model.stem, drawn)
    choose_file(parent, "Export the evaluation", FILTERS, write, start=start, save_suffix=".html")


def _write(context: Context, found: Evaluation, title: str, drawn: QWidget, path: Path) -> None:
    def done(_nothing: object = None) -> None:
        url = QUrl.fromLocalFile(str(path))
        show = ("Open", lambda: QDesktopServices.openUrl(url))
        context.notify(f"The evaluation is in {path}.", "success", show)

    if path.suffix.lower() == ".png":
        picture = QPixmap(drawn.size() * 2)
        picture.setDevicePixelRatio(2)
        drawn.render(picture)
        if picture.save(str(path)):
            done()
        else:
            context.notify(f"{path} cannot be written: is the folder there and yours?", "error")
        return
    context.tasks.run(_written, path, found, title, on_done=done)


def _written(path: Path, found: Evaluation, title: str) -> None:
    from cnnstudio.evaluation.report import write_report

    write_report(path, found, title)
