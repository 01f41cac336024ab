"""The summary table: what each layer costs, its share as a bar, and the totals below."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QRectF,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QMenu,
    QStyledItemDelegate,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.graph.spec import Category
from cnnstudio.views import icons, theme
from cnnstudio.views.design.alike import alike_ends
from cnnstudio.views.design.paints import font
from cnnstudio.views.design.wording import bytes_text, count_text, shape_text, short_count
from cnnstudio.views.table_model import Column, Index, TableModel
from cnnstudio.views.widgets import BAR_COLOR_ROLE, BAR_ROLE, BarDelegate, name_widget

if TYPE_CHECKING:
    from cnnstudio.analysis import Analysis, LayerInfo

LAYER, OUTPUT, PARAMETERS, MULTIPLY_ADDS, MEMORY = range(5)
_ROW = 24
_MEMORY_COLOR = theme.current().family[Category.POOLING]
# What the texts of a column need, and the bars where there is room for them, in pixels.
_WIDTHS = {OUTPUT: 116, PARAMETERS: 112, MULTIPLY_ADDS: 104, MEMORY: 80}
_BARS = {PARAMETERS: 44, MEMORY: 30}
_WIDE = 600


class SummaryModel(TableModel):
    """The layers of an analysis, in topological order; `entries` are what is known of them."""

    columns = (
        Column("Layer"),
        Column("Output", right=True),
        Column("Parameters", right=True),
        Column("Multiply-adds", right=True),
        Column("Memory", right=True),
    )

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.entries: list[LayerInfo] = []
        self.rows: dict[str, int] = {}
        self._most_parameters = self._most_bytes = 1

    def show_analysis(self, analysis: Analysis) -> bool:
        """Show an analysis; True if the rows are others than before."""
        before, infos = self.entries, list(analysis.layers.values())
        changed = [info is not old for info, old in zip(infos, before, strict=False)]
        top = changed.index(True) if True in changed else len(changed)
        names = [info.name for info in infos]
        same = names == list(self.rows)
        if not same:
            self._exchange(infos, names)
        most = self._most_parameters, self._most_bytes
        self.entries = infos
        self._most_parameters = max([1, *(info.parameters for info in infos)])
        self._most_bytes = max([1, *(info.activation_bytes for info in infos)])
        if most != (self._most_parameters, self._most_bytes):
            top = 0
        if top < len(infos):
            self.dataChanged.emit(self.index(top, 0), self.index(len(infos) - 1, MEMORY))
        return not same

    def _exchange(self, infos: list[LayerInfo], names: list[str]) -> None:
        """Take out and put in the rows between those that stay at the top and at the bottom."""
        before = list(self.rows)
        top, bottom = alike_ends(before, names)
        nowhere = QModelIndex()
        if top < len(before) - bottom:
            self.beginRemoveRows(nowhere, top, len(before) - bottom - 1)
            self.entries = self.entries[:top] + self.entries[len(before) - bottom :]
            self.rows = {info.name: row for row, info in enumerate(self.entries)}
            self.endRemoveRows()
        if top < len(names) - bottom:
            self.beginInsertRows(nowhere, top, len(names) - bottom - 1)
            self.entries = infos
            self.rows = {name: row for row, name in enumerate(names)}
            self.endInsertRows()

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        info, column = self.entries[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return cells(info)[column]
        if role == BAR_ROLE and info.output_shape is not None:
            if column == PARAMETERS:
                return info.parameters / self._most_parameters
            if column == MEMORY:
                return info.activation_bytes / self._most_bytes
        if role == BAR_COLOR_ROLE and column == MEMORY:
            return _MEMORY_COLOR
        frozen = not info.settings.get("trainable", True)
        if role == Qt.ItemDataRole.DecorationRole and column == LAYER and frozen:
            return icons.icon("snowflake", "frost")
        if role == Qt.ItemDataRole.ToolTipRole:
            return {
                LAYER: f"{info.name}: {info.type}{', frozen' if frozen else ''}",
                PARAMETERS: f"{info.parameters:,}, of these {info.trainable_parameters:,} trained"
                if info.shares is None
                else f"none of its own: it uses the weights of {info.shares}",
                MULTIPLY_ADDS: f"{info.multiply_adds:,}",
                MEMORY: f"{info.activation_bytes:,} bytes for one picture",
            }.get(column)
        return super().data(index, role)


def cells(info: LayerInfo) -> tuple[str, str, str, str, str]:
    """The texts of a row."""
    return (
        info.name,
        shape_text(info.output_shape, tight=True),
        f"{info.parameters:,}" if info.shares is None else "shared",
        short_count(info.multiply_adds),
        bytes_text(info.activation_bytes),
    )


class SummaryTable(QTableView):
    """The table. `picked` tells the layers that the person selected in it."""

    picked = Signal(object)
    # A row was double-clicked or confirmed: lead to the layer.
    opened = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        name_widget(self, "summaryTable", "Summary of all layers")
        self.rows = SummaryModel(self)
        self.setModel(self.rows)
        self._following = False
        self.bars: Mapping[int, int] = _BARS
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setWordWrap(False)
        # Names of layers differ at their end: `block2b_expand_conv`.
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setTabKeyNavigation(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW)
        self.verticalHeader().setMinimumSectionSize(_ROW)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsClickable(False)
        header.setMinimumSectionSize(40)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self._delegates = {
            column: (BarDelegate(self, width=bar), QStyledItemDelegate(self))
            for column, bar in _BARS.items()
        }
        self.selectionModel().selectionChanged.connect(self._tell)
        self.doubleClicked.connect(lambda index: self.opened.emit(self._name(index)))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._menu)

    def show_analysis(self, analysis: Analysis, selected: tuple[str, ...]) -> None:
        self._following = True
        fresh = self.rows.show_analysis(analysis)
        self._following = False
        if fresh:
            self.follow(selected)

    def follow(self, names: tuple[str, ...]) -> None:
        """Select the rows of the layers that are selected on the canvas."""
        wanted = QItemSelection()
        rows = [self.rows.rows[name] for name in names if name in self.rows.rows]
        for row in rows:
            wanted.select(self.rows.index(row, 0), self.rows.index(row, MEMORY))
        self._following = True
        flags = QItemSelectionModel.SelectionFlag
        self.selectionModel().select(wanted, flags.ClearAndSelect | flags.Rows)
        if rows and not self.hasFocus():
            self.selectionModel().setCurrentIndex(self.rows.index(rows[-1], 0), flags.NoUpdate)
            self.scrollTo(self.rows.index(rows[-1], 0))
        self._following = False

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = self.viewport().width()
        self.bars = _BARS if room >= _WIDE else {}
        for column, (with_bar, without) in self._delegates.items():
            self.setItemDelegateForColumn(column, with_bar if room >= _WIDE else without)
        for column, width in _WIDTHS.items():
            bar = self.bars.get(column, 0)
            self.setColumnWidth(column, width + bar + (8 if bar else 0))
        rest = sum(self.columnWidth(column) for column in _WIDTHS)
        self.setColumnWidth(LAYER, max(80, room - rest))

    def as_text(self, separator: str = "\t") -> str:
        """Headings and rows with whole numbers, for a spreadsheet."""
        out = io.StringIO()
        writer = csv.writer(out, delimiter=separator, lineterminator="\n")
        headings = [column.heading for column in SummaryModel.columns[:MEMORY]]
        writer.writerow((*headings, "Memory (bytes)"))
        for info in self.rows.entries:
            shape = shape_text(info.output_shape, tight=True)
            writer.writerow(
                (info.name, shape, info.parameters, info.multiply_adds, info.activation_bytes)
            )
        return out.getvalue()

    def copy_text(self, separator: str = "\t") -> None:
        QGuiApplication.clipboard().setText(self.as_text(separator))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_text()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self.currentIndex().isValid():
                self.opened.emit(self._name(self.currentIndex()))
        else:
            super().keyPressEvent(event)

    def _name(self, index: Index) -> str:
        return self.rows.entries[index.row()].name

    def _tell(self) -> None:
        if not self._following:
            rows = {index.row() for index in self.selectionModel().selectedRows()}
            self.picked.emit(tuple(self.rows.entries[row].name for row in sorted(rows)))

    def _menu(self, at: Any) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Copy the table", self.copy_text)
        menu.addAction("Copy as CSV", lambda: self.copy_text(","))
        menu.popup(self.viewport().mapToGlobal(at))


class Totals(QWidget):
    """The last line, always in view: the sums, each under its column."""

    def __init__(self, table: SummaryTable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        name_widget(self, "summaryTotals", "Totals")
        self._table = table
        self._cells: tuple[str, ...] = ()
        self.setFixedHeight(_ROW + 4)
        table.horizontalHeader().sectionResized.connect(self.update)
        table.horizontalHeader().geometriesChanged.connect(self.update)

    def show_analysis(self, analysis: Analysis) -> None:
        self._cells = (
            "Total",
            "",
            count_text(analysis.parameters)
            if analysis.parameters >= 10**9
            else f"{analysis.parameters:,}",
            short_count(analysis.multiply_adds),
            bytes_text(analysis.activation_bytes),
        )
        named = zip(SummaryModel.columns, self._cells, strict=True)
        said = (f"{column.heading} {cell}" for column, cell in named if cell)
        self.setAccessibleDescription(", ".join(said))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setPen(look.color("border"))
        painter.drawLine(0, 0, self.width(), 0)
        painter.setFont(font(13, bold=True))
        painter.setPen(look.color("text"))
        header = self._table.horizontalHeader()
        for column, text in enumerate(self._cells):
            left, width = header.sectionViewportPosition(column), header.sectionSize(column)
            if column in self._table.bars:
                area = QRectF(left, 0, width - 16 - self._table.bars[column], self.height())
            else:
                area = QRectF(left + 11, 0, width - 22, self.height())
            painter.drawText(area, int(SummaryModel.columns[column].alignment), text)


class Summary(QWidget):
    """Table and totals."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.table = SummaryTable()
        self.totals = Totals(self.table)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.totals)

    def show_analysis(self, analysis: Analysis, selected: tuple[str, ...]) -> None:
        self.table.show_analysis(analysis, selected)
        self.totals.show_analysis(analysis)
