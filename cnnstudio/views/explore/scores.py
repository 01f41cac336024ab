"""What the network takes a picture for: the likeliest classes as bars."""

from __future__ import annotations

from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from cnnstudio.views import theme
from cnnstudio.views.classify.results import paint_bars

ROW = 20


class Scores(QWidget):
    """Up to five classes with their probabilities, the likeliest first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.ranked: tuple[tuple[str, float], ...] = ()
        self._reason = ""
        self.setObjectName("exploreScores")
        self.setAccessibleName("What the network takes the picture for")
        self.setFixedHeight(5 * ROW + 4)
        self.show_ranked(())

    def show_ranked(
        self, ranked: tuple[tuple[str, float], ...], reason: str = "No prediction yet"
    ) -> None:
        """Show classes, or the `reason` why there are none."""
        self.ranked, self._reason = ranked, reason
        self.setAccessibleDescription(
            ", ".join(f"{name} {100 * share:.0f} %" for name, share in ranked) or reason
        )
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self.ranked:
            area = self.rect()
            area.setHeight(ROW * len(self.ranked))
            paint_bars(painter, area, self.ranked, row=ROW)
        else:
            painter.setPen(QColor(theme.current().secondary))
            painter.setFont(theme.font(theme.SECONDARY_SIZE))
            painter.drawText(0, 14, self._reason)
        painter.end()
