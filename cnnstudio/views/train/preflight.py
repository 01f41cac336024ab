"""What stands in the way of a training, before it is started, with the ways out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from cnnstudio.analysis import Problem
from cnnstudio.app.document import Document
from cnnstudio.views.context import Context
from cnnstudio.views.train.controls import WayOut


@dataclass(frozen=True)
class Obstacle:
    """Why Start cannot be pressed, as a sentence, and buttons that help."""

    text: str
    ways: tuple[WayOut, ...]


def obstacle(context: Context) -> Obstacle | None:
    """The first thing to put right before training, or None."""
    document = context.document
    if document.data.folder is None:
        return Obstacle(
            "Training needs pictures: open a folder of them, or take a sample set.",
            (
                ("Open the Data page", lambda: context.show_page("data")),
                ("Take the sample digits", lambda: context.make_sample("digits")),
            ),
        )
    report, counts = document.report, document.counts
    learned = 2 if counts is None else sum(number > 0 for number in counts.learned.values())
    if report is not None and counts is not None and learned < 2:
        text = "Fewer than two classes have training pictures after the corrections."
        if counts.classes == report.classes:
            text = next(iter(report.problems), text)
        return Obstacle(text, (("Open the Data page", lambda: context.show_page("data")),))
    unlike = _unlike_data(document)
    if unlike:
        return Obstacle(unlike, (("Match the data", document.match_data),))
    first = document.training.fine_tune.unfreeze_from
    if document.training.fine_tune.enabled and first and first not in document.network:
        return Obstacle(
            f"Fine-tuning is to begin with the layer {first}, which the network does not have.",
            (("Unfreeze all then", partial(_unfreeze_all_then, document)),),
        )
    errors = document.analysis.errors
    if errors:
        return _from_problem(context, errors[0], len(errors) - 1)
    return None


def _unfreeze_all_then(document: Document) -> None:
    training = document.training
    tune = training.fine_tune.model_copy(update={"unfreeze_from": ""})
    document.set_training(training.model_copy(update={"fine_tune": tune}), "Fine-tune all layers")


def _unlike_data(document: Document) -> str:
    """How the Input differs from the pictures; empty if it does not."""
    network = document.network
    if len(network.sources) != 1:
        return ""
    shape = tuple(network[network.sources[0]]["shape"])
    wanted = (*document.data.image_size, document.data.channels)
    if all(a is None or a == b for a, b in zip(shape, wanted, strict=True)):
        return ""
    return (
        f"{network.sources[0]} takes pictures of {_size(shape)}, the data gives {_size(wanted)}: "
        "match the network to the data, or change the picture size on the Data page."
    )


def _from_problem(context: Context, problem: Problem, more: int) -> Obstacle:
    document = context.document
    text = problem.message
    if more:
        text += f" ({more} more {'problem' if more == 1 else 'problems'} on the Design page.)"

    def lead() -> None:
        context.show_page("design")
        if problem.layer is not None:
            document.selection_requested.emit([problem.layer])

    ways: list[WayOut] = [
        (remedy.label, partial(document.solve, remedy)) for remedy in problem.remedies[:1]
    ]
    return Obstacle(text, (*ways, ("Show on the Design page", lead)))


def _size(shape: tuple[int | None, ...]) -> str:
    return " × ".join("any" if part is None else str(part) for part in shape)
