import threading

import numpy as np

from cnnstudio.training.control import Control


def waiting(control, woken=None):
    """A thread that waits while paused; `done` holds what the wait returned."""
    done = []
    thread = threading.Thread(
        target=lambda: done.append(control.wait_while_paused(woken)), name="cnnstudio-test"
    )
    thread.start()
    return thread, done


def test_without_a_pause_nobody_waits():
    control = Control()
    assert control.wait_while_paused() < 1
    control.stop()
    control.pause()
    assert control.wait_while_paused() < 1
    assert control.stopping


def test_resume_ends_the_pause():
    control = Control()
    control.pause()
    assert control.paused
    thread, done = waiting(control)
    assert not done
    control.resume()
    thread.join(10)
    assert len(done) == 1
    assert done[0] >= 0
    assert not control.paused


def test_stop_ends_the_pause():
    control = Control()
    control.pause()
    thread, done = waiting(control)
    control.stop()
    thread.join(10)
    assert done
    assert control.stopping


def test_watching_another_layer_wakes_the_pause_without_ending_it():
    control = Control()
    control.pause()
    woken = threading.Event()
    thread, done = waiting(control, woken.set)
    picture = np.zeros((2, 2, 3), np.uint8)
    control.watch("conv", picture)
    # The thread may not have begun to wait: then this watch is the one it starts with.
    while not woken.wait(0.05):
        control.watch("conv", picture)
    assert not done
    control.resume()
    thread.join(10)
    assert done


def test_watch_keeps_the_last_wish_and_none_ends_it():
    control = Control()
    assert control.watched is None
    picture = np.zeros((2, 2, 3), np.uint8)
    control.watch("conv", picture)
    assert control.watched.layer == "conv"
    assert control.watched.picture is picture
    control.watch("dense", picture)
    assert control.watched.layer == "dense"
    control.watch(None)
    assert control.watched is None
