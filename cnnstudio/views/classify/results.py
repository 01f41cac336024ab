"""The table of predictions: a row a picture, with the classes it might be as bars."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QFont, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from cnnstudio.evaluation.predict import Prediction, Unreadable
from cnnstudio.views import theme
from cnnstudio.views.pictures import Thumbnails, paint_picture

Index = QModelIndex | QPersistentModelIndex
Result = Prediction | Unreadable

RESULT_ROLE = Qt.ItemDataRole.UserRole + 1
SORT_ROLE = Qt.ItemDataRole.UserRole + 2
PATH_ROLE = Qt.ItemDataRole.UserRole + 3
PICTURE, CLASSES, CONFIDENCE = range(3)
ROW_HEIGHT = 76
BARS = 3
SURE = 0.5  # below this the best class is more likely wrong than right
CLOSE = 0.1  # the second class as good as the first


def percent(share: float) -> str:
    """A share as a person reads it: 97.3 %, never 100 % unless it is."""
    if 0.9995 <= share < 1:
        return "99.9 %"
    return f"{100 * share:.1f} %"


class ResultModel(QAbstractTableModel):
    """Predictions and unreadable files in the order in which they came."""

    def __init__(self, thumbnails: Thumbnails, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails
        self._results: list[Result] = []
        thumbnails.loaded.connect(self._loaded)
        self._rows: dict[Path, int] = {}

    @property
    def results(self) -> Sequence[Result]:
        return self._results

    def append(self, results: Iterable[Result]) -> None:
        """Add results; a picture that is already there is replaced."""
        fresh: list[Result] = []
        for result in results:
            row = self._rows.get(result.path)
            if row is None:
                self._rows[result.path] = len(self._results) + len(fresh)
                fresh.append(result)
            elif row < len(self._results):
                self._results[row] = result
                self.dataChanged.emit(self.index(row, 0), self.index(row, CONFIDENCE))
            else:
                fresh[row - len(self._results)] = result
        if fresh:
            start = len(self._results)
            self.beginInsertRows(QModelIndex(), start, start + len(fresh) - 1)
            self._results.extend(fresh)
            self.endInsertRows()

    def clear(self) -> None:
        self.beginResetModel()
        self._results = []
        self._rows = {}
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._results)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else 3

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return ("Picture", "Class", "Confidence")[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        result, column = self._results[index.row()], index.column()
        if role == RESULT_ROLE:
            return result
        if role == PATH_ROLE:
            return result.path
        if role == Qt.ItemDataRole.DecorationRole and column == PICTURE:
            return None if isinstance(result, Unreadable) else self._thumbnails.pixmap(result.path)
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(result, column)
        if role == SORT_ROLE:
            return _sort_key(result, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{result.path}\n{_text(result, CONFIDENCE)}"
        return None

    def to_csv(self, rows: Iterable[int] | None = None) -> str:
        """A line for each class of each picture, as `cnnstudio classify --csv` writes it."""
        chosen = [self._results[row] for row in rows] if rows is not None else self._results
        return results_csv(chosen)

    def _loaded(self, path: Path) -> None:
        row = self._rows.get(path)
        if row is not None and row < len(self._results):
            index = self.index(row, PICTURE)
            self.dataChanged.emit(index, index, [Qt.ItemDataRole.DecorationRole])


def results_csv(results: Iterable[Result], top: int = 5) -> str:
    """`path,class,probability,error`: a line for each of the best classes, or for a broken file."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("path", "class", "probability", "error"))
    for result in results:
        if isinstance(result, Unreadable):
            writer.writerow((result.path, "", "", result.reason))
            continue
        for name, probability in result.ranked[:top]:
            writer.writerow((result.path, name, f"{probability:.6f}", ""))
    return text.getvalue()


def _text(result: Result, column: int) -> str:
    if column == PICTURE:
        return result.path.name
    if isinstance(result, Unreadable):
        return result.reason if column == CONFIDENCE else "Not read"
    if column == CLASSES:
        return result.ranked[0][0]
    return ", ".join(f"{name} {percent(share)}" for name, share in result.ranked[:BARS])


def _sort_key(result: Result, column: int) -> Any:
    if column == PICTURE:
        return result.path.name.casefold()
    if isinstance(result, Unreadable):
        return "" if column == CLASSES else -1.0
    return result.ranked[0][0].casefold() if column == CLASSES else float(result.ranked[0][1])


class ResultDelegate(QStyledItemDelegate):
    """Thumbnail and name in the first column, the three best classes as bars in the second."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(160, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        result = index.data(RESULT_ROLE)
        # The ground, selection and line of the row come from the stylesheet; nothing of the cell's
        # own is filled in, which would ask the model nine times.
        style = option.widget.style()
        ground = QStyleOptionViewItem(option)
        # Rows are chosen whole: a single cell lit under the mouse would say something else.
        ground.state &= ~QStyle.StateFlag.State_MouseOver
        style.drawControl(style.ControlElement.CE_ItemViewItem, ground, painter, option.widget)
        painter.save()
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        if index.column() == PICTURE:
            self._paint_picture(painter, option.rect, index, result)
        elif isinstance(result, Unreadable):
            if index.column() == CONFIDENCE:
                self._paint_reason(painter, option.rect, result)
            else:
                lines = [("Not read", theme.font(theme.TITLE_SIZE, bold=True), "error")]
                paint_lines(painter, option.rect.adjusted(8, 0, -8, 0), lines)
        elif index.column() == CONFIDENCE:
            paint_bars(painter, option.rect.adjusted(8, 8, -16, -8), result.ranked[:BARS])
        else:
            doubt = doubts(result)
            lines = [(result.ranked[0][0], theme.font(theme.TITLE_SIZE, bold=True), "text")]
            if doubt:
                lines.append((doubt, theme.font(theme.SECONDARY_SIZE), "warning"))
            paint_lines(painter, option.rect.adjusted(8, 0, -8, 0), lines)
        painter.restore()

    @staticmethod
    def _paint_picture(painter: QPainter, rect: QRect, index: Index, result: Result) -> None:
        colours = theme.current()
        side = rect.height() - 16
        frame = QRect(rect.left() + 12, rect.top() + 8, side, side)
        paint_picture(painter, frame, index.data(Qt.ItemDataRole.DecorationRole), 4)
        if isinstance(result, Unreadable):
            painter.setPen(colours.color("error"))
            painter.setFont(theme.font(theme.TITLE_SIZE, bold=True))
            painter.drawText(frame, Qt.AlignmentFlag.AlignCenter, "!")
        lines = [
            (result.path.name, theme.font(), "text"),
            (result.path.parent.name, theme.font(theme.SECONDARY_SIZE), "secondary"),
        ]
        paint_lines(painter, rect.adjusted(side + 24, 0, -8, 0), lines)

    @staticmethod
    def _paint_reason(painter: QPainter, rect: QRect, result: Unreadable) -> None:
        painter.setPen(theme.current().color("error"))
        painter.setFont(theme.font())
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        text = result.reason[:1].upper() + result.reason[1:]
        painter.drawText(rect.adjusted(8, 4, -8, -4), flags | Qt.TextFlag.TextWordWrap.value, text)


def paint_lines(painter: QPainter, rect: QRect, lines: Sequence[tuple[str, QFont, str]]) -> None:
    """Lines of text, font and colour below each other in the middle of the height of `rect`."""
    colours = theme.current()
    top = rect.center().y() + 1 - 10 * len(lines)
    for text, font, colour in lines:
        painter.setFont(font)
        painter.setPen(colours.color(colour))
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, rect.width())
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRect(rect.left(), top, rect.width(), 20), flags, shown)
        top += 20


def doubts(result: Prediction) -> str:
    """A word on how sure the network is; nothing where it is."""
    best = result.ranked[0][1]
    if len(result.ranked) > 1 and best - result.ranked[1][1] < CLOSE:
        return f"or {result.ranked[1][0]}"
    return "not sure" if best < SURE else ""


def paint_bars(
    painter: QPainter,
    rect: QRect,
    ranked: Sequence[tuple[str, float]],
    *,
    row: int = 20,
    name_width: int | None = None,
) -> None:
    """The classes of one picture, a line each: name, percentage, bar; the first emphasised."""
    colours = theme.current()
    left = name_width if name_width is not None else min(160, rect.width() * 2 // 5)
    figure = 60
    top = rect.top() + max(0, (rect.height() - row * len(ranked)) // 2)
    for number, (name, share) in enumerate(ranked):
        line = QRect(rect.left(), top + number * row, rect.width(), row)
        first = number == 0
        font = theme.font(theme.TEXT_SIZE if first else theme.SECONDARY_SIZE, bold=first)
        font.setCapitalization(QFont.Capitalization.MixedCase)
        painter.setFont(font)
        painter.setPen(colours.color("text" if first else "secondary"))
        shown = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, left - 8)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(
            QRect(line.left(), line.top(), left, row), Qt.AlignmentFlag.AlignLeft | middle, shown
        )
        painter.drawText(
            QRect(line.left() + left, line.top(), figure, row),
            Qt.AlignmentFlag.AlignRight | middle,
            percent(share),
        )
        bar = QRectF(
            line.left() + left + figure + 12,
            line.center().y() - 2.5,
            line.width() - left - figure - 12,
            6,
        )
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.color("raised"))
        painter.drawRoundedRect(bar, 3, 3)
        if share > 0:
            filled = QRectF(bar)
            filled.setWidth(max(3.0, bar.width() * share))
            painter.setBrush(colours.color("accent" if first else "secondary"))
            painter.drawRoundedRect(filled, 3, 3)
