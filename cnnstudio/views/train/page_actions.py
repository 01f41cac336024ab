"""The Train page's actions in the menu bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QAction

from cnnstudio.views.train.tabs import RunTabs

if TYPE_CHECKING:
    from cnnstudio.views.train_page import TrainPage

SHORTCUTS = {"compareRunsAction": "Ctrl+Shift+C", "tensorBoardAction": "Ctrl+Shift+T"}


def page_actions(page: TrainPage, bottom: RunTabs) -> list[QAction]:
    """What the Train menu has beside Start, Pause and Stop."""
    curves = page.curves
    smooth, log, steps = curves.smooth_box, curves.log_box, curves.step_box
    made = []
    for text, name, slot in (
        ("Find a learning rate…", "findRateAction", page.find_rate),
        ("Search over settings", "searchAction", bottom.show_search),
        ("Smooth curves", "smoothCurvesAction", smooth.toggle),
        ("Logarithmic loss", "logScaleAction", log.toggle),
        ("Curves by step", "curvesByStepAction", steps.toggle),
        ("Save curves…", "saveCurvesAction", curves.ask_where),
        ("Compare the two selected runs…", "compareRunsAction", page.runs.compare_selected),
        ("New network from this run…", "transferRunAction", page.runs.transfer_selected),
        ("Open the runs in TensorBoard", "tensorBoardAction", page.open_tensorboard),
    ):
        action = QAction(text, page)
        action.setObjectName(name)
        if name in SHORTCUTS:
            action.setShortcut(SHORTCUTS[name])
        action.setProperty("menu", "train")
        # triggered carries a bool that the methods do not want.
        action.triggered.connect(lambda _checked=False, slot=slot: slot())
        made.append(action)
    return made
