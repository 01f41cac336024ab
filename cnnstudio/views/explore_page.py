"""The Explore page: what a trained network sees in a picture, and how it does on many."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QHideEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QTabWidget, QVBoxLayout, QWidget

from cnnstudio.app.tasks import Task
from cnnstudio.app.trainer import State
from cnnstudio.training.events import FeatureMapsReady, Looked, Message, Started
from cnnstudio.views import theme
from cnnstudio.views.classify.chooser import ModelChooser
from cnnstudio.views.classify.telling import TellStrip
from cnnstudio.views.context import Context
from cnnstudio.views.explore.evaluation import EvaluationTab
from cnnstudio.views.explore.explaining import Explainers
from cnnstudio.views.explore.feature_maps import FeatureMapsTab
from cnnstudio.views.explore.mattered import MatteredTab
from cnnstudio.views.explore.point_work import Clouds
from cnnstudio.views.explore.points import PointsTab
from cnnstudio.views.explore.unit_work import Units
from cnnstudio.views.explore.units import UnitsTab
from cnnstudio.views.explore.work import Explorer, Facts, LayerRow, Owns, Seen, Sees
from cnnstudio.views.train.live_cam import CamSeen
from cnnstudio.views.widgets import Line, Secondary, name_widget

NO_MODEL = (
    "Train a network first, or open a .keras file: then every layer shows here what it sees in a "
    "picture."
)
NO_PICTURE = "Drop a picture, choose one, or press “Next picture”. The filters show without one."


class ExplorePage(QWidget):
    """One network for both tabs; feature maps can also come from the network that trains now."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("explorePage")
        self.setAccessibleName("Explore")
        self._context = context
        self._explorer = Explorer(context.models)
        self._facts: Facts | None = None
        self._loading: Task | None = None
        self._looking: Task | None = None
        self._reading: Task | None = None
        self._evaluate_next = False
        # What the training that goes on was started with: its layers and how it reads pictures.
        self._live_layers: tuple[LayerRow, ...] = ()
        self._live_network = context.document.network
        self._live_classes: tuple[str, ...] = ()
        self._measuring: Task | None = None
        self._live_data = context.document.data

        self.chooser = ModelChooser(context, self)
        name_widget(self.chooser.list, "exploreModel", "Trained network to explore")
        name_widget(self.chooser.open_button, "exploreOpenModel", "Open a .keras file to explore")
        self.chooser.facts.setObjectName("exploreModelFacts")
        name_widget(
            self.chooser.tell_button, "exploreToldButton", "Change what was told of the file"
        )
        self.tell = TellStrip("exploreTell", context, self)
        self.live_button = QPushButton("Watch the training", self)
        name_widget(
            self.live_button,
            "exploreLiveButton",
            "Show the network that is training",
            "Feature maps and Grad-CAM of the network that is training now, as it learns",
        )
        self.live_button.setCheckable(True)
        self.live_button.setEnabled(False)
        self.maps_tab = FeatureMapsTab(context, self)
        self.mattered_tab = MatteredTab(context, Explainers(self._explorer.classifier), self)
        self.units_tab = UnitsTab(context, Units(self._explorer.classifier), self)
        self.points_tab = PointsTab(context, Clouds(self._explorer.classifier), self)
        self.evaluation_tab = EvaluationTab(context, self._explorer, self.chooser, self)
        self.tabs = QTabWidget(self)
        self.tabs.setObjectName("exploreTabs")
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.maps_tab, "Feature maps")
        self.tabs.addTab(self.mattered_tab, "What mattered")
        self.tabs.addTab(self.units_tab, "Units")
        self.tabs.addTab(self.points_tab, "Points")
        self.tabs.addTab(self.evaluation_tab, "Evaluation")
        bar = QHBoxLayout()
        bar.setContentsMargins(theme.S16, theme.S8, theme.S16, theme.S8)
        bar.setSpacing(theme.S8)
        bar.addWidget(Secondary("Network", self))
        bar.addWidget(self.chooser, 1)
        bar.addWidget(self.live_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        layout.addWidget(Line(parent=self))
        layout.addWidget(self.tell)
        layout.addWidget(self.tabs, 1)

        self.chooser.chosen.connect(self._choose)
        self.chooser.tell_wanted.connect(self.tell.ask)
        context.models.told_changed.connect(self._told)
        self.live_button.toggled.connect(self._live_toggled)
        self.maps_tab.wanted.connect(self._look)
        self.mattered_tab.live_wanted.connect(self._look)
        self.tabs.currentChanged.connect(lambda _index: self._look() if self.live else None)
        # One picture for both tabs.
        self.maps_tab.picture_box.picked.connect(self.mattered_tab.set_picture)
        self.mattered_tab.picked.connect(self._share_picture)
        for tab in (self.units_tab, self.points_tab, self.evaluation_tab):
            tab.explained.connect(self.explain)
            tab.mattered.connect(self._why)
        context.trainer.events.connect(self._happened)
        context.trainer.state_changed.connect(self._state_changed)
        context.explain_requested.connect(self.explain)
        context.why_requested.connect(self.explain_why)
        context.evaluate_requested.connect(self.evaluate_run)
        self._actions = self._make_actions()
        self.maps_tab.say(NO_MODEL)

    def _make_actions(self) -> list[QAction]:
        made = []
        for text, name, keys, slot in (
            ("Next picture", "nextPictureAction", "Ctrl+Alt+N", self._next_picture),
            ("Evaluate the network", "evaluateAction", "Ctrl+Alt+V", self._evaluate),
        ):
            action = QAction(text, self)
            action.setObjectName(name)
            action.setProperty("menu", "view")
            action.setShortcut(QKeySequence(keys))
            action.triggered.connect(lambda _checked=False, slot=slot: slot())
            made.append(action)
        paste = QAction("Paste a picture to explore", self)
        paste.setObjectName("pasteExploreAction")
        paste.setShortcut(QKeySequence("Ctrl+V"))
        paste.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        paste.triggered.connect(lambda _checked=False: self.maps_tab.picture_box.paste())
        self.addAction(paste)
        return made

    def actions(self) -> list[QAction]:
        return self._actions

    # -- called by other parts ----------------------------------------------------------------

    def explain(self, picture: Path) -> None:
        """Show the feature maps of a picture file."""
        self.tabs.setCurrentWidget(self.maps_tab)
        self.maps_tab.set_picture(Path(picture))

    def explain_why(self, model: Path, picture: Path) -> None:
        """Show what mattered in a picture to the network at `model`, a run or a file."""
        self._why(picture)
        if self.chooser.path != model:
            if model.is_dir():
                self.chooser.choose_run(model)
            else:
                self.chooser.open_file(model)

    def _why(self, picture: Path) -> None:
        self.tabs.setCurrentWidget(self.mattered_tab)
        self.mattered_tab.set_picture(picture)

    def _share_picture(self, picture: Path) -> None:
        if picture != self.maps_tab.picture_box.path:
            self.maps_tab.set_picture(picture)

    def evaluate_run(self, run: Path) -> None:
        """Choose a run and measure it on its test pictures, or else its validation pictures."""
        self.tabs.setCurrentWidget(self.evaluation_tab)
        self.live_button.setChecked(False)
        self._evaluate_next = True
        if self.chooser.path == run and self._facts is not None:
            self._choose(run)
        else:
            self.chooser.choose_run(run)

    def _next_picture(self) -> None:
        self._context.show_page("explore")
        self.tabs.setCurrentWidget(self.maps_tab)
        self.maps_tab.picture_box.next_picture()

    def _evaluate(self) -> None:
        self._context.show_page("explore")
        self.tabs.setCurrentWidget(self.evaluation_tab)
        self.evaluation_tab.start()

    # -- the network --------------------------------------------------------------------------

    def _choose(self, path: Path | None) -> None:
        if self._loading is not None:
            self._loading.cancel()
            self._loading = None
        if path is None:
            self._forget(NO_MODEL)
            return
        # Loading imports TensorFlow: not before somebody looks.
        if not self.isVisible() and not self._evaluate_next:
            self._facts = None
            return
        self._loading = self._context.inference.run(
            self._explorer.facts, path, on_done=self._loaded, on_failed=self._not_loaded
        )

    def _loaded(self, facts: Facts) -> None:
        self._loading = None
        self._facts = facts
        path = facts.model.path
        self.chooser.show_facts(facts.model)
        self.tell.show_facts(facts.model)
        self.evaluation_tab.set_model(path)
        self.mattered_tab.set_model(path)
        self.units_tab.set_network(path, facts.layers)
        self.points_tab.set_model(path)
        if not self.live:
            self.maps_tab.set_layers(facts.layers)
            self._look()
        if self._evaluate_next:
            self._evaluate_next = False
            report = self._context.document.report
            tested = report is not None and "test" in report.splits
            box = self.evaluation_tab.part_box
            box.setCurrentIndex(box.findData("test" if tested else "val"))
            self.evaluation_tab.start()

    def _not_loaded(self, message: str) -> None:
        self._loading = None
        self._evaluate_next = False
        self._forget(message)

    def _told(self, file: Path) -> None:
        """Other pixels or names count for a file: all that was seen with it is wrong."""
        if self._facts is not None and file == self._facts.model.path:
            self._forget("")
            self._choose(self.chooser.path)

    def _forget(self, why: str) -> None:
        """No network: every tab says so."""
        self._facts = None
        self.tell.show_facts(None)
        self.evaluation_tab.set_model(None)
        self.mattered_tab.set_model(None)
        self.units_tab.set_network(None, ())
        self.points_tab.set_model(None)
        if not self.live:
            self.maps_tab.set_layers(())
            self.maps_tab.say(why)

    # -- feature maps -------------------------------------------------------------------------

    def _look(self) -> None:
        """Ask for the maps of the chosen picture and layer."""
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
        picture, layer = self.maps_tab.picture_box.path, self.maps_tab.layer
        if picture is None:
            self.maps_tab.picture_box.ensure()  # which asks again
            if self.maps_tab.picture_box.path is not None:
                return
            self.maps_tab.say(NO_PICTURE)
        if layer is None or (self.live and picture is None):
            return
        if self.live:
            self._watch()
        elif self._facts is not None:
            self._looking = self._context.inference.run(
                self._explorer.look,
                self._facts.model.path,
                picture,
                layer,
                self.maps_tab.same_scale.isChecked(),
                on_done=self._saw,
                on_failed=self.maps_tab.say,
            )

    def _saw(self, seen: Seen | Owns) -> None:
        self._looking = None
        if not self.live:
            self.maps_tab.show_seen(seen)

    # -- the network that trains --------------------------------------------------------------

    @property
    def live(self) -> bool:
        """Whether the maps are those of the training that goes on."""
        return self.live_button.isChecked()

    def _state_changed(self, state: State) -> None:
        if state is State.PREPARING:
            document = self._context.document
            self._live_data, self._live_network = document.data, document.network
            self._live_layers = tuple(
                LayerRow(info.name, info.type, tuple(info.output_shape))
                for info in document.analysis.layers.values()
                if info.output_shape is not None and info.type != "Input"
            )
        self.live_button.setEnabled(state.active)
        if not state.active:
            self.live_button.setChecked(False)

    def _live_toggled(self, on: bool) -> None:
        if on:
            self.maps_tab.set_layers(self._live_layers)
            self.maps_tab.say("Waiting for the next step of the training…")
            self._follow()
            self._look()
            return
        self._context.trainer.watch(None)
        self.mattered_tab.unfollow()
        if self._facts is not None:
            self.maps_tab.set_layers(self._facts.layers)
            self._look()
        else:
            self._choose(self.chooser.path)

    def _follow(self) -> None:
        """Grad-CAM follows the training as well."""
        maps = [row for row in self._live_layers if len(row.shape) == 3 and row.shape[:2] != (1, 1)]
        last = max((i for i, row in enumerate(maps) if "Conv" in row.type), default=len(maps) - 1)
        self.mattered_tab.follow(self._live_classes, tuple(row.name for row in maps[: last + 1]))

    def _watch(self) -> None:
        from cnnstudio.data.pictures import load_picture

        if self._reading is not None:
            self._reading.cancel()
        if self._measuring is not None:
            self._measuring.cancel()
        data, layer = self._live_data, self.maps_tab.layer
        self.maps_tab.set_sees(None)
        self._measuring = self._context.inference.run(
            self._explorer.live_sees,
            self._live_network,
            layer,
            data.preparation,
            on_done=self._live_sees,
            on_failed=lambda _message: self.maps_tab.set_sees(None),
        )
        self._reading = self._context.tasks.run(
            load_picture,
            self.maps_tab.picture_box.path,
            data.preparation,
            on_done=lambda pixels: self._watch_pixels(layer, pixels),
            on_failed=self.maps_tab.say,
        )

    def _live_sees(self, sees: Sees) -> None:
        if self.live:
            self.maps_tab.set_sees(sees)

    def _watch_pixels(self, layer: str | None, pixels: Any) -> None:
        if not (self.live and self.isVisible()):
            return
        if self.tabs.currentWidget() is self.mattered_tab:
            self.mattered_tab.begin(pixels)
            layer = self.mattered_tab.layer or layer
            self._context.trainer.watch(layer, pixels, self.mattered_tab.look)
        else:
            self._context.trainer.watch(layer, pixels)

    def _happened(self, happened: tuple[Any, ...]) -> None:
        for event in happened:
            if isinstance(event, Started):
                self._live_classes = event.classes
                if self.live:
                    self._follow()
                    self._look()
        if not self.live or not self.isVisible():
            return
        for event in reversed(happened):
            if isinstance(event, FeatureMapsReady) and event.layer == self.maps_tab.layer:
                self.maps_tab.show_live(event.layer, event.maps, _when(event))
                return
            if isinstance(event, Looked) and isinstance(event.seen, CamSeen):
                self.mattered_tab.show_live(event.seen, _when(event))
                return
            if isinstance(event, Message):
                self.mattered_tab.say_live(event.text)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.live:
            self._look()
        self.chooser.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if self.live:
            self._context.trainer.watch(None)


def _when(event: FeatureMapsReady | Looked) -> str:
    return f"Epoch {event.epoch}, step {event.step}"
