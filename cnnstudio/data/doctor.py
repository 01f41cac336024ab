"""The folder doctor: what is wrong with the pictures of a folder, why it matters, what helps.

`examine` looks at a folder as the project's corrections leave it, and at what the full check found
if there was one. Every `Finding` names the pictures concerned and offers `Remedy` objects, each of
which is a change of the project's settings: no file is ever touched.
"""

from __future__ import annotations

from cnnstudio.data import corrections, doctor_classes, doctor_copies, doctor_pictures
from cnnstudio.data.doctor_check import Check
from cnnstudio.data.doctor_finding import SEVERITIES, Case, Change, Finding, Remedy, Severity
from cnnstudio.data.report import FolderReport
from cnnstudio.data.settings import DataSettings

__all__ = ["SEVERITIES", "Change", "Finding", "Remedy", "Severity", "examine"]


def examine(
    report: FolderReport,
    settings: DataSettings,
    check: Check | None = None,
    now: FolderReport | None = None,
) -> tuple[Finding, ...]:
    """What is wrong with a folder, the worst first.

    `now` is `corrected(report, settings)` where that is known. A full check of another folder is
    not looked at.
    """
    if check is not None and check.folder != report.folder:
        check = None
    counts = corrections.counts(report, settings)
    case = Case(report, settings, check, now or corrections.corrected(report, settings), counts)
    found = [
        *doctor_classes.findings(case),
        *doctor_copies.findings(case),
        *doctor_pictures.findings(case),
    ]
    return tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity)))
