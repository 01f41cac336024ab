"""The collector keeps away while much is made, and from what lasts."""

import gc
import threading

import pytest

from cnnstudio.app.collector import MANY, much_is_made


@pytest.fixture(autouse=True)
def as_before():
    yield
    gc.unfreeze()
    assert gc.isenabled()


def test_nothing_is_collected_inside_and_again_afterwards():
    with much_is_made():
        assert not gc.isenabled()
        with much_is_made():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_works_again_after_an_error():
    with pytest.raises(ValueError, match="no"), much_is_made():
        raise ValueError("no")
    assert gc.isenabled()


def test_only_much_is_left_alone_for_good():
    before = gc.get_freeze_count()
    with much_is_made() as lasting:
        lasting(MANY - 1)
    assert gc.get_freeze_count() == before
    with much_is_made() as lasting:
        kept = [[number] for number in range(50)]
        lasting(MANY)
    assert gc.get_freeze_count() >= before + len(kept)


def test_two_threads_do_not_wake_it_for_each_other():
    inside, done = threading.Event(), threading.Event()

    def other():
        with much_is_made():
            inside.set()
            done.wait(10)

    thread = threading.Thread(target=other)
    thread.start()
    assert inside.wait(10)
    with much_is_made():
        pass
    assert not gc.isenabled()
    done.set()
    thread.join()
