"""Writing a network down in code: layer after layer, with branches and blocks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

from cnnstudio.graph.blocks import make_blocks
from cnnstudio.graph.edits import EditError, add_layer
from cnnstudio.graph.network import Layer, Link, Network
from cnnstudio.graph.spec import Arity

_EMPTY = Network()


class Builder:
    """A network that grows by a layer at a time.

    A layer is fed by the one added before it unless told otherwise.

    Attributes:
        last: the layer added last, or where a recipe says it continues.
        folded: the blocks that are to be folded.
    """

    def __init__(self) -> None:
        self.last = ""
        self.folded: set[str] = set()
        self._layers: dict[str, Layer] = {}
        self._links: list[Link] = []
        self._blocks: dict[str, list[str]] = {}
        self._open: list[str] = []

    def __getitem__(self, name: str) -> Layer:
        return self._layers[name]

    def add(self, type_: str, *sources: str, name: str | None = None, **settings: Any) -> str:
        """Add a layer fed by `sources`, by default the last one; return its name.

        Without `name` one is made up as on the canvas. Raises `EditError` for a setting that makes
        no sense or a name that is taken.
        """
        made, given = add_layer(_EMPTY, type_, name=name, settings=settings)
        layer = made[given]
        if name is None:
            given = self._free(given)
        if given in self._layers:
            raise EditError(f"There is already a layer called {given}: choose another name.")
        if layer.spec.arity is not Arity.NONE:
            self._links += [Link(source, given) for source in sources or (self.last,)]
        self._layers[given] = Layer(given, type_, layer.settings)
        for block in self._open:
            self._blocks[block].append(given)
        self.last = given
        return given

    @contextmanager
    def block(self, name: str, *, folded: bool = False) -> Iterator[None]:
        """A named block of all layers added meanwhile; blocks may lie inside one another."""
        self._blocks[name] = []
        if folded:
            self.folded.add(name)
        self._open.append(name)
        yield
        self._open.pop()

    @property
    def network(self) -> Network:
        """The network as far as it is built, not laid out and not folded."""
        network = Network(MappingProxyType(dict(self._layers)), tuple(self._links))
        return make_blocks(network, self._blocks)

    def _free(self, like: str) -> str:
        """A name nothing has yet: the stem of `like` and the first free number."""
        if like not in self._layers:
            return like
        stem = like.rpartition("_")[0]
        number = 2
        while f"{stem}_{number}" in self._layers:
            number += 1
        return f"{stem}_{number}"
