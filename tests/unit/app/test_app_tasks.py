"""Background work: order, answers in the GUI thread, cancelling, failing, shutting down."""

import threading
import time

import pytest
from PySide6.QtCore import QTimer

from cnnstudio.app.tasks import TaskRunner
from cnnstudio.errors import Cancelled, StudioError


@pytest.fixture
def runner(qapp):
    made = TaskRunner("test")
    yield made
    assert made.shutdown()


def test_result_arrives_in_the_gui_thread(runner, qtbot):
    got = []
    runner.run(
        lambda: threading.current_thread().name,
        on_done=lambda name: got.append((name, threading.current_thread())),
    )
    qtbot.waitUntil(lambda: bool(got))
    assert got == [("cnnstudio-test", threading.main_thread())]


def test_tasks_run_one_after_another(runner, qtbot):
    done = []
    for number in range(20):
        runner.run(lambda n: n, number, on_done=done.append)
    qtbot.waitUntil(lambda: len(done) == 20)
    assert done == list(range(20))


def test_every_progress_arrives_in_order_before_the_result(runner, qtbot):
    seen = []

    def work(task):
        for number in range(5000):
            task.progress(number)
        return "done"

    runner.run(work, on_progress=seen.append, on_done=seen.append)
    qtbot.waitUntil(lambda: "done" in seen)
    assert seen == [*range(5000), "done"]


def test_latest_progress_skips_but_keeps_the_last(runner, qtbot):
    seen, done = [], []

    def work(task):
        for number in range(5000):
            task.progress(number)

    runner.run(work, on_progress=seen.append, on_done=lambda _: done.append(True), latest=True)
    qtbot.waitUntil(lambda: bool(done))
    assert seen == sorted(seen)
    assert seen[-1] == 4999


def test_slow_callbacks_let_the_event_loop_turn(runner, qtbot):
    seen, turns = [], []
    timer = QTimer(interval=0)
    timer.timeout.connect(lambda: turns.append(len(seen)))
    timer.start()

    def work(task):
        for number in range(60):
            task.progress(number)

    def slow(value):
        end = time.perf_counter() + 0.002
        while time.perf_counter() < end:
            pass
        seen.append(value)

    runner.run(work, on_progress=slow)
    qtbot.waitUntil(lambda: len(seen) == 60)
    # Somebody else had a turn in the middle of it, more than once.
    assert len({count for count in turns if 0 < count < 60}) > 2


def test_cancelled_task_delivers_nothing(runner, qtbot):
    started, go_on = threading.Event(), threading.Event()
    got = []

    def work(task):
        started.set()
        go_on.wait(10)
        return task.cancelled()

    task = runner.run(work, on_done=got.append)
    started.wait(10)
    task.cancel()
    go_on.set()
    qtbot.waitUntil(lambda: not runner.busy)
    assert got == []


def test_cancel_ends_work_at_its_next_progress(runner, qtbot):
    reached = threading.Event()

    def work(task):
        while True:
            reached.set()
            task.progress(1)

    task = runner.run(work)
    reached.wait(10)
    task.cancel()
    qtbot.waitUntil(lambda: not runner.busy)


def test_waiting_task_that_is_cancelled_never_runs(runner, qtbot):
    gate, ran = threading.Event(), []
    runner.run(gate.wait, 10)
    runner.run(ran.append, 1).cancel()
    gate.set()
    qtbot.waitUntil(lambda: not runner.busy)
    assert ran == []


def test_failure_is_a_sentence(runner, qtbot):
    def work():
        raise StudioError("The folder is empty: choose another.")

    got = []
    runner.run(work, on_failed=got.append)
    qtbot.waitUntil(lambda: bool(got))
    assert got == ["The folder is empty: choose another."]
    with qtbot.waitSignal(runner.failed) as failed:
        runner.run(work)
    assert failed.args == ["The folder is empty: choose another."]


def test_cancelled_raised_inside_is_no_failure(runner, qtbot):
    def work():
        raise Cancelled

    failed = []
    runner.failed.connect(failed.append)
    runner.run(work)
    qtbot.waitUntil(lambda: not runner.busy)
    assert failed == []


def test_busy_is_announced(runner, qtbot):
    states = []
    runner.busy_changed.connect(states.append)
    runner.run(lambda: None)
    assert runner.busy
    qtbot.waitUntil(lambda: not runner.busy)
    assert states == [True, False]


def test_shutdown_cancels_joins_and_refuses_more(qapp):
    runner = TaskRunner("closing")
    got = []

    def work(task):
        while not task.cancelled():
            pass

    runner.run(work, on_done=got.append)
    assert runner.shutdown()
    assert runner.run(got.append, 1).cancelled()
    qapp.processEvents()
    assert got == []


def test_a_runner_beside_does_not_wait_and_ends_with_the_other(qtbot, runner):
    gate, seen = threading.Event(), []
    runner.run(gate.wait)
    other = runner.beside("other")
    assert runner.beside("other") is other
    other.run(lambda: 7, on_done=seen.append)
    qtbot.waitUntil(lambda: seen == [7], timeout=10_000)
    assert runner.busy
    assert not other.busy
    gate.set()
    qtbot.waitUntil(lambda: not runner.busy, timeout=10_000)
    other.run(gate.wait)
    assert runner.busy
    assert runner.shutdown()
    assert not [each for each in threading.enumerate() if each.name == "cnnstudio-other"]


def test_several_workers_work_at_once(qtbot, runner):
    several = runner.beside("several", workers=3)
    meeting, met = threading.Barrier(3, timeout=10), []
    for _ in range(3):
        several.run(meeting.wait, on_done=met.append)
    qtbot.waitUntil(lambda: len(met) == 3, timeout=10_000)
