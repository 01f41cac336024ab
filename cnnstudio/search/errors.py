"""What can go wrong in a search, in words for the person."""

from __future__ import annotations

from cnnstudio.errors import StudioError


class SearchError(StudioError):
    """A search that cannot begin or go on: what happened and the way out."""
