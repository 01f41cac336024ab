"""Commands on networks and projects: presets, layers, new, import, summary, compare, export."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnstudio.commands.output import (
    byte_count,
    either,
    print_json,
    print_table,
    size,
)
from cnnstudio.errors import StudioError, UsageError
from cnnstudio.graph.project import Project, save_project

if TYPE_CHECKING:
    from cnnstudio.keras_build.importing import Import


def presets(options: argparse.Namespace) -> None:
    """List the presets."""
    from cnnstudio.analysis import analyse
    from cnnstudio.graph.presets import PRESETS

    counts = {name: analyse(preset.build()).parameters for name, preset in PRESETS.items()}
    if options.json:
        print_json(
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
    print_table(
        ("preset", "input", "parameters", "what it is"),
        [
            (name, size(preset.input_shape), f"{counts[name]:,}", preset.description)
            for name, preset in PRESETS.items()
        ],
        right={2},
    )


def layers(options: argparse.Namespace) -> None:
    """List the layer types."""
    from cnnstudio.graph.catalogue import CATALOGUE

    if options.json:
        print_json(
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
    print_table(
        ("layer", "family", "what it does"),
        [(spec.type, spec.category.value, spec.summary) for spec in CATALOGUE.values()],
    )


def new(options: argparse.Namespace) -> None:
    """Make a project file from a preset, a backbone or a trained network."""
    from cnnstudio.graph.presets import PRESETS

    if options.source is not None:
        _new_from(options)
        return
    if options.data is not None:
        raise UsageError("cnnstudio new: --data goes with --from.")
    if options.backbone is not None:
        _new_from_backbone(options)
        return
    for word in ("weights", "freeze"):
        if getattr(options, word) is not None:
            raise UsageError(
                f"cnnstudio new: --{word} goes with --backbone or --from, not with --preset."
            )
    if options.preset not in PRESETS:
        raise UsageError(
            f"cnnstudio new: there is no preset {options.preset!r}; choose {either(PRESETS)}."
        )
    if options.file.exists() and not options.force:
        raise StudioError(
            f"{options.file} exists already: choose another name, or replace it with --force."
        )
    preset = PRESETS[options.preset]
    shape = options.input or preset.input_shape
    project = Project(preset.build(shape, options.classes), data=_data_for(shape))
    save_project(project, options.file)
    print(f"{options.file}: {preset.title}, {size(shape)} to {options.classes or preset.classes}.")


def _new_from(options: argparse.Namespace) -> None:
    """From a run, a model file or a project with weights; else the name of a backbone."""
    from cnnstudio.keras_build.applications import BACKBONES
    from cnnstudio.keras_build.transfer import classes_of, trained_network, transferred

    path = Path(options.source)
    classes = options.classes
    if options.data is not None:
        if classes is not None:
            raise UsageError("cnnstudio new: --data has its own classes; leave out --classes.")
        classes = _classes_in(options.data)
    if not path.exists():
        known = {name.lower(): name for name in BACKBONES}
        options.classes = classes
        options.backbone = known.get(options.source.lower(), options.source)
        if options.backbone not in BACKBONES and (path.suffix or len(path.parts) > 1):
            raise StudioError(f"There is no run or model {path}.")
        _new_from_backbone(options)
        return
    for word in ("weights", "input"):
        if getattr(options, word) is not None:
            raise UsageError(
                f"cnnstudio new: --{word} goes with a network of keras.applications; {path} has "
                "its own."
            )
    _refuse_existing(options, with_weights=True)
    source = trained_network(path)
    classes = classes or classes_of(source.project.network) or 10
    made = transferred(source, classes, options.freeze or "all")
    _write(made.found, options)
    print(made.words[:1].upper() + made.words[1:])


def _classes_in(folder: Path) -> int:
    """How many classes of pictures are in a folder."""
    from cnnstudio.data.scan import scan_folder

    found = len(scan_folder(folder).classes)
    if found < 2:
        raise StudioError(f"{folder} has pictures of {found} class: training needs at least two.")
    return found


def _new_from_backbone(options: argparse.Namespace) -> None:
    from cnnstudio.keras_build.applications import BACKBONES, BackboneError, find_backbone
    from cnnstudio.keras_build.backbone import backbone_network
    from cnnstudio.keras_build.heads import backbone_project

    try:
        find_backbone(options.backbone)
    except BackboneError as error:
        raise UsageError(f"cnnstudio new: {error}") from None
    weights = options.weights or "imagenet"
    _refuse_existing(options, with_weights=weights != "none")
    side = BACKBONES[options.backbone].size
    shape, classes = options.input or (side, side, 3), options.classes or 10
    backbone = backbone_network(options.backbone, shape, weights, options.freeze or "all")
    _write(backbone_project(backbone, classes), options)


def import_(options: argparse.Namespace) -> None:
    """Make a project from a Keras model file."""
    from cnnstudio.keras_build.importing import import_file

    _refuse_existing(options, with_weights=True)
    _write(import_file(options.model), options)


def _refuse_existing(options: argparse.Namespace, *, with_weights: bool) -> None:
    from cnnstudio.keras_build.weights import companion

    for file in (options.file, *([companion(options.file)] if with_weights else [])):
        if file.exists() and not options.force:
            raise StudioError(
                f"{file} exists already: choose another name, or replace it with --force."
            )


def _write(found: Import, options: argparse.Namespace) -> None:
    """Save a project with its weights beside it, and tell of it."""
    from cnnstudio.keras_build.weights import companion

    weights = companion(options.file)
    project = found.save_weights(weights)
    folder = getattr(options, "data", None)
    if folder is not None:
        project = replace(project, data={**project.data, "folder": str(folder.absolute())})
    save_project(project, options.file)
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
        print_json(document)
        return
    print_table(
        ("layer", "type", "output", "parameters", "multiply-adds", "memory", "sees"),
        [
            (
                layer["name"],
                layer["type"],
                size(layer["output_shape"]),
                f"{layer['parameters']:,}",
                f"{layer['multiply_adds']:,}",
                byte_count(layer["activation_bytes"]),
                size(layer["receptive_field"]),
            )
            for layer in document["layers"]
        ],
        right={3, 4, 5},
    )
    print(
        f"\n{document['parameters']:,} parameters, {document['trainable_parameters']:,} of them "
        f"trainable; {document['multiply_adds']:,} multiply-adds and "
        f"{byte_count(document['activation_bytes'])} of activations a picture"
    )
    print(
        f"memory: {byte_count(side.memory.inference)} to classify a picture, "
        f"{byte_count(side.memory.training)} to train with {side.memory.optimizer} in batches of "
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
        print_json(comparison.to_json())
    else:
        print(comparison.to_text(byte_count, only_differences=not options.all), end="")


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


def _data_for(shape: Sequence[int]) -> dict[str, Any]:
    """The data settings that fit an Input of `shape`."""
    height, width, channels = shape
    return {
        "image_size": [height, width],
        "color_mode": "grayscale" if channels == 1 else "rgb",
    }
