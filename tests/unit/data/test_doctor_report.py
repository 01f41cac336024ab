"""The report of the folder doctor: as a page, as a table, by the command line."""

import csv
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnstudio.cli import main
from cnnstudio.data.doctor import examine
from cnnstudio.data.doctor_check import Checker
from cnnstudio.data.doctor_figures import figures
from cnnstudio.data.doctor_report import csv_text, html_text, write_report
from cnnstudio.data.report import DataError
from cnnstudio.data.scan import scan_folder
from cnnstudio.data.settings import DataSettings
from cnnstudio.errors import Cancelled, StudioError


def draw(path: Path, seed: int, side: tuple[int, int] = (80, 80)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), np.uint8)
    Image.fromarray(coarse).resize(side, Image.Resampling.BICUBIC).save(path)


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "a <b> & c"
    for number in range(11):
        draw(root / "cat" / f"{number}.png", number)
        draw(root / "dog" / f"{number}.png", 50 + number)
    (root / "dog" / "same.png").write_bytes((root / "cat" / "0.png").read_bytes())
    Image.open(root / "cat" / "1.png").resize((60, 60)).save(root / "cat" / "near.jpg", quality=70)
    (root / "cat" / "<script>.jpg").write_text("text")
    return root


class Page(HTMLParser):
    """What a reader's program takes from the page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words, self.pictures, self.links, self.open = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "img":
            self.pictures.append(given["src"])
        self.links += [value for key, value in given.items() if key in ("href",)]
        if tag not in ("img", "meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def test_the_page_stands_alone_and_says_all(folder):
    report, settings = scan_folder(folder), DataSettings(image_size=(80, 80))
    check = Checker().check(report)
    text = html_text(report, settings, examine(report, settings, check), check)
    page = Page(text)
    assert page.open == []
    assert page.links == []
    assert page.pictures
    assert all(source.startswith("data:image/jpeg;base64,") for source in page.pictures)
    words = " ".join(page.words)
    for expected in (
        "a <b> & c", "24 pictures in 2 classes", "every picture decoded, 0 damaged",
        "Same picture in several classes", "Near copies", "Files that are no pictures",
        "<script>.jpg", "cat", "Longer side in pixels",
    ):  # fmt: skip
        assert expected in words, expected
    assert "<script>" not in text
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text


def test_the_table_has_a_line_for_each_file(folder):
    report = scan_folder(folder)
    settings = DataSettings(
        excluded=("cat/3.png",), relabelled={"dog/same.png": "cat"}, merged={"dog": "wolf"}
    )
    lines = list(csv.DictReader(io.StringIO(csv_text(report, settings, examine(report, settings)))))
    assert len(lines) == 25
    by_path = {line["path"]: line for line in lines}
    assert by_path["cat/3.png"]["used"] == "no"
    assert by_path["cat/3.png"]["reason"] == "set aside"
    assert by_path["dog/same.png"]["class"] == "cat"
    assert by_path["dog/same.png"]["findings"] == "exact-copies"
    assert by_path["dog/2.png"]["class"] == "wolf"
    assert by_path["dog/2.png"]["class_in_folder"] == "dog"
    assert by_path["cat/<script>.jpg"]["reason"] == "not a picture (text inside)"


def test_it_is_written_by_suffix_and_can_be_stopped(folder, tmp_path):
    report = scan_folder(folder)
    found = examine(report, DataSettings())
    for name in ("out.html", "out.csv"):
        write_report(tmp_path / name, report, DataSettings(), found)
        assert (tmp_path / name).stat().st_size > 500
    with pytest.raises(DataError, match=r"written as \.html or \.csv"):
        write_report(tmp_path / "out.pdf", report, DataSettings(), found)
    with pytest.raises(StudioError, match="could not be saved"):
        write_report(tmp_path / "no" / "out.html", report, DataSettings(), found)
    with pytest.raises(Cancelled):
        html_text(report, DataSettings(), found, cancelled=lambda: True)


def test_figures_of_sizes_and_shapes(folder):
    draw(folder / "cat" / "wide.png", 99, (400, 100))
    found = figures(scan_folder(folder))
    assert found.sides == {"32–63": 1, "64–127": 23, "128–255": 0, "256–511": 1}
    assert found.shapes["1 : 1"] == 24
    assert found.shapes["2 : 1 or wider"] == 1
    assert found.formats == {"PNG": 24, "JPEG": 1}
    assert found.modes == {"RGB": 25}


def test_scan_writes_reports_and_tells_findings(folder, tmp_path, capsys):
    html, table = tmp_path / "r.html", tmp_path / "r.csv"
    arguments = ["scan", str(folder), "--full", "--html", str(html), "--csv", str(table)]
    assert main([*arguments, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["near_duplicates"] == [
        [str(folder / "cat" / "1.png"), str(folder / "cat" / "near.jpg")]
    ]
    kinds = {finding["kind"]: finding for finding in document["findings"]}
    assert kinds["exact-labels"]["pictures"] == [["cat/0.png", "dog/same.png"]]
    assert kinds["near-copies"]["severity"] == "info"
    assert html.read_text("utf-8").startswith("<!doctype html>")
    assert len(table.read_text("utf-8").splitlines()) == 26
    assert main(arguments[:3]) == 0
    said = capsys.readouterr().out
    assert "Error: Same picture in several classes (1 picture)." in said
    assert re.search(r"1\.png ~ .*near\.jpg", said)


def test_a_report_under_a_wrong_name_is_refused(folder, tmp_path, capsys):
    assert main(["scan", str(folder), "--html", str(tmp_path / "r.csv")]) == 2
    assert "--html needs a file name like report.html" in capsys.readouterr().err
