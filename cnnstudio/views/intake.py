"""Pictures dropped or pasted: files, pictures without a file, pictures from a browser.

What lies in no file is kept in one, in the cache, so that it has a row, a thumbnail and a name.
"""

from __future__ import annotations

import base64
import contextlib
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from html.parser import HTMLParser
from http.client import HTTPException
from pathlib import Path
from urllib.parse import unquote, unquote_to_bytes, urlsplit
from urllib.request import Request, urlopen

from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QImage

from cnnstudio.app import paths
from cnnstudio.app.tasks import Task
from cnnstudio.errors import Cancelled, StudioError
from cnnstudio.views.context import Context
from cnnstudio.views.drop import local_paths, path_from_text

LARGEST = 64 * 1024 * 1024  # bytes fetched for one picture
PATIENCE = 15.0  # seconds without a byte
KEPT_DAYS = 7
_WEB = ("http://", "https://")


class IntakeError(StudioError):
    """A picture that cannot be had, with the way out."""


@dataclass(frozen=True)
class Given:
    """What somebody dropped or pasted; the first that is there is used.

    Attributes:
        files: files and folders of this computer.
        addresses: of pictures in the web, or `data:` with the picture itself; the likeliest first.
        image: a picture without a file.
    """

    files: tuple[Path, ...] = ()
    addresses: tuple[str, ...] = ()
    image: QImage | None = None

    def __bool__(self) -> bool:
        return bool(self.files or self.addresses or self.image is not None)


def given_in(mime: QMimeData, *, text: bool = False) -> Given:
    """What is in dropped or pasted data; with `text`, paths and addresses written there too."""
    files = tuple(local_paths(mime))
    if files:
        return Given(files)
    addresses = _pictures_in(mime.html()) if mime.hasHtml() else []
    addresses += [url.toString() for url in mime.urls() if url.toString().startswith(_WEB)]
    # A browser gives the picture itself beside its address: then nothing is fetched.
    if mime.hasImage():
        image = QImage(mime.imageData())
        if not image.isNull():
            return Given(image=image)
    if addresses:
        return Given(addresses=tuple(dict.fromkeys(addresses)))
    if text and mime.hasText():
        lines = [line.strip() for line in mime.text().splitlines() if line.strip()]
        written = tuple(line for line in lines if line.startswith((*_WEB, "data:image/")))
        if written:
            return Given(addresses=written)
        found = (path_from_text(line) for line in lines)
        return Given(tuple(path for path in found if path is not None and path.exists()))
    return Given()


class Intake:
    """Brings what was given to `on_files` as files; what takes time is done in the background."""

    def __init__(
        self,
        context: Context,
        on_files: Callable[[list[Path]], object],
        on_failed: Callable[[str], object],
    ) -> None:
        self._context = context
        self._on_files = on_files
        self._on_failed = on_failed

    def take(self, given: Given, name: str = "pasted") -> None:
        """Hand on files at once, the rest as soon as it lies in one; a picture is called `name`."""
        if given.files:
            self._on_files(list(given.files))
        elif given.image is not None:
            try:
                self._on_files([keep_image(given.image, name)])
            except IntakeError as error:
                self._on_failed(str(error))
        elif given.addresses:
            self._context.tasks.beside("fetch").run(
                fetched,
                given.addresses,
                on_done=lambda file: self._on_files([file]),
                on_failed=self._on_failed,
            )


def keep_image(image: QImage, name: str) -> Path:
    """Write a picture into a file of the cache. Raises `IntakeError`."""
    file = _folder() / f"{name} {datetime.now():%Y-%m-%d %H.%M.%S.%f}.png"
    try:
        saved = image.save(str(file), "PNG")  # type: ignore[call-overload]
    except OSError:
        saved = False
    if not saved:
        raise IntakeError(
            f"The picture ({name}) could not be kept in {file.parent}: check that there is "
            "room, or save it yourself and open the file."
        )
    return file


def fetched(addresses: Sequence[str], *, task: Task) -> Path:
    """A file with the first picture that one of the addresses gives.

    Raises `IntakeError` if none does, `Cancelled`.
    """
    reasons = []
    for address in addresses:
        try:
            content = _content(address, task)
        except (HTTPException, OSError, ValueError) as error:
            reasons.append(f"{_shown(address)} was not reached ({_reason(error)})")
            continue
        if _is_picture(content):
            return _keep(content, address)
        reasons.append(f"what is at {_shown(address)} is no picture")
    raise IntakeError(
        f"No picture came from the browser: {'; '.join(reasons)}. Save it in the browser and drop "
        "the file."
    )


def _content(address: str, task: Task) -> bytes:
    if address.startswith("data:"):
        head, _, body = address.partition(",")
        return base64.b64decode(body) if head.endswith(";base64") else unquote_to_bytes(body)
    # Pages write spaces and letters with accents into addresses as they are.
    request = Request(
        bytes(QUrl(address).toEncoded().data()).decode(),
        headers={"User-Agent": "Mozilla/5.0 (CNN Studio)"},
    )
    parts, size = [], 0
    with urlopen(request, timeout=PATIENCE) as answer:
        while part := answer.read(1 << 16):
            if task.cancelled():
                raise Cancelled
            parts.append(part)
            size += len(part)
            if size > LARGEST:
                raise ValueError(f"it is larger than {LARGEST >> 20} MB")
    return b"".join(parts)


def _is_picture(content: bytes) -> bool:
    """Whether the reader of all pictures finds one in `content`."""
    import io

    from PIL import Image

    try:
        with Image.open(io.BytesIO(content)):
            return True
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False


def _keep(content: bytes, address: str) -> Path:
    """Write a picture into the cache under the name it has in its address."""
    named = "" if address.startswith("data:") else unquote(Path(urlsplit(address).path).name)
    name = re.sub(r"[^\w.\- ]", "_", named).strip(" .")[-80:] or "picture"
    file = _folder() / f"{datetime.now():%Y-%m-%d %H.%M.%S.%f} {name}"
    try:
        file.write_bytes(content)
    except OSError as error:
        raise IntakeError(
            f"{name} could not be kept in {file.parent}: {error.strerror or error}. Make room, or "
            "save it in the browser and drop the file."
        ) from None
    return file


def _folder() -> Path:
    """Where pictures without a file are kept; those of former weeks go. Raises `IntakeError`."""
    folder = paths.cache_folder() / "pasted"
    oldest = time.time() - KEPT_DAYS * 86400
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in folder.iterdir():
            with contextlib.suppress(OSError):
                if file.stat().st_mtime < oldest:
                    file.unlink()
    except OSError as error:
        raise IntakeError(
            f"The picture could not be kept in {folder}: {error.strerror or error}. Save it "
            "yourself and open the file."
        ) from None
    return folder


class _Sources(HTMLParser):
    """Gathers what `<img>` shows."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        source = dict(attrs).get("src") if tag == "img" else None
        if source and source.startswith((*_WEB, "data:image/")):
            self.found.append(source)


def _pictures_in(html: str) -> list[str]:
    parser = _Sources()
    parser.feed(html)
    return parser.found


def _shown(address: str) -> str:
    return address if len(address) <= 80 else f"{address[:60]}…"


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
    return " ".join(str(reason).split()).rstrip(".")
