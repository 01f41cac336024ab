"""Which pictures are kept for validation and for the end, and which stay together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QSlider,
    QSpinBox,
    QWidget,
)

from cnnstudio.data.name_patterns import GROUP, NamePattern
from cnnstudio.data.settings import DataSettings, SplitSettings
from cnnstudio.views import icons, theme
from cnnstudio.views.data.fields import ScrolledColumn, choice, field_label, form, put, spin_box
from cnnstudio.views.data.split_table import SplitTable
from cnnstudio.views.widgets import (
    Button,
    Heading,
    Secondary,
    name_widget,
    set_property,
)

if TYPE_CHECKING:
    from cnnstudio.views.data.work import Counts

MOST_SHARE = 90  # per cent that may be kept for validation
MOST_SEED = 2**31 - 1
MOST_COUNT = 1_000_000
WAYS = {"share": "A share of each class", "count": "A number of each class", "folds": "Folds"}
TOGETHER = {
    "none": "Nothing",
    "folder": "Sub-folders",
    "pattern": "A part of the name",
}


class SplitPanel(ScrolledColumn):
    """Shows the split of `DataSettings` and sends what a person changes."""

    # A setting was changed: its name ("seed", "split.folds"), its value.
    edited = Signal(str, object)
    # The split is to be kept as it is now.
    keep_wanted = Signal()
    # The split that was kept is to be drawn anew.
    forget_wanted = Signal()
    # Every fold is to be trained in turn.
    folds_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._data = DataSettings()
        self._own: frozenset[str] = frozenset()
        self._validating = 0
        self._open = False
        self._make_validation()
        self._make_more()
        self._table_heading = Heading("Pictures of each class")
        self.table = SplitTable()
        self.warnings = Secondary()
        name_widget(self.warnings, "splitWarnings", "What is doubtful about the split")
        set_property(self.warnings, "role", "warning")
        self.column.addWidget(Heading("Kept for validation"))
        self.column.addLayout(self._validation)
        self.column.addWidget(self.reason)
        self.column.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        self.column.addWidget(self._further)
        # Where it is seen beside what it is about, however many classes there are.
        self.column.addWidget(self.warnings)
        self.column.addSpacing(theme.S8)
        self.column.addWidget(self._table_heading)
        self.column.addWidget(self.table)
        self.column.addStretch(1)
        self._show()

    # --- showing

    def show_settings(self, data: DataSettings) -> None:
        """Show `data` without sending anything."""
        # What is set to something of its own is seen.
        self._open = self._open or (
            data.split != self._data.split and data.split != SplitSettings()
        )
        self._data = data
        split = data.split
        put(self.slider, round(100 * data.validation_split))
        put(self.share, round(100 * data.validation_split))
        put(self.seed, min(data.seed, MOST_SEED))
        put(self.count, split.validation_count)
        put(self.test_share, round(100 * split.test_share))
        put(self.test_count, split.test_count)
        put(self.folds, split.folds)
        self.fold.setRange(1, split.folds)
        put(self.fold, min(split.fold, split.folds))
        for combo, value in ((self.way, split.by), (self.together, split.group_by)):
            with QSignalBlocker(combo):
                combo.setCurrentIndex(combo.findData(value))
        if self.pattern.text() != (split.group_pattern or "") and not self.pattern.hasFocus():
            with QSignalBlocker(self.pattern):
                self.pattern.setText(split.group_pattern or "")
        self._show()

    def show_counts(self, counts: Counts, own: frozenset[str]) -> None:
        """Show what each part gets; `own` are the parts that the folder itself brings."""
        self._own, self._validating = own, counts.counts.get("val", 0)
        self.table.show_rows(counts.parts, counts.by_class)
        for widget in (self._table_heading, self.table):
            widget.setVisible(bool(counts.by_class))
        self.warnings.setText("\n".join(counts.warnings))
        self.warnings.setVisible(bool(counts.warnings))
        number = counts.groups
        self.groups.setText(f"{number:,} group{'' if number == 1 else 's'} found" if number else "")
        self._show()

    def show_progress(self, text: str, *, training: bool) -> None:
        """Say how far the training of all folds is."""
        self.progress.setText(text)
        self.progress.setVisible(bool(text))
        self.train_folds.setEnabled(not training)

    def _show(self) -> None:
        """What can be set now, and why not the rest."""
        split = self._data.split
        kept, folds = split.recorded is not None, split.by == "folds"
        own = "val" in self._own and not folds
        icons.set_icon(self.more, "expand" if self._open else "next", "secondary")
        self._further.setVisible(self._open)
        for widget, shown in (
            (self._share_line, split.by == "share"),
            (self.count, split.by == "count"),
            (self._fold_line, folds),
        ):
            self._validation.setRowVisible(widget, shown)
        for widget, shown in (
            (self.test_share, split.by != "count"),
            (self.test_count, split.by == "count"),
            (self.pattern, split.group_by == "pattern"),
        ):
            self._further_form.setRowVisible(widget, shown)
        for control in (self._share_line, self.count, self._fold_line, self.seed):
            control.setEnabled(not own and not kept)
        for control in (self.way, self.together, self.pattern):
            control.setEnabled(not kept)
        for control in (self.test_share, self.test_count):
            control.setEnabled("test" not in self._own and not kept)
        self.groups.setVisible(bool(self.groups.text()) and split.group_by != "none")
        pressed = self.keep.hasFocus() or self.forget.hasFocus()
        self.keep.setVisible(not kept)
        self.forget.setVisible(kept)
        if pressed:
            # One takes the other's place, under the keyboard too.
            (self.forget if kept else self.keep).setFocus(Qt.FocusReason.OtherFocusReason)
        self.train_folds.setVisible(folds and not kept)
        self.train_folds.setText(f"Train all {split.folds} folds")
        self.train_folds.setAccessibleName(self.train_folds.text())
        self.reason.setText(_reason(self._data, self._validating if own else None))

    # --- parts

    def _make_validation(self) -> None:
        fields, inner = DataSettings.model_fields, SplitSettings.model_fields
        self.slider = QSlider(Qt.Orientation.Horizontal)
        name_widget(self.slider, "validationSlider", "Share kept for validation")
        self.slider.setRange(0, MOST_SHARE)
        self.slider.setPageStep(5)
        self.share = spin_box("validationShare", "Validation share in per cent", 0, MOST_SHARE)
        self.share.setSuffix(" %")
        for control in (self.slider, self.share):
            control.setToolTip(fields["validation_split"].description or "")
        # Tracking shows the number while the handle moves; letting go is the one step for undo.
        self.slider.valueChanged.connect(self._slid)
        self.slider.sliderReleased.connect(lambda: self._share_chosen(self.slider.value()))
        self.share.valueChanged.connect(self._share_chosen)
        self.count = self._number("validationCount", "Pictures of each class that validate")
        self.folds = spin_box("splitFolds", "Number of folds", 2, 100)
        self.fold = spin_box("splitFold", "The fold that validates", 1, 5)
        self.folds.setToolTip(inner["folds"].description or "")
        self.fold.setToolTip(inner["fold"].description or "")
        for spin, name in (
            (self.count, "validation_count"),
            (self.folds, "folds"),
            (self.fold, "fold"),
        ):
            spin.valueChanged.connect(lambda value, name=name: self._send(name, value))
        self.seed = spin_box("dataSeed", "Seed of the split", 0, MOST_SEED)
        self.seed.setToolTip(fields["seed"].description or "")
        self.seed.valueChanged.connect(lambda value: self.edited.emit("seed", value))
        self.reason = Secondary()
        self._share_line = _line((self.slider, 1), (self.share, 0))
        self._fold_line = _line((self.fold, 1), (field_label("of"), 0), (self.folds, 1))
        self._validation = form()
        self._validation.addRow(field_label("Share"), self._share_line)
        self._validation.addRow(field_label("Each class"), self.count)
        self._validation.addRow(field_label("Fold"), self._fold_line)
        self._validation.addRow(field_label("Seed"), self.seed)

    def _make_more(self) -> None:
        inner = SplitSettings.model_fields
        self.more = Button("More ways to split", "moreSplitButton", self._turn)
        self.more.setProperty("role", "fold")
        self.way = choice("splitWay", "How validation pictures are chosen", WAYS)
        self.way.setToolTip(inner["by"].description or "")
        self.way.activated.connect(lambda _row: self._send("by", self.way.currentData()))
        self.test_share = spin_box("testShare", "Test share in per cent", 0, MOST_SHARE)
        self.test_share.setSuffix(" %")
        self.test_share.setToolTip(inner["test_share"].description or "")
        self.test_share.valueChanged.connect(lambda value: self._send("test_share", value / 100))
        self.test_count = self._number("testCount", "Pictures of each class kept for the end")
        self.test_count.valueChanged.connect(lambda value: self._send("test_count", value))
        self.together = choice("splitTogether", "Which pictures stay together", TOGETHER)
        self.together.setToolTip(inner["group_by"].description or "")
        self.together.activated.connect(self._together_chosen)
        self.pattern = QLineEdit()
        name_widget(self.pattern, "groupPattern", "How the files are named, with {group}")
        self.pattern.setPlaceholderText("{group}_*")
        self.pattern.setToolTip(inner["group_pattern"].description or "")
        self.pattern.textChanged.connect(self._pattern_typed)
        self.groups = Secondary()
        name_widget(self.groups, "splitGroups", "How many groups stay together")
        self.keep = Button("Keep this split", "keepSplitButton", self.keep_wanted.emit)
        self.keep.setToolTip(
            "Write down which picture is where: it stays so whatever is added, until you forget it."
        )
        self.forget = Button("Forget the kept split", "forgetSplitButton", self.forget_wanted.emit)
        self.train_folds = Button("Train all folds", "trainFoldsButton", self.folds_wanted.emit)
        self.train_folds.setToolTip("Train once for each fold; mean and spread say what to expect.")
        self.progress = Secondary()
        name_widget(self.progress, "foldsProgress", "How far the folds are trained")
        self.progress.hide()
        self._further = QWidget()
        self._further_form = form()
        self._further_form.setContentsMargins(0, 0, 0, 0)
        self._further.setLayout(self._further_form)
        rows: list[tuple[str, QWidget]] = [
            ("Chosen by", self.way),
            ("For the end", self.test_share),
            ("For the end", self.test_count),
            ("Together", self.together),
            ("Pattern", self.pattern),
        ]
        for word, widget in rows:
            self._further_form.addRow(field_label(word), widget)
        for wide in (self.groups, self.keep, self.forget, self.train_folds, self.progress):
            self._further_form.addRow(wide)
        self._further_form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)

    @staticmethod
    def _number(name: str, accessible: str) -> QSpinBox:
        spin = spin_box(name, accessible, 0, MOST_COUNT)
        spin.setSuffix(" pictures")
        return spin

    # --- what a person does

    def _send(self, name: str, value: object) -> None:
        self.edited.emit(f"split.{name}", value)

    def _turn(self) -> None:
        self._open = not self._open
        self._show()

    def _together_chosen(self, _row: int) -> None:
        chosen = self.together.currentData()
        self._send("group_by", chosen)
        if chosen == "pattern":
            self.pattern.setFocus()

    def _pattern_typed(self, text: str) -> None:
        """A pattern counts as soon as it makes sense."""
        try:
            NamePattern(text, GROUP)
        except ValueError as error:
            set_property(self.pattern, "state", "error" if text else "")
            self.pattern.setToolTip(f"{error}.")
            return
        set_property(self.pattern, "state", "")
        self.pattern.setToolTip(SplitSettings.model_fields["group_pattern"].description or "")
        self._send("group_pattern", text)

    def _slid(self, value: int) -> None:
        put(self.share, value)
        if not self.slider.isSliderDown():
            self._share_chosen(value)

    def _share_chosen(self, value: int) -> None:
        self.edited.emit("validation_split", value / 100)


def _reason(data: DataSettings, own: int | None) -> str:
    """Where the validation pictures come from; `own` are those that the folder brings."""
    split = data.split
    if split.recorded is not None:
        kept = sum(map(len, split.recorded.values()))
        return (
            f"This split is kept as it is: {kept:,} pictures for validation and test. Pictures "
            "added later are trained on."
        )
    if own is not None:
        return (
            f"The folder has its own validation pictures ({own:,}), so none are taken from the "
            "training pictures."
        )
    if split.by == "folds":
        return (
            f"The pictures are divided into {split.folds} equal parts; part {split.fold} validates "
            "this time, the others are trained on."
        )
    return "Taken from each class alike; the same seed takes the same pictures."


def _line(*widgets: tuple[QWidget, int]) -> QWidget:
    """Widgets side by side, with their shares of the room."""
    line = QWidget()
    row = QHBoxLayout(line)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(theme.S8)
    for widget, stretch in widgets:
        row.addWidget(widget, stretch)
    return line
