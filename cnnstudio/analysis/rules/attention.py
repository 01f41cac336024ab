"""Attention: positions that look at one another (Vaswani and others, 2017)."""

from __future__ import annotations

from math import prod

from cnnstudio.analysis import findings, shape_findings
from cnnstudio.analysis.info import Shape
from cnnstudio.analysis.rules.base import Outcome, Refused, Settings


def multi_head_attention(settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    """Projections to queries, keys and values for each head, and one back."""
    if len(shapes) > 3:
        raise Refused(shape_findings.too_many_for_attention(len(shapes)))
    query = shapes[0]
    value = shapes[1] if len(shapes) > 1 else query
    key = shapes[2] if len(shapes) > 2 else value
    for shape in (query, value, key):
        if len(shape) < 2:
            raise Refused(shape_findings.nothing_to_attend(shape))
    if len(value) != len(query) or len(key) != len(value):
        raise Refused(
            shape_findings.unequal_attention(query, value if len(value) != len(query) else key)
        )
    if key[:-1] != value[:-1]:
        raise Refused(shape_findings.unequal_attention(value, key))
    heads, key_dim = settings["num_heads"], settings["key_dim"]
    value_dim = settings["value_dim"] or key_dim
    given = settings["output_shape"]
    output = (*query[:-1], *(given or (query[-1],)))
    channels = prod(given or (query[-1],))
    asking, seen = prod(query[:-1]), prod(value[:-1])
    matrices = (
        (query[-1], heads * key_dim, asking),
        (key[-1], heads * key_dim, seen),
        (value[-1], heads * value_dim, seen),
        (heads * value_dim, channels, asking),
    )
    weights = sum(rows * columns for rows, columns, _ in matrices)
    biases = heads * (2 * key_dim + value_dim) + channels if settings["use_bias"] else 0
    cost = sum(rows * columns * places for rows, columns, places in matrices)
    cost += heads * asking * seen * (key_dim + value_dim)
    return Outcome(
        output,
        weights + biases,
        0,
        cost,
        whole=True,
        findings=findings.symmetric(settings, "kernel_initializer"),
    )
