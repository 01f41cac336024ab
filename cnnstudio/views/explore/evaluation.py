"""The tab of figures: a network measured on many pictures, and which it confuses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLabel,
    QMenu,
    QProgressBar,
    QStackedWidget,
    QWidget,
)

from cnnstudio.app.tasks import Task
from cnnstudio.views.classify.chooser import ModelChooser
from cnnstudio.views.context import Context
from cnnstudio.views.dialogs import choose_folder
from cnnstudio.views.explore.class_table import ClassTable
from cnnstudio.views.explore.comparison import ComparisonView, other_menu
from cnnstudio.views.explore.confusion import ConfusionMatrix
from cnnstudio.views.explore.curves_view import KINDS, CurvesView
from cnnstudio.views.explore.evaluation_export import export_evaluation
from cnnstudio.views.explore.evaluation_layout import lay_out
from cnnstudio.views.explore.evaluation_words import caption, tip, top
from cnnstudio.views.explore.picture_menu import PictureMenu, corrected
from cnnstudio.views.explore.work import PARTS, Explorer, Part
from cnnstudio.views.picture_grid import PictureGrid, PictureModel
from cnnstudio.views.pictures import Thumbnails
from cnnstudio.views.widgets import (
    Button,
    EmptyState,
    Heading,
    PrimaryButton,
    Secondary,
    name_widget,
    set_property,
)

if TYPE_CHECKING:
    from cnnstudio.evaluation.comparing import Comparison, Pair
    from cnnstudio.evaluation.evaluate import Evaluation

FOLDER = "a folder…"
MATRIX, COMPARISON = "Confusion matrix", "Comparison"
CELL, WRONG, RIGHT, DOUBTFUL = (
    "Pictures of a cell",
    "Surest mistakes",
    "Surest and right",
    "Least sure",
)
LISTS = (CELL, WRONG, RIGHT, DOUBTFUL)
EXAMPLES = 200


class EvaluationTab(QWidget):
    """Measures `model` on a part of its data or on a folder, in the background."""

    # A picture that a person wants explained: Path.
    explained = Signal(object)
    # A picture of which a person wants to know what mattered: Path.
    mattered = Signal(object)

    def __init__(
        self,
        context: Context,
        explorer: Explorer,
        chooser: ModelChooser,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._chooser = chooser
        self._context = context
        self._explorer = explorer
        self._task: Task | None = None
        self._model: Path | None = None
        self.evaluation: Evaluation | None = None

        self.part_box = QComboBox(self)
        name_widget(self.part_box, "evaluatedPart", "Pictures to measure on")
        for part, words in PARTS.items():
            self.part_box.addItem(f"Its {words}", part)
        self.part_box.addItem("A folder…", FOLDER)
        self.start_button = PrimaryButton("Evaluate", "evaluateButton", self.start, parent=self)
        self.stop_button = Button("Stop", "stopEvaluationButton", self.stop, icon="stop")
        self.stop_button.setEnabled(False)
        self.progress = QProgressBar(self)
        name_widget(self.progress, "evaluationProgress", "Progress of the evaluation")
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(160)
        self.progress.hide()
        self.words = QLabel("", self)
        self.words.setObjectName("evaluationFigures")
        self.words.setAccessibleName("Result of the evaluation")
        self.words.setWordWrap(True)
        self.as_shares = QCheckBox("Shares", self)
        name_widget(
            self.as_shares,
            "matrixShares",
            "Shares instead of counts",
            "The share of each row's pictures instead of their number",
        )
        self.matrix = ConfusionMatrix(self)
        self.as_shares.toggled.connect(self.matrix.set_as_shares)
        self.matrix.cell_chosen.connect(self.show_cell)
        self.curves = CurvesView(self)
        self.view_box = QComboBox(self)
        name_widget(self.view_box, "evaluationView", "What is drawn of the evaluation")
        self.view_box.addItems((MATRIX, *KINDS))
        self.view_box.textActivated.connect(self._draw)
        self.hover = Secondary("", self)
        self.hover.setObjectName("matrixStatus")
        self.matrix.hovered.connect(self._hovered)
        self.table = ClassTable(self)
        self.table.selectionModel().currentRowChanged.connect(
            # The table may be sorted: the name says which class a row is.
            lambda current, _before: self.curves.show_class(current.siblingAtColumn(0).data())
        )
        self.list_box = QComboBox(self)
        name_widget(self.list_box, "evaluationList", "Which pictures are listed")
        self.list_box.addItems(LISTS)
        self.list_box.textActivated.connect(self._list)
        self.cell_title = Heading("", self)
        self.thumbnails = Thumbnails(context.tasks, parent=self)
        self.cell_model = PictureModel(
            self.thumbnails, corrected(context.document, caption), tip, self
        )
        self.grid = PictureGrid(self.cell_model, self)
        name_widget(self.grid, "cellPictures", "Pictures of the chosen cell")
        self.grid.opened.connect(self.explained)
        self.picture_menu = PictureMenu(context, self.grid)
        self.picture_menu.explained.connect(self.explained)
        self.picture_menu.mattered.connect(self.mattered)
        self.compare_button = Button(
            "Compare with…", "compareEvaluationButton", self._choose_other, parent=self
        )
        self.comparison = ComparisonView(self)
        self.comparison.listed.connect(self._list_pairs)
        self.export_button = Button("Export…", "exportEvaluationButton", self._export, parent=self)
        self.empty = EmptyState(
            "grid",
            "How good is it, and what does it confuse?",
            "Evaluate shows a trained network pictures whose classes are known. Each row of the "
            "matrix is a class, each column what the network took it for; click a cell to see "
            "its pictures.",
            [("Evaluate", self.start, "emptyEvaluateButton")],
        )
        self._drawn, self._stack = QStackedWidget(self), QStackedWidget(self)
        lay_out(self, self._drawn, self._stack)
        self.set_model(None)

    # -- measuring ----------------------------------------------------------------------------

    def set_model(self, model: Path | None) -> None:
        """Measure this run or model from now on; a result of another is taken away."""
        if model != self._model:
            self._model = model
            self.stop()
            self._clear()
        self._enable()

    def start(self) -> None:
        """Measure on the pictures that are chosen."""
        part = self.part_box.currentData()
        if part == FOLDER:
            choose_folder(self, "Folder of pictures, a folder for each class", self.measure)
        else:
            self.measure(part)

    def measure(self, part: Part | Path) -> None:
        """Measure on a part of the network's data, or on a folder of classes."""
        if self._model is None or self._task is not None:
            return
        document = self._context.document
        self._say("Reading pictures…")
        self.progress.setRange(0, 0)
        self.progress.show()
        self._task = self._context.inference.run(
            self._explorer.measure,
            self._model,
            part,
            document.data,
            document.report,
            on_done=self._measured,
            on_failed=self._failed,
            on_progress=self._progressed,
            latest=True,
        )
        self._enable()

    def others_menu(self) -> QMenu:
        """The networks that the one on show can be compared with."""
        return other_menu(self, self._chooser.choices, self._model, self.compare)

    def _choose_other(self) -> None:
        below = self.compare_button.rect().bottomLeft()
        self.others_menu().popup(self.compare_button.mapToGlobal(below))

    def compare(self, other: Path) -> None:
        """Measure another network on the pictures that were evaluated, and compare the two."""
        if self.evaluation is None or self._task is not None:
            return
        self._say("Reading pictures…")
        self.progress.setRange(0, 0)
        self.progress.show()
        self._task = self._context.inference.run(
            self._explorer.compare,
            other,
            self.evaluation,
            on_done=lambda found: self._compared(other, found),
            on_failed=self._failed,
            on_progress=self._progressed,
            latest=True,
        )
        self._enable()

    def _compared(self, other: Path, found: Comparison) -> None:
        self._task = None
        self.progress.hide()
        assert self._model is not None
        assert self.evaluation is not None
        self._summarise(self.evaluation)
        self.comparison.show_comparison(found, self._model.stem, other.stem)
        if self.view_box.findText(COMPARISON) < 0:
            self.view_box.addItem(COMPARISON)
        self.view_box.setCurrentText(COMPARISON)
        self._draw(COMPARISON)
        self._enable()

    def _list_pairs(self, words: str, pairs: tuple[Pair, ...]) -> None:
        self.cell_model.set_pictures(pairs)
        self.cell_title.setText(f"{words}: {len(pairs):,}, surest first")

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None
            self.progress.hide()
            self._say("Stopped.")
            self._enable()

    def _progressed(self, news: tuple[int, int]) -> None:
        done, pictures = news
        self.progress.setRange(0, pictures)
        self.progress.setValue(done)
        self._say(f"{done:,} of {pictures:,} pictures")

    def _failed(self, message: str) -> None:
        self._task = None
        self.progress.hide()
        self._say(message, "error")
        self._enable()

    def _measured(self, evaluation: Evaluation) -> None:
        self._task = None
        self.evaluation = evaluation
        self.progress.hide()
        self._forget_comparison()
        self._summarise(evaluation)
        self.matrix.set_matrix(evaluation.confusion_matrix, evaluation.classes)
        self.table.show_figures(evaluation.per_class)
        self.curves.show_evaluation(evaluation)
        self._list(self.list_box.currentText())
        self._stack.setCurrentIndex(1)
        self._enable()

    def _summarise(self, evaluation: Evaluation) -> None:
        skipped = f"   {len(evaluation.skipped):,} skipped" if evaluation.skipped else ""
        self._say(
            f"Accuracy {evaluation.accuracy:.4f}   {top(evaluation)}loss {evaluation.loss:.4f}   "
            f"{evaluation.images:,} pictures{skipped}"
        )
        if evaluation.skipped:
            self.words.setToolTip(
                "\n".join(f"{s.path}: {s.reason}" for s in evaluation.skipped[:20])
            )

    def _forget_comparison(self) -> None:
        """What was compared with an earlier evaluation goes."""
        place = self.view_box.findText(COMPARISON)
        if place >= 0:
            self.view_box.removeItem(place)
            self._draw(self.view_box.currentText())

    def _clear(self) -> None:
        self.evaluation = None
        self._say("")
        self._stack.setCurrentIndex(0)

    def _enable(self) -> None:
        ready = self._model is not None and self._task is None
        for button in (self.start_button, *self.empty.buttons):
            button.setEnabled(ready)
        self.stop_button.setEnabled(self._task is not None)
        for control in (self.as_shares, self.view_box, self.export_button):
            control.setEnabled(self.evaluation is not None)
        self.compare_button.setEnabled(ready and self.evaluation is not None)
        if self._model is None:
            self._say("Train a network first, or open a .keras file.")

    def _say(self, text: str, role: str = "") -> None:
        self.words.setText(text)
        self.words.setToolTip("")
        set_property(self.words, "role", role)

    # -- looking closer -----------------------------------------------------------------------

    def _hovered(self, text: str) -> None:
        current = self.matrix.current
        self.hover.setText(text or (self.matrix.describe(*current) if current else ""))

    def _draw(self, view: str) -> None:
        """Draw the matrix or a kind of curves."""
        self._drawn.setCurrentIndex({MATRIX: 0, COMPARISON: 2}.get(view, 1))
        self.as_shares.setVisible(view == MATRIX)
        if view in KINDS:
            self.curves.show_kind(view)

    def _list(self, which: str) -> None:
        """List the pictures of the chosen cell, or examples of the whole evaluation."""
        found = self.evaluation
        if found is None:
            return
        if which == CELL:
            if self.matrix.current is not None:
                self.show_cell(*self.matrix.current)
            else:
                self.cell_model.set_pictures(())
                self.cell_title.setText("Click a cell of the matrix to see its pictures")
            return
        sure = [record.confidence for record in found.records]
        order = sorted(range(len(sure)), key=sure.__getitem__, reverse=which != DOUBTFUL)
        wanted = {WRONG: False, RIGHT: True}.get(which)
        records = [found.records[i] for i in order if wanted in (None, found.records[i].correct)]
        self.cell_model.set_pictures(records[:EXAMPLES])
        self.cell_title.setText(f"{which}: {min(len(records), EXAMPLES):,} of {len(records):,}")

    def _export(self) -> None:
        if self.evaluation is not None and self._model is not None:
            drawn = (self.matrix, self.curves, self.comparison)[self._drawn.currentIndex()]
            export_evaluation(self, self._context, self.evaluation, self._model, drawn)

    def show_cell(self, truth: int, predicted: int) -> None:
        """List the pictures of a cell, those the network was surest of first."""
        if self.evaluation is None:
            return
        self.list_box.setCurrentText(CELL)
        classes = self.evaluation.classes
        names = classes[truth], classes[predicted]
        records = [r for r in self.evaluation.records if (r.truth, r.predicted) == names]
        records.sort(key=lambda record: -record.confidence)
        self.cell_model.set_pictures(records)
        if truth == predicted:
            words = f"{names[0]}, recognised"
        else:
            words = f"{names[0]}, taken for {names[1]}"
        count = f"{len(records):,} picture" + ("" if len(records) == 1 else "s")
        self.cell_title.setText(f"{words}: {count}, surest first")
