"""The problems of the network: whole sentences that lead to the layer, and buttons that help."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QLabel,
    QListWidget,
    QListWidgetItem,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.analysis import Analysis, Problem
from cnnstudio.views.design.alike import alike_ends
from cnnstudio.views.design.cards import ProblemCard, look_alike
from cnnstudio.views.design.wording import counted
from cnnstudio.views.theme import S4, S8, S12
from cnnstudio.views.widgets import (
    Button,
    Secondary,
    name_widget,
    paint_without_text,
    set_property,
)


class _NoText(QStyledItemDelegate):
    """The card shows the sentence; the item keeps it for screen readers and scripts."""

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        paint_without_text(self, painter, option, index)

    def updateEditorGeometry(
        self,
        editor: QWidget,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        # All of the item, not only the part where text would be.
        editor.setGeometry(option.rect)

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return index.data(Qt.ItemDataRole.SizeHintRole) or QSize(100, 40)


class ProblemsList(QListWidget):
    """One item for each problem."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        name_widget(self, "problemsList", "Problems of the network")
        self.setItemDelegate(_NoText(self))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.setResizeMode(QListWidget.ResizeMode.Adjust)

    def card(self, row: int) -> ProblemCard:
        """The card of a row."""
        card = self.itemWidget(self.item(row)).findChild(ProblemCard)
        assert isinstance(card, ProblemCard)
        return card

    def fit_rows(self) -> None:
        """Give each card the height that its sentence needs at this width."""
        width = self.viewport().width()
        for row in range(self.count()):
            item = self.item(row)
            widget = self.itemWidget(item)
            height = widget.heightForWidth(width) if widget is not None else 40
            if item.sizeHint() != QSize(width, height):
                item.setSizeHint(QSize(width, height))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit_rows()


class Problems(QWidget):
    """A heading that counts, the list, and what to do next when it is empty."""

    # Lead to this layer.
    chosen = Signal(str)
    # A person wants this way out of this problem.
    solved = Signal(object, object)
    train_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.heading = QLabel()
        self.heading.setObjectName("problemsHeading")
        self.list = ProblemsList()
        self.nothing = Secondary("The network can be trained as it is.")
        self.train = Button("Go to training", "goToTraining", self.train_requested.emit)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, S8, 0, 0)
        layout.setSpacing(S4)
        self.heading.setContentsMargins(S12, 0, S12, 0)
        self.nothing.setContentsMargins(S12, 0, S12, S4)
        layout.addWidget(self.heading)
        layout.addWidget(self.nothing)
        aside = QVBoxLayout()
        aside.setContentsMargins(S12, 0, S12, 0)
        aside.addWidget(self.train, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addLayout(aside)
        layout.addWidget(self.list, 1)
        layout.addStretch(0)
        self.list.itemClicked.connect(self._choose)
        self.list.itemActivated.connect(self._choose)
        self._shown: list[object] | None = None

    def show_analysis(self, analysis: Analysis) -> None:
        problems = analysis.problems
        alike: list[object] = [look_alike(problem) for problem in problems]
        if alike != self._shown:
            top, bottom = alike_ends(self._shown or [], alike)
            for _ in range(self.list.count() - bottom - top):
                self.list.takeItem(top)
            for row in range(top, len(alike) - bottom):
                self._insert(row, problems[row])
            self._shown = alike
            self._count(analysis)
            self.list.fit_rows()
        for row, problem in enumerate(problems):
            # What looks alike is another problem with remedies of its own.
            self.list.card(row).problem = problem

    def _insert(self, row: int, problem: Problem) -> None:
        item = QListWidgetItem(problem.message)
        item.setData(Qt.ItemDataRole.UserRole, problem.layer)
        self.list.insertItem(row, item)
        card = ProblemCard(problem, lambda p, r: self.solved.emit(p, r))
        frame = QWidget()
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(S12, 0, S12, 0)
        inside.addWidget(card)
        # A click on the sentence is a click on the item below it.
        card.text.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        card.setAttribute(Qt.WidgetAttribute.WA_NoMousePropagation, False)
        card.installEventFilter(self)
        self.list.setItemWidget(item, frame)

    def _count(self, analysis: Analysis) -> None:
        problems = analysis.problems
        self.list.setVisible(bool(problems))
        self.nothing.setVisible(not problems)
        self.train.setVisible(not problems)
        errors = len(analysis.errors)
        warnings = len(problems) - errors
        words = [counted(errors, "problem")] if errors else []
        words += [counted(warnings, "warning")] if warnings else []
        self.heading.setText(" · ".join(words) or "No problems. Ready to train.")
        set_property(
            self.heading, "role", "error" if errors else ("warning" if warnings else "success")
        )
        font = self.heading.font()
        font.setWeight(font.Weight.DemiBold)
        self.heading.setFont(font)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.MouseButtonRelease and isinstance(watched, ProblemCard):
            self._lead_to(watched.problem.layer)
        return super().eventFilter(watched, event)

    def _choose(self, item: QListWidgetItem) -> None:
        self._lead_to(item.data(Qt.ItemDataRole.UserRole))

    def _lead_to(self, layer: str | None) -> None:
        if layer:
            self.chosen.emit(layer)
