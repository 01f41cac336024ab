"""What a person does to the network on the Design page, as undoable steps with readable names.

Canvas, palette and menus all come here, so that a layer added by any road behaves the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from PySide6.QtCore import QMimeData, QObject, Signal
from PySide6.QtGui import QGuiApplication

from cnnstudio.app.document import Document
from cnnstudio.errors import StudioError
from cnnstudio.graph import blocks, edits
from cnnstudio.graph.between import put_between
from cnnstudio.graph.blocks import block_of
from cnnstudio.graph.catalogue import spec_of
from cnnstudio.graph.edits import COLUMN, Fragment, Position
from cnnstudio.graph.folding import exit_of, fold, fold_all, insert_layer, link_cards, with_title
from cnnstudio.graph.layout import arrange, close_rows, set_beside
from cnnstudio.graph.network import Block, Link, Network
from cnnstudio.graph.project import ProjectError, network_from_json, network_to_json
from cnnstudio.graph.spec import Arity
from cnnstudio.graph.templates import Template, insert, insert_behind, insert_on, repeat_block
from cnnstudio.views.design.items import Port
from cnnstudio.views.design.metrics import GRID
from cnnstudio.views.design.scene import NetworkScene
from cnnstudio.views.design.wording import counted

LAYERS_MIME = "application/x-cnnstudio-layers+json"


class Editing(QObject):
    """Edits of the document, by way of the selection of the scene."""

    # Layers were added or found: bring them into view.
    shown = Signal(object)
    # A block shall be made of the selected layers: ask for its name.
    block_wanted = Signal()
    # The network is another one: show it from its beginning.
    replaced = Signal()

    def __init__(self, document: Document, scene: NetworkScene, parent: QObject | None = None):
        super().__init__(parent)
        self.document = document
        self._scene = scene

    @property
    def network(self) -> Network:
        return self.document.network

    # -- adding ----------------------------------------------------------------------------------

    def add_at(self, type_: str, place: Position) -> str | None:
        """A new unconnected layer, its corner exactly at `place`."""
        # What is put where the mouse points is in view: the view must not jump.
        return self._added(
            type_, lambda network: edits.add_layer(network, type_, place), show=False
        )

    def insert_on(self, type_: str, link: Link) -> str | None:
        """A new layer between the two ends of a link; what is below makes room."""
        links = self._scene.view.links_of(link)
        return self._added(
            type_,
            lambda network: _beside_others(insert_layer(network, links, type_)),
            verb="Insert",
        )

    def insert_after(self, type_: str, name: str) -> str | None:
        """A new layer behind a layer, in front of everything it fed."""
        return self._added(type_, lambda network: _behind(network, name, type_), verb="Insert")

    def add_connected(self, type_: str) -> str | None:
        """A new layer where it most likely belongs: behind the selected layer, or at the end."""
        chosen = self._scene.selected_layers()
        if spec_of(type_).arity is Arity.NONE:
            return self._added(type_, lambda network: _at_top(network, type_))
        block = self._scene.selected_block()
        if block is not None:
            return self._behind_block(type_, block)
        if len(chosen) == 1:
            return self.insert_after(type_, chosen[0])
        links = self._scene.selected_links()
        if not chosen and len(links) == 1:
            return self.insert_on(type_, links[0])
        last = last_output(self.network)
        if last is None:
            return self._added(type_, lambda network: edits.add_layer(network, type_))
        return self._added(type_, lambda network: _behind(network, last, type_))

    def add_linked(self, type_: str, place: Position, name: str, port: Port) -> str | None:
        """A new layer at `place`, linked to the port of a layer a wire was drawn from."""

        def build(network: Network) -> tuple[Network, str]:
            network, new = edits.add_layer(network, type_, place)
            ends = (name, new) if port is Port.OUTPUT else (new, name)
            return link_cards(network, *ends), new

        return self._added(type_, build, show=False)

    def _behind_block(self, type_: str, block: Block) -> str | None:
        def build(network: Network) -> tuple[Network, str]:
            last = exit_of(network, block)
            links = [link for link in network.links if link.source == last]
            outside = [link for link in links if link.target not in block.layers]
            if outside:
                return _beside_others(insert_layer(network, outside, type_))
            return _behind(network, last, type_)

        return self._added(type_, build, verb="Insert")

    def link(self, source: str, target: str) -> None:
        """Link two cards: of layers, or of folded blocks."""
        names = (name.strip("[]") for name in (source, target))
        self.document.edit("Link {} to {}".format(*names), link_cards, source, target)

    # -- blocks ----------------------------------------------------------------------------------

    def make_block(self, name: str) -> str | None:
        """Make a block of the selected layers, with room for its title."""
        chosen = self._scene.selected_layers()

        def build(network: Network) -> tuple[Network, str]:
            network, made = blocks.make_block(network, chosen, name)
            return with_title(network, made), made

        made = self.document.edit(f"Make block {name.strip()}", build)
        return made if isinstance(made, str) else None

    def fold(self, *names: str, folded: bool = True) -> None:
        """Fold or unfold blocks, in one step."""
        network = self.network
        for name in names:
            network = fold(network, name, folded=folded)
        what = names[0] if len(names) == 1 else counted(len(names), "block")
        self.document.apply(f"{'Fold' if folded else 'Unfold'} {what}", network)

    def fold_all(self, *, folded: bool = True) -> None:
        verb = "Fold" if folded else "Unfold"
        self.document.edit(f"{verb} all blocks", fold_all, folded=folded)

    def dissolve(self) -> None:
        """Forget the block that is selected, or each among the selected layers."""
        chosen = self._scene.selected_layers()
        found = blocks.blocks_within(self.network, chosen)
        network = self.network
        for block in found:
            # Seen again, its layers need their room.
            network = fold(network, block.name, folded=False)
            network = blocks.dissolve_block(network, block.name)
        if found:
            what = f"block {found[0].name}" if len(found) == 1 else counted(len(found), "block")
            self.document.apply(f"Dissolve {what}", network)
            self._scene.select(chosen)

    def rename_block(self, name: str, new: str) -> bool:
        return bool(self.document.edit(f"Rename to {new}", blocks.rename_block, name, new))

    def repeat(self, name: str, times: int) -> bool:
        """Let a block stand `times` times in a row."""
        before = set(self.network.layers)
        if not self.document.edit(f"Repeat {name} {times} times", repeat_block, name, times):
            return False
        new = tuple(layer for layer in self.network.layers if layer not in before)
        self._scene.select([*self.network.blocks[name].layers, *new])
        self.shown.emit(new)
        return True

    def put_in(self, block: str) -> None:
        """Add the selected layers to a block."""
        names = self._scene.selected_layers()
        self.document.edit(f"Add {self._named(names)} to {block}", blocks.put_in, block, names)

    def take_out(self) -> None:
        """Take the selected layers out of the blocks around them."""
        names = self._scene.selected_layers()
        self.document.edit(f"Take {self._named(names)} out", blocks.take_out, names)

    def insert_template(
        self, template: Template, *, place: Position | None = None, link: Link | None = None
    ) -> str | None:
        """A copy of a kept block: at `place`, on a link, or where a layer would be added."""
        links = self._scene.view.links_of(link) if link is not None else ()
        behind = self._exit_of_selection() if place is None and link is None else None

        def build(network: Network) -> tuple[Network, str]:
            if links:
                return insert_on(network, links, template)
            if behind is not None:
                return insert_behind(network, template, behind)
            return insert(network, template, place or (0.0, 0.0))

        name = self.document.edit(f"Insert block {template.name}", build)
        if not isinstance(name, str):
            return None
        layers = self.network.blocks[name].layers
        self._scene.select(layers)
        if place is None:
            self.shown.emit(layers)
        return name

    def _exit_of_selection(self) -> str | None:
        """The layer that something new is put behind."""
        chosen, block = self._scene.selected_layers(), self._scene.selected_block()
        if block is not None:
            exits = blocks.ends_of(self.network, block.layers).exits
            return exits[0] if exits else None
        return chosen[0] if len(chosen) == 1 else last_output(self.network)

    def put_between(self, link: Link) -> None:
        """Put the selected layers, which nothing is linked to, on a link as it is seen."""
        names, links = self._scene.selected_layers(), self._scene.view.links_of(link)
        if self.document.edit(f"Insert {self._named(names)}", put_between, names, links):
            self._scene.select(names)

    # -- selection as a whole --------------------------------------------------------------------

    def move(self, places: Mapping[str, Position], *, merge_key: object = None) -> None:
        text = f"Move {self._named(places)}"
        self.document.apply(text, edits.move(self.network, places), merge_key=merge_key)

    def nudge(self, columns: float, rows: float) -> None:
        """Move the selection by steps of the grid; steps in a row are one undo."""
        names = self._scene.selected_layers()
        if names:
            places = {
                name: (
                    self.network[name].position[0] + columns * GRID,
                    self.network[name].position[1] + rows * GRID,
                )
                for name in names
            }
            self.move(places, merge_key=("nudge", names))

    def delete(self, *, close_gap: bool = True, verb: str = "Delete") -> bool:
        """Remove the selected layers and links; False when nothing was selected."""
        names, links = self._scene.selected_layers(), self._scene.selected_links()
        if not names and not links:
            return False
        before = self.network
        network = before
        for link in links:
            for each in self._scene.view.links_of(link):
                network = edits.disconnect(network, *each)
        after = edits.remove_layers(network, names, close_gap=close_gap)
        if close_gap and names:
            after = close_rows(before, after)
        what = self._named(names) if names else counted(len(links), "link").removeprefix("1 ")
        self.document.apply(f"{verb} {what}", after)
        return True

    def unlink(self) -> None:
        """Remove all links at the selected layers; the layers stay."""
        names = set(self._scene.selected_layers())
        kept = tuple(link for link in self.network.links if names.isdisjoint(link))
        if names and kept != self.network.links:
            self.document.apply(f"Unlink {self._named(names)}", replace(self.network, links=kept))

    def copy(self) -> bool:
        """Put the selected layers on the clipboard, for this window or another."""
        names = self._scene.selected_layers()
        if not names:
            return False
        fragment = edits.copy(self.network, names)
        layers = {layer.name: layer for layer in fragment.layers}
        inside = {block.name: block for block in fragment.blocks}
        whole = Network(layers, fragment.links, inside)
        text = json.dumps(network_to_json(whole), indent=2)
        data = QMimeData()
        data.setData(LAYERS_MIME, text.encode())
        data.setText(text)
        QGuiApplication.clipboard().setMimeData(data)
        return True

    def cut(self) -> bool:
        return self.copy() and self.delete(verb="Cut")

    def can_paste(self) -> bool:
        data = QGuiApplication.clipboard().mimeData()
        return data is not None and data.hasFormat(LAYERS_MIME)

    def paste(self) -> None:
        """Add what is on the clipboard, beside where it was copied from."""
        data = QGuiApplication.clipboard().mimeData()
        if data is None or not data.hasFormat(LAYERS_MIME):
            self.document.failed.emit(
                "The clipboard holds no layers: select some on the canvas and copy them first."
            )
            return
        try:
            copied = network_from_json(json.loads(bytes(data.data(LAYERS_MIME).data())))
        except (ProjectError, ValueError) as error:
            self.document.failed.emit(f"What is on the clipboard cannot be pasted: {error}")
            return
        self._paste(edits.copy(copied, copied.layers), "Paste")

    def duplicate(self) -> None:
        names = self._scene.selected_layers()
        if names:
            self._paste(edits.copy(self.network, names), "Duplicate")

    def arrange(self) -> None:
        """Lay out all layers anew."""
        self.document.apply("Arrange layers", arrange(self.network))
        self.replaced.emit()

    def select_all(self) -> None:
        self._scene.select(self.network.layers)

    def start_from(self, preset: str) -> None:
        """Replace the network by a preset that fits the data, as one step for undo."""
        if self.document.start_from(preset):
            self._scene.select()
            self.replaced.emit()

    # -- helpers ---------------------------------------------------------------------------------

    def _added(
        self,
        type_: str,
        build: Callable[[Network], tuple[Network, str]],
        *,
        verb: str = "Add",
        show: bool = True,
    ) -> str | None:
        name = self.document.edit(f"{verb} {type_}", build)
        if name is not None:
            self._scene.select([name])
            if show:
                self.shown.emit((name,))
        return name

    def _paste(self, fragment: Fragment, verb: str) -> None:
        network = self.network
        taken = [layer.position for layer in self._scene.view.network.layers.values()]
        column = 1
        while any(
            abs(x - layer.position[0] - column * COLUMN) < COLUMN / 2
            and abs(y - layer.position[1]) < GRID * 2
            for x, y in taken
            for layer in fragment.layers
        ):
            column += 1
        try:
            network, names = edits.paste(network, fragment, (column * COLUMN, 0.0))
        except StudioError as error:
            self.document.failed.emit(error.message)
            return
        what = fragment.layers[0].type if len(names) == 1 else counted(len(names), "layer")
        self.document.apply(f"{verb} {what}", network)
        self._scene.select(names)
        self.shown.emit(names)

    def _named(self, names: Iterable[str]) -> str:
        names = tuple(names)
        block = block_of(self.network, names) if self.network.blocks else None
        if block is not None:
            return f"block {block.name}"
        return self.network[names[0]].type if len(names) == 1 else counted(len(names), "layer")


def last_output(network: Network) -> str | None:
    """The layer a new one is appended to: the last output, or the last layer."""
    for name in reversed(network.order):
        if not network.outputs_of(name) and network.inputs_of(name):
            return name
    return next(reversed([*network.layers, *network.order]), None)


def _behind(network: Network, name: str, type_: str) -> tuple[Network, str]:
    return _beside_others(edits.insert_after(network, name, type_))


def _beside_others(made: tuple[Network, str]) -> tuple[Network, str]:
    """The new layer moved aside if another layer stands where it was put."""
    return set_beside(*made), made[1]


def _at_top(network: Network, type_: str) -> tuple[Network, str]:
    """A layer nothing feeds, right of all others at their top."""
    places = [layer.position for layer in network.layers.values()]
    place = (0.0, 0.0)
    if places:
        place = (max(x for x, _ in places) + COLUMN, min(y for _, y in places))
    return edits.add_layer(network, type_, place)
