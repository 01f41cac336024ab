"""The summary table keeps the rows of layers that an edit leaves alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPersistentModelIndex
from PySide6.QtTest import QAbstractItemModelTester
from strategies import edited, networks

from cnnstudio.analysis import analyse
from cnnstudio.graph import edits
from cnnstudio.views.design.summary import SummaryModel


def cells(model):
    return [
        [model.index(row, column).data() for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]


@given(st.data())
def test_after_any_edit_the_table_is_as_one_made_anew(data):
    before = data.draw(networks())
    after = data.draw(edited(before))
    first, second = analyse(before), analyse(after)
    model = SummaryModel()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning)
    model.show_analysis(first)
    kept = {name: QPersistentModelIndex(model.index(row, 0)) for name, row in model.rows.items()}
    fresh = model.show_analysis(second)
    other = SummaryModel()
    other.show_analysis(second)
    assert cells(model) == cells(other)
    assert model.rows == other.rows
    assert fresh == (list(first.layers) != list(second.layers))
    # A row that was told to have moved still is that of its layer.
    assert all(index.data() == name for name, index in kept.items() if index.isValid())
    assert tester.model() is model


def test_an_inserted_layer_is_one_new_row_and_only_what_follows_changed(design):
    page, model = design, design.summary.table.rows
    inserted, changed = [], []
    model.rowsInserted.connect(lambda _parent, first, last: inserted.append((first, last)))
    model.dataChanged.connect(lambda first, _last: changed.append(first.row()))
    page.document.edit("", edits.insert_after, page.document.network.order[3], "ReLU")
    assert inserted == [(4, 4)]
    assert changed == [4]


def test_a_setting_of_the_last_layer_changes_only_its_row(design):
    page, model = design, design.summary.table.rows
    changed = []
    model.dataChanged.connect(lambda first, _last: changed.append(first.row()))
    page.document.edit("", edits.set_setting, page.document.network.order[-1], "activation", "relu")
    assert changed == [len(model.entries) - 1]


def test_problems_that_stay_keep_their_cards(design):
    page, problems = design, design.problems
    page.document.edit("", edits.add_layer, "Input")
    page.document.edit("", edits.add_layer, "Dense")
    stayed = [problems.list.card(row) for row in range(problems.list.count())]
    assert stayed
    page.document.edit("", edits.add_layer, "Dropout")
    said = [problem.message for problem in page.document.analysis.problems]
    assert [problems.list.item(row).text() for row in range(problems.list.count())] == said
    now = [problems.list.card(row) for row in range(problems.list.count())]
    assert len(now) > len(stayed)
    assert {*stayed} <= {*now}
    assert [card.problem for card in now] == list(page.document.analysis.problems)
    page.document.undo_stack.undo()
    assert [problems.list.card(row) for row in range(problems.list.count())] == stayed
