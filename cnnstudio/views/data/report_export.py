"""Writing the report on a folder to a file that the person chooses."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from cnnstudio.views.context import Context
from cnnstudio.views.data.looking import Look
from cnnstudio.views.dialogs import choose_file

FILTERS = "HTML page with pictures (*.html);;CSV table (*.csv)"


def export_report(parent: QWidget, context: Context, look: Look) -> None:
    """Ask where to, and write the report there in the background."""
    folder = look.report.folder
    start = folder.parent / f"{folder.name}-report.html"
    write = partial(_write, context, look)
    dialog = choose_file(
        parent, "Export the report", FILTERS, write, start=start, save_suffix=".html"
    )
    dialog.filterSelected.connect(
        lambda chosen: dialog.setDefaultSuffix("csv" if "csv" in chosen else "html")
    )


def _write(context: Context, look: Look, path: Path) -> None:
    def done(_nothing: object) -> None:
        url = QUrl.fromLocalFile(str(path))
        show = ("Open", lambda: QDesktopServices.openUrl(url))
        context.notify(f"The report is in {path}.", "success", show)

    context.tasks.run(_written, path, look, on_done=done)


def _written(path: Path, look: Look) -> None:
    from cnnstudio.data.doctor_report import write_report

    write_report(path, look.report, look.settings, look.findings, look.check)
