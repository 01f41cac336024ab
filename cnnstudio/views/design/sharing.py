"""Shared weights on the Design page: the choice in the inspector, the menus, what is selected."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QMenu, QVBoxLayout, QWidget

from cnnstudio.app.document import Document
from cnnstudio.graph.network import Network
from cnnstudio.graph.sharing import own_weights, partners, share_weights
from cnnstudio.views.design.editors import Combo
from cnnstudio.views.design.setting_row import LABEL_WIDTH, RESET_WIDTH
from cnnstudio.views.theme import HIT, S4
from cnnstudio.views.widgets import Secondary, name_widget

_OWN = "its own"
# A longer menu is not read: the inspector has all of them.
_MOST = 20


class WeightsRow(QWidget):
    """Whose weights a layer uses: its own, or those of another layer of its type."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._name = ""
        self.choice = Combo()
        name_widget(self.choice, "layerWeights", "Whose weights the layer uses")
        self.choice.setToolTip(
            "Layers that share weights are one layer of Keras, used several times: their settings "
            "are the same, and the weights count once."
        )
        self.choice.setMaxVisibleItems(16)
        self.choice.setMinimumContentsLength(6)
        self.choice.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.choice.activated.connect(self._choose)
        self.also = Secondary()
        self.also.setObjectName("layerWeightsAlso")
        label = QLabel("weights")
        label.setProperty("role", "secondary")
        label.setFixedSize(LABEL_WIDTH, HIT)
        line = QHBoxLayout()
        line.setSpacing(S4)
        line.addWidget(label)
        line.addWidget(self.choice, 1)
        line.addSpacing(RESET_WIDTH + S4)
        below = QHBoxLayout()
        below.addSpacing(LABEL_WIDTH + S4)
        below.addWidget(self.also, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(S4)
        layout.addLayout(line)
        layout.addLayout(below)

    def show_layer(self, name: str) -> None:
        """Show whose weights a layer uses, and who else does."""
        self._name = name
        network = self._document.network
        owner = network[name].shares
        self.choice.clear()
        self.choice.addItem(_OWN)
        for other in ([owner] if owner else []) + list(partners(network, name)):
            self.choice.addItem(f"those of {other}", other)
        self.choice.setCurrentIndex(0 if owner is None else 1)
        self.setVisible(self.choice.count() > 1)
        others = [each for each in network.uses_of(name) if each not in (name, owner)]
        self.also.setText(f"also used by {_listed(others)}" if others else "")
        self.also.setVisible(bool(others))

    def _choose(self, index: int) -> None:
        other = self.choice.itemData(index)
        shares = self._document.network[self._name].shares
        if other is None and shares is not None:
            own(self._document, [self._name])
        elif other is not None and other != shares:
            share(self._document, [other, self._name])


def share(document: Document, names: Sequence[str]) -> None:
    """Let layers share the weights of the first, as one step for undo."""

    def edit(network: Network) -> Network:
        for name in names[1:]:
            if network.owner_of(name) != network.owner_of(names[0]):
                network = share_weights(network, name, names[0])
        return network

    document.edit(f"Share the weights of {names[0]}", edit)


def own(document: Document, names: Sequence[str]) -> None:
    """Give those of the layers that share weights their own, as one step for undo."""

    def edit(network: Network) -> Network:
        for name in names:
            if len(network.uses_of(name)) > 1:
                network = own_weights(network, name)
        return network

    what = f"Weights of its own for {names[0]}" if len(names) == 1 else "Weights of their own"
    document.edit(what, edit)


def may_share(network: Network, names: Sequence[str]) -> bool:
    """Whether layers could share weights and do not yet."""
    if len(names) < 2 or len({network[name].type for name in names}) > 1:
        return False
    owners = {network.owner_of(name) for name in names}
    return len(owners) > 1 and network[names[0]].spec.weighted


def may_own(network: Network, names: Sequence[str]) -> bool:
    """Whether any of the layers shares weights."""
    return bool(network.sharing) and any(len(network.uses_of(name)) > 1 for name in names)


def share_menu(document: Document, name: str, parent: QWidget) -> QMenu | None:
    """The layers whose weights a layer could use, those nearest in the network; None if none."""
    network = document.network
    found = list(partners(network, name))
    if not found:
        return None
    place = {each: index for index, each in enumerate(network.layers)}
    nearest = sorted(found, key=lambda each: abs(place[each] - place[name]))[:_MOST]
    menu = QMenu("Share the weights of", parent)
    menu.setObjectName("shareWeightsMenu")
    for other in sorted(nearest, key=place.__getitem__):
        menu.addAction(other, partial(share, document, [other, name]))
    return menu


def _listed(names: Sequence[str]) -> str:
    if len(names) > 3:
        return f"{', '.join(names[:2])} and {len(names) - 2} more"
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
