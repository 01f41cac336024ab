"""The bar that says where data and network differ, and makes them fit in one step."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from cnnstudio.app.document import Document
from cnnstudio.views.data import facts, work
from cnnstudio.views.strip import Strip, StripAction


class MatchBar(Strip):
    """Hidden while data and network fit, while no data is known, or when the person said Keep."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__("matchBar", parent)
        self._document = document
        self._kept = ""

    def forget(self) -> None:
        """Other data was opened: what the person wanted to keep no longer counts."""
        self._kept = ""

    def refresh(self) -> bool:
        """Show or hide the bar; whether data and network fit and can be trained."""
        document = self._document
        classes = document.classes or 0
        if classes < 2:  # nothing to train on: the page says so
            self.hide()
            return document.report is None and not document.analysis.errors
        wrong = document.data_mismatch()
        if not wrong or wrong == self._kept:
            self.hide()
            return not wrong and not document.analysis.errors
        network, data = document.network, document.data
        actions: list[StripAction] = [("Match the network", document.match_data)]
        size = work.input_size(network)
        if size is not None and size != (*data.image_size, data.channels):
            actions.append((f"Use {facts.shape(size[:2])} pictures", self._match_pictures))
        actions.append(("Keep", lambda: self._keep(wrong)))
        text = facts.mismatch(network, data, classes)
        self.show_message(text, "info", actions)
        return False

    def _keep(self, wrong: str) -> None:
        self._kept = wrong
        self.hide()

    def _match_pictures(self) -> None:
        """The other way round: bring the pictures to what the network takes."""
        size = work.input_size(self._document.network)
        if size is not None:
            mode = "grayscale" if size[2] == 1 else "rgb"
            changes = {"image_size": size[:2], "color_mode": mode}
            data = self._document.data.model_copy(update=changes)
            self._document.set_data(data, "Match the pictures to the network")
