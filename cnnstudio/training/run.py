"""Train a project: the one engine behind the window and the command line."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnstudio.errors import Cancelled, StudioError
from cnnstudio.graph.project import Project
from cnnstudio.keras_build.backend import load_keras
from cnnstudio.keras_build.trained import MODEL_FILE, PROJECT_FILE, load_model
from cnnstudio.keras_build.weights import put_weights, start_from_weights, weights_of
from cnnstudio.training import checkpoint, events
from cnnstudio.training.callback import as_callback
from cnnstudio.training.compiling import (
    compile_to_fine_tune,
    compiled,
    make_metrics,
    result_of,
    set_seeds,
    set_up_devices,
)
from cnnstudio.training.control import Control
from cnnstudio.training.device import describe_device
from cnnstudio.training.errors import TrainingError, explain
from cnnstudio.training.feeding import make_feed
from cnnstudio.training.folder import RunFolder
from cnnstudio.training.gauging import held_batch
from cnnstudio.training.loop import Loop, Stopping
from cnnstudio.training.mending import mend
from cnnstudio.training.observing import Observer
from cnnstudio.training.phases import fine_tuned, trained
from cnnstudio.training.prepare import Plan, prepare
from cnnstudio.training.resume import left_off, order_of
from cnnstudio.training.runs import ended
from cnnstudio.training.settings import TrainingSettings

if TYPE_CHECKING:
    from cnnstudio.data.scan import FolderReport

__all__ = ["TrainingError", "train"]


def train(
    project: Project,
    *,
    data_folder: Path | None = None,
    runs_folder: Path,
    on_event: Callable[[events.Event], None],
    control: Control,
    resume: Path | None = None,
    report: FolderReport | None = None,
    name: str = "network",
    cache_folder: Path | None = None,
) -> Path:
    """Train and return the run's folder, whether all epochs were done or Stop was pressed.

    `on_event` is called in this thread. `control` may be used from any other. With `resume`, the
    run in that folder is continued where its checkpoint is, with the project's settings: as many
    epochs in all as `training.epochs` and `training.fine_tune` say. `report` saves scanning the
    data folder again. A new run's folder is named after the time and `name`. Decoded pictures that
    are too many for memory are kept in a file in `cache_folder` while it trains.

    Random numbers: `training.seed` is set for the whole process when training starts, and
    `training.deterministic` cannot be taken back in this process.

    Raises `TrainingError` after a `Failed` event with the same message, and `Cancelled` when Stop
    was pressed before the first batch of a run that has no folder yet.
    """
    engine = _Engine(control, on_event)
    try:
        return engine.run(project, data_folder, runs_folder, resume, report, name, cache_folder)
    except Cancelled:
        raise
    except Exception as error:
        failure = engine.failed(error)
        if failure is error:
            raise
        raise failure from error
    finally:
        engine.close()


class _Engine:
    """One call of `train`."""

    def __init__(self, control: Control, on_event: Callable[[events.Event], None]) -> None:
        self._control = control
        self._on_event = on_event
        self._folder: RunFolder | None = None
        self._plan: Plan | None = None

    def run(
        self,
        project: Project,
        data_folder: Path | None,
        runs_folder: Path,
        resume: Path | None,
        report: FolderReport | None,
        name: str,
        cache_folder: Path | None,
    ) -> Path:
        load_keras()
        plan = prepare(
            project,
            data_folder=data_folder,
            report=report,
            cancelled=lambda: self._control.stopping,
        )
        self._plan = plan
        if resume is not None:
            self._folder = folder = RunFolder(resume)
            state, arrays = left_off(folder, plan)
        else:
            if self._control.stopping:
                raise Cancelled
            self._folder = folder = RunFolder.create(runs_folder, name, datetime.now())
            state, arrays = checkpoint.State(), {}
        training = _Training(plan, folder, state, self._control, self._on_event, cache_folder)
        try:
            if resume is not None:
                training.mend()
            training.prepare(arrays)
            training.run()
        finally:
            training.close()
        return folder.path

    def failed(self, error: Exception) -> TrainingError:
        """Tell how it failed; return what to raise."""
        plan, folder = self._plan, self._folder
        failure = explain(
            error,
            batch_size=plan.training.batch_size if plan else 0,
            image_size=plan.data.image_size if plan else (0, 0),
            kept=folder.kept if folder else "",
        )
        event = events.Failed(
            run=folder.path if folder else None,
            message=failure.message,
            cause=failure.cause,
            resumable=folder is not None and (folder.path / PROJECT_FILE).exists(),
        )
        if folder is not None:
            # The disk may be what failed.
            with contextlib.suppress(StudioError):
                folder.event(event)
        self._on_event(event)
        return failure

    def close(self) -> None:
        if self._folder is not None:
            self._folder.close()


class _Training:
    """Model, feeds and loop of a run."""

    def __init__(
        self,
        plan: Plan,
        folder: RunFolder,
        state: checkpoint.State,
        control: Control,
        on_event: Callable[[events.Event], None],
        cache_folder: Path | None,
    ) -> None:
        self._plan = plan
        self._folder = folder
        self._state = state
        settings = plan.training
        set_seeds(settings.seed, deterministic=settings.deterministic)
        set_up_devices(settings)
        self._model, self._confusion = compiled(plan)
        if state.border is not None:
            compile_to_fine_tune(self._model, plan, self._confusion)
        self._feed = make_feed(plan, training=True, cache_folder=cache_folder)
        self._validation = (
            make_feed(plan, training=False, cache_folder=cache_folder) if plan.validates else None
        )
        self._feeds = [feed for feed in (self._feed, self._validation) if feed is not None]
        self._loop = Loop(
            self._model,
            folder,
            settings,
            state,
            control=control,
            on_event=on_event,
            skipped=[feed.skipped for feed in self._feeds],
            result=result_of(self._model, plan),
            validates=plan.validates,
            on_settings=self._describe,
        )
        self._loop.observer = Observer(
            self._model,
            plan.dataset.classes,
            self._confusion,
            lambda: self._feed.batch(state.epoch, 0)[0],
        )
        self._loop.live.hold(lambda: held_batch(self._feed, plan))
        self._hints = list(plan.hints)
        if self._feed.store.remark is not None:
            self._hints.append(self._feed.store.remark)

    def close(self) -> None:
        """Let go of the pictures."""
        for feed in self._feeds:
            feed.close()

    def mend(self) -> None:
        """Get by without files of the run that are damaged."""
        self._hints += mend(self._folder, self._state)

    def prepare(self, arrays: checkpoint.Arrays) -> None:
        """Go back to where a checkpoint left off; `arrays` are empty for a new run."""
        state, order = self._state, order_of(self._plan)
        if arrays:
            self._restore(arrays, order)
        else:
            self._folder.forget_after(0)
            if started := start_from_weights(self._model, self._plan.project):
                self._hints.append(started)
        state.order, state.steps_per_epoch = order, self._feed.steps_per_epoch
        state.optimizer = self._plan.training.optimizer.name

    def run(self) -> None:
        plan, state, loop = self._plan, self._state, self._loop
        device = describe_device()
        self._describe(plan.training)
        self._folder.divided(plan.dataset)
        loop.tell(
            events.Started(
                run=self._folder.path,
                classes=plan.dataset.classes,
                training_images=len(plan.dataset.train),
                validation_images=len(plan.dataset.val),
                steps_per_epoch=state.steps_per_epoch,
                epochs=loop.epochs,
                device=device,
                loss_name=plan.objective.name,
                epoch=state.epoch,
                step=state.step,
                fine_tuning=state.border is not None,
            )
        )
        for hint in self._hints:
            loop.message(hint)
        try:
            self._fit_all()
        except Stopping:
            self._stopped()
        except Exception as error:
            self._blame_feed(error)
            raise
        else:
            self._finished()

    def _describe(self, settings: TrainingSettings) -> None:
        """Write what is trained, and how."""
        plan = self._plan
        more = {"device": describe_device(), "seed": settings.seed}
        project = replace(plan.project, training=settings.model_dump(mode="json"))
        self._folder.describe(project, plan.dataset.classes, more)

    def _fit_all(self) -> None:
        self._fit_phase()
        if self._loop.goes_on:
            self._fine_tune()
            self._fit_phase()

    def _fine_tune(self) -> None:
        """Begin the second phase where the first one ended."""
        plan, state = self._plan, self._state
        stopping = plan.training.early_stopping
        if stopping.enabled and stopping.restore_best:
            # What the first phase gave is its best epoch, which the last checkpoint wrote there.
            best = load_model(self._folder.path / MODEL_FILE)
            put_weights(self._model, weights_of(best))
        compile_to_fine_tune(self._model, plan, self._confusion)
        self._loop.begin_phase()
        now = trained(fine_tuned(plan.project.network, plan.training.fine_tune))
        self._loop.tell(
            events.PhaseBegun(
                run=self._folder.path,
                epoch=state.epoch,
                step=state.steps_per_epoch,
                steps=state.steps_per_epoch,
                learning_rate=plan.training.fine_tune_rate,
                layers=now.layers,
                parameters=now.parameters,
            )
        )

    def _fit_phase(self) -> None:
        state = self._state
        if state.step >= state.steps_per_epoch:
            self._only_validate()
        elif state.step:
            # Keras knows no epoch that begins in the middle: its rest is a `fit` of its own.
            self._fit(state.epoch + 1, state.steps_per_epoch - state.step)
        # Again where a person asked for more epochs meanwhile.
        while state.epoch < self._loop.until and not state.early:
            self._fit(self._loop.until, state.steps_per_epoch)

    def _fit(self, epochs: int, steps: int) -> None:
        import keras

        state, validation = self._state, self._validation
        dataset = self._feed.dataset(state.epoch, state.step)
        if self._plan.training.steps_per_execution > 1:
            # Keras runs the last steps of an epoch in one go too: the pictures have to end there.
            epochs, dataset = state.epoch + 1, dataset.take(steps)
        callbacks = keras.callbacks.CallbackList(
            [as_callback(self._loop)], add_history=True, model=self._model, epochs=epochs
        )
        try:
            self._model.fit(
                dataset,
                epochs=epochs,
                initial_epoch=state.epoch,
                steps_per_epoch=steps,
                validation_data=validation.dataset() if validation else None,
                shuffle=False,  # the feed does it
                verbose=0,
                callbacks=callbacks,
            )
        except BaseException:
            # `fit` was left in the middle: end the threads Keras began with it.
            if self._loop.validating:
                callbacks.on_test_end()
            callbacks.on_train_end()
            raise

    def _blame_feed(self, error: Exception) -> None:
        """TensorFlow wraps what a feed raises in an error of its own: raise the feed's."""
        for feed in self._feeds:
            if feed.failure is not None:
                raise feed.failure from error

    def _only_validate(self) -> None:
        """End an epoch that was stopped after its last batch."""
        self._loop.epoch_begins()
        logs = {k: float(v) for k, v in self._model.get_metrics_result().items()}
        if self._validation is not None:
            result = self._model.evaluate(
                self._validation.dataset(),
                verbose=0,
                callbacks=[as_callback(self._loop)],
                return_dict=True,
            )
            logs.update({f"val_{k}": float(v) for k, v in result.items()})
        self._loop.epoch_ends(logs)

    def _stopped(self) -> None:
        self._loop.stopped()
        if not self._folder.has_model:
            self._loop.save_model()
        self._loop.save_checkpoint()
        self._loop.tell(events.Stopped(**self._ending()))

    def _finished(self) -> None:
        stopping = self._plan.training.early_stopping
        if not self._folder.has_model or (stopping.enabled and not stopping.restore_best):
            self._loop.save_model()
        self._loop.tell(events.Finished(**self._ending(), early=self._state.early))

    def _ending(self) -> dict[str, Any]:
        state = self._state
        return {
            "run": self._folder.path,
            "epochs_done": state.epoch,
            "epochs": self._loop.epochs,
            "best_epoch": state.best_epoch,
            "metrics": state.best_metrics,
            "seconds": state.seconds,
            "skipped": len(state.skipped),
        }

    def _restore(self, arrays: checkpoint.Arrays, order: dict[str, Any]) -> None:
        state = self._state
        metrics = checkpoint.restore(self._model, arrays, self._folder.checkpoint_folder)
        if state.early and ended(self._folder.path):
            # Going on after early stopping; without that word it died before it could stop.
            state.early, state.waited = False, 0
        if state.step and state.order != order:
            self._hints.append(
                f"Other pictures or another batch size than before: epoch {state.epoch + 1} "
                "starts again at its first batch."
            )
            state.step = 0
        if state.step:
            make_metrics(self._model, self._plan)
            self._loop.metrics_to_restore = metrics
        self._folder.forget_after(state.epoch)
