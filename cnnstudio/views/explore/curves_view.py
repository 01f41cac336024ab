"""The views of an evaluation beside the confusion matrix: curves of each class, calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from cnnstudio.views import theme
from cnnstudio.views.explore.points import class_colours
from cnnstudio.views.explore.unit_square import Line, UnitSquare
from cnnstudio.views.widgets import Secondary

if TYPE_CHECKING:
    from cnnstudio.evaluation.evaluate import Evaluation

KINDS = ("ROC", "Precision and recall", "Calibration")


class CurvesView(QWidget):
    """One of `KINDS` of an evaluation, with one class drawn strongly."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._evaluation: Evaluation | None = None
        self._kind = KINDS[0]
        self._class: int | None = None
        self.square = UnitSquare(self)
        self.square.setObjectName("evaluationCurves")
        self.words = Secondary("", self)
        self.words.setObjectName("curvesWords")
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.S16, theme.S8, theme.S16, theme.S8)
        column.addWidget(self.square, 1)
        column.addWidget(self.words)

    def show_evaluation(self, evaluation: Evaluation) -> None:
        self._evaluation, self._class = evaluation, None
        self._show()

    def show_kind(self, kind: str) -> None:
        """Draw one of `KINDS`."""
        self._kind = kind
        self._show()

    def show_class(self, name: str | None) -> None:
        """Draw the curve of a class strongly."""
        classes = self._evaluation.classes if self._evaluation is not None else ()
        self._class = classes.index(name) if name in classes else None
        self._show()

    def _show(self) -> None:
        found = self._evaluation
        if found is None:
            return
        self.square.setAccessibleName(self._kind)
        if self._kind == "Calibration":
            self._calibration(found)
        else:
            self._curves(found)
        self.words.setText(self.square.aside)

    def _curves(self, found: Evaluation) -> None:
        roc = self._kind == "ROC"
        colours, lines, areas = class_colours(len(found.classes)), [], []
        for index, name in enumerate(found.classes):
            curve = found.roc(index) if roc else found.precision_recall(index)
            if curve.area is None:
                continue
            areas.append(curve.area)
            strong = index == self._class
            lines.append(Line(name, curve.x, curve.y, colours[index], strong))
        measure = "area under the curve" if roc else "average precision"
        mean = f"Mean {measure} {np.mean(areas):.4f}" if areas else "One class only: no curve"
        aside = f"{mean}; choose a class in the table to see its own."
        if self._class is not None:
            curve = found.roc(self._class) if roc else found.precision_recall(self._class)
            name = found.classes[self._class]
            own = "no curve" if curve.area is None else f"{measure} {curve.area:.4f}"
            aside = f"{name} against all others: {own}. {mean}."
        across = "share of the others taken for the class" if roc else "recall"
        up = "share of the class recognised" if roc else "precision"
        self.square.show_lines(lines, across, up, diagonal=roc, aside=aside)

    def _calibration(self, found: Evaluation) -> None:
        measured = found.calibration()
        right, sure = found.accuracy, float(np.nanmean(found.probabilities.max(axis=1)))
        way = "too sure" if sure > right else "not sure enough"
        aside = (
            f"Calibration error {measured.error:.4f}. It is {sure:.1%} sure on average and right "
            f"in {right:.1%}: {way}. Each bar says of how many pictures."
        )
        self.square.show_lines(
            (),
            "how sure the network is",
            "share that is right",
            diagonal=True,
            bars=measured.accuracy,
            counts=measured.pictures,
            aside=aside,
        )
