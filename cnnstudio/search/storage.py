"""Where a study is written down: a file that several computers may share, or a database.

Optuna is loaded here and nowhere at the start of a module: the window opens without it.
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import os
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from cnnstudio.search.errors import SearchError, UnreachableError
from cnnstudio.training.errors import first_line

if TYPE_CHECKING:
    import optuna

T = TypeVar("T")
STUDY_NAME = "cnnstudio"
# How a journal of Optuna begins.
_FIRST = b'{"op_code":'
# Seconds that a process waits for another that writes to the same SQLite file, and for a server.
_BUSY, _ANSWERS = 60, 10
# Seconds after which a lock of a file was left by a process that was killed while it wrote a line.
_WRITES = 8
# Seconds that a search waits for a storage that has answered before.
PATIENCE = 60.0
# Times that the tables of a database are looked for, while another process makes them.
_LOOKS = 8
# What talks to a database server, the first that is installed: SQLAlchemy's name of it, the module
# that is imported, and what pip calls it.
_DRIVERS: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "postgresql": (
        ("psycopg", "psycopg", '"psycopg[binary]"'),
        ("psycopg2", "psycopg2", "psycopg2-binary"),
    ),
    "mysql": (("pymysql", "pymysql", "pymysql"), ("mysqldb", "MySQLdb", "mysqlclient")),
}
# Other names of the same databases.
_KINDS: Mapping[str, str] = {"postgres": "postgresql", "mariadb": "mysql"}


def load_optuna() -> Any:
    """Optuna, which then logs only what is wrong."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    return optuna


def split_name(storage: str) -> tuple[str, str]:
    """The place, and the name of the study there that `#NAME` at the end gives."""
    place, _, name = storage.rpartition("#")
    return (place, name) if place and name and "/" not in name else (storage, STUDY_NAME)


def shown_storage(storage: str) -> str:
    """A storage without the password in its URL."""
    return re.sub(r"(://[^:/@]+):[^@/]*@", r"\1:…@", storage)


def is_url(place: str) -> bool:
    """Whether a storage is a database."""
    return "://" in place


def exists(storage: str) -> bool:
    """Whether there may be a study; a database is asked for it only when it is opened."""
    place, _ = split_name(storage)
    return is_url(place) or Path(place).is_file()


def open_storage(storage: str) -> optuna.storages.BaseStorage:
    """The storage, made if it is not there yet. Raises `SearchError`."""
    place, _ = split_name(storage)
    with reaching(storage):
        return _database(place) if is_url(place) else _journal(Path(place).resolve())


@contextlib.contextmanager
def reaching(storage: str) -> Iterator[None]:
    """Turn what fails in a storage into a `SearchError` that names it."""
    try:
        yield
    except SearchError:
        raise
    except ImportError as error:
        raise SearchError(
            f"{shown_storage(storage)} needs a Python package that is not installed "
            f"({first_line(error.__cause__ or error)}): install it, or name a file as the study, "
            "in a folder that the computers share."
        ) from None
    except OSError as error:
        raise UnreachableError(
            f"The study {shown_storage(storage)} cannot be read or written: "
            f"{error.strerror or first_line(error)}."
        ) from None
    except Exception as error:
        if not _of_the_storage(error):
            raise
        # Optuna says of whatever fails in a database that it may be too long.
        kind = UnreachableError if _of_the_server(error) else SearchError
        found = [getattr(each, "orig", None) for each in (error, error.__cause__)]
        reason = first_line(next(filter(None, found), error))
        raise kind(
            f"The study {shown_storage(storage)} cannot be reached ({reason}). Check the path or "
            "the database; what was trained is kept in the runs."
        ) from None


def patiently(do: Callable[[], T], stopping: Callable[[], bool]) -> T:
    """What `do` gives, tried again for a while if the storage does not answer at the moment."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return do()
        except UnreachableError:
            if stopping() or time.monotonic() >= end:
                raise
            time.sleep(0.5)


def close_storage(storage: optuna.storages.BaseStorage) -> None:
    """Let go of the connections of a database; a file is never held open."""
    backend = getattr(storage, "_backend", storage)
    engine = getattr(backend, "engine", None)
    if engine is not None:
        backend.remove_session()
        engine.dispose()


def _of_the_storage(error: Exception) -> bool:
    modules = {kind.__module__.partition(".")[0] for kind in type(error).__mro__}
    # A line of a journal that is damaged is a ValueError.
    return bool(modules & {"optuna", "sqlalchemy", "sqlite3", "alembic"}) or isinstance(
        error, ValueError
    )


def _of_the_server(error: Exception) -> bool:
    """Whether the connection broke, rather than what was asked for being wrong."""
    from sqlalchemy.exc import InterfaceError, OperationalError

    kinds = (InterfaceError, OperationalError)
    return isinstance(error, kinds) or isinstance(error.__cause__, kinds)


def _journal(path: Path) -> optuna.storages.BaseStorage:
    optuna = load_optuna()
    if not path.parent.is_dir():
        raise SearchError(f"There is no folder {path.parent} for the study: make it first.")
    if path.is_dir():
        raise SearchError(
            f"{path} is a folder: name a file in it, such as {path / 'search.study'}."
        )
    journal = optuna.storages.journal
    # Making a file only if there is none works in shared folders too, and on Windows.
    lock = journal.JournalFileOpenLock(str(path), grace_period=_WRITES)
    if path.is_file():
        with path.open("rb") as file:
            if file.read(len(_FIRST)) not in (b"", _FIRST):
                raise SearchError(
                    f"{path} is not a study. It was left as it is: name another file."
                )
        _mend(path, lock)
    backend = journal.JournalFileBackend(str(path), lock_obj=lock)
    return optuna.storages.JournalStorage(backend)


def _mend(path: Path, lock: Any) -> None:
    """Take away a last line that a power cut left unfinished: nothing could be written after it."""
    if _is_whole(path):
        return
    lock.acquire()
    try:
        if not _is_whole(path):
            with path.open("r+b") as file:
                content = file.read()
                file.truncate(content.rfind(b"\n") + 1)
    finally:
        lock.release()


def _is_whole(path: Path) -> bool:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        if not size:
            return True
        file.seek(size - 1)
        return file.read(1) == b"\n"


def _database(url: str) -> optuna.storages.BaseStorage:
    optuna = load_optuna()
    if not url.startswith("sqlite"):
        url, connect = _with_driver(url)
        # A connection that was cut between two epochs is made again.
        kwargs = {"pool_pre_ping": True, "connect_args": connect}
        return _made(lambda: optuna.storages.RDBStorage(url, engine_kwargs=kwargs))
    from sqlalchemy import event

    kwargs = {"connect_args": {"timeout": _BUSY}}
    storage = _made(lambda: optuna.storages.RDBStorage(url, engine_kwargs=kwargs))
    # Two processes that each read a trial as waiting must not both take it: SQLite knows no lock
    # of a row, so every transaction has the file for itself from its beginning.
    storage.remove_session()
    storage.engine.dispose()

    @event.listens_for(storage.engine, "connect")
    def _plain(connection: Any, _record: Any) -> None:
        connection.isolation_level = None

    @event.listens_for(storage.engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return storage


def _with_driver(url: str) -> tuple[str, dict[str, Any]]:
    """The URL with a driver that is installed, and what that driver is told.

    Raises `SearchError` where there is none; a driver that the URL names itself is left alone.
    """
    kind, _, rest = url.partition("://")
    database, plus, driver = kind.partition("+")
    drivers = _DRIVERS.get(_KINDS.get(database, database), ())
    if plus:
        known = any(driver == name for name, _, _ in drivers)
        return url, {"connect_timeout": _ANSWERS} if known else {}
    for name, module, _ in drivers:
        if importlib.util.find_spec(module) is not None:
            database = "postgresql" if database == "postgres" else database
            return f"{database}+{name}://{rest}", {"connect_timeout": _ANSWERS}
    if drivers:
        raise SearchError(
            f"{shown_storage(url)} needs a driver that is not installed: pip install "
            f"{drivers[0][2]}, or name a file as the study, in a folder that the computers share."
        )
    return url, {}


def _made(make: Callable[[], Any]) -> Any:
    """A database with its tables, which other processes may be making at the same moment.

    In an empty database Optuna finds no tables and makes them; who comes second with one of them
    is refused, and looks again.
    """
    from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

    for look in range(1, _LOOKS + 1):
        try:
            return make()
        except (IntegrityError, OperationalError, ProgrammingError) as error:
            if look == _LOOKS or not re.search("exists|unique|duplicate", str(error), re.I):
                raise
            time.sleep(random.uniform(0.1, 0.5))
    raise AssertionError
