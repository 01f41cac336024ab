"""What can go wrong in a search, in words for the person."""

from __future__ import annotations

from cnnstudio.errors import StudioError


class SearchError(StudioError):
    """A search that cannot begin or go on: what happened and the way out."""


class UnreachableError(SearchError):
    """A database that does not answer, or a folder that cannot be read, at the moment."""
