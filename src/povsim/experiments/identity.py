"""What a run is looked up by: a hash of what goes into it, however that is held."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np


def digest(*things: Any) -> str:
    """SHA-256 of nested mappings, sequences, dataclasses, arrays, numbers, texts and module-level functions.

    Order counts in sequences, not in mappings. Raises TypeError for anything else.
    """
    found = hashlib.sha256()
    _feed(found.update, things)
    return found.hexdigest()


def _feed(update: Callable[[bytes], None], x: Any) -> None:
    if x is None or isinstance(x, bool | int | str):
        update(f"{type(x).__name__} {x!r};".encode())
    elif isinstance(x, float):
        update(f"float {float(x).hex()};".encode())
    elif isinstance(x, np.ndarray) and not x.dtype.hasobject:
        update(f"array {x.dtype.str} {x.shape};".encode())
        update(np.ascontiguousarray(x).tobytes())
    elif is_dataclass(x) and not isinstance(x, type):
        update(f"{type(x).__name__}(".encode())
        for field in fields(x):
            if field.compare:
                update(f"{field.name}=".encode())
                _feed(update, getattr(x, field.name))
        update(b")")
    elif isinstance(x, Mapping):
        update(b"{")
        for key in sorted(x, key=repr):
            _feed(update, key)
            _feed(update, x[key])
        update(b"}")
    elif isinstance(x, Sequence) and not isinstance(x, bytes):
        update(b"[")
        for item in x:
            _feed(update, item)
        update(b"]")
    elif callable(x) and "<" not in x.__qualname__:
        update(f"{x.__module__}.{x.__qualname__};".encode())
    else:
        raise TypeError(f"{type(x).__name__} has no identity that outlives the process")
