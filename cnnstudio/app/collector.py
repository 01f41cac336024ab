"""Python's collector of garbage, kept from going through hundreds of thousands of live objects.

A full collection looks at every object there is and holds all threads meanwhile: with the report on
100,000 pictures a third of a second, again and again while it is made.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# From so many on objects that last are no longer looked through.
MANY = 20_000

_lock = threading.Lock()
_users = 0


@contextmanager
def much_is_made() -> Iterator[Callable[[int], None]]:
    """No collection inside; any thread may use it, also several at once.

    What is given tells how many objects were made that last: of `MANY` and more the collector
    keeps away from then on. They are freed as ever when nobody holds them.
    """
    global _users
    with _lock:
        _users += 1
        gc.disable()
    lasting = 0

    def tell(number: int) -> None:
        nonlocal lasting
        lasting = max(lasting, number)

    try:
        yield tell
    finally:
        with _lock:
            _users -= 1
            if lasting >= MANY:
                gc.freeze()
            if not _users:
                gc.enable()
