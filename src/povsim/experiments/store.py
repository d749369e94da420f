"""The store of finished runs: a folder of files, each named by the hash of what went into the run.

A file appears when it is whole (`povsim.experiments.archive`), so a store that was killed, or that two processes share, holds
finished runs and nothing else. What is not needed again is removed from the oldest on.
"""

from __future__ import annotations

import os
import re
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from povsim.errors import PovsimError
from povsim.experiments import archive

FORMAT = 1
KIND = "run"
DEFAULT = Path("outputs") / "store"
MOST_BYTES = 4 * 10**9
"""A store that is larger when a command ends loses its oldest files."""
NAME = re.compile(r"[0-9a-f]{64}\.run|\.[0-9a-f]{64}\.run\..*(?P<partial>\.partial)")
"""Names of finished runs, and of parts of files."""
LEFTOVER_S = 24 * 3600
"""A part of a file that is older was left by a process that was killed."""


class Store:
    """Results by key in a folder, which is made when the first is put there."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self.folder, self._most = folder, most_bytes

    def get(self, key: str) -> Any | None:
        """What was put under the key; None where nothing was, or what is there is damaged (it is removed)."""
        path = self._path(key)
        if not path.is_file():
            return None
        try:
            found = archive.read(path, KIND, FORMAT)
        except archive.DamagedFile:
            with suppress(OSError):
                path.unlink()
            return None
        except PovsimError:  # it cannot be read now: left alone, and lived again
            return None
        with suppress(OSError):
            os.utime(path)
        return found

    def put(self, key: str, result: Any) -> None:
        """Keep a result. Raises PovsimError where it cannot be written; what was there before stays."""
        archive.write(self._path(key), result, KIND, FORMAT)

    def tidy(self) -> None:
        """Remove what killed processes left, and the oldest files beyond the size that a store may have."""
        found = []
        for path in self.folder.glob("??/*"):
            name = NAME.fullmatch(path.name)  # nothing that is not the store's own is touched
            if name is None or not path.name.lstrip(".").startswith(path.parent.name):
                continue
            with suppress(OSError):  # another process may have removed it
                status = path.stat()
                if not name["partial"]:
                    found.append((status.st_mtime, status.st_size, path))
                elif status.st_mtime < time.time() - LEFTOVER_S:
                    path.unlink()
        too_much = sum(size for _, size, _ in found) - self._most
        for _, size, path in sorted(found):
            if too_much <= 0:
                break
            with suppress(OSError):
                path.unlink()
            too_much -= size

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.run"
