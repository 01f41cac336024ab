"""Commands on pictures: sample, scan, evaluate, classify."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import Any

from cnnstudio.commands.output import (
    either,
    figure,
    print_json,
    print_line,
    print_table,
    write_csv,
)
from cnnstudio.errors import StudioError, UsageError


def sample(options: argparse.Namespace) -> None:
    """Write a sample image folder."""
    from cnnstudio.data.samples import SAMPLES, make_sample

    if options.name not in SAMPLES:
        raise UsageError(
            f"cnnstudio sample: there is no sample {options.name!r}; choose {either(SAMPLES)}."
        )
    folder = make_sample(options.name, options.folder)
    from cnnstudio.data.scan import scan_folder

    report = scan_folder(folder)
    if options.json:
        print_json({"folder": str(folder), **_counts(report.to_json())})
    else:
        print(f"{len(report.pictures)} pictures in {len(report.classes)} classes are in {folder}.")


def scan(options: argparse.Namespace) -> None:
    """Tell what an image folder holds."""
    from cnnstudio.data.scan import scan_folder

    report = scan_folder(options.folder)
    if options.json:
        print_json(report.to_json())
        return
    print(f"{len(report.pictures):,} pictures in {len(report.classes)} classes\n")
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
    for problem in report.problems:
        print(f"\n{problem}")


def evaluate(options: argparse.Namespace) -> None:
    """Measure a trained network on labelled pictures."""
    from cnnstudio.evaluation.evaluate import evaluate as measure
    from cnnstudio.keras_build.trained import TrainedModel

    if not options.folder.is_dir():
        raise StudioError(f"There is no folder {options.folder}.")
    result = measure(TrainedModel.load(options.model), options.folder).to_json()
    if options.json:
        print_json(result)
        return
    print(
        f"accuracy {figure(result['accuracy'])}, loss {figure(result['loss'])} "
        f"on {result['images']:,} pictures\n"
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
    from cnnstudio.keras_build.trained import TrainedModel

    missing = [path for path in options.paths if not path.exists()]
    if len(missing) == len(options.paths):
        raise StudioError(f"There is no picture or folder {missing[0]}.")
    classifier = Classifier(TrainedModel.load(options.model))
    table: list[list[Any]] = []
    done = 0
    for result in classifier.classify(options.paths, top=options.top):
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
    return 0 if done else 1


def _counts(document: Mapping[str, Any]) -> dict[str, Any]:
    return {key: document[key] for key in ("classes", "images", "splits")}
