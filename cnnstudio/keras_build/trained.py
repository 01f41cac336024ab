"""What a run leaves on disk, and loading the trained network from it.

`TrainedModel.load` takes a run folder or a Keras model file and gives the model with what is
needed to use it: class names, picture size, channels. Files from anywhere are opened, so nothing
in them is run: Keras's safe mode stays on, and code-carrying layers are refused by name.
"""

from __future__ import annotations

import json
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnstudio.errors import StudioError
from cnnstudio.graph.preparation import Preparation
from cnnstudio.graph.project import SUFFIX, Project, ProjectError, load_project
from cnnstudio.keras_build.backend import load_keras
from cnnstudio.keras_build.notes import note_in
from cnnstudio.keras_build.told import Open, Told, scales_itself, scaling_layers
from cnnstudio.keras_build.unnesting import unnested
from cnnstudio.keras_build.uses import remember_uses

if TYPE_CHECKING:
    import keras

PROJECT_FILE = "project.cnns"
MODEL_FILE = "model.keras"
CLASSES_FILE = "classes.txt"
SPLIT_FILE = "split.csv"
EVENTS_FILE = "events.jsonl"
METRICS_FILE = "metrics.csv"
HISTOGRAMS_FILE = "histograms.jsonl"
ENVIRONMENT_FILE = "environment.json"
TENSORBOARD_FOLDER = "tensorboard"
CHECKPOINT_FOLDER = "checkpoint"

MODEL_SUFFIXES = (".keras", ".h5", ".hdf5")
# For a network that takes pictures of any size and comes without a project that says which.
USUAL_SIZE = (224, 224)


class ModelError(StudioError):
    """A trained network that cannot be loaded or used, naming the file and the way out."""


@dataclass
class TrainedModel:
    """A trained picture classifier.

    Attributes:
        model: takes float32 pixels 0–255 `(N, height, width, channels)`, gives `(N, outputs)`;
            an instance of its own that nothing else trains. Not compiled.
        classes: names in the order of the outputs; two for a single sigmoid output.
        preparation: how pictures become the pixels it takes, as in its training.
        path: the run folder or model file given.
        title: its name for people.
        named: False if the names in `classes` are made up.
        loss: the loss it was trained with as Keras's configuration, or None if unknown.
        left_open: what the file does not say, so that it was told or taken for granted.
    """

    model: keras.Model
    classes: list[str]
    preparation: Preparation
    path: Path
    title: str
    named: bool = True
    loss: Any = field(default=None, repr=False)
    left_open: tuple[Open, ...] = ()

    @property
    def image_size(self) -> tuple[int, int]:
        """Height and width of the pictures it takes."""
        return self.preparation.image_size

    @property
    def channels(self) -> int:
        """1 (grey) or 3 (RGB)."""
        return self.preparation.channels

    def __call__(self, pixels: Any) -> Any:
        """The answer `(N, outputs)` to pixels `(N, height, width, channels)`, as tensors."""
        import keras

        given = pixels
        # A functional model may have been made with its one input in a list or a dictionary;
        # a Sequential has no such structure to ask for.
        if not isinstance(self.model, keras.Sequential):
            given = keras.tree.map_structure(lambda _: pixels, self.model.input)
        return keras.tree.flatten(self.model(given, training=False))[0]

    @classmethod
    def load(cls, path: str | Path, told: Told | None = None) -> TrainedModel:
        """Load a run folder, or a `.keras` or `.h5` file.

        Class names and preparation are those of the run folder, away from it those of the note
        in the file; names may stand in a `classes.txt` beside it, else they are "class 0",
        "class 1" and so on. What all these leave open is as in `told`. Raises `ModelError`.
        """
        path = Path(path)
        if path.suffix == SUFFIX and path.name != PROJECT_FILE:
            return cls._of_project(path)
        file = model_file(path)
        model = load_model(file)
        _check_classifier(model, file)
        project = run_project(file)
        if project is not None:
            remember_uses(model, project.network)
        outputs = model.outputs[0].shape[-1]
        count = 2 if outputs == 1 else outputs
        note = note_in(file) if project is None else None
        data = note.data if note is not None else project.data if project is not None else {}
        if note is not None and len(note.classes) == count:
            names: list[str] | None = list(note.classes)
        else:
            names = _class_names(file, count, strict=path.is_dir())
        left_open: tuple[Open, ...] = ()
        if note is None and project is None and not path.is_dir():
            left_open = _left_open(model, named=names is not None)
        told = told or Told()
        first = None
        if "scaling" in left_open:
            first = scaling_layers(told.scaling, model.inputs[0].shape[-1])
        if "size" in left_open and told.image_size is not None:
            data = {"image_size": list(told.image_size)}
        if "classes" in left_open and len(told.classes) == count:
            names = list(told.classes)
        model = unnested(model, first)
        return cls(
            model=model,
            classes=names or [f"class {number}" for number in range(count)],
            preparation=_preparation(model, data),
            path=path,
            title=path.name if path.is_dir() else path.stem,
            named=names is not None,
            loss=_saved_loss(file),
            left_open=left_open,
        )

    @classmethod
    def _of_project(cls, path: Path) -> TrainedModel:
        """An imported project with the weights that came along."""
        from cnnstudio.keras_build.weights import build_project, weights_file

        project = load_project(path)
        if weights_file(project) is None:
            raise ModelError(
                f"{path} is a project without trained weights: train it and choose the run, or "
                "choose a .keras or .h5 file."
            )
        model = build_project(project, name=path.stem)
        _check_classifier(model, path)
        outputs = model.outputs[0].shape[-1]
        count = 2 if outputs == 1 else outputs
        names = _class_names(path, count, strict=False)
        return cls(
            model=model,
            classes=names or [f"class {number}" for number in range(count)],
            preparation=_preparation(model, project.data),
            path=path,
            title=path.stem,
            named=names is not None,
        )


def model_file(path: Path) -> Path:
    """The Keras model of a run folder, or `path` itself if it is a model file.

    Raises `ModelError` saying what is missing.
    """
    if path.is_dir():
        if (path / MODEL_FILE).is_file():
            return path / MODEL_FILE
        if (path / PROJECT_FILE).is_file():
            raise ModelError(
                f"The run {path} has no trained model yet: {MODEL_FILE} is written at the end "
                "of the first epoch. Train on, or choose another run."
            )
        raise ModelError(
            f"{path} is not a run: it holds no {MODEL_FILE}. "
            "Choose a run folder, or a .keras or .h5 file."
        )
    if not path.exists():
        raise ModelError(f"There is no run or model {path}.")
    if path.suffix.lower() not in MODEL_SUFFIXES:
        raise ModelError(
            f"{path} is not a trained model: choose a run folder, or a .keras or .h5 file."
        )
    if path.name.endswith(".weights.h5"):
        raise ModelError(
            f"{path} holds weights only, not the network they belong to: "
            "choose the .keras or .h5 file of the whole model."
        )
    return path


def load_model(file: Path) -> keras.Model:
    """Load a Keras model file, not compiled, without running code that it carries.

    Raises `ModelError` naming the file.
    """
    config = configuration(file)["model"]
    refuse_code(config, file)
    keras = load_keras()
    try:
        with warnings.catch_warnings():
            # How files of Keras 2 were written is nothing to act upon.
            warnings.filterwarnings("ignore", message="Do not pass an `input_shape`")
            return keras.saving.load_model(file, compile=False, safe_mode=True)
    except Exception as error:  # Keras, h5py and zipfile raise many kinds
        raise ModelError(
            f"{file} cannot be loaded: {_first_line(error)} "
            "It may be damaged, or made by another version of Keras."
        ) from error


def run_project(file: Path) -> Project | None:
    """The project beside a run's model file, or None if there is none or it is damaged."""
    try:
        return load_project(file.parent / PROJECT_FILE)
    except ProjectError:
        return None


def configuration(file: Path) -> dict[str, Any]:
    """A model file's own description: `model` (its layers) and `compile` (loss and optimizer)."""
    damaged = ModelError(
        f"{file} is damaged or not a Keras model. Choose another file, or train again."
    )
    try:
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                config = json.loads(archive.read("config.json"))
            # A loss or optimizer of somebody's own does no harm: the model is not compiled here.
            return {"compile": config.pop("compile_config", None), "model": config}
        import h5py

        with h5py.File(file, "r") as store:
            if "model_config" not in store.attrs:
                raise ModelError(
                    f"{file} holds weights only, not the network they belong to: "
                    "choose the .keras or .h5 file of the whole model."
                )
            trained = store.attrs.get("training_config")
            return {
                "model": json.loads(store.attrs["model_config"]),
                "compile": json.loads(trained) if trained is not None else None,
            }
    except PermissionError:
        raise ModelError(f"{file} cannot be read: you may not open it.") from None
    except (OSError, KeyError, ValueError, TypeError, AttributeError, zipfile.BadZipFile):
        raise damaged from None


def refuse_code(config: Any, file: Path) -> None:
    """Refuse what would run code from the file: Lambda layers, classes from outside Keras."""
    lambdas, foreign = [], []
    for part in _objects(config):
        kind, module = part.get("class_name"), part.get("module")
        outside = isinstance(module, str) and module.split(".")[0] not in ("keras", "builtins")
        if kind in ("Lambda", "__lambda__"):
            lambdas.append(_own_name(part))
        elif outside or ">" in str(part.get("registered_name")):
            foreign.append(f"{kind}{_own_name(part)}")
    if lambdas:
        # The function inside a layer has no name of its own.
        named = sorted({name for name in lambdas if name})
        raise ModelError(
            f"{file} contains a Lambda layer{','.join(named)}: Python code that would "
            "run on this computer, so it is not opened. Ask for the model with ordinary layers "
            "instead."
        )
    if foreign:
        names = ", ".join(sorted(set(foreign)))
        what = "a layer" if len(set(foreign)) == 1 else "layers"
        raise ModelError(
            f"{file} needs {names}, {what} of its maker's own, which Keras does not have, "
            "so it cannot be opened here."
        )


def _own_name(part: Mapping[str, Any]) -> str:
    config = part.get("config")
    name = config.get("name") if isinstance(config, Mapping) else None
    return f" ({name})" if isinstance(name, str) else ""


def _objects(config: Any) -> Iterator[Mapping[str, Any]]:
    stack = [config]
    while stack:
        part = stack.pop()
        if isinstance(part, Mapping):
            if isinstance(part.get("class_name"), str):
                yield part
            stack.extend(part.values())
        elif isinstance(part, list):
            stack.extend(part)


def _check_classifier(model: Any, file: Path) -> None:
    """Raise `ModelError` unless the model takes one picture and gives one row of scores."""
    if len(model.inputs) != 1:
        raise ModelError(
            f"{file} takes {len(model.inputs)} inputs at once; pictures are classified "
            "by networks with one."
        )
    if len(model.outputs) != 1:
        raise ModelError(
            f"{file} has {len(model.outputs)} outputs; pictures are classified "
            "by networks with one."
        )
    shape, answer = model.inputs[0].shape, model.outputs[0].shape
    if len(shape) != 4 or shape[-1] not in (1, 3):
        raise ModelError(
            f"{file} does not take pictures: its input is {_shape(shape)}, "
            "a picture is height × width × 1 or 3 channels."
        )
    if len(answer) != 2 or not answer[-1]:
        raise ModelError(
            f"{file} is not a classifier: its output is {_shape(answer)}, "
            "not one score for each class."
        )


def _left_open(model: Any, *, named: bool) -> tuple[Open, ...]:
    """What a model says neither itself nor by anything beside it."""
    found: list[Open] = []
    if None in model.inputs[0].shape[1:3]:
        found.append("size")
    if not scales_itself(model):
        found.append("scaling")
    if not named:
        found.append("classes")
    return tuple(found)


def _preparation(model: Any, data: Mapping[str, Any]) -> Preparation:
    """As in the training, if `data` says how; what the model itself says goes before it."""
    height, width, channels = model.inputs[0].shape[1:]
    size = data.get("image_size")
    if not (isinstance(size, list) and len(size) == 2 and all(isinstance(n, int) for n in size)):
        size = USUAL_SIZE
    return Preparation.of((int(height or size[0]), int(width or size[1]), channels), data)


def _class_names(file: Path, count: int, *, strict: bool) -> list[str] | None:
    listed = file.parent / CLASSES_FILE
    try:
        names = [line for line in listed.read_text(encoding="utf-8").splitlines() if line.strip()]
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError):
        raise ModelError(f"{listed} cannot be read, so the classes have no names.") from None
    if len(names) == count:
        return names
    if strict:
        raise ModelError(
            f"{listed} names {len(names)} classes, but the model has {count} outputs: "
            "one of the two files was replaced. Restore it, or train again."
        )
    # A list beside a model file that did not come from a run may belong to something else.
    return None


def _saved_loss(file: Path) -> Any:
    compiled = configuration(file)["compile"]
    return compiled.get("loss") if isinstance(compiled, Mapping) else None


def _shape(shape: tuple[int | None, ...]) -> str:
    return " × ".join("any" if part is None else str(part) for part in shape[1:])


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[0][:200] if lines else type(error).__name__
    return text if text.endswith(".") else f"{text}."
