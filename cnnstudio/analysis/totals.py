"""The analysis in other forms: the JSON of `summary`, and the memory that training takes."""

from __future__ import annotations

from typing import Any

from cnnstudio.analysis.info import Analysis


def summary_json(analysis: Analysis) -> dict[str, Any]:
    """The analysis as plain JSON data, layers in topological order.

    Shapes are lists without the batch, or null where unknown; a problem's `remedy` is the text
    of its first remedy, or null.
    """
    return {
        "layers": [
            {
                "name": info.name,
                "type": info.type,
                "inputs": list(info.inputs),
                "output_shape": None if info.output_shape is None else list(info.output_shape),
                "parameters": info.parameters,
                "trainable_parameters": info.trainable_parameters,
                "multiply_adds": info.multiply_adds,
                "activation_bytes": info.activation_bytes,
                "receptive_field": (
                    None if info.receptive_field is None else list(info.receptive_field)
                ),
            }
            for info in analysis.layers.values()
        ],
        "parameters": analysis.parameters,
        "trainable_parameters": analysis.trainable_parameters,
        "multiply_adds": analysis.multiply_adds,
        "activation_bytes": analysis.activation_bytes,
        "problems": [
            {
                "layer": problem.layer,
                "severity": problem.severity,
                "message": problem.message,
                "remedy": problem.remedies[0].label if problem.remedies else None,
            }
            for problem in analysis.problems
        ],
    }


def training_bytes(analysis: Analysis, batch_size: int, slots_per_weight: int) -> int:
    """Estimated memory in bytes of one training step, all numbers being 32-bit floats.

    Each output is kept for the backward pass and has a gradient of its size; each trainable
    weight has a gradient and `slots_per_weight` numbers of the optimizer (SGD 0, with momentum 1,
    Adam 2). Workspace of the libraries comes on top.
    """
    activations = 2 * analysis.activation_bytes * batch_size
    weights = 4 * (analysis.parameters + analysis.trainable_parameters * (1 + slots_per_weight))
    return activations + weights
