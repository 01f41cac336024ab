"""What the Design page adds to the stylesheet of the program."""

from __future__ import annotations

from cnnstudio.views.theme import Theme


def page_style(theme: Theme) -> str:
    """Style of the panels and of the cards in the inspector."""
    error, warning = theme.tint("error", "surface", 0.1), theme.tint("warning", "surface", 0.1)
    return f"""
    #designPage {{ background: {theme.surface}; }}
    #layerInspector, #layerInspector QScrollArea, #designPage PalettePanel {{
        background: {theme.surface};
    }}
    QFrame[role="formula"] {{ background: {theme.raised}; border-radius: 6px; }}
    QLabel[role="formula"] {{ color: {theme.secondary}; }}
    QFrame[role="errorBox"] {{ background: {error}; border-radius: 6px; }}
    QFrame[role="warningBox"] {{ background: {warning}; border-radius: 6px; }}
    #summaryTable::item {{ border: none; border-bottom: 1px solid {theme.raised}; }}
    #problemsList::item {{ border: none; border-top: 1px solid {theme.raised}; }}
    QLabel[role="caption"] {{ color: {theme.secondary}; font-size: 11px; }}
    #moreSettings {{ padding: 0 6px 0 0; border: none; color: {theme.secondary}; }}
    #moreSettings:focus {{ padding: 0 6px 0 0; border: none; color: {theme.accent}; }}
    #emptyCanvas {{ background: {theme.window}; border-radius: 8px; }}
    #shadeBar {{ background: {theme.surface}; border-top: 1px solid {theme.border}; }}
    #layerPalette::item {{ border-radius: 6px; }}
    QToolButton[role="bare"] {{
        background: transparent; border: none; padding: 0; min-width: 0; min-height: 28px;
    }}
    QToolButton[role="bare"]:hover, QToolButton[role="bare"]:focus {{
        background: {theme.raised}; border-radius: 4px;
    }}
    """
