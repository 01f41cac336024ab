"""Menu entries of the Design page, and the menu under the right mouse button."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu

from cnnstudio.graph.blocks import blocks_within, can_take
from cnnstudio.graph.freezing import is_frozen
from cnnstudio.views import icons
from cnnstudio.views.design import freezing, sharing
from cnnstudio.views.design.block_items import BlockItem, FrameItem
from cnnstudio.views.design.items import LayerItem
from cnnstudio.views.design.link_item import LinkItem
from cnnstudio.views.design.shading import shade_action

if TYPE_CHECKING:
    from cnnstudio.views.design.page import DesignPage

_Keys = QKeySequence.StandardKey


def page_actions(page: DesignPage) -> list[QAction]:
    """Actions for the menu bar; their keys count while the focus is on the page."""

    def make(
        menu: str,
        text: str,
        name: str,
        slot: Callable[[], object],
        keys: _Keys | str | None = None,
        icon: str = "",
    ) -> QAction:
        action = QAction(text, page)
        action.setObjectName(name)
        action.setProperty("menu", menu)
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        if isinstance(keys, _Keys):
            action.setShortcuts(QKeySequence.keyBindings(keys))
        elif keys is not None:
            action.setShortcut(QKeySequence(keys))
        if icon:
            icons.set_icon(action, icon)
        action.triggered.connect(lambda _checked=False: slot())
        return action

    def separator(menu: str) -> QAction:
        action = QAction(page)
        action.setSeparator(True)
        action.setProperty("menu", menu)
        return action

    cut = make("edit", "Cu&t", "cutAction", page.cut, _Keys.Cut, "cut")
    copy = make("edit", "&Copy", "copyAction", page.copy, _Keys.Copy, "copy")
    paste = make("edit", "&Paste", "pasteAction", page.paste, _Keys.Paste, "paste")
    duplicate = make("edit", "D&uplicate", "duplicateAction", page.duplicate, "Ctrl+D")
    delete = make("edit", "&Delete", "deleteAction", page.delete, _Keys.Delete, "trash")
    leave = make(
        "edit", "Delete and &leave the gap", "deleteLeaveGapAction",
        lambda: page.delete(close_gap=False), "Shift+Del",
    )  # fmt: skip
    # On Linux and Windows Shift+Del also means Cut; here it deletes and leaves the gap.
    cut.setShortcuts([keys for keys in cut.shortcuts() if keys != QKeySequence("Shift+Del")])
    every = make("edit", "Select &all", "selectAllAction", page.select_all, _Keys.SelectAll)
    find = make("edit", "&Find a layer…", "findLayerAction", page.find_layer, _Keys.Find)
    add = make("network", "&Add a layer…", "addLayerAction", page.focus_search, "Ctrl+K", "plus")
    rename = make("network", "&Rename the layer", "renameAction", page.rename, "F2")
    block = make("network", "Make a &block…", "makeBlockAction", page.make_block, "Ctrl+G", "block")
    dissolve = make(
        "network", "&Dissolve the block", "dissolveBlockAction", page.editing.dissolve,
        "Ctrl+Shift+G",
    )  # fmt: skip
    fold = make("network", "&Fold or unfold the block", "foldAction", page.fold, "Ctrl+B")
    fold_all = make(
        "network", "F&old all blocks", "foldAllAction", page.editing.fold_all, "Ctrl+Shift+B"
    )
    unfold_all = make(
        "network", "&Unfold all blocks", "unfoldAllAction",
        lambda: page.editing.fold_all(folded=False), "Ctrl+Alt+B",
    )  # fmt: skip
    repeat = make("network", "Re&peat the block…", "repeatBlockAction", page.repeat, "Ctrl+Shift+R")
    keep = make(
        "network", "&Keep the block in the palette", "keepBlockAction", page.keep_block,
        "Ctrl+Shift+K",
    )  # fmt: skip
    out = make("network", "Take out of the bloc&k", "takeOutAction", page.editing.take_out)
    into = QMenu("Add to &block", page)
    into.setObjectName("addToBlockMenu")
    into.aboutToShow.connect(lambda: _fill_with_blocks(into, page))
    entry = into.menuAction()
    entry.setObjectName("addToBlockAction")
    entry.setProperty("menu", "network")
    share_weights = make(
        "network", "Share &weights", "shareWeightsAction",
        lambda: sharing.share(page.document, page.scene.selected_layers()), "Ctrl+Shift+W",
    )  # fmt: skip
    own_weights = make(
        "network", "Weights of its o&wn", "ownWeightsAction",
        lambda: sharing.own(page.document, page.scene.selected_layers()), "Ctrl+Alt+W",
    )  # fmt: skip
    document, chosen = page.document, page.scene.selected_layers
    freeze = make(
        "network", "Freeze to &here", "freezeAction",
        lambda: freezing.freeze_to(document, chosen()), "Ctrl+Shift+F", "snowflake",
    )  # fmt: skip
    thaw = make(
        "network", "&Unfreeze from here", "unfreezeAction",
        lambda: freezing.unfreeze_from(document, chosen()), "Ctrl+Alt+F",
    )  # fmt: skip
    thaw_all = make(
        "network", "Unfree&ze all", "unfreezeAllAction", lambda: freezing.unfreeze_all(document)
    )
    tune = make(
        "network", "Fine-&tune from here", "fineTuneFromAction",
        lambda: freezing.fine_tune_from(document, chosen()[0]),
    )  # fmt: skip
    tool = make(
        "network", "Freeze b&y clicking", "freezeToolAction",
        lambda: page.canvas.set_freezing(not page.canvas.freezing), "Ctrl+Alt+T",
    )  # fmt: skip
    tool.setCheckable(True)
    page.canvas.freezing_changed.connect(tool.setChecked)
    tidy = make("network", "Arran&ge", "arrangeAction", page.arrange, "Ctrl+L", "arrange")
    zoom_in = make("view", "Zoom &in", "zoomInAction", page.zoom_in, None, "zoom-in")
    zoom_in.setShortcuts([QKeySequence("Ctrl++"), QKeySequence("Ctrl+=")])
    zoom_out = make("view", "Zoom &out", "zoomOutAction", page.zoom_out, "Ctrl+-", "zoom-out")
    full = make("view", "&100 %", "zoomResetAction", page.zoom_reset, "Ctrl+0")
    fit = make("view", "Zoom to &fit", "zoomFitAction", page.zoom_fit, "Ctrl+9", "fit")

    def refresh() -> None:
        layers, links = page.scene.selected_layers(), page.scene.selected_links()
        for action in (cut, duplicate):
            action.setEnabled(bool(layers))
        for action in (delete, leave):
            action.setEnabled(bool(layers or links))
        blocks = page.document.network.blocks
        selected = page.scene.selected_block()
        within = blocks_within(page.document.network, layers) if blocks else ()
        rename.setEnabled(len(layers) == 1 or selected is not None)
        block.setEnabled(len(layers) > 1)
        share_weights.setEnabled(sharing.may_share(page.document.network, layers))
        own_weights.setEnabled(sharing.may_own(page.document.network, layers))
        network = page.document.network
        freeze.setEnabled(bool(layers))
        thaw.setEnabled(bool(layers) and any(map(is_frozen, network.layers.values())))
        thaw_all.setEnabled(any(map(is_frozen, network.layers.values())))
        tune.setEnabled(len(layers) == 1)
        for action in (repeat, keep):
            action.setEnabled(selected is not None)
        for action in (dissolve, fold):
            action.setEnabled(bool(within))
        find.setEnabled(bool(page.document.network.layers))
        for action in (fold_all, unfold_all):
            action.setEnabled(bool(blocks))
        entry.setEnabled(next(_open_blocks(page), None) is not None)
        inside = set(layers)
        out.setEnabled(
            any(0 < len(inside & set(each.layers)) < len(each.layers) for each in blocks.values())
        )

    page.scene.selection_changed.connect(refresh)
    page.document.changed.connect(refresh)
    refresh()
    return [
        cut, copy, paste, duplicate, delete, leave, separator("edit"), every, find,
        add, rename, tidy, separator("network"), block, dissolve, fold, fold_all, unfold_all,
        repeat, keep, entry, out, separator("network"), share_weights, own_weights,
        separator("network"), freeze, thaw, thaw_all, tool, tune,
        separator("network"), zoom_in, zoom_out, full, fit,
        separator("view"), shade_action(page), page.minimap.action(page.context.settings),
        separator("view"),
    ]  # fmt: skip


def _open_blocks(page: DesignPage) -> Iterator[str]:
    """The blocks that the selected layers can be added to."""
    network, names = page.document.network, page.scene.selected_layers()
    return (name for name in network.blocks if can_take(network, name, names))


def _fill_with_blocks(menu: QMenu, page: DesignPage) -> None:
    network, inside = page.document.network, set(page.scene.selected_layers())
    linked = {end for link in network.links if not inside.isdisjoint(link) for end in link}
    # Those linked with the selected layers come first.
    names = sorted(_open_blocks(page), key=lambda n: linked.isdisjoint(network.blocks[n].layers))
    menu.clear()
    for name in names:
        action = menu.addAction(name.replace("&", "&&"), partial(page.editing.put_in, name))
        action.setObjectName(f"addToBlock_{name}")


def canvas_menu(
    page: DesignPage, item: LayerItem | FrameItem | LinkItem | None, point: QPointF
) -> QMenu:
    """The menu for what is under the mouse."""
    menu = QMenu(page)
    menu.setObjectName("canvasMenu")
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    actions = {action.objectName(): action for action in page.actions()}
    editing, canvas = page.editing, page.canvas
    clipboard = ("cutAction", "copyAction", "duplicateAction", "deleteAction")
    if isinstance(item, (BlockItem, FrameItem)):
        menu.addAction(
            "Unfold" if item.block.folded else "Fold",
            lambda: editing.fold(item.block.name, folded=not item.block.folded),
        )
        names = ("renameAction", "repeatBlockAction", "keepBlockAction", "dissolveBlockAction")
        menu.addActions([actions[name] for name in names])
        menu.addSeparator()
        menu.addActions([actions[name] for name in ("freezeAction", "unfreezeAction")])
        menu.addSeparator()
        menu.addAction(actions["makeBlockAction"])
        menu.addActions([actions[name] for name in clipboard])
    elif isinstance(item, LayerItem):
        name = item.layer.name
        for problem in item.problems:
            for remedy in problem.remedies:
                menu.addAction(remedy.label, partial(editing.document.solve, remedy))
        if not menu.isEmpty():
            menu.addSeparator()
        menu.addAction("Insert a layer below…", canvas.ask_for_layer)
        menu.addAction(actions["renameAction"])
        linked = editing.network.inputs_of(name) or editing.network.outputs_of(name)
        menu.addAction("Unlink", editing.unlink).setEnabled(bool(linked))
        menu.addSeparator()
        menu.addActions(
            [actions[name] for name in ("freezeAction", "unfreezeAction", "fineTuneFromAction")]
        )
        menu.addSeparator()
        weights = sharing.share_menu(editing.document, name, menu)
        if weights is not None and not actions["shareWeightsAction"].isEnabled():
            menu.addMenu(weights)
        for name in (
            "shareWeightsAction",
            "ownWeightsAction",
            "makeBlockAction",
            "addToBlockAction",
            "takeOutAction",
        ):
            if actions[name].isEnabled():
                menu.addAction(actions[name])
        menu.addSeparator()
        menu.addActions([actions[name] for name in (*clipboard, "deleteLeaveGapAction")])
    elif isinstance(item, LinkItem):
        menu.addAction(
            "Insert a layer here…", lambda: canvas.ask_for_inserted_layer(item.link, point)
        )
        menu.addAction("Delete the link", editing.delete)
    else:
        menu.addAction("Add a layer here…", lambda: canvas.ask_for_layer_at(point))
        menu.addAction(actions["pasteAction"])
        menu.addAction(actions["selectAllAction"])
        menu.addSeparator()
        menu.addActions([actions["arrangeAction"], actions["zoomFitAction"]])
        menu.addActions([actions["shadeAction"], actions["freezeToolAction"]])
    return menu
