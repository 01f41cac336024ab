"""Two networks measured on the same pictures: which of them gets which right."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cnnstudio.errors import StudioError
from cnnstudio.evaluation.evaluate import Evaluation, Record


class ComparisonError(StudioError):
    """Two evaluations without a picture in common."""


@dataclass(frozen=True)
class Pair:
    """One picture with what each of two networks takes it for."""

    first: Record
    second: Record

    @property
    def path(self) -> Path:
        return self.first.path

    @property
    def confidence(self) -> float:
        """How sure the surer of the two is."""
        return max(self.first.confidence, self.second.confidence)


@dataclass(frozen=True)
class Comparison:
    """Pictures by which network is right; each group begins with what the networks are surest of.

    Attributes:
        both, first, second, neither: pictures that both, one or none of the two get right.
        agreeing: pictures that both take for the same class, right or not.
    """

    both: tuple[Pair, ...]
    first: tuple[Pair, ...]
    second: tuple[Pair, ...]
    neither: tuple[Pair, ...]
    agreeing: int

    @property
    def images(self) -> int:
        return len(self.both) + len(self.first) + len(self.second) + len(self.neither)

    @property
    def accuracies(self) -> tuple[float, float]:
        """The share that each of the two gets right."""
        right = len(self.both)
        return (right + len(self.first)) / self.images, (right + len(self.second)) / self.images

    @property
    def agreement(self) -> float:
        """The share of pictures that both take for the same class."""
        return self.agreeing / self.images

    @property
    def chance(self) -> float:
        """How likely networks that are equally good differ this much or more (McNemar, 1947).

        The exact two-sided test: of the pictures that one alone gets right, each is as likely to
        be the one's as the other's.
        """
        count = len(self.first) + len(self.second)
        fewer = min(len(self.first), len(self.second))
        if not count:
            return 1.0
        # In logarithms: the numbers of ways outgrow a float.
        tail = (
            math.exp(math.lgamma(count + 1) - math.lgamma(k + 1) - math.lgamma(count - k + 1)
                     - count * math.log(2))
            for k in range(fewer + 1)
        )  # fmt: skip
        return min(1.0, 2 * math.fsum(tail))


def compared(first: Evaluation, second: Evaluation) -> Comparison:
    """Put two evaluations side by side; pictures that only one of them has are left out.

    Raises `ComparisonError` where there are none in common.
    """
    other = {record.path: record for record in second.records}
    pairs = [Pair(record, other[record.path]) for record in first.records if record.path in other]
    if not pairs:
        raise ComparisonError("The two networks were measured on different pictures.")
    pairs.sort(key=lambda pair: -pair.confidence)

    def those(one: bool, two: bool) -> Iterator[Pair]:
        return (p for p in pairs if (p.first.correct, p.second.correct) == (one, two))

    return Comparison(
        tuple(those(True, True)),
        tuple(those(True, False)),
        tuple(those(False, True)),
        tuple(those(False, False)),
        sum(pair.first.predicted == pair.second.predicted for pair in pairs),
    )
