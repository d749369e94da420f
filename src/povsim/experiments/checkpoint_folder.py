"""Where checkpoints lie, and the one hash that says what they hold."""

from __future__ import annotations

import hashlib
from pathlib import Path

from povsim.errors import PovsimError

FOLDER = "checkpoints"
"""The folder of checkpoints in a result folder."""
CONTENTS = "contents.zip"
"""The file in it that names the others with their hashes."""


def folder_of(branch_from: str) -> Path:
    """The folder of checkpoints that `branch_from` names: itself, or the one in a result folder. Raises PovsimError."""
    path = Path(branch_from).expanduser().absolute()
    for place in (path / FOLDER, path):
        if (place / CONTENTS).is_file():
            return place
    there = "it holds no checkpoints" if path.is_dir() else "there is no such folder"
    raise PovsimError(
        f"branch_from = {branch_from}: {there}. Give the result folder of a povsim compare that was run with checkpoints=[0] "
        "or later year ends."
    )


def content_hash(branch_from: str) -> str:
    """SHA-256 of all that the checkpoints hold, wherever they lie."""
    return sha256_of(folder_of(branch_from) / CONTENTS)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file. Raises PovsimError where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise PovsimError(f"{path} cannot be read ({error.strerror}).") from error
