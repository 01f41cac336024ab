import json
from pathlib import Path

from cnnstudio.training import events


def line(event):
    return json.loads(json.dumps(event.to_json(), allow_nan=False))


def test_a_batch_is_a_flat_line_of_figures():
    event = events.BatchDone(
        run=Path("runs/one"),
        time=5.0,
        epoch=1,
        step=2,
        steps=3,
        loss=0.5,
        metrics={"accuracy": 0.25},
        means={"loss": 0.6, "accuracy": 0.2},
        learning_rate=0.001,
        images_per_second=100.0,
    )
    assert line(event) == {
        "event": "batch",
        "run": str(Path("runs/one")),
        "time": 5.0,
        "epoch": 1,
        "step": 2,
        "steps": 3,
        "loss": 0.5,
        "accuracy": 0.25,
        "learning_rate": 0.001,
        "images_per_second": 100.0,
    }


def test_a_loss_that_is_no_number_is_null_in_json():
    event = events.EpochDone(
        epoch=1,
        epochs=2,
        loss=float("nan"),
        metrics={"val_loss": float("inf"), "val_accuracy": 0.5},
        learning_rate=0.1,
        images_per_second=1.0,
        seconds=1.0,
        best=True,
    )
    assert line(event)["event"] == "epoch"
    assert line(event)["loss"] is None
    assert line(event)["val_loss"] is None
    assert line(event)["val_accuracy"] == 0.5


def test_every_kind_has_its_word():
    words = {kind.kind for kind in events.Event.__args__}
    assert {"started", "batch", "epoch", "finished", "stopped", "failed"} <= words
    assert len(words) == len(events.Event.__args__)


def test_what_failed_before_there_was_a_run_has_no_run():
    assert line(events.Failed(run=None, message="No pictures.", time=1.0)) == {
        "event": "failed",
        "run": None,
        "time": 1.0,
        "message": "No pictures.",
        "cause": "",
        "resumable": False,
    }
