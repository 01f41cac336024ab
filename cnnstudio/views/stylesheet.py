"""The stylesheet: how standard widgets look in a theme.

Looks that a widget asks for by a property: `QLabel[role="secondary"|"heading"|"title"|"mono"|
"error"|"warning"|"success"]`, `QPushButton[role="primary"|"danger"|"quiet"|"link"|"choice"]`,
`QFrame[role="panel"|"card"|"line"]`.
"""

from __future__ import annotations

from cnnstudio.app import paths
from cnnstudio.views import theme as look
from cnnstudio.views.theme import Theme


def stylesheet(theme: Theme) -> str:
    """The whole stylesheet, for `QApplication.setStyleSheet`."""
    tick = "tick-black" if theme.dark else "tick-white"
    names = {
        "hover": theme.tint("text", "raised", 0.08),
        "pressed": theme.tint("text", "raised", 0.16),
        "row": theme.tint("accent", "surface", 0.22 if theme.dark else 0.14),
        "row_hover": theme.tint("text", "surface", 0.04),
        "accent_hover": theme.tint("text", "accent", 0.14),
        "accent_pressed": theme.tint("text", "accent", 0.26),
        "disabled": theme.tint("secondary", "surface", 0.6),
        "error_ground": theme.tint("error", "surface", 0.12),
        "tick": _image(tick),
        "menu_tick": _image("tick-white" if theme.dark else "tick-black"),
        "dot": _image(tick.replace("tick", "dot")),
        "down": _image("chevron-down"),
        "up": _image("chevron-up"),
        "right": _image("chevron-right"),
        "radius": str(look.RADIUS),
        "secondary_size": str(look.SECONDARY_SIZE),
        "title_size": str(look.TITLE_SIZE),
    }
    for name in ("window", "panel", "surface", "raised", "border", "text", "secondary", "accent"):
        names[name] = getattr(theme, name)
    for name in ("on_accent", "error", "warning", "success"):
        names[name] = getattr(theme, name)
    sheet = _SHEET
    # Longest first: "$accent_hover" is not "$accent" with a rest.
    for name in sorted(names, key=len, reverse=True):
        sheet = sheet.replace(f"${name}", names[name])
    return sheet


def _image(name: str) -> str:
    return paths.resource(f"icons/controls/{name}.svg").as_posix()


_SHEET = """
QMainWindow, QDialog { background: $panel; }
QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
QWidget { color: $text; }
QLabel { background: transparent; }
QLabel[role="secondary"] { color: $secondary; font-size: $secondary_sizepx; }
QLabel[role="heading"] { color: $secondary; font-size: $secondary_sizepx; font-weight: 600; }
QLabel[role="title"] { font-size: $title_sizepx; font-weight: 600; }
QLabel[role="mono"] { font-family: "JetBrains Mono", "DejaVu Sans Mono", monospace; }
QLabel[role="error"] { color: $error; }
QLabel[role="warning"] { color: $warning; }
QLabel[role="success"] { color: $success; }
QLabel:disabled { color: $disabled; }
QFrame[role="panel"] { background: $surface; }
QFrame[role="card"] { background: $surface; border: 1px solid $border; border-radius: $radiuspx; }
QFrame[role="bar"] { background: $surface; border-bottom: 1px solid $border; }
QFrame[role="bar"] > QLabel[role="brand"] { font-weight: 700; }
QFrame[role="line"] { background: $border; border: none; }

QPushButton, QToolButton {
    background: $raised; color: $text; border: 1px solid $border; border-radius: $radiuspx;
    min-height: 26px; padding: 0 12px;
}
QToolButton { padding: 0 6px; min-width: 16px; }
QPushButton:hover, QToolButton:hover { background: $hover; }
QPushButton:pressed, QToolButton:pressed, QToolButton:checked { background: $pressed; }
QPushButton:checked { background: $pressed; border-color: $accent; }
QPushButton:focus, QToolButton:focus {
    border: 2px solid $accent; padding: 0 11px; min-height: 24px;
}
QToolButton:focus { padding: 0 5px; }
QPushButton:disabled, QToolButton:disabled {
    color: $disabled; background: $surface; border-color: $border;
}
QPushButton[role="primary"] {
    background: $accent; color: $on_accent; border: 1px solid $accent; font-weight: 600;
}
QPushButton[role="primary"]:hover { background: $accent_hover; border-color: $accent_hover; }
QPushButton[role="primary"]:pressed { background: $accent_pressed; }
QPushButton[role="primary"]:focus { border: 2px solid $text; }
QPushButton[role="primary"]:disabled {
    color: $disabled; background: $raised; border-color: $border;
}
QPushButton[role="danger"] { color: $error; border-color: $error; background: transparent; }
QPushButton[role="danger"]:hover { background: $error_ground; }
QPushButton[role="danger"]:disabled { color: $disabled; border-color: $border; }
QPushButton[role="quiet"], QToolButton[role="quiet"] {
    background: transparent; border-color: transparent;
}
QPushButton[role="quiet"]:hover, QToolButton[role="quiet"]:hover { background: $hover; }
QPushButton[role="quiet"]:focus, QToolButton[role="quiet"]:focus { border: 2px solid $accent; }
QPushButton[role="fold"] {
    background: transparent; border: 1px solid transparent; color: $secondary; font-weight: 600;
    font-size: $secondary_sizepx; padding: 0 6px 0 0; text-align: left;
}
QPushButton[role="fold"]:hover { color: $text; }
QPushButton[role="fold"]:focus { border-color: $accent; }
QPushButton[role="choice"] { border-color: $raised; }
QPushButton[role="choice"]:focus { border-color: $accent; }
QPushButton[role="tab"] {
    background: transparent; border: 1px solid transparent; border-radius: 6px; color: $secondary;
    min-height: 28px; padding: 0 14px;
}
QPushButton[role="tab"][dense="true"] { padding: 0 7px; }
QPushButton[role="tab"]:hover { color: $text; }
QPushButton[role="tab"]:checked { background: $raised; color: $text; }
QPushButton[role="tab"]:focus { border: 2px solid $accent; padding: 0 13px; min-height: 26px; }
QPushButton[role="tab"][dense="true"]:focus { padding: 0 6px; }
QPushButton[role="link"] {
    background: transparent; color: $accent; border-color: $accent; font-weight: 600;
}
QPushButton[role="link"]:hover { background: $row; }
QPushButton::menu-indicator {
    image: url($down); width: 12px; right: 8px; subcontrol-position: right center;
}
QToolButton::menu-indicator { image: none; }

QLineEdit, QPlainTextEdit, QTextEdit, QAbstractSpinBox, QComboBox {
    background: $raised; color: $text; border: 1px solid $raised; border-radius: $radiuspx;
    selection-background-color: $accent; selection-color: $on_accent;
}
QLineEdit, QAbstractSpinBox, QComboBox { min-height: 26px; padding: 0 8px; }
QPlainTextEdit, QTextEdit { padding: 4px 8px; }
QAbstractSpinBox { padding: 0; min-height: 23px; }
QAbstractSpinBox QLineEdit, QComboBox QLineEdit {
    background: transparent; border: none; padding: 0; min-height: 0;
}
QLineEdit:hover, QAbstractSpinBox:hover, QComboBox:hover { border-color: $border; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QAbstractSpinBox:focus, QComboBox:focus {
    border: 2px solid $accent;
}
QLineEdit:focus, QAbstractSpinBox:focus, QComboBox:focus { min-height: 24px; padding: 0 7px; }
QAbstractSpinBox:focus { padding: 0; min-height: 21px; }
QAbstractSpinBox QLineEdit:focus, QComboBox QLineEdit:focus {
    border: none; padding: 0; min-height: 0;
}
QLineEdit[state="error"], QAbstractSpinBox[state="error"], QComboBox[state="error"] {
    border-color: $error;
}
QLineEdit:disabled, QAbstractSpinBox:disabled, QComboBox:disabled { color: $disabled; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {
    background: transparent; border: none; width: 20px; subcontrol-origin: border;
}
QAbstractSpinBox::up-button { subcontrol-position: top right; }
QAbstractSpinBox::down-button { subcontrol-position: bottom right; }
QAbstractSpinBox::up-button:hover, QAbstractSpinBox::down-button:hover { background: $hover; }
QAbstractSpinBox::up-arrow { image: url($up); width: 10px; height: 10px; }
QAbstractSpinBox::down-arrow { image: url($down); width: 10px; height: 10px; }
QComboBox::drop-down { border: none; width: 24px; }
QComboBox::down-arrow { image: url($down); width: 12px; height: 12px; }
QComboBox QAbstractItemView {
    background: $surface; border: 1px solid $border; outline: none; padding: 4px;
    selection-background-color: $row; selection-color: $text;
}
QComboBox QAbstractItemView::item { min-height: 26px; padding: 0 8px; }

QCheckBox, QRadioButton { spacing: 8px; min-height: 28px; background: transparent; }
QCheckBox::indicator, QRadioButton::indicator, QGroupBox::indicator,
QAbstractItemView::indicator {
    width: 16px; height: 16px; background: $raised; border: 1px solid $secondary;
    border-radius: 4px;
}
QRadioButton::indicator { border-radius: 9px; }
QCheckBox::indicator:hover, QRadioButton::indicator:hover { background: $hover; }
QCheckBox::indicator:checked, QGroupBox::indicator:checked, QAbstractItemView::indicator:checked {
    background: $accent; border-color: $accent; image: url($tick);
}
QRadioButton::indicator:checked { background: $accent; border-color: $accent; image: url($dot); }
QCheckBox:focus, QRadioButton:focus { color: $accent; }
QCheckBox::indicator:focus, QRadioButton::indicator:focus {
    border: 2px solid $accent; width: 14px; height: 14px;
}
QCheckBox::indicator:checked:focus, QRadioButton::indicator:checked:focus { border-color: $text; }
QCheckBox:disabled, QRadioButton:disabled { color: $disabled; }
QCheckBox::indicator:disabled { border-color: $border; }

QAbstractItemView {
    background: $surface; alternate-background-color: $panel; border: none; outline: none;
    gridline-color: $border; selection-background-color: $row; selection-color: $text;
}
QAbstractItemView::item { color: $text; }
QAbstractItemView::item:selected { background: $row; color: $text; }
QTableView::item { border-bottom: 1px solid $border; padding: 0 8px; }
QTableView::item:focus, QListView::item:focus, QTreeView::item:focus { border: 1px solid $accent; }
QListView::item, QTreeView::item { min-height: 28px; }
QListView::item { padding: 0 4px; }
QListView::item:hover, QTreeView::item:hover, QTableView::item:hover { background: $row_hover; }
QListView::item:selected:hover, QTreeView::item:selected:hover, QTableView::item:selected:hover {
    background: $row;
}
QHeaderView { background: $surface; border: none; }
QHeaderView::section {
    background: $surface; color: $secondary; border: none; border-bottom: 1px solid $border;
    padding: 0 8px; min-height: 28px; font-size: $secondary_sizepx; font-weight: 400;
}
QHeaderView::section:hover { color: $text; }
QHeaderView::up-arrow { image: url($up); width: 10px; height: 10px; }
QHeaderView::down-arrow { image: url($down); width: 10px; height: 10px; }
QTableCornerButton::section { background: $surface; border: none; }
QTreeView::branch { background: transparent; }
QTreeView::branch:has-children:closed { image: url($right); }
QTreeView::branch:has-children:open { image: url($down); }
QAbstractScrollArea::corner { background: transparent; }

QScrollArea { background: transparent; border: none; }
QScrollArea > QWidget > QWidget { background: transparent; }
QScrollBar { background: transparent; border: none; margin: 0; }
QScrollBar:vertical { width: 10px; }
QScrollBar:horizontal { height: 10px; }
QScrollBar::handle { background: $border; border-radius: 3px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 32px; }
QScrollBar::handle:horizontal { min-width: 32px; }
QScrollBar::handle:hover { background: $secondary; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QTabWidget::pane { border: none; border-top: 1px solid $border; }
QTabBar { background: transparent; qproperty-drawBase: 0; }
QTabBar::tab {
    background: transparent; color: $secondary; padding: 0 14px; min-height: 30px; border: none;
    border-bottom: 2px solid transparent;
}
QTabBar::tab:hover { color: $text; }
QTabBar::tab:selected { color: $text; border-bottom-color: $accent; }
QTabBar::tab:focus { color: $accent; }
QGroupBox { border: 1px solid $border; border-radius: $radiuspx; margin-top: 20px; padding: 8px; }
QGroupBox::title { subcontrol-origin: margin; left: 4px; color: $secondary; }
QSplitter::handle { background: $border; }
QSplitter::handle:horizontal { width: 1px; }
QSplitter::handle:vertical { height: 1px; }
QSplitter::handle:hover { background: $accent; }

QProgressBar {
    background: $raised; border: none; border-radius: 4px; min-height: 8px; max-height: 8px;
    text-align: center; color: transparent;
}
QProgressBar::chunk { background: $accent; border-radius: 4px; }
QSlider { min-height: 28px; }
QSlider::groove:horizontal { height: 4px; background: $raised; border-radius: 2px; }
QSlider::sub-page:horizontal { background: $accent; border-radius: 2px; }
QSlider::handle:horizontal {
    background: $accent; width: 16px; height: 16px; margin: -6px 0; border-radius: 8px;
}
QSlider::handle:horizontal:focus { border: 2px solid $text; width: 12px; height: 12px; }
QSlider::groove:horizontal:disabled, QSlider::sub-page:horizontal:disabled,
QSlider::handle:horizontal:disabled { background: $border; }

QMenuBar { background: $surface; border-bottom: 1px solid $border; }
QMenuBar::item { background: transparent; padding: 5px 10px; border-radius: 4px; }
QMenuBar::item:selected { background: $raised; }
QMenu { background: $surface; border: 1px solid $border; padding: 4px; }
QMenu::item { padding: 6px 28px 6px 12px; border-radius: 4px; min-height: 16px; }
QMenu::item:selected { background: $row; color: $text; }
QMenu::item:disabled { color: $disabled; }
QMenu::separator { height: 1px; background: $border; margin: 4px 8px; }
QMenu::icon { padding-left: 8px; }
QMenu::indicator { width: 14px; height: 14px; left: 6px; }
QMenu::indicator:checked { image: url($menu_tick); }
QMenu::right-arrow { image: url($right); width: 10px; height: 10px; right: 8px; }
QToolTip { background: $raised; color: $text; border: 1px solid $border; padding: 4px 8px; }
QStatusBar { background: $surface; border-top: 1px solid $border; }
QStatusBar::item { border: none; }
QStatusBar QLabel { padding: 4px 8px; }
"""
