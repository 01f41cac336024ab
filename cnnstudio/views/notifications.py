"""Messages that do not block: a stack of cards at the lower edge of the window."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from cnnstudio.views import icons, theme
from cnnstudio.views.context import Action
from cnnstudio.views.theme import S4, S8, S12, S16
from cnnstudio.views.widgets import Button, QuietButton, name_widget

# Milliseconds a message stays; errors and those with a button stay until they are closed.
STAYS = 6000
MOST = 3
WIDTH = 420


class Card(QFrame):
    """One message with its icon, perhaps a button, and a button that closes it."""

    closed = Signal(object)

    def __init__(self, text: str, kind: str, action: Action | None, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setProperty("kind", kind)
        self.setObjectName("notification")
        self.setAccessibleName(text)
        self.text = text
        color = {"error": "error", "success": "success"}.get(kind, "accent")
        picture = QLabel()
        picture.setPixmap(icons.pixmap(kind, 20, color, self.devicePixelRatioF()))
        label = QLabel(text)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        label.setMinimumHeight(theme.HIT)
        picture.setFixedHeight(theme.HIT)
        close = QuietButton("", slot=self.close_card, icon="close")
        name_widget(close, "closeNotification", "Close this message", "Close")
        close.setFixedWidth(theme.HIT)
        row = QHBoxLayout()
        row.setSpacing(S8)
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(label, 1)
        row.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(S12, S8, S8, S8)
        outer.setSpacing(S4)
        outer.addLayout(row)
        if action is not None:
            words, slot = action

            def act() -> None:
                self.close_card()
                slot()

            button = Button(words, "notificationAction", act)
            button.setProperty("role", "link")
            outer.addWidget(button, 0, Qt.AlignmentFlag.AlignRight)
        if kind != "error" and action is None:
            QTimer.singleShot(STAYS, self, self.close_card)

    def close_card(self) -> None:
        self.closed.emit(self)


class Notifications(QWidget):
    """Floats over the lower right corner of `host`; clicks beside the cards go through."""

    def __init__(self, host: QWidget) -> None:
        super().__init__(host)
        name_widget(self, "notifications", "Messages")
        self._host = host
        self._cards: list[Card] = []
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(S8)
        host.installEventFilter(self)
        self.hide()

    @property
    def texts(self) -> list[str]:
        """What is shown, oldest first."""
        return [card.text for card in self._cards]

    def show_message(self, text: str, kind: str = "info", action: Action | None = None) -> None:
        """Show a message; one that is there already is not shown twice."""
        for card in list(self._cards):
            if card.text == text:
                self._remove(card)
        while len(self._cards) >= MOST:
            self._remove(self._cards[0])
        card = Card(text, kind, action, self)
        card.closed.connect(self._remove)
        self._cards.append(card)
        self._layout.addWidget(card)
        card.show()
        self._place()
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(card, text))

    def clear(self) -> None:
        for card in list(self._cards):
            self._remove(card)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show):
            self._place()
        return False

    def _remove(self, card: Card) -> None:
        if card in self._cards:
            self._cards.remove(card)
            self._layout.removeWidget(card)
            card.hide()
            card.deleteLater()
            self._place()

    def _place(self) -> None:
        host = self._host
        if not self._cards:
            self.hide()
            return
        width = min(WIDTH, host.width() - 2 * S16)
        height = self._layout.totalHeightForWidth(width)
        self.setGeometry(host.width() - width - S16, host.height() - height - S16, width, height)
        self.show()
        self.raise_()
