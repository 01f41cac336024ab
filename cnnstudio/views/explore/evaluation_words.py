"""What an evaluation is called in the window: figures, captions and tips of its pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnstudio.evaluation.comparing import Pair
    from cnnstudio.evaluation.evaluate import Evaluation, Record


def top(evaluation: Evaluation) -> str:
    """The share among the five likeliest, where that says more than the likeliest."""
    if len(evaluation.classes) <= 5:
        return ""
    return f"in the top 5 {evaluation.top_accuracy(5):.4f}   "


def caption(record: Record | Pair) -> str:
    """How sure the network, or the surer of two, is, and the name of the file."""
    return f"{100 * record.confidence:.0f} %  {record.path.name}"


def tip(record: Record | Pair) -> str:
    """The file, its class, and what it was taken for, by each network."""
    from cnnstudio.evaluation.comparing import Pair

    records = (record.first, record.second) if isinstance(record, Pair) else (record,)
    taken = ", then for ".join(f"{each.predicted} ({each.confidence:.3f})" for each in records)
    return f"{record.path}\n{records[0].truth}, taken for {taken}"
