"""Tables of pictures and classes: a text file with a line for each picture, as people have them.

Separated by commas, semicolons or tabs, with a line of titles or without, in UTF-8 (with a mark or
not), UTF-16 or Latin-1. Which column is which is told by its title, and by what is in it.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cnnstudio.data.pictures import SUFFIXES, explain
from cnnstudio.data.report import DataError, Skipped, count
from cnnstudio.data.settings import Split
from cnnstudio.data.walk import SPLIT_NAMES, as_label

TABLE_SUFFIXES = (".csv", ".tsv", ".tab", ".txt")
_LABELS = (
    *("label", "class", "category", "target", "labels", "classname", "labelname", "species"),
    *("breed", "diagnosis", "type", "kind", "tag", "y", "classid", "labelid"),
)
_SPLITS = ("split", "set", "subset", "partition", "part", "usage", "dataset", "phase", "fold")
_DELIMITERS = ",;\t|"
_LOOKED_AT = 200  # lines from which delimiter and columns are told
_STARTS = 65_536  # characters from which the delimiter is told
_LARGEST = 256 * 2**20  # bytes


@dataclass(frozen=True)
class Row:
    """A line of a table: its number from 1, the path as written, class and part."""

    line: int
    path: str
    label: str
    split: str


@dataclass
class Assigned:
    """What a table says about the files of a folder.

    Attributes:
        labels: the class and part of each file.
        skipped: lines and files that cannot be used, with reasons.
        remarks: sentences for the person.
    """

    labels: dict[str, tuple[str, Split | None]] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


class Files:
    """The files of a folder, found by what a table calls them."""

    def __init__(self, root: Path, paths: Iterable[str]) -> None:
        self._root = str(root)
        self._start = os.path.join(self._root, "")
        self._exact = {_key(path[len(self._start) :]): path for path in paths}
        self._loose: dict[str, str | None] = {}
        for inside, path in self._exact.items():
            name = inside.rpartition("/")[2]
            stem = os.path.splitext(inside)[0]
            # None: more than one file could be meant.
            for key in {stem, name, os.path.splitext(name)[0]} - {inside}:
                if os.path.splitext(name)[1].lower() in SUFFIXES:
                    self._loose[key] = None if key in self._loose else path

    def find(self, written: str, beside: str) -> str | None:
        """The file that a table in the folder `beside` means by what is `written`.

        Paths are taken from the table's folder, then from the root; a suffix may be missing; at
        last a name counts wherever it lies, if it is there once.
        """
        text = written.strip().replace("\\", "/")
        if not text:
            return None
        if beside == self._root and text in self._exact:
            return self._exact[text]  # as most tables have it
        for folder in (beside, self._root):
            whole = os.path.normpath(os.path.join(folder, text))
            if whole.startswith(self._start):
                key = _key(whole[len(self._start) :])
                found = self._exact.get(key) or self._loose.get(key)
                if found is not None:
                    return found
        name = _key(text).rpartition("/")[2]
        return self._exact.get(name) or self._loose.get(name)


class Table:
    """A table of pictures and classes that was read. Raises `DataError` if it is none."""

    def __init__(self, path: Path, root: Path, files: Files) -> None:
        self.path = path
        inside = path.is_relative_to(root)
        self.name = path.relative_to(root).as_posix() if inside else path.name
        self.setting = self.name if inside else str(path)  # as `LayoutSettings.file` holds it
        self._beside = str(path.parent)
        self._files = files
        self.rows = self._read()
        self._paths = [files.find(row.path, self._beside) for row in self.rows]

    @property
    def fitting(self) -> int:
        """How many of the lines name a file that is there."""
        return sum(path is not None for path in self._paths)

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes that are named, sorted."""
        return tuple(sorted({row.label for row in self.rows if row.label}))

    def assign(self) -> Assigned:
        """The class of each file, and what is wrong with the lines."""
        result = Assigned()
        lines: dict[str, list[Row]] = defaultdict(list)
        for row, path in zip(self.rows, self._paths, strict=True):
            if path is None:
                where = os.path.join(self._beside, row.path.replace("\\", "/"))
                reason = f"named in {self.name}, line {row.line}, but not there"
                result.skipped.append(Skipped(Path(os.path.normpath(where)), reason))
            elif not row.label:
                reason = f"no class in {self.name}, line {row.line}"
                result.skipped.append(Skipped(Path(path), reason))
            else:
                lines[path].append(row)
        missing = sum("but not there" in skipped.reason for skipped in result.skipped)
        twice = contradictory = 0
        unknown: Counter[str] = Counter()
        for path, rows in lines.items():
            labels = list(dict.fromkeys(row.label for row in rows))
            splits = list(dict.fromkeys(row.split.lower() for row in rows))
            if len(labels) > 1 or len(splits) > 1:
                contradictory += 1
                result.skipped.append(Skipped(Path(path), self._contradiction(rows)))
                continue
            twice += len(rows) > 1
            split = SPLIT_NAMES.get(splits[0])
            if splits[0] and split is None:
                unknown[rows[0].split] += 1
            result.labels[path] = (labels[0], split)
        result.remarks = self._remarks(missing, twice, contradictory, unknown)
        return result

    def _contradiction(self, rows: Sequence[Row]) -> str:
        what = "classes" if len({row.label for row in rows}) > 1 else "parts"
        said = [
            f"{row.label if what == 'classes' else row.split or 'none'} (line {row.line})"
            for row in rows[:3]
        ]
        return f"several {what} in {self.name}: {', '.join(said)}"

    def _remarks(
        self, missing: int, twice: int, contradictory: int, unknown: Counter[str]
    ) -> list[str]:
        remarks = []
        if missing:
            verb = "is" if missing == 1 else "are"
            remarks.append(f"{self.name} names {count(missing, 'file')} that {verb} not there.")
        if contradictory:
            verb = "has" if contradictory == 1 else "have"
            remarks.append(
                f"{count(contradictory, 'picture')} {verb} lines in {self.name} that contradict "
                "each other and are left out."
            )
        if twice:
            verb = "is" if twice == 1 else "are"
            remarks.append(f"{count(twice, 'picture')} {verb} named more than once in {self.name}.")
        if unknown:
            words = ", ".join(f'"{word}"' for word, _ in unknown.most_common(3))
            remarks.append(
                f"{self.name} has parts that are none of train, val and test ({words}); they "
                "are not used."
            )
        return remarks

    def _read(self) -> list[Row]:
        text = _text(self.path)
        try:
            lines = _cells(text, self._delimiter(text[:_STARTS]))
        except csv.Error as error:
            raise DataError(f"{self.path} cannot be read as a table: {error}.") from None
        if not lines:
            raise DataError(f"{self.path} has no lines with a picture and its class.")
        sample = [cells for _, cells in lines[:: 1 + len(lines) // _LOOKED_AT]]
        titles = [_plain(cell) for cell in sample[0]]
        titled = any(title in _LABELS for title in titles)
        path_column = self._path_column(sample)
        if path_column is None:
            raise DataError(
                f"{self.path} names no file that is in the folder: a line for each picture is "
                "expected, with its path and its class (cats/1.jpg,cat)."
            )
        if not titled:
            first = self._files.find(sample[0][path_column], self._beside)
            suffix = os.path.splitext(sample[0][path_column])[1].lower()
            titled = first is None and suffix not in SUFFIXES and len(sample) > 1
        width = max(len(cells) for cells in sample)
        split_column = self._split_column(titles if titled else [], sample[titled:], path_column)
        others = [n for n in range(width) if n not in (path_column, split_column)]
        label_column = next(
            (titles.index(word) for word in _LABELS if titled and word in titles), None
        )
        if label_column is None or label_column == path_column:
            # A class comes again and again; a number of the line or a note does not.
            label_column = min(others, key=lambda n: _variety(sample[titled:], n), default=None)
        if label_column is None:
            raise DataError(
                f"{self.path} has one column only: a path and a class are expected in each line "
                "(cats/1.jpg,cat)."
            )

        def cell(cells: list[str], column: int | None) -> str:
            return cells[column].strip() if column is not None and column < len(cells) else ""

        return [
            Row(
                number,
                cell(cells, path_column),
                as_label(cell(cells, label_column)),
                cell(cells, split_column),
            )
            for number, cells in lines[titled:]
            if cell(cells, path_column)
        ]

    def _delimiter(self, start: str) -> str:
        """The character that divides the lines into the name of a file and more."""

        def score(delimiter: str) -> tuple[int, int]:
            lines = [cells for _, cells in _cells(start, delimiter)[:_LOOKED_AT]]
            divided = [cells for cells in lines if sum(map(bool, map(str.strip, cells))) > 1]
            column = self._path_column(divided)
            if column is None:
                return 0, len(divided)
            return len({cells[column] for cells in divided if column < len(cells)}), len(divided)

        return max(_DELIMITERS, key=score)

    def _path_column(self, sample: list[list[str]]) -> int | None:
        """The column that names the most files."""
        # Different files: the number of a class could be the name of a file too.
        fitting: dict[int, set[str]] = defaultdict(set)
        for cells in sample:
            for column, cell in enumerate(cells):
                found = self._files.find(cell, self._beside)
                if found is not None:
                    fitting[column].add(found)
        return max(fitting, key=lambda column: len(fitting[column]), default=None)

    @staticmethod
    def _split_column(titles: list[str], sample: list[list[str]], path_column: int) -> int | None:
        """The column that says train, val or test."""
        for column in range(max(len(cells) for cells in sample)):
            cells = {row[column].strip().lower() for row in sample if column < len(row)} - {""}
            named = column < len(titles) and titles[column] in _SPLITS
            known = cells & SPLIT_NAMES.keys()
            if column != path_column and known and (named or known == cells):
                return column
        return None


def _text(path: Path) -> str:
    """The text in a file. Raises `DataError`."""
    try:
        if path.stat().st_size > _LARGEST:
            raise DataError(f"{path} is too large for a table of pictures.")
        text = _decoded(path.read_bytes())
    except OSError as error:
        raise DataError(f"{path} {explain(error)}.") from None
    if "\0" in text[:1000]:
        raise DataError(f"{path} is no text: a table with a line for each picture is expected.")
    return text


def _cells(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """The lines with more than blanks in them, as number and cells. Raises `csv.Error`."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    return [(reader.line_num, cells) for cells in reader if any(map(str.strip, cells))]


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _variety(sample: list[list[str]], column: int) -> tuple[bool, int]:
    """For the smallest first: how many different cells a column has, columns with one last."""
    number = len({cells[column] for cells in sample if column < len(cells)})
    return number < 2, number


def _plain(title: str) -> str:
    return re.sub(r"[^a-z]", "", title.lower())


def _key(inside: str) -> str:
    """A path below the root as it is looked up."""
    return as_label(inside.replace(os.sep, "/"))
