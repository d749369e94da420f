"""The one family of errors a user of povsim can cause and mend."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class PovsimError(Exception):
    """Something a user gave cannot be used.

    The message says what was given, where, what is accepted and what to do. The command line prints it without a traceback.
    """


def nearest(given: str, known: Iterable[str]) -> str | None:
    """The entry of `known` most like `given`, letter case ignored, or None if none is alike."""
    by_lower = {name.lower(): name for name in known}
    match = difflib.get_close_matches(given.lower(), by_lower, n=1, cutoff=0.4)
    return by_lower[match[0]] if match else None
