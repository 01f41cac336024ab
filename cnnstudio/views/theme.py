"""Colours, fonts and spacing: the one place that holds them.

`current()` is the theme in use; `watcher.theme_changed` fires when it changes, because the system
went dark or light or because the person chose. Widgets that paint read `current()` while painting;
everything else is done by the palette and the stylesheet that `apply` sets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from cnnstudio.graph.spec import Category

Choice = Literal["system", "dark", "light"]

# Spacing, in steps of 4 pixels.
S4, S8, S12, S16, S24 = 4, 8, 12, 16, 24
RADIUS = 6
# A mouse and a finger need this much.
HIT = 28
TEXT_SIZE, SECONDARY_SIZE, SMALLEST_SIZE, TITLE_SIZE = 13, 12, 11, 16


@dataclass(frozen=True)
class Theme:
    """The colours of one theme as `#rrggbb`.

    `window` is the canvas, `panel` the page behind panels, `surface` panels, bars and tables,
    `raised` fields and chosen things on a surface, `border` every line. `on_accent` is text on an
    `accent` ground, `frost` what is frozen. `text`, `secondary`, `accent`, `error`, `warning`,
    `success` and `frost` reach a contrast of 4.5:1 on each of the four grounds.
    """

    name: Literal["dark", "light"]
    window: str
    panel: str
    surface: str
    raised: str
    border: str
    text: str
    secondary: str
    accent: str
    on_accent: str
    error: str
    warning: str
    success: str
    frost: str
    family: Mapping[Category, str]

    @property
    def dark(self) -> bool:
        return self.name == "dark"

    def color(self, name: str, alpha: float = 1.0) -> QColor:
        """A colour by attribute name, or by `#rrggbb`, with an opacity of 0 to 1."""
        color = QColor(name if name.startswith("#") else getattr(self, name))
        color.setAlphaF(alpha)
        return color

    def tint(self, name: str, on: str = "surface", share: float = 0.12) -> str:
        """`#rrggbb` of a ground with a share of a colour in it, such as behind an error."""
        ground, colour = self.color(on), self.color(name)
        parts = (
            round(a + (b - a) * share)
            for a, b in (
                (ground.red(), colour.red()),
                (ground.green(), colour.green()),
                (ground.blue(), colour.blue()),
            )
        )
        return "#{:02x}{:02x}{:02x}".format(*parts)

    @property
    def series(self) -> tuple[str, ...]:
        """Colours for the lines of a plot, in order."""
        families = (
            Category.CONVOLUTION,
            Category.DENSE,
            Category.POOLING,
            Category.REGULARISATION,
            Category.NORMALISATION,
            Category.ACTIVATION,
            Category.MERGE,
            Category.INPUT,
            Category.SHAPE,
            Category.ATTENTION,
            Category.AUGMENTATION,
        )
        return tuple(self.family[category] for category in families)


_FAMILY: Mapping[Category, str] = MappingProxyType(
    {
        Category.INPUT: "#7d8597",
        Category.CONVOLUTION: "#4c8dff",
        Category.POOLING: "#18a999",
        Category.NORMALISATION: "#b07cf7",
        Category.ACTIVATION: "#e86fb4",
        Category.REGULARISATION: "#e5a21a",
        Category.DENSE: "#ef6f6c",
        Category.ATTENTION: "#d9713c",
        Category.MERGE: "#58b957",
        Category.SHAPE: "#35a7c9",
        Category.AUGMENTATION: "#a3a33a",
    }
)

DARK = Theme(
    name="dark",
    window="#101216",
    panel="#15171c",
    surface="#1c1f26",
    raised="#252932",
    border="#323844",
    text="#e8eaf0",
    secondary="#98a1b3",
    accent="#5aa9ff",
    on_accent="#101216",
    error="#ff7a72",
    warning="#f0b43c",
    success="#4cc38a",
    frost="#7fd6f5",
    family=_FAMILY,
)
LIGHT = Theme(
    name="light",
    window="#fafbfd",
    panel="#f4f5f8",
    surface="#ffffff",
    raised="#eef0f5",
    border="#d7dce5",
    text="#1b2030",
    secondary="#5d6679",
    accent="#1769d2",
    on_accent="#ffffff",
    error="#c4302b",
    warning="#8a5a00",
    success="#17734a",
    frost="#0b7399",
    family=_FAMILY,
)


class Watcher(QObject):
    """Tells everybody that the theme changed; carries the new `Theme`."""

    theme_changed = Signal(object)


watcher = Watcher()
_choice: Choice = "system"
_current: Theme = DARK
_watching: QObject | None = None


def current() -> Theme:
    """The theme in use."""
    return _current


def choice() -> Choice:
    """What the person chose; `system` follows the desktop."""
    return _choice


def choose(choice: Choice) -> None:
    """Use a theme from now on, or follow the system."""
    global _choice
    _choice = choice
    app = QApplication.instance()
    if isinstance(app, QApplication):
        apply(app)


def begin(app: QApplication, choice: Choice) -> None:
    """What `choose` does, for a window that is still to be built: `apply` has to follow."""
    global _choice
    _choice = choice
    prepare(app)


def apply(app: QApplication) -> None:
    """Set the palette, font and stylesheet of the theme that is chosen, and follow the system."""
    from cnnstudio.views.stylesheet import stylesheet

    prepare(app)
    if app.property("stylesheet") != _current.name:
        app.setProperty("stylesheet", _current.name)
        app.setStyleSheet(stylesheet(_current))


def prepare(app: QApplication) -> None:
    """Set all but the stylesheet.

    Building a window under a stylesheet takes half as long again, because Qt polishes a widget
    anew whenever it gets a parent: `prepare`, build, `apply`.
    """
    global _current, _watching
    hints = app.styleHints()
    if _watching is not app:
        _watching = app
        app.setStyle("Fusion")
        app.setFont(font())
        hints.colorSchemeChanged.connect(_follow_system)
    theme = _wanted(hints.colorScheme())
    if theme is _current and app.property("theme") == theme.name:
        return
    _current = theme
    app.setProperty("theme", theme.name)
    app.setPalette(_palette(theme))
    watcher.theme_changed.emit(theme)


def font(size: int = TEXT_SIZE, *, bold: bool = False, mono: bool = False) -> QFont:
    """The font of the window at a size in pixels, with figures of equal width."""
    # A copy, which the caller may change: making one anew takes longer than painting a word.
    return QFont(_font(size, bold, mono))


@cache
def _font(size: int, bold: bool, mono: bool) -> QFont:
    if mono:
        made = QFont()
        made.setFamilies(["JetBrains Mono", "DejaVu Sans Mono", "Menlo", "Consolas", "monospace"])
        made.setStyleHint(QFont.StyleHint.Monospace)
    else:
        made = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
        if _has_inter():
            made = QFont("Inter")
    made.setPixelSize(size)
    if bold:
        made.setWeight(QFont.Weight.DemiBold)
    made.setFeature(QFont.Tag("tnum"), 1)
    return made


@cache
def _has_inter() -> bool:
    return "Inter" in QFontDatabase.families()


def _wanted(system: Qt.ColorScheme) -> Theme:
    if _choice != "system":
        return DARK if _choice == "dark" else LIGHT
    return DARK if system is Qt.ColorScheme.Dark else LIGHT


def _follow_system(_scheme: Qt.ColorScheme) -> None:
    app = QGuiApplication.instance()
    if isinstance(app, QApplication):
        apply(app)


def _palette(theme: Theme) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for which, name in {
        role.Window: "panel",
        role.WindowText: "text",
        role.Base: "surface",
        role.AlternateBase: "panel",
        role.Text: "text",
        role.Button: "raised",
        role.ButtonText: "text",
        role.BrightText: "error",
        role.ToolTipBase: "raised",
        role.ToolTipText: "text",
        role.PlaceholderText: "secondary",
        role.Highlight: "accent",
        role.HighlightedText: "on_accent",
        role.Link: "accent",
        role.LinkVisited: "accent",
        role.Accent: "accent",
        role.Light: "raised",
        role.Midlight: "raised",
        role.Mid: "border",
        role.Dark: "border",
        role.Shadow: "window",
    }.items():
        palette.setColor(which, theme.color(name))
    for which in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, theme.color("secondary", 0.6))
    return palette
