"""From a plan to a compiled model, on the devices and in the precision that it asks for."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from cnnstudio.graph.freezing import is_frozen
from cnnstudio.keras_build.build import build_model
from cnnstudio.training.confusion import Confusion
from cnnstudio.training.errors import TrainingError
from cnnstudio.training.metrics import more_metrics
from cnnstudio.training.optimizers import OptimizerSettings
from cnnstudio.training.phases import fine_tuned
from cnnstudio.training.prepare import Plan
from cnnstudio.training.settings import TrainingSettings

if TYPE_CHECKING:
    import keras

_JIT: dict[str, Any] = {"auto": "auto", "on": True, "off": False}


def make_optimizer(settings: OptimizerSettings) -> Any:
    """The Keras optimizer. Raises `TrainingError` where the installed Keras has none such."""
    import keras

    kind = getattr(keras.optimizers, settings.name, None)
    if kind is None:
        raise TrainingError(
            f"Keras {keras.__version__} has no optimizer {settings.name}: choose another, or "
            "install a newer Keras (python -m pip install --upgrade keras)."
        )
    return kind(**settings.arguments())


def set_seeds(seed: int, *, deterministic: bool) -> None:
    """Fix what is drawn at random in this process; `deterministic` cannot be taken back."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(seed)
    if deterministic:
        tf.config.experimental.enable_op_determinism()


def set_up_devices(settings: TrainingSettings) -> None:
    """Have TensorFlow take a GPU's memory as it is needed; too late once a GPU was used."""
    import tensorflow as tf

    for gpu in tf.config.list_physical_devices("GPU"):
        with contextlib.suppress(RuntimeError):
            tf.config.experimental.set_memory_growth(gpu, settings.gpu_memory_growth)


def compiled(plan: Plan) -> tuple[keras.Model, Confusion | None]:
    """The network with its optimizer, loss and metrics, in every device that trains it.

    With it what counts the classes while validating; None where several devices do that, each
    for itself.
    """
    settings, classes = plan.training, len(plan.dataset.classes)
    confusion = Confusion(classes) if len(_devices(settings)) < 2 else None
    with _strategy(settings), _policy(settings.precision):
        model = build_model(plan.project.network, seed=settings.seed)
        if settings.precision != "float32":
            # Scores in 16 bits would be too coarse for the loss.
            for name in plan.project.network.sinks:
                model.get_layer(name).dtype_policy = "float32"
        _compile(model, plan, confusion, settings.optimizer)
    return model, confusion


def compile_to_fine_tune(model: keras.Model, plan: Plan, confusion: Confusion | None) -> None:
    """Unfreeze what the second phase trains, and compile with a fresh optimizer for it."""
    settings = plan.training
    network = fine_tuned(plan.project.network, settings.fine_tune)
    for layer in model.layers:
        wanted = not is_frozen(network[layer.name])
        if layer.trainable != wanted:
            layer.trainable = wanted
    rate = {"learning_rate": settings.fine_tune_rate}
    with model.distribute_strategy.scope(), _policy(settings.precision):
        _compile(model, plan, confusion, settings.optimizer.model_copy(update=rate))


def _compile(
    model: keras.Model, plan: Plan, confusion: Confusion | None, optimizer: OptimizerSettings
) -> None:
    settings, objective = plan.training, plan.objective
    accuracy = objective.accuracy()
    if confusion is not None:
        accuracy = confusion.watch(accuracy, objective)
    model.compile(
        optimizer=make_optimizer(optimizer),
        loss=objective.loss(),
        metrics=[accuracy, *more_metrics(settings, objective, len(plan.dataset.classes))],
        jit_compile=_JIT[settings.jit_compile],
        steps_per_execution=settings.steps_per_execution,
    )
    # Variables that Keras makes while it traces the first step have it traced again, and what was
    # traced is kept for ever.
    model.optimizer.build(model.trainable_variables)
    make_metrics(model, plan)
    if model.distribute_strategy.num_replicas_in_sync == 1:
        _add_nothing_up(model.optimizer)


def _add_nothing_up(optimizer: Any) -> None:
    """Have gradients of one device not summed over all: that is no change, but costs memory.

    TensorFlow registers a gradient for each such sum, for ever, and with it all that was traced
    for the training: 10 MB each time for a small network.
    """
    # Mixed precision wraps the optimizer in another.
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    inner._all_reduce_sum_gradients = lambda gradients_and_weights: gradients_and_weights


def make_metrics(model: keras.Model, plan: Plan) -> None:
    """Have Keras make the variables of the running metrics, as it does at the first batch."""
    import numpy as np

    single = plan.objective.single or not plan.objective.one_hot
    scores = np.zeros((1, model.output_shape[-1]), np.float32)
    truth = np.zeros(1, np.int32) if single else scores
    with model.distribute_strategy.scope():
        model.compute_metrics(x=None, y=truth, y_pred=scores)
    model.reset_metrics()


def result_of(model: keras.Model, plan: Plan) -> Callable[[], keras.Model]:
    """Gives the model that `model.keras` holds, with the weights of that moment.

    It works with Keras alone: in 32 bits, on one device, with loss and accuracy; with plain SGD,
    whose state is nothing, as a training's optimizer may take twice the room of its weights.
    """
    import keras

    alike = plan.training.precision == "float32" and len(_devices(plan.training)) < 2
    if alike:
        # The same layers: nothing is copied.
        result = keras.Model(model.input, model.output, name=model.name)
    else:
        result = build_model(plan.project.network)
    result.compile(
        optimizer=keras.optimizers.SGD(plan.training.optimizer.learning_rate),
        loss=plan.objective.loss(),
        metrics=[plan.objective.accuracy()],
    )

    def current() -> keras.Model:
        if not alike:
            result.set_weights(model.get_weights())
        return result

    return current


def _devices(settings: TrainingSettings) -> list[str]:
    """The devices that share each batch; without GPUs, the processors TensorFlow knows."""
    if settings.devices == "one":
        return []
    import tensorflow as tf

    found = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    return [device.name for device in found]


def _strategy(settings: TrainingSettings) -> contextlib.AbstractContextManager[Any]:
    """Where the model's variables are made: on several devices, if there are several."""
    devices = _devices(settings)
    if len(devices) < 2:
        return contextlib.nullcontext()
    import tensorflow as tf

    return tf.distribute.MirroredStrategy(devices).scope()


@contextlib.contextmanager
def _policy(precision: str) -> Iterator[None]:
    """Layers made meanwhile compute in this precision; Keras keeps it for each thread."""
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
