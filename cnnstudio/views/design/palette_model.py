"""What the palette holds: one's own blocks, and every layer type by family."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QMimeData, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel

from cnnstudio.app.own_blocks import OwnBlocks
from cnnstudio.errors import StudioError
from cnnstudio.graph.catalogue import CATALOGUE
from cnnstudio.graph.folding import BLOCK_TYPE
from cnnstudio.graph.spec import Category, LayerSpec
from cnnstudio.graph.templates import Template, template_from_json, template_to_json
from cnnstudio.views.design.wording import counted

LAYER_MIME = "application/x-cnnstudio-layer-type"
BLOCK_MIME = "application/x-cnnstudio-block+json"
OWN_HEADING = "Own blocks"
FAMILY_ROLE = Qt.ItemDataRole.UserRole + 1
HEADING_ROLE = Qt.ItemDataRole.UserRole + 2
# Quiet words at the right of an entry.
ASIDE_ROLE = Qt.ItemDataRole.UserRole + 3


def matches(query: str) -> list[LayerSpec]:
    """Layer types that fit what was typed, best first: name, words of the name, keywords."""
    wanted = query.strip().lower()
    ranked = []
    for number, spec in enumerate(CATALOGUE.values()):
        type_ = spec.type.lower()
        parts = re.findall("[A-Z][a-z]+", spec.type)
        if type_.startswith(wanted):
            rank = 0
        elif any(part.lower().startswith(wanted) for part in parts):
            rank = 1
        elif any(word.startswith(wanted) for word in spec.keywords):
            rank = 2
        elif wanted in type_:
            rank = 3
        elif any(wanted in word for word in (*spec.keywords, spec.category.value.lower())):
            rank = 4
        else:
            continue
        ranked.append((rank, number, spec))
    return [spec for _, _, spec in sorted(ranked, key=lambda entry: entry[:2])]


def type_in(data: QMimeData) -> str | None:
    """The layer type a drag carries, if it carries one."""
    text = ""
    if data.hasFormat(LAYER_MIME):
        text = bytes(data.data(LAYER_MIME).data()).decode("utf-8", "replace")
    elif data.hasText():
        text = data.text()
    return text.strip() if text.strip() in CATALOGUE else None


def template_in(data: QMimeData) -> Template | None:
    """The block a drag carries, if it carries one."""
    if not data.hasFormat(BLOCK_MIME):
        return None
    try:
        return template_from_json(json.loads(bytes(data.data(BLOCK_MIME).data())))
    except (StudioError, ValueError):
        return None


def is_own(index: QModelIndex | QPersistentModelIndex) -> bool:
    """Whether an item of the palette is a block of one's own."""
    return index.data(FAMILY_ROLE) == BLOCK_TYPE


def is_choice(index: QModelIndex | QPersistentModelIndex) -> bool:
    """Whether an item is a layer type or a block, not a heading."""
    return index.isValid() and index.data(FAMILY_ROLE) is not None


class LayerModel(QStandardItemModel):
    """Own blocks and families as headings, below each what belongs there."""

    def __init__(self, own: OwnBlocks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._own = own
        self._own_rows = 0
        for category in Category:
            specs = [spec for spec in CATALOGUE.values() if spec.category is category]
            if not specs:
                continue
            # The text of an item is a layer type; some families are called like one of theirs.
            self.appendRow(_heading(category.value))
            for spec in specs:
                self.appendRow(_item(spec.type, spec.category, spec.summary))

    def show_own(self) -> None:
        """Show the blocks that are kept now, above all families."""
        self.removeRows(0, self._own_rows)
        rows: list[QStandardItem] = []
        for name in self._own.names:
            layers = self._own[name].fragment.layers
            item = _item(name, BLOCK_TYPE, f"A block of your own: {counted(len(layers), 'layer')}")
            item.setEditable(True)
            rows.append(item)
        if rows:
            rows.insert(0, _heading(OWN_HEADING))
        for number, item in enumerate(rows):
            self.insertRow(number, item)
        self._own_rows = len(rows)

    def setData(
        self,
        index: QModelIndex | QPersistentModelIndex,
        value: Any,
        role: int = Qt.ItemDataRole.EditRole,
    ) -> bool:
        if role == Qt.ItemDataRole.EditRole and is_own(index):
            return self._own.rename(index.data(), str(value))
        return super().setData(index, value, role)

    def mimeTypes(self) -> list[str]:
        return [LAYER_MIME, BLOCK_MIME, "text/plain"]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        data = QMimeData()
        for index in indexes:
            name = index.data()
            if is_own(index) and name in self._own:
                document = template_to_json(self._own[name])
                data.setData(BLOCK_MIME, json.dumps(document).encode())
                data.setText(name)
            elif is_choice(index):
                data.setData(LAYER_MIME, name.encode())
                data.setText(name)
        return data


def _heading(text: str) -> QStandardItem:
    heading = QStandardItem()
    heading.setFlags(Qt.ItemFlag.ItemIsEnabled)
    heading.setData(text, HEADING_ROLE)
    heading.setData(text, Qt.ItemDataRole.AccessibleTextRole)
    return heading


def _item(text: str, family: Category | str, summary: str) -> QStandardItem:
    item = QStandardItem(text)
    item.setData(family, FAMILY_ROLE)
    item.setToolTip(summary)
    item.setData(summary, Qt.ItemDataRole.AccessibleDescriptionRole)
    item.setFlags(
        Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled
    )
    return item
