"""The command line: `cnnstudio COMMAND`, the same packages as the window, no display needed.

This module holds the grammar and the one place where failures become a line on standard error; what
each command does is in `cnnstudio.commands`. Exit status: 0 done, 1 the job failed, 2 the call was
wrong.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import re
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from cnnstudio import __version__
from cnnstudio.errors import Cancelled, StudioError, UsageError


class _Parser(argparse.ArgumentParser):
    """One line on standard error instead of argparse's two."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.prog}: {message}. See {self.prog} --help.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status."""
    _stop_on_terminate()
    # What is logged for a log file must not reach standard error.
    logging.getLogger("cnnstudio").addHandler(logging.NullHandler())
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    try:
        options = parser().parse_args(_with_window(words))
        return int(options.run(options) or 0)
    except UsageError as error:
        return _failed(str(error), 2)
    except (KeyboardInterrupt, Cancelled):
        return _failed("Stopped.", 1)
    except BrokenPipeError:
        # The reader (head, less) has what it wanted; keep the interpreter's last flush quiet too.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except StudioError as error:
        if debug:
            raise
        return _failed(str(error), 1)
    except Exception as error:
        if debug:
            raise
        from cnnstudio.app.errors import describe

        return _failed(f"{describe(error)} (--debug shows where)", 1)


def parser() -> argparse.ArgumentParser:
    """The grammar of the command line."""
    top = _Parser(
        prog="cnnstudio",
        description="Build, train and understand convolutional networks. "
        "Without a command, or with a project file, it opens the window.",
    )
    top.add_argument("--version", action="version", version=f"cnnstudio {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    # Every command takes --debug; it is read by `main`.
    common = _Parser(add_help=False)
    common.add_argument("--debug", action="store_true", help="show the traceback of a failure")

    def command(
        word: str, help_: str, *, json: str | None = None, name: str = ""
    ) -> argparse.ArgumentParser:
        made = commands.add_parser(word, help=help_, description=help_, parents=[common])
        made.set_defaults(run=_runner(name or word))
        if json:
            made.add_argument("--json", action="store_true", help=json)
        return made

    document = "print one JSON document"
    stream = "print one JSON object a line"

    window = command("window", "opens the window (what cnnstudio does without a command)")
    window.add_argument("project", nargs="?", type=Path, metavar="PROJECT.cnns")

    demo = command("demo", "shows everything on the sample digits, from data to classification")
    demo.add_argument(
        "--headless",
        type=Path,
        metavar="FOLDER",
        help="needs no display; writes pictures of every page and the run into FOLDER",
    )

    sample = command("sample", "writes a sample image folder, offline or from Keras", json=document)
    sample.add_argument(
        "name",
        metavar="NAME",
        help="digits or shapes, made here; mnist, fashion_mnist, cifar10 or cifar100, downloaded",
    )
    sample.add_argument("folder", type=Path, metavar="FOLDER")
    sample.add_argument(
        "--file",
        type=Path,
        metavar="FILE",
        help="a data set's file as Keras downloads it (.npz, .gz, .tar.gz), instead of a download",
    )

    command("presets", "lists the networks to start from", json=document)
    command("layers", "lists the layer types and their settings", json=document)

    new = command("new", "makes a project from a preset or from a trained network")
    new.add_argument("file", type=Path, metavar="FILE.cnns")
    start = new.add_mutually_exclusive_group(required=True)
    start.add_argument("--preset", metavar="NAME", help="see cnnstudio presets")
    start.add_argument(
        "--backbone", metavar="NAME", help="a network of keras.applications, such as MobileNetV2"
    )
    start.add_argument(
        "--from",
        dest="source",
        metavar="RUN_OR_MODEL",
        help="a run, a .keras or .h5 model, a project with weights, or a network of "
        "keras.applications: its layers keep their weights, frozen, and get a new head",
    )
    new.add_argument(
        "--data", type=Path, metavar="FOLDER", help="with --from: pictures the new head is for"
    )
    new.add_argument(
        "--weights",
        metavar="SOURCE",
        help="of the backbone: imagenet (downloaded by Keras; usual), none, or a weights file",
    )
    new.add_argument(
        "--freeze",
        metavar="HOW",
        help="of the backbone, or with --from: all (usual), none, or the last layer that stays "
        "as it is",
    )
    new.add_argument("--input", type=_shape, metavar="HxWxC", help="for example 32x32x3")
    new.add_argument("--classes", type=_count, metavar="N")
    new.add_argument("--force", action="store_true", help="replace FILE if it exists")

    import_ = command("import", "makes a project from a Keras model", name="import_")
    import_.add_argument("model", type=Path, metavar="MODEL", help="a .keras, .h5 or .json file")
    import_.add_argument("file", type=Path, metavar="FILE.cnns")
    import_.add_argument("--force", action="store_true", help="replace FILE if it exists")

    summary = command("summary", "shapes, parameters, costs and problems", json=document)
    summary.add_argument(
        "file", type=Path, metavar="FILE", help="a project, a run or a Keras model"
    )

    compare = command("compare", "tells what differs between two networks", json=document)
    for side, which in (("old", "before"), ("new", "after")):
        compare.add_argument(
            side,
            type=Path,
            metavar=side.upper(),
            help=f"{which}: a project, a run or a Keras model",
        )
    compare.add_argument("--all", action="store_true", help="list the layers that are the same too")

    export = command("export", "writes the network in the form of OUT's suffix")
    export.add_argument("file", type=Path, metavar="FILE", help="a project, a run or a model")
    export.add_argument(
        "out", type=Path, metavar="OUT", help=".py, .keras, .json, .tflite, .onnx, .svg or .png"
    )

    scan = command("scan", "tells what an image folder holds", json=document)
    scan.add_argument("folder", type=Path, metavar="FOLDER")
    scan.add_argument(
        "--labels", type=Path, metavar="FILE", help="a table with a picture and its class a line"
    )
    scan.add_argument(
        "--pattern",
        metavar="PATTERN",
        help="how the files are named, with {class} for the class: '{class}_*' for cat_012.jpg",
    )
    scan.add_argument(
        "--full",
        action="store_true",
        help="decode every picture, to find damaged ones and near duplicates",
    )
    scan.add_argument(
        "--html", type=Path, metavar="OUT", help="write the report as a page with pictures"
    )
    scan.add_argument("--csv", type=Path, metavar="OUT", help="write a table of the pictures")

    train = command("train", "trains a project", json=stream)
    train.add_argument("file", nargs="?", type=Path, metavar="FILE.cnns")
    train.add_argument("--data", type=Path, metavar="FOLDER", help="the image folder")
    train.add_argument(
        "--epochs",
        type=_count,
        metavar="N",
        help="how often every picture is seen; with --resume in all, fine-tuning included",
    )
    train.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="assignments",
        help="any data or training setting, such as training.optimizer.learning_rate=0.01",
    )
    train.add_argument(
        "--folds",
        type=_count,
        metavar="K",
        help="cross-validation: K trainings, each with another part of the pictures to validate",
    )
    train.add_argument("--runs", type=Path, metavar="FOLDER", help="where runs are kept")
    train.add_argument("--resume", type=Path, metavar="RUN", help="go on with a stopped run")
    train.add_argument(
        "--find-rate",
        action="store_true",
        help="train no run: try growing learning rates for 100 batches and suggest one",
    )

    search = command(
        "search", "trains trial after trial with other settings, to find the best", json=stream
    )
    search.add_argument("file", type=Path, metavar="FILE.cnns")
    search.add_argument(
        "--study",
        metavar="STORAGE",
        help="where trials are written down: a file, or a database's URL (sqlite:///…, "
        "postgresql://…); computers that name the same one share the work",
    )
    search.add_argument("--data", type=Path, metavar="FOLDER", help="the image folder")
    search.add_argument("--runs", type=Path, metavar="FOLDER", help="where runs are kept")
    search.add_argument(
        "--space",
        action="append",
        default=[],
        metavar="KEY=VALUES",
        help="search over a setting, or over one of a layer (layers.NAME.SETTING), besides those "
        "in the project: 1e-4..1e-1:log, 8..64:step 8, or 16,32,64",
    )
    search.add_argument("--trials", type=_count, metavar="N", help="trials of the study in all")
    search.add_argument(
        "--hours", type=float, metavar="H", help="begin no trial after so many hours of training"
    )
    search.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="assignments",
        help="any data, training or search setting, such as search.method=grid or search.epochs=5",
    )

    runs = command("runs", "lists runs with their settings and best figures", json=document)
    runs.add_argument("folder", nargs="?", type=Path, metavar="FOLDER")
    runs.add_argument(
        "--compare",
        nargs=2,
        type=Path,
        metavar=("A", "B"),
        help="put two runs side by side: figures, settings that differ, networks",
    )
    runs.add_argument("--all", action="store_true", help="with --compare: what is the same too")
    runs.add_argument(
        "--check", action="store_true", help="read every file to its end and name damaged ones"
    )

    evaluate = command("evaluate", "measures a trained network on labelled pictures", json=document)
    evaluate.add_argument("model", type=Path, metavar="RUN_OR_MODEL")
    evaluate.add_argument("folder", type=Path, metavar="FOLDER")
    evaluate.add_argument(
        "--html", type=Path, metavar="OUT", help="also write a page with curves and examples"
    )
    evaluate.add_argument(
        "--csv", type=Path, metavar="OUT", help="also write a table of all pictures"
    )

    classify = command("classify", "classifies pictures", json=stream)
    classify.add_argument("model", type=Path, metavar="RUN_OR_MODEL")
    classify.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    classify.add_argument("--top", type=_count, default=3, metavar="K", help="classes to show")
    classify.add_argument("--csv", type=Path, metavar="OUT", help="also write a table")
    classify.add_argument(
        "--into", type=Path, metavar="FOLDER", help="also copy the pictures into folders by class"
    )
    classify.add_argument(
        "--threshold",
        type=_probability,
        default=0.0,
        metavar="P",
        help="with --into: pictures less likely than this go into the folder unsure",
    )

    for each in (evaluate, classify):
        told = each.add_argument_group("what the file of a model from elsewhere leaves open")
        told.add_argument(
            "--scaling",
            choices=("0-255", "0-1", "plus-minus-1", "torch", "caffe"),
            help="pixels that it wants; torch and caffe as keras.applications has them",
        )
        told.add_argument(
            "--image-size", type=_size, metavar="HxW", help="size of the pictures it takes"
        )
        told.add_argument(
            "--classes", type=Path, metavar="FILE", help="names of its outputs, one a line"
        )

    command("doctor", "versions, devices, and why a GPU is not used", json=document)
    return top


def _runner(name: str) -> Any:
    def run(options: argparse.Namespace) -> int | None:
        from cnnstudio import commands

        result: int | None = getattr(commands, name)(options)
        return result

    return run


def _with_window(words: list[str]) -> list[str]:
    """`cnnstudio` and `cnnstudio PROJECT.cnns` open the window."""
    if not [word for word in words if word != "--debug"]:
        return ["window", *words]
    if words[0].endswith(".cnns"):
        return ["window", *words]
    return words


def _shape(text: str) -> tuple[int, int, int]:
    match = re.fullmatch(r"(\d+)[x×](\d+)(?:[x×](\d+))?", text.strip())
    if not match or 0 in (sizes := tuple(int(part or 3) for part in match.groups())):
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 32x32x3")
    return sizes[0], sizes[1], sizes[2]


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)[x×](\d+)", text.strip())
    if not match or 0 in (sides := (int(match[1]), int(match[2]))):
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 224x224")
    return sides


def _probability(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"must be a number from 0 to 1, not {text}")
    return value


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def _failed(message: str, status: int) -> int:
    with contextlib.suppress(OSError, ValueError, AttributeError):
        print(" ".join(message.split()), file=sys.stderr)
    return status


def _stop_on_terminate() -> None:
    """A polite kill is a Stop: files are closed and a run keeps what it has."""
    # Only the main thread may say so; elsewhere the caller decides.
    with contextlib.suppress(ValueError, AttributeError):
        signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))


if __name__ == "__main__":
    sys.exit(main())
