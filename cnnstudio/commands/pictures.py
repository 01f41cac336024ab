"""Commands on pictures: sample, scan, evaluate, classify."""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnstudio.commands.output import (
    either,
    figure,
    print_json,
    print_line,
    print_table,
    write_csv,
)
from cnnstudio.errors import StudioError, UsageError

if TYPE_CHECKING:
    from cnnstudio.data.doctor_check import Check, CheckProgress
    from cnnstudio.data.report import FolderReport
    from cnnstudio.data.scan import ScanProgress
    from cnnstudio.data.settings import LayoutSettings
    from cnnstudio.keras_build.trained import TrainedModel

_PARTS = {"test": "test ", "val": "validation ", "train": "training ", None: ""}


def sample(options: argparse.Namespace) -> None:
    """Write a sample image folder, or a data set of Keras."""
    from cnnstudio.data.keras_sets import KERAS_SETS, make_keras_set
    from cnnstudio.data.samples import SAMPLES, make_sample
    from cnnstudio.data.scan import scan_folder

    progress = None if options.json else _ProgressLine()
    if options.name in KERAS_SETS:
        chosen = KERAS_SETS[options.name]
        folder = make_keras_set(chosen, options.folder, file=options.file, progress=progress)
    elif options.name not in SAMPLES:
        names = either([*SAMPLES, *KERAS_SETS])
        raise UsageError(f"cnnstudio sample: there is no sample {options.name!r}; choose {names}.")
    elif options.file is not None:
        raise UsageError(f"cnnstudio sample: {options.name} is made here; leave out --file.")
    else:
        folder = make_sample(options.name, options.folder, progress=progress)
    report = scan_folder(folder)
    if options.json:
        print_json({"folder": str(folder), **_counts(report.to_json())})
    else:
        print(f"{len(report.pictures)} pictures in {len(report.classes)} classes are in {folder}.")


class _ProgressLine:
    """Says on a terminal, in one line, how far a set is fetched and written."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self, progress: ScanProgress) -> None:
        now, total = time.monotonic(), progress.total
        if not sys.stderr.isatty() or (now < self._next and progress.files_seen != total):
            return
        self._next = now + 0.1
        if progress.unit == "bytes":
            of = f" of {total / 1e6:,.1f}" if total else ""
            words = f"{progress.current.name}: {progress.files_seen / 1e6:,.1f}{of} MB"
        else:
            words = f"{progress.files_seen:,} of {total or 0:,} pictures"
        end = "\n" if progress.files_seen == total else ""
        print(f"\r\x1b[K{words}", end=end, file=sys.stderr, flush=True)


def scan(options: argparse.Namespace) -> None:
    """Tell what an image folder holds."""
    from cnnstudio.data.doctor import examine
    from cnnstudio.data.doctor_report import write_report
    from cnnstudio.data.report import shown
    from cnnstudio.data.scan import scan_folder
    from cnnstudio.data.settings import DataSettings

    files = _report_files("scan", options)
    report = scan_folder(options.folder, _layout(options))
    check = _full_check(report, quiet=options.json) if options.full else None
    settings = DataSettings(
        image_size=report.suggested_size, color_mode=report.suggested_color_mode
    )
    findings = examine(report, settings, check)
    for path in files:
        write_report(path, report, settings, findings, check)
    if options.json:
        document = report.to_json()
        if check is not None:
            near = [[shown(path) for path in group] for group in check.near]
            document["near_duplicates"] = near
        document["findings"] = [finding.to_json(report.folder) for finding in findings]
        print_json(document)
        return
    print(f"{len(report.pictures):,} pictures in {len(report.classes)} classes")
    if report.layout.kind == "csv":
        print(f"The classes are those of the table {report.layout.file}.")
    elif report.layout.kind == "filename":
        print(f"The classes are those of the file names, {report.layout.pattern}.")
    print()
    splits = list(report.splits)
    print_table(
        ("class", "pictures", *(splits if len(splits) > 1 else ())),
        [
            (
                name,
                f"{count:,}",
                *(
                    f"{report.splits[split].get(name, 0):,}"
                    for split in (splits if len(splits) > 1 else ())
                ),
            )
            for name, count in report.classes.items()
        ],
        right=set(range(1, 2 + len(splits))),
    )
    if report.skipped:
        print(f"\n{len(report.skipped):,} files were skipped:")
        for skipped in report.skipped:
            print(f"  {skipped.path}: {skipped.reason}")
    if report.duplicates:
        print(f"\n{len(report.duplicates):,} groups of files hold the same picture:")
        for group in report.duplicates:
            print("  " + " = ".join(str(path) for path in group))
    if check is not None and check.near:
        print(f"\n{len(check.near):,} groups of files hold nearly the same picture:")
        for group in check.near:
            print("  " + " ~ ".join(str(path) for path in group))
    for finding in findings:
        word = {"error": "Error", "warning": "Warning", "info": "Hint"}[finding.severity]
        print(f"\n{word}: {finding.title} ({finding.amount}). {finding.why}")


def _full_check(report: FolderReport, *, quiet: bool) -> Check:
    """Decode every picture, and say on a terminal how far it is."""
    from cnnstudio.data.doctor_check import Checker

    def tell(progress: CheckProgress) -> None:
        end = "\n" if progress.done == progress.total else ""
        words = f"{progress.done:,} of {progress.total:,} pictures decoded"
        print(f"\r\x1b[K{words}", end=end, file=sys.stderr, flush=True)

    silent = quiet or not sys.stderr.isatty()
    return Checker().check(report, progress=None if silent else tell)


def _report_files(command: str, options: argparse.Namespace) -> list[Path]:
    """What `--html` and `--csv` name. Raises `UsageError` where the name says something else."""
    files = []
    for path, suffixes in ((options.html, (".html", ".htm")), (options.csv, (".csv",))):
        if path is None:
            continue
        if path.suffix.lower() not in suffixes:
            raise UsageError(
                f"cnnstudio {command}: --{suffixes[0][1:]} needs a file name like "
                f"report{suffixes[0]}."
            )
        files.append(path)
    return files


def _layout(options: argparse.Namespace) -> LayoutSettings:
    """Where `--labels` and `--pattern` say that the classes are written."""
    from cnnstudio.data.name_patterns import CLASS, NamePattern
    from cnnstudio.data.settings import LayoutSettings

    if options.labels is not None and options.pattern is not None:
        raise UsageError("cnnstudio scan: give --labels or --pattern, not both.")
    if options.labels is not None:
        path = options.labels
        if not path.is_file() and not (options.folder / path).is_file():
            raise StudioError(f"There is no table {path}.")
        # From here, or below the folder.
        file = str(path.absolute()) if path.is_file() else str(path)
        with contextlib.suppress(ValueError):
            file = path.absolute().relative_to(options.folder.absolute()).as_posix()
        return LayoutSettings(kind="csv", file=file)
    if options.pattern is not None:
        try:
            NamePattern(options.pattern, CLASS)
        except ValueError as error:
            raise UsageError(f"cnnstudio scan: {error}.") from None
        return LayoutSettings(kind="filename", pattern=options.pattern)
    return LayoutSettings()


def evaluate(options: argparse.Namespace) -> None:
    """Measure a trained network on labelled pictures."""
    from cnnstudio.evaluation.evaluate import evaluate as measure
    from cnnstudio.evaluation.report import write_report

    if not options.folder.is_dir():
        raise StudioError(f"There is no folder {options.folder}.")
    files = _report_files("evaluate", options)
    trained = _trained(options)
    found = measure(trained, options.folder)
    for path in files:
        write_report(path, found, trained.title)
    result = found.to_json()
    if options.json:
        print_json(result)
        return
    print(
        f"accuracy {figure(result['accuracy'])}, loss {figure(result['loss'])} "
        f"on {result['images']:,} {_PARTS[result['split']]}pictures\n"
    )
    print_table(
        ("class", "precision", "recall", "f1", "pictures"),
        [
            (
                row["class"],
                f"{row['precision']:.3f}",
                f"{row['recall']:.3f}",
                f"{row['f1']:.3f}",
                f"{row['support']:,}",
            )
            for row in result["per_class"]
        ],
        right={1, 2, 3, 4},
    )
    print("\nconfusion matrix, a row for each true class, a column for each prediction")
    names = result["classes"]
    print_table(
        ("", *names),
        [
            (name, *(f"{count:,}" for count in row))
            for name, row in zip(names, result["confusion_matrix"], strict=True)
        ],
        right=set(range(1, len(names) + 1)),
    )
    for skipped in result["skipped"]:
        print(f"skipped {skipped['path']}: {skipped['reason']}", file=sys.stderr)


def classify(options: argparse.Namespace) -> int:
    """Classify pictures; a broken one says so in its line and the others go on."""
    from cnnstudio.evaluation.predict import Classifier, Unreadable
    from cnnstudio.evaluation.sorting import sort_into

    missing = [path for path in options.paths if not path.exists()]
    if len(missing) == len(options.paths):
        raise StudioError(f"There is no picture or folder {missing[0]}.")
    classifier = Classifier(_trained(options))
    table: list[list[Any]] = []
    results = []
    done = 0
    for result in classifier.classify(options.paths, top=options.top):
        results.append(result)
        if isinstance(result, Unreadable):
            if options.json:
                print_line({"path": str(result.path), "error": result.reason})
            else:
                print(f"{result.path}: {result.reason}", file=sys.stderr)
            table.append([result.path, "", "", result.reason])
            continue
        done += 1
        ranked = [(name, float(share)) for name, share in result.ranked]
        if options.json:
            predictions = [{"class": name, "probability": share} for name, share in ranked]
            print_line({"path": str(result.path), "predictions": predictions})
        else:
            words = ", ".join(f"{name} {share:.1%}" for name, share in ranked)
            print(f"{result.path}: {words}", flush=True)
        table.extend([result.path, name, f"{share:.6f}", ""] for name, share in ranked)
    if options.csv:
        write_csv(options.csv, ("path", "class", "probability", "error"), table)
    if options.into is not None:
        found = sort_into(results, options.into, threshold=options.threshold)
        for name, number in found.copied.items():
            print(f"{number:,} copied into {found.folder / name}", file=sys.stderr)
    return 0 if done else 1


def _trained(options: argparse.Namespace) -> TrainedModel:
    """The network, with what the options say of a model from elsewhere.

    Says what is taken for granted; an option for what the file itself says is refused.
    """
    from cnnstudio.keras_build.told import Told, names_in
    from cnnstudio.keras_build.trained import TrainedModel

    told = Told(
        image_size=options.image_size,
        scaling=options.scaling or "0-255",
        classes=names_in(options.classes) if options.classes else (),
    )
    trained = TrainedModel.load(options.model, told)
    given = {
        "scaling": ("--scaling", options.scaling, "how pixels are scaled"),
        "size": ("--image-size", options.image_size, "the size of its pictures"),
        "classes": ("--classes", options.classes, "what its classes are called"),
    }
    for what, (option, value, words) in given.items():
        if value is not None and what not in trained.left_open:
            raise UsageError(f"{trained.path} itself says {words}: leave out {option}.")
    if told.classes and tuple(trained.classes) != told.classes:
        raise StudioError(
            f"{options.classes} names {len(told.classes)} classes, but {trained.path} has "
            f"{len(trained.classes)}: give a name for each, one a line."
        )
    taken = {
        "scaling": "pixels are given as 0 to 255 (--scaling)",
        "size": f"pictures as {' × '.join(map(str, trained.image_size))} (--image-size)",
    }
    silent = [taken[w] for w in ("scaling", "size") if w in trained.left_open and not given[w][1]]
    if silent:
        print(
            f"{trained.path} does not say how it wants its pictures: {', '.join(silent)}.",
            file=sys.stderr,
        )
    return trained


def _counts(document: Mapping[str, Any]) -> dict[str, Any]:
    return {key: document[key] for key in ("classes", "images", "splits")}
