"""Keras's own data sets written out as folders: MNIST, Fashion-MNIST, CIFAR-10 and CIFAR-100.

The files are those that `keras.datasets` downloads, from the same places to the same places below
Keras's folder, so that each program finds what the other has fetched; a file that is there already,
or that a person has, needs no network.
"""

from __future__ import annotations

import codecs
import gzip
import hashlib
import io
import os
import pickle
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError

import numpy as np

from cnnstudio.data.keras_catalogue import IDX, KERAS_SETS, KerasSet, Source
from cnnstudio.data.samples import Placed, SampleError, write_set
from cnnstudio.data.scan import ScanProgress
from cnnstudio.errors import Cancelled

__all__ = ["KERAS_SETS", "KerasSet", "Source", "keras_home", "make_keras_set"]

Array = np.ndarray[Any, np.dtype[np.uint8]]
Progress = Callable[[ScanProgress], None]

_PATIENCE = 10.0  # seconds without a byte after which a download counts as failed
_PIECE = 65_536  # bytes read at once


def make_keras_set(
    chosen: KerasSet,
    folder: str | os.PathLike[str],
    *,
    file: Path | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Path:
    """Write a data set of Keras into `folder` as train/CLASS and test/CLASS; return the folder.

    It is read from `file` (as Keras downloads it; of several files any one, or their folder), else
    from Keras's folder, else downloaded to there. `progress` is told bytes, then pictures. Raises
    `SampleError` for what cannot be fetched, read or written; `Cancelled` when stopped.
    """
    about = f"CNN Studio data set of Keras: {chosen.name}. {chosen.about}.\n"

    def pictures() -> tuple[int, Iterator[Placed]]:
        if file is None:
            paths = [_fetched(chosen, source, progress, cancelled) for source in chosen.sources]
        else:
            paths = _given(file)
        parts = _read(chosen, paths)
        return sum(len(labels) for _, labels in parts.values()), _images(chosen, parts)

    return write_set(Path(folder), about, pictures, progress=progress, cancelled=cancelled)


def keras_home() -> Path:
    """The folder in which Keras keeps what it downloads (`keras.config` reads the same)."""
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")


# --- fetching


def _fetched(
    chosen: KerasSet,
    source: Source,
    progress: Progress | None,
    cancelled: Callable[[], bool] | None,
) -> Path:
    """The file in Keras's folder, downloaded if it is not there whole."""
    path = keras_home() / source.kept
    if path.is_file() and (not source.sha256 or _sha256(path) == source.sha256):
        return path
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as target:
            digest = _download(chosen, source, target, progress, cancelled)
        if source.sha256 and digest != source.sha256:
            raise SampleError(
                f"{source.url} arrived incomplete or is not the file it was (its SHA-256 is "
                "another one). Try again."
            )
        os.replace(beside, path)
    except OSError as error:
        raise SampleError(
            f"{source.name} could not be kept in {path.parent}: {error.strerror or error}."
        ) from None
    finally:
        beside.unlink(missing_ok=True)
    return path


def _download(
    chosen: KerasSet,
    source: Source,
    target: Any,
    progress: Progress | None,
    cancelled: Callable[[], bool] | None,
) -> str:
    """Write what is at the address to `target`; its SHA-256."""
    from urllib.request import urlopen

    digest, done = hashlib.sha256(), 0
    try:
        with urlopen(source.url, timeout=_PATIENCE) as answer:
            total = int(answer.headers.get("Content-Length") or 0)
            while piece := answer.read(_PIECE):
                if cancelled is not None and cancelled():
                    raise Cancelled
                target.write(piece)
                digest.update(piece)
                done += len(piece)
                if progress is not None:
                    where = Path(source.name)
                    progress(ScanProgress(done, total or None, where, {}, unit="bytes"))
    except (URLError, TimeoutError, ConnectionError, HTTPException) as error:
        raise SampleError(_why_not(chosen, source, error)) from None
    if total and done != total:
        raise SampleError(_why_not(chosen, source, ConnectionError("it broke off")))
    return digest.hexdigest()


def _why_not(chosen: KerasSet, source: Source, error: Exception) -> str:
    host = source.url.split("/")[2]
    if isinstance(error, HTTPError):
        why = f"{host} answered {error.code} ({error.reason})"
    else:
        reason = getattr(error, "reason", None) or error
        if isinstance(reason, TimeoutError):
            text = f"no answer for {_PATIENCE:.0f} s"
        else:
            text = getattr(reason, "strerror", None) or str(reason)
        why = f"{host} was not reached ({text}); this computer seems to be offline"
    files = " and ".join(each.url for each in chosen.sources)
    return (
        f"{chosen.title} could not be downloaded: {why}. Connect it and try again, or fetch "
        f"{files} elsewhere and use the file that you have."
    )


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


# --- reading


def _given(file: Path) -> list[Path]:
    """The files that belong to the one a person has."""
    if not file.exists():
        raise SampleError(f"There is no file {file}.")
    if file.is_dir():
        return sorted(path for path in file.iterdir() if path.is_file())
    if any(file.name.startswith(name) for name in IDX):
        return sorted(path for path in file.parent.iterdir() if path.name.startswith(IDX))
    return [file]


def _read(chosen: KerasSet, paths: list[Path]) -> dict[str, tuple[Array, Array]]:
    """Pictures (n, height, width) or (n, height, width, 3) and their numbers, of train and test."""
    where = paths[0].parent if len(paths) != 1 else paths[0]
    try:
        if any(path.name.startswith(IDX) for path in paths):
            parts = _from_idx(paths)
        elif len(paths) == 1 and zipfile.is_zipfile(paths[0]):
            parts = _from_npz(paths[0])
        elif len(paths) == 1 and tarfile.is_tarfile(paths[0]):
            with tarfile.open(paths[0]) as archive:
                parts = _from_batches(
                    (Path(member.name).name, _content(archive.extractfile(member)))
                    for member in archive
                    if member.isfile()
                )
        else:
            parts = _from_batches((path.name, path.read_bytes()) for path in paths)
    except _UNREADABLE as error:
        words = " ".join(str(error).split()).rstrip(".")
        raise SampleError(
            f"{where} cannot be read as {chosen.title}: {words or 'it is damaged'}. "
            f"Use {' and '.join(source.name for source in chosen.sources)} as Keras downloads it."
        ) from None
    for pictures, labels in parts.values():
        sound = pictures.ndim in (3, 4) and len(pictures) == len(labels) > 0
        if not sound or int(labels.max()) >= len(chosen.classes):
            raise SampleError(
                f"{where} is not {chosen.title}: it does not hold pictures with numbers from 0 to "
                f"{len(chosen.classes) - 1}."
            )
    return parts


_UNREADABLE = (OSError, EOFError, ValueError, KeyError, IndexError, TypeError, zlib.error,
               tarfile.TarError, zipfile.BadZipFile, pickle.UnpicklingError)  # fmt: skip


def _from_npz(path: Path) -> dict[str, tuple[Array, Array]]:
    with np.load(path, allow_pickle=False) as arrays:
        return {
            part: (arrays[f"x_{part}"].astype(np.uint8), arrays[f"y_{part}"].reshape(-1))
            for part in ("train", "test")
        }


def _from_idx(paths: list[Path]) -> dict[str, tuple[Array, Array]]:
    """Y. LeCun's format: two zeros, the type, the number of axes, their lengths, the numbers."""
    found = {}
    for name in IDX:
        path = next((path for path in paths if path.name.startswith(name)), None)
        if path is None:
            raise ValueError(f"{name}.gz is missing")
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
        axes = content[3]
        shape = np.frombuffer(content, ">i4", axes, 4)
        found[name] = np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape)
    return {"train": (found[IDX[0]], found[IDX[1]]), "test": (found[IDX[2]], found[IDX[3]])}


def _from_batches(files: Iterable[tuple[str, bytes]]) -> dict[str, tuple[Array, Array]]:
    """CIFAR's pickles: rows of 1024 reds, greens and blues, and `labels` or `fine_labels`."""
    found: dict[str, list[tuple[str, Array, Array]]] = {"train": [], "test": []}
    for name, content in files:
        part = "test" if name in ("test_batch", "test") else "train"
        if part == "train" and name != "train" and not name.startswith("data_batch"):
            continue
        batch = _Arrays(io.BytesIO(content), encoding="bytes").load()
        rows = np.asarray(batch[b"data"], np.uint8).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        labels = batch[b"fine_labels"] if b"fine_labels" in batch else batch[b"labels"]
        found[part].append((name, rows, np.asarray(labels, np.uint8)))
    parts = {}
    for part, batches in found.items():
        batches.sort(key=lambda batch: batch[0])
        parts[part] = (
            np.concatenate([rows for _, rows, _ in batches]),
            np.concatenate([labels for _, _, labels in batches]),
        )
    return parts


class _Arrays(pickle.Unpickler):
    """Reads arrays and nothing else: a pickle from anywhere could otherwise run any program."""

    def find_class(self, module: str, name: str) -> Any:
        known: dict[str, Any] = {
            "_reconstruct": np.empty(0).__reduce__()[0],
            "ndarray": np.ndarray,
            "dtype": np.dtype,
            "encode": codecs.encode,
        }
        modules = ("numpy", "numpy.core.multiarray", "numpy._core.multiarray", "_codecs")
        if module in modules and name in known:
            return known[name]
        raise pickle.UnpicklingError(f"it holds {module}.{name}, not only pictures")


def _content(file: Any) -> bytes:
    return file.read() if file is not None else b""


# --- writing


def _images(chosen: KerasSet, parts: Mapping[str, tuple[Array, Array]]) -> Iterator[Placed]:
    from PIL import Image

    for part, (pictures, labels) in parts.items():
        for number, (pixels, label) in enumerate(zip(pictures, labels, strict=True)):
            place = Path(part, chosen.classes[int(label)], f"{number:05}.png")
            yield place, Image.fromarray(np.ascontiguousarray(pixels))
