"""An evaluation as a page and as a table: every figure and picture is in it."""

import csv
import io
from html.parser import HTMLParser

import pytest

from cnnstudio.evaluation.evaluate import evaluate
from cnnstudio.evaluation.report import ReportError, csv_text, html_text, write_report


@pytest.fixture
def found(trained, pictures):
    (pictures / "test" / "red" / "broken <1>.png").write_text("no")
    return evaluate(trained, pictures)


class _Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.open, self.images, self.words = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag == "img":
            self.images.append(dict(attrs)["src"])
        if tag not in ("img", "meta", "br", "rect", "polyline", "path"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in ("rect", "polyline", "path"):
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def test_a_page_that_needs_nothing_else(found):
    page = _Page(html_text(found, "shop <3>"))
    assert not page.open
    text = " ".join(page.words)
    assert "shop <3>" in text
    assert f"Accuracy {found.accuracy:.4f}" in text
    for figures in found.per_class:
        assert figures.name in text
    assert "broken <1>.png" in text
    assert page.images
    assert all(source.startswith("data:image/jpeg;base64,") for source in page.images)
    assert "http" not in html_text(found, "x").split("<style>")[1]


def test_a_table_with_a_line_for_each_picture(found, tmp_path):
    rows = list(csv.DictReader(io.StringIO(csv_text(found))))
    assert len(rows) == found.images == 12
    for row, record, shares in zip(rows, found.records, found.probabilities, strict=True):
        assert row["path"] == str(record.path)
        assert (row["class"], row["predicted"]) == (record.truth, record.predicted)
        assert row["correct"] == str(int(record.correct))
        assert [float(row[name]) for name in found.classes] == pytest.approx(
            shares.tolist(), abs=1e-6
        )
    write_report(tmp_path / "report.csv", found, "x")
    assert (tmp_path / "report.csv").read_text(encoding="utf-8") == csv_text(found)
    with pytest.raises(ReportError, match=r"report\.pdf"):
        write_report(tmp_path / "report.pdf", found, "x")
