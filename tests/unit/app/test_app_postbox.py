"""What another thread tells reaches the GUI thread in order: news at once, figures together."""

import threading

import pytest

from cnnstudio.app.postbox import Postbox


@pytest.fixture
def box(qapp):
    box = Postbox()
    box.lists = []
    box.delivered.connect(box.lists.append)
    return box


def test_the_first_comes_alone_and_what_follows_soon_together(box, qtbot):
    box.post("first", news=False)
    qtbot.waitUntil(lambda: box.lists == [["first"]])
    for number in range(5):
        box.post(number, news=False)
    qtbot.waitUntil(lambda: len(box.lists) == 2)
    assert box.lists[1] == [0, 1, 2, 3, 4]


def test_news_wait_for_no_figures_and_bring_them_along(box, qtbot):
    other = Postbox()
    other.delivered.connect(lambda items: box.lists.append(("other", items)))
    for each in (box, other):
        each.post("first", news=False)
    qtbot.waitUntil(lambda: len(box.lists) == 2)
    other.post("figure", news=False)
    box.post("figure", news=False)
    box.post("news", news=True)
    qtbot.waitUntil(lambda: len(box.lists) == 4)
    assert box.lists[2:] == [["figure", "news"], ("other", ["figure"])]


def test_threads_lose_nothing_and_keep_their_order(box, qtbot):
    def flood(name):
        for number in range(5_000):
            box.post((name, number), news=number % 7 == 0)

    threads = [threading.Thread(target=flood, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    qtbot.waitUntil(lambda: sum(map(len, box.lists)) == 10_000)
    for thread in threads:
        thread.join()
    for name in "ab":
        of_one = [number for items in box.lists for who, number in items if who == name]
        assert of_one == list(range(5_000))


def test_what_waits_can_be_had_now(box, qtbot):
    box.post("first", news=True)
    qtbot.waitUntil(lambda: box.lists == [["first"]])
    box.post("second", news=False)
    box.deliver()
    assert box.lists == [["first"], ["second"]]
    box.deliver()
    assert len(box.lists) == 2
