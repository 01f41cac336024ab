"""The presets as a menu: family by family, each with its size."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from cnnstudio.graph.presets import FAMILIES
from cnnstudio.views.design.wording import short_count


def fill_preset_menu(
    menu: QMenu, prefix: str, slot: Callable[[str], object], *, sizes: bool = True
) -> list[QAction]:
    """Add an action for each preset, called `prefix` and its name, that calls `slot` with that.

    With `sizes` each tells its parameters at the right, where shortcuts stand otherwise.
    """
    menu.setToolTipsVisible(True)
    made: list[QAction] = []
    for presets in FAMILIES.values():
        if made:
            menu.addSeparator()
        for preset in presets:
            size = f"\t{short_count(preset.parameters)}" if sizes else ""
            action = menu.addAction(f"{preset.title}{size}")
            action.setObjectName(f"{prefix}_{preset.name}")
            action.setToolTip(f"{preset.family}: {preset.description}")
            action.triggered.connect(partial(_call, slot, preset.name))
            made.append(action)
    return made


def _call(slot: Callable[[str], object], name: str, _checked: bool = False) -> None:
    slot(name)
