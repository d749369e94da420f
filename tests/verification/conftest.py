"""Verification never tests old code: Numba's cache does not see a change in a function that is compiled into another one, so
the compiled code lies in a folder named by a hash of all sources."""

import hashlib
import tempfile
from pathlib import Path

import numba
import povsim

sources = sorted(Path(povsim.__file__).parent.rglob("*.py"))
stamp = hashlib.sha256(b"".join(source.read_bytes() for source in sources if source.parent.name in ("model", "povsim", "population")))
numba.config.CACHE_DIR = str(Path(tempfile.gettempdir()) / "povsim-verification" / stamp.hexdigest()[:16])
