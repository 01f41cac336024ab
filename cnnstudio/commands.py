"""What each command of the command line does. Grammar and exit status are in `cnnstudio.cli`.

Every function takes the parsed options and prints its answer to standard output, as text for
people or, with `--json`, as JSON whose keys scripts rely on. Heavy packages are imported where they
are needed, so that `presets`, `layers`, `new`, `summary` and `scan` answer without TensorFlow.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import signal
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cnnstudio.errors import StudioError, UsageError
from cnnstudio.graph.project import SUFFIX, Project, load_project, save_project


def window(options: argparse.Namespace) -> int:
    """Open the window."""
    from cnnstudio.views.start import run_window

    return run_window(options.project)


def demo(options: argparse.Namespace) -> int:
    """Show everything on the sample digits, in the window or headless."""
    if options.headless is not None:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from cnnstudio.views.demo import run_demo

    return run_demo(options.headless)


def sample(options: argparse.Namespace) -> None:
    """Write a sample image folder."""
    from cnnstudio.data.samples import SAMPLES, make_sample

    if options.name not in SAMPLES:
        raise UsageError(
            f"cnnstudio sample: there is no sample {options.name!r}; choose {_either(SAMPLES)}."
        )
    folder = make_sample(options.name, options.folder)
    from cnnstudio.data.scan import scan_folder

    report = scan_folder(folder)
    if options.json:
        _print_json({"folder": str(folder), **_counts(report.to_json())})
    else:
        print(f"{len(report.pictures)} pictures in {len(report.classes)} classes are in {folder}.")


def presets(options: argparse.Namespace) -> None:
    """List the presets."""
    from cnnstudio.analysis import analyse
    from cnnstudio.graph.presets import PRESETS

    counts = {name: analyse(preset.build()).parameters for name, preset in PRESETS.items()}
    if options.json:
        _print_json(
            [
                {
                    "name": name,
                    "title": preset.title,
                    "description": preset.description,
                    "input": list(preset.input_shape),
                    "parameters": counts[name],
                }
                for name, preset in PRESETS.items()
            ]
        )
        return
    _print_table(
        ("preset", "input", "parameters", "what it is"),
        [
            (name, _size(preset.input_shape), f"{counts[name]:,}", preset.description)
            for name, preset in PRESETS.items()
        ],
        right={2},
    )


def layers(options: argparse.Namespace) -> None:
    """List the layer types."""
    from cnnstudio.graph.catalogue import CATALOGUE

    if options.json:
        _print_json(
            [
                {
                    "type": spec.type,
                    "category": spec.category.value,
                    "summary": spec.summary,
                    "settings": [
                        {
                            "name": field.name,
                            "kind": field.kind.value,
                            "default": field.encode(field.default),
                            "choices": list(field.choices),
                            "help": field.help,
                        }
                        for field in spec.fields
                    ],
                }
                for spec in CATALOGUE.values()
            ]
        )
        return
    _print_table(
        ("layer", "family", "what it does"),
        [(spec.type, spec.category.value, spec.summary) for spec in CATALOGUE.values()],
    )


def new(options: argparse.Namespace) -> None:
    """Make a project file from a preset."""
    from cnnstudio.graph.presets import PRESETS

    if options.preset not in PRESETS:
        raise UsageError(
            f"cnnstudio new: there is no preset {options.preset!r}; choose {_either(PRESETS)}."
        )
    if options.file.exists() and not options.force:
        raise StudioError(
            f"{options.file} exists already: choose another name, or replace it with --force."
        )
    preset = PRESETS[options.preset]
    shape = options.input or preset.input_shape
    project = Project(preset.build(shape, options.classes), data=_data_for(shape))
    save_project(project, options.file)
    print(f"{options.file}: {preset.title}, {_size(shape)} to {options.classes or preset.classes}.")


def import_(options: argparse.Namespace) -> None:
    """Make a project from a Keras model file."""
    from cnnstudio.keras_build.importing import import_file
    from cnnstudio.keras_build.weights import companion

    weights = companion(options.file)
    for file in (options.file, weights):
        if file.exists() and not options.force:
            raise StudioError(
                f"{file} exists already: choose another name, or replace it with --force."
            )
    found = import_file(options.model)
    save_project(found.save_weights(weights), options.file)
    layers = f"{len(found.project.network)} layers"
    print(f"{options.file}: {layers}{f', weights in {weights}' if found.weights else ''}.")
    for note in found.notes:
        print(f"note: {note}", file=sys.stderr)


def summary(options: argparse.Namespace) -> None:
    """Analyse a network."""
    from cnnstudio.analysis import summary_json
    from cnnstudio.app.networks import open_side

    side = open_side(options.file)
    document = summary_json(side.analysis, side.memory)
    if options.json:
        _print_json(document)
        return
    _print_table(
        ("layer", "type", "output", "parameters", "multiply-adds", "memory", "sees"),
        [
            (
                layer["name"],
                layer["type"],
                _size(layer["output_shape"]),
                f"{layer['parameters']:,}",
                f"{layer['multiply_adds']:,}",
                _bytes(layer["activation_bytes"]),
                _size(layer["receptive_field"]),
            )
            for layer in document["layers"]
        ],
        right={3, 4, 5},
    )
    print(
        f"\n{document['parameters']:,} parameters, {document['trainable_parameters']:,} of them "
        f"trainable; {document['multiply_adds']:,} multiply-adds and "
        f"{_bytes(document['activation_bytes'])} of activations a picture"
    )
    print(
        f"memory: {_bytes(side.memory.inference)} to classify a picture, "
        f"{_bytes(side.memory.training)} to train with {side.memory.optimizer} in batches of "
        f"{side.memory.batch_size:,}"
    )
    for problem in document["problems"]:
        remedy = f" ({problem['remedy']})" if problem["remedy"] else ""
        print(f"{problem['severity']}: {problem['message']}{remedy}")


def compare(options: argparse.Namespace) -> None:
    """Tell what is different in the second of two networks."""
    from cnnstudio.analysis.compare import compare as compared
    from cnnstudio.app.networks import open_side

    comparison = compared(open_side(options.old), open_side(options.new))
    if options.json:
        _print_json(comparison.to_json())
    else:
        print(comparison.to_text(_bytes, only_differences=not options.all), end="")


def export(options: argparse.Namespace) -> None:
    """Write the network for use outside, in the form of the suffix."""
    if options.out.suffix.lower() in {".svg", ".png"}:
        from cnnstudio.app.networks import open_network
        from cnnstudio.views.design.picture import write_picture

        write_picture(open_network(options.file).network, options.out)
    else:
        from cnnstudio.keras_build.export import export_file

        export_file(options.file, options.out)
    print(f"{options.out} written and read back.")


def scan(options: argparse.Namespace) -> None:
    """Tell what an image folder holds."""
    from cnnstudio.data.scan import scan_folder

    report = scan_folder(options.folder)
    if options.json:
        _print_json(report.to_json())
        return
    print(f"{len(report.pictures):,} pictures in {len(report.classes)} classes\n")
    splits = list(report.splits)
    _print_table(
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


def train(options: argparse.Namespace) -> int:
    """Train a project, or go on with a run; the engine is the window's."""
    from cnnstudio.app.paths import cache_folder
    from cnnstudio.training.control import Control

    project = _project_to_train(options)
    control = Control()
    report = _TrainReport(options.json)
    before = signal.signal(signal.SIGINT, lambda *_: control.stop())
    try:
        from cnnstudio.training.run import train as run

        run(
            project,
            data_folder=options.data,
            runs_folder=options.runs or _runs_folder(),
            on_event=report,
            control=control,
            resume=options.resume,
            name=options.file.stem if options.file else "network",
            cache_folder=cache_folder(),
        )
    finally:
        signal.signal(signal.SIGINT, before)
    return 0


def runs(options: argparse.Namespace) -> None:
    """List runs."""
    from cnnstudio.training.runs import list_runs

    folder = options.folder or _runs_folder()
    if options.folder and not folder.is_dir():
        raise StudioError(f"There is no folder {folder}.")
    found = list_runs(folder)
    if options.json:
        _print_json([run.to_json() for run in found])
        return
    if not found:
        print(f"No runs in {folder} yet: cnnstudio train makes one.")
        return
    _print_table(
        ("run", "state", "epochs", "val accuracy", "val loss", "started"),
        [
            (
                run.path.name,
                run.state,
                f"{run.epochs_done}/{run.epochs}",
                _figure(run.best_val_accuracy),
                _figure(run.best_val_loss),
                f"{run.started:%Y-%m-%d %H:%M}" if run.started else "",
            )
            for run in found
        ],
        right={2, 3, 4},
    )


def evaluate(options: argparse.Namespace) -> None:
    """Measure a trained network on labelled pictures."""
    from cnnstudio.evaluation.evaluate import evaluate as measure
    from cnnstudio.keras_build.trained import TrainedModel

    if not options.folder.is_dir():
        raise StudioError(f"There is no folder {options.folder}.")
    result = measure(TrainedModel.load(options.model), options.folder).to_json()
    if options.json:
        _print_json(result)
        return
    print(
        f"accuracy {_figure(result['accuracy'])}, loss {_figure(result['loss'])} "
        f"on {result['images']:,} pictures\n"
    )
    _print_table(
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
    _print_table(
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
                _print_line({"path": str(result.path), "error": result.reason})
            else:
                print(f"{result.path}: {result.reason}", file=sys.stderr)
            table.append([result.path, "", "", result.reason])
            continue
        done += 1
        ranked = [(name, float(share)) for name, share in result.ranked]
        if options.json:
            predictions = [{"class": name, "probability": share} for name, share in ranked]
            _print_line({"path": str(result.path), "predictions": predictions})
        else:
            words = ", ".join(f"{name} {share:.1%}" for name, share in ranked)
            print(f"{result.path}: {words}", flush=True)
        table.extend([result.path, name, f"{share:.6f}", ""] for name, share in ranked)
    if options.csv:
        _write_csv(options.csv, ("path", "class", "probability", "error"), table)
    return 0 if done else 1


def doctor(options: argparse.Namespace) -> int:
    """Tell versions, devices, and why a GPU is not used."""
    from cnnstudio.doctor import examine

    findings = examine()
    if options.json:
        _print_json(findings)
    else:
        for name, version in findings["versions"].items():
            print(f"{name:<14}{version or 'not installed'}")
        print(f"{'Qt platform':<14}{findings['qt_platform']}")
        for device in findings["devices"]:
            print(f"{'device':<14}{device}")
        print(f"{'GPU':<14}{findings['gpu']['reason']}")
        for problem in findings["problems"]:
            print(f"{'problem':<14}{problem}")
    return 1 if findings["problems"] else 0


# The events scripts rely on.
_STREAMED = frozenset({"started", "batch", "epoch", "finished", "stopped", "failed"})


class _TrainReport:
    """Prints training events: a JSON object a line, or a line an epoch for people."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json

    def __call__(self, event: Any) -> None:
        from cnnstudio.training import events

        if self._as_json:
            if event.kind in _STREAMED:
                _print_line(event.to_json())
            return
        if isinstance(event, events.Started):
            print(f"Training on {event.device}; the run is kept in {event.run}", flush=True)
        elif isinstance(event, events.EpochDone):
            figures = "  ".join(
                f"{name} {value:.4f}"
                for name, value in {"loss": event.loss, **event.metrics}.items()
            )
            print(
                f"epoch {event.epoch}/{event.epochs}  {figures}  "
                f"{event.images_per_second:,.0f} images/s",
                flush=True,
            )
        elif isinstance(event, events.Skipped):
            print(f"skipped {event.path}: {event.reason}", file=sys.stderr)
        elif isinstance(event, events.Message):
            print(event.text, file=sys.stderr)
        elif isinstance(event, events.Finished):
            print(f"Finished: {event.run}")
        elif isinstance(event, events.Stopped):
            print(f"Stopped; go on with: cnnstudio train --resume {event.run}")


def _project_to_train(options: argparse.Namespace) -> Project:
    """The project named, with the assignments of `--set`, `--epochs` and `--data` put in."""
    from cnnstudio.data.settings import DataSettings, apply_assignments, settings_from_json
    from cnnstudio.training.settings import TrainingSettings

    if options.resume is not None:
        from cnnstudio.keras_build.trained import PROJECT_FILE

        if options.file is not None:
            raise UsageError("cnnstudio train: give a project or --resume RUN, not both.")
        if not options.resume.is_dir():
            raise StudioError(f"There is no run {options.resume}.")
        project = load_project(options.resume / PROJECT_FILE)
    elif options.file is None:
        raise UsageError("cnnstudio train: name a project, or a run with --resume RUN.")
    else:
        project = _project(options.file)
    assignments = list(options.assignments)
    if options.epochs is not None:
        assignments.append(f"training.epochs={options.epochs}")
    parts = apply_assignments({"data": project.data, "training": project.training}, assignments)
    settings_from_json(DataSettings, parts["data"], "data")
    settings_from_json(TrainingSettings, parts["training"], "training")
    return replace(project, data=parts["data"], training=parts["training"])


def _project(path: Path) -> Project:
    if path.suffix in {".keras", ".h5"} or path.is_dir():
        raise StudioError(f"{path} is not a project: name a {SUFFIX} file.")
    return load_project(path)


def _runs_folder() -> Path:
    from cnnstudio.app.paths import runs_folder

    return runs_folder()


def _data_for(shape: Sequence[int]) -> dict[str, Any]:
    """The data settings that fit an Input of `shape`."""
    height, width, channels = shape
    return {
        "image_size": [height, width],
        "color_mode": "grayscale" if channels == 1 else "rgb",
    }


def _counts(document: Mapping[str, Any]) -> dict[str, Any]:
    return {key: document[key] for key in ("classes", "images", "splits")}


def _either(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last


def _size(shape: Sequence[int] | None) -> str:
    return "×".join(map(str, shape)) if shape else "?"


def _bytes(count: float) -> str:
    for unit in ("B", "KB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    raise AssertionError


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _print_json(document: Any) -> None:
    print(json.dumps(document, indent=2, ensure_ascii=False))


def _print_line(document: Any) -> None:
    print(json.dumps(document, ensure_ascii=False), flush=True)


def _print_table(
    heading: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[int] = ()
) -> None:
    """Columns as wide as their widest cell; those in `right` right-aligned."""
    right = set(right)
    lines = [tuple(heading), *(tuple(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heading))]
    for line in lines:
        cells = (
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        print("  ".join(cells).rstrip())


def _write_csv(path: Path, heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(heading)
            writer.writerows(rows)
    except OSError as error:
        raise StudioError(f"{path} could not be written: {error.strerror}.") from None
