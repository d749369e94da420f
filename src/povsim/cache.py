"""Where compiled code is kept: a folder for every state of the sources.

Numba's own cache looks at the file of a function only, not at the functions compiled into it: after a change of a rule it
would hand out the old month. So the folder's name is a hash of every source file that may be compiled.
"""

import hashlib
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

PACKAGE = Path(__file__).parent
COMPILED = ("draws.py", "fastmath.py", "few.py", "model/*.py", "measures/*.py", "population/*.py", "parameters/*.yaml")
KEPT = 3
"""Folders of earlier states of the sources that are kept."""


def stamp() -> str:
    """Hash of the sources that may be compiled, and of the register, whose symbols are the fields of a compiled record."""
    digest = hashlib.sha256()
    for source in sorted(path for pattern in COMPILED for path in PACKAGE.glob(pattern)):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def use() -> Path | None:
    """Point Numba at the folder of these sources; None where the user has set NUMBA_CACHE_DIR, which is left alone.

    To be called before Numba is imported. Folders of older sources are removed, the newest `KEPT` stay.
    """
    if "NUMBA_CACHE_DIR" in os.environ:
        return None
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "povsim"
    folder = home / stamp()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
    except OSError:
        folder = Path(tempfile.gettempdir()) / f"povsim-{os.getuid() if hasattr(os, 'getuid') else 'user'}" / stamp()
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    _prune(folder.parent, folder)
    return folder


def _prune(home: Path, used: Path) -> None:
    with suppress(OSError):
        old = sorted((f for f in home.iterdir() if f.is_dir() and f != used), key=lambda f: f.stat().st_mtime, reverse=True)
        for folder in old[KEPT:]:
            shutil.rmtree(folder, ignore_errors=True)
