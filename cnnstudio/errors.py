"""Errors for people. Every package raises these; the window and the command line show them."""

from __future__ import annotations


class StudioError(Exception):
    """Something a person can act on: one sentence on what happened and where, one on the way out.

    `message` is complete on its own: it names the file or the layer. Never wrap a
    `StudioError` in another sentence; raise a better one instead.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return self.message


class Cancelled(Exception):  # noqa: N818 - not an error: a person pressed Stop
    """Raised inside long work when the person asked it to stop."""


class UsageError(Exception):
    """A command was called wrongly; the message says how to call it."""
