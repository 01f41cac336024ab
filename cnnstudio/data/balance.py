"""Classes with few pictures: how much a picture of each class counts, or how often it comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from cnnstudio.data.report import listed
from cnnstudio.data.settings import Balance

# From here on the largest class hides the smallest.
UNEVEN = 3.0


class Suggestion(NamedTuple):
    """What to do about uneven classes: a sentence, and the value of `DataSettings.balance`."""

    text: str
    balance: Balance


def balancing(labels: Sequence[int]) -> np.ndarray[Any, Any]:
    """What each picture counts, so that all classes count alike: n / (k · n_c), mean 1.

    `labels` are class numbers of n pictures; k is the number of classes there are, n_c the number
    of pictures of the picture's class. As weights in the loss or as how often a picture comes.
    """
    numbers = np.asarray(labels, np.int64)
    counts = np.bincount(numbers)
    present = np.count_nonzero(counts)
    return len(numbers) / (present * counts[numbers])


def suggestion(counts: Mapping[str, int], balance: Balance) -> Suggestion | None:
    """What to do about the classes of a training set, by name; None if they are even enough.

    Weights where the smallest class has enough pictures to be learned from once each, else
    sampling, which shows its pictures again and again (with augmentation never the same).
    """
    used = {name: number for name, number in counts.items() if number}
    if balance != "none" or len(used) < 2:
        return None
    least, most = min(used.values()), max(used.values())
    if most < UNEVEN * least:
        return None
    smallest = listed([name for name, number in used.items() if most >= UNEVEN * number], 3)
    value: Balance = "class_weights" if most <= 10 * least else "sampling"
    return Suggestion(
        f"The largest class has {most / least:.0f} times as many pictures as the smallest "
        f"({most:,} against {least:,}): the network may do well without ever saying {smallest}.",
        value,
    )
