"""The Design page: palette, canvas, inspector, summary and problems put together."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from cnnstudio.analysis import Problem, Remedy
from cnnstudio.app.own_blocks import OwnBlocks
from cnnstudio.graph.blocks import blocks_within
from cnnstudio.graph.templates import template_of
from cnnstudio.views import theme
from cnnstudio.views.context import Context
from cnnstudio.views.design.block_items import FrameItem
from cnnstudio.views.design.canvas import NetworkCanvas
from cnnstudio.views.design.editing import Editing
from cnnstudio.views.design.empty import EmptyCanvas
from cnnstudio.views.design.freezing import FreezeBar, FreezeTool, unfreeze_all
from cnnstudio.views.design.inspector import Inspector
from cnnstudio.views.design.items import LayerItem
from cnnstudio.views.design.link_item import LinkItem
from cnnstudio.views.design.menus import canvas_menu, page_actions
from cnnstudio.views.design.minimap import Minimap
from cnnstudio.views.design.palette import PalettePanel
from cnnstudio.views.design.problems import Problems
from cnnstudio.views.design.scene import NetworkScene
from cnnstudio.views.design.shading import ShadeBar
from cnnstudio.views.design.style import page_style
from cnnstudio.views.design.summary import Summary
from cnnstudio.views.search.marks import CardMarks

PALETTE_WIDTH, INSPECTOR_WIDTH = 208, 312


class DesignPage(QWidget):
    """Where a person draws the network.

    For menus and scripts: `copy`, `cut`, `paste`, `duplicate`, `delete`, `select_all`, `arrange`,
    `zoom_fit`, `zoom_in`, `zoom_out`, `zoom_reset`, `focus_search`, `find_layer`,
    `add_layer(type)`, `select(names)`. `actions()` are the same as menu entries.
    """

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("designPage")
        self.setAccessibleName("Design")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.context = context
        self.document = context.document
        self.scene = NetworkScene(self)
        self.editing = Editing(self.document, self.scene, self)
        self.own_blocks = OwnBlocks(self)
        self.palette_panel = PalettePanel(self.own_blocks)
        self.canvas = NetworkCanvas(self.scene, self.editing, self.own_blocks)
        self.empty = EmptyCanvas(self.editing, self.canvas.viewport())
        self.shade_bar = ShadeBar()
        self.freeze_tool = FreezeTool(self.canvas)
        self.freeze_bar = FreezeBar()
        self.minimap = Minimap(self.canvas)
        self.inspector = Inspector(self.document, self.editing)
        self.summary = Summary()
        self.problems = Problems()
        self._refreshing = False
        self._stale = True
        self._assemble()
        self._connect()
        for action in page_actions(self):
            self.addAction(action)
        self.setFocusProxy(self.canvas)
        self._new_theme()
        self._refresh()

    # -- for menus and scripts -------------------------------------------------------------------

    def copy(self) -> None:
        """Copy the selected layers, or the table where it has the focus."""
        if self.summary.table.hasFocus():
            self.summary.table.copy_text()
        else:
            self.editing.copy()

    def cut(self) -> None:
        self.editing.cut()

    def paste(self) -> None:
        self.editing.paste()

    def duplicate(self) -> None:
        self.editing.duplicate()

    def delete(self, *, close_gap: bool = True) -> None:
        self.editing.delete(close_gap=close_gap)

    def select_all(self) -> None:
        self.editing.select_all()

    def select(self, names: list[str]) -> None:
        """Select layers and bring them into view."""
        self.scene.select(names)
        self.canvas.bring_into_view(tuple(names))

    def arrange(self) -> None:
        self.editing.arrange()

    def zoom_fit(self) -> None:
        self.canvas.zoom_fit()

    def zoom_in(self) -> None:
        self.canvas.zoom_in()

    def zoom_out(self) -> None:
        self.canvas.zoom_out()

    def zoom_reset(self) -> None:
        self.canvas.zoom_reset()

    def focus_search(self) -> None:
        self.palette_panel.focus_search()

    def find_layer(self) -> None:
        """Open the search for layers that are there."""
        if len(self.document.network):
            self.canvas.finder.ask()

    def add_layer(self, type_: str) -> None:
        """Add a layer behind the selected one, or at the end of the network."""
        self.editing.add_connected(type_)

    def shade_by(self, way: str) -> None:
        """Shade the cards by "parameters", "multiply_adds" or "memory"; "" ends that."""
        self.scene.shade_by(way)
        self.shade_bar.show_scale(self.scene.scale)

    def rename(self) -> None:
        """Begin to rename the selected layer or block."""
        self.inspector.focus_name()

    # -- blocks ----------------------------------------------------------------------------------

    def make_block(self) -> None:
        """Make a block of the selected layers; its name is asked for on the canvas."""
        self.editing.block_wanted.emit()

    def fold(self) -> None:
        """Fold the blocks among the selected layers, or unfold them if all are folded."""
        found = blocks_within(self.document.network, self.scene.selected_layers())
        folded = not all(block.folded for block in found)
        self.editing.fold(*(block.name for block in found), folded=folded)

    def repeat(self) -> None:
        """Begin to say how often the selected block shall stand in a row."""
        self.inspector.block.focus_times()

    def keep_block(self, name: str | None = None) -> None:
        """Keep the selected block, or that of the name, among one's own in the palette."""
        block = self.scene.selected_block()
        name = name or (block.name if block else None)
        if name is None:
            return
        own = self.own_blocks
        old = own.get(name)
        template = template_of(self.document.network, name)
        if not own.keep(template):
            return
        if old is None:
            self.context.notify(f"{name} is among your own blocks now.", "success")
        elif old != own[name]:
            self.context.notify(
                f"{name} took the place of your own block of that name.",
                action=("Put the old one back", lambda: own.keep(old)),
            )

    def delete_own_block(self, name: str) -> None:
        """Delete a block of one's own, with a way back."""
        own = self.own_blocks
        template = own[name]
        if own.delete(name):
            self.context.notify(
                f"{name} is deleted from your own blocks.",
                action=("Undo", lambda: own.keep(template)),
            )

    # -- parts -----------------------------------------------------------------------------------

    def _assemble(self) -> None:
        bottom = QSplitter(Qt.Orientation.Horizontal)
        bottom.addWidget(self.summary)
        bottom.addWidget(self.problems)
        bottom.setStretchFactor(0, 2)
        bottom.setStretchFactor(1, 1)
        bottom.setSizes([640, 290])
        above = QWidget()
        column = QVBoxLayout(above)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.canvas, 1)
        column.addWidget(self.freeze_bar)
        column.addWidget(self.shade_bar)
        middle = QSplitter(Qt.Orientation.Vertical)
        middle.addWidget(above)
        middle.addWidget(bottom)
        middle.setStretchFactor(0, 1)
        middle.setStretchFactor(1, 0)
        middle.setSizes([600, 212])
        whole = QSplitter(Qt.Orientation.Horizontal)
        whole.addWidget(self.palette_panel)
        whole.addWidget(middle)
        whole.addWidget(self.inspector)
        whole.setStretchFactor(1, 1)
        whole.setSizes([PALETTE_WIDTH, 900, INSPECTOR_WIDTH])
        for splitter, name in ((bottom, "lower"), (middle, "middle"), (whole, "whole")):
            splitter.setObjectName(f"{name}Splitter")
            splitter.setChildrenCollapsible(False)
            splitter.setHandleWidth(1)
        self.palette_panel.setMinimumWidth(180)
        self.inspector.setMinimumWidth(INSPECTOR_WIDTH - 8)
        self.canvas.setMinimumSize(240, 160)
        self.summary.setMinimumSize(440, 96)
        self.problems.setMinimumWidth(220)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(whole)

    def _connect(self) -> None:
        document, canvas = self.document, self.canvas
        document.changed.connect(self._changed)
        document.selection_requested.connect(lambda names: self.select(list(names)))
        self.scene.selection_changed.connect(self._selection_changed)
        self.palette_panel.chosen.connect(self.add_layer)
        self.palette_panel.block_chosen.connect(
            lambda name: self.editing.insert_template(self.own_blocks[name])
        )
        self.palette_panel.list.delete_requested.connect(self.delete_own_block)
        self.own_blocks.failed.connect(document.failed)
        self.inspector.block.kept.connect(self.keep_block)
        self.inspector.left.connect(canvas.setFocus)
        self.editing.replaced.connect(canvas.show_start)
        canvas.zoomed.connect(lambda scale: self.context.zoom_changed.emit(f"{scale * 100:.0f} %"))
        canvas.scrolled.connect(self.empty.centre)
        canvas.opened.connect(lambda _name: self.inspector.focus_name())
        canvas.search_requested.connect(self.focus_search)
        canvas.menu_requested.connect(self._show_menu)
        self.shade_bar.chosen.connect(self.shade_by)
        canvas.freezing_changed.connect(self._freeze_by_click)
        self.freeze_bar.unfreeze_wanted.connect(lambda: unfreeze_all(document))
        self.freeze_bar.done.connect(lambda: canvas.set_freezing(False))
        canvas.zoomed.connect(self.shade_bar.show_zoom)
        self.summary.table.picked.connect(self._pick)
        self.summary.table.opened.connect(canvas.show_layer)
        self.problems.chosen.connect(canvas.show_layer)
        self.problems.solved.connect(self._solve)
        self.problems.train_requested.connect(lambda: self.context.show_page("train"))
        theme.watcher.theme_changed.connect(self._new_theme)
        self.search_marks = CardMarks(document, self.scene, lambda: self.scene.layer_items, self)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        # Another window may have kept or deleted blocks meanwhile.
        activated = event.type() is QEvent.Type.ActivationChange and self.isActiveWindow()
        if activated and self.isVisible():
            self.own_blocks.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.own_blocks.refresh()
        if self._stale:
            self._refresh()
            self.canvas.fit_again()

    def _changed(self) -> None:
        # A page behind others catches up when it is shown.
        if self.isVisible():
            self._refresh()
        else:
            self._stale = True

    def _refresh(self) -> None:
        self._stale = False
        network, analysis = self.document.network, self.document.analysis
        before, after = self.scene.network.layers, network.layers
        # Edits share the settings of what they leave alone; names another network may have too.
        kept = sum(
            name in after and layer.settings is after[name].settings
            for name, layer in before.items()
        )
        other = kept <= min(len(before), len(after)) // 2
        self._refreshing = True
        try:
            self.scene.show_network(network, analysis)
        finally:
            self._refreshing = False
        self.shade_bar.show_scale(self.scene.scale)
        if self.canvas.freezing:
            self.freeze_bar.show_network(network, analysis)
        self.summary.show_analysis(analysis, self.scene.selected_layers())
        self.problems.show_analysis(analysis)
        self.empty.setVisible(not network.layers)
        self.inspector.show_selection(self.scene.selected_layers())
        if other and len(network) > 1:
            self.canvas.show_start()

    def _freeze_by_click(self, on: bool) -> None:
        if on:
            self.freeze_bar.show_network(self.document.network, self.document.analysis)
        self.freeze_bar.setVisible(on)

    def _selection_changed(self) -> None:
        if self._refreshing:
            return  # What is selected is shown with all the rest.
        names = self.scene.selected_layers()
        self.inspector.show_selection(names)
        self.summary.table.follow(names)

    def _pick(self, names: tuple[str, ...]) -> None:
        self.scene.select(names)
        self.canvas.bring_into_view(names)

    def _solve(self, _problem: Problem, remedy: Remedy) -> None:
        self.document.solve(remedy)

    def _show_menu(self, at: QPoint, item: LayerItem | FrameItem | LinkItem | None) -> None:
        canvas_menu(
            self, item, self.canvas.mapToScene(self.canvas.viewport().mapFromGlobal(at))
        ).popup(at)

    def _new_theme(self, _theme: object = None) -> None:
        self.setStyleSheet(page_style(theme.current()))
