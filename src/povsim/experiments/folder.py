"""The result folder of a command: written whole or not at all.

Everything goes into a hidden folder beside the target, which takes the target's place by a rename when all of it is there.
An exception or Ctrl-C removes the hidden folder and leaves what was there before.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from povsim.config import Scenario
from povsim.errors import PovsimError
from povsim.experiments.archive import fail_to_write
from povsim.experiments.provenance import provenance, reproduce, run_hash

if TYPE_CHECKING:
    import polars as pl

CSV_ROWS_MAX = 10_000
"""Tables up to this many rows are written as CSV too."""


def default_out(command: str, scenario: Scenario) -> Path:
    """outputs/<command>/<first 12 digits of the hash of scenario, data and code>."""
    return Path("outputs") / command / run_hash(scenario)[:12]


def out_folder(command: str, scenario: Scenario) -> Path:
    """The folder the scenario names, or the default one; checked by `check_out`."""
    out = default_out(command, scenario) if scenario.out is None else Path(scenario.out).expanduser()
    check_out(out, command, scenario)
    return out


def check_out(out: Path, command: str, scenario: Scenario) -> None:
    """Raise PovsimError where a result could not be put at `out`; leaves nothing behind."""
    fail_if_below_a_file(out)
    fail_if_mount_point(out)
    fail_if_taken(out, command, scenario)
    fail_if_not_writable(out)


def stored_summary(out: Path, command: str, scenario: Scenario) -> dict[str, Any] | None:
    """The summary.json at `out` if the same scenario, data and code made it whole, else None: what failed is lived again."""
    if _provenance_of(out).get("run_hash") != run_hash(scenario) or _provenance_of(out).get("command") != command:
        return None
    found = _json_of(out / "summary.json")
    return found if found and not found.get("failures") else None


def fail_if_below_a_file(out: Path) -> None:
    """The target, or a folder above it, is a file."""
    for place in (out, *out.parents):
        if place.exists() and not place.is_dir():
            raise PovsimError(f"out = {out}: {place} is a file, not a folder. Give the path of a folder that is new or empty.")


def fail_if_mount_point(out: Path) -> None:
    """A mounted folder cannot be replaced by a rename."""
    if os.path.ismount(out):
        raise PovsimError(
            f"out = {out} is a mounted folder, which cannot be replaced. Give a folder in it: out={out / 'run1'}."
        )


def fail_if_taken(out: Path, command: str, scenario: Scenario) -> None:
    """The folder holds something that is not an earlier result of this scenario."""
    if not out.is_dir() or not _entries(out):
        return
    found = _provenance_of(out)
    if not found:
        raise PovsimError(f"out = {out} holds files that are no result of povsim. Give a folder that is new or empty.")
    if found.get("command") != command or found.get("scenario_hash") != scenario.content_hash():
        raise PovsimError(
            f"out = {out} holds the result of another scenario (see its scenario.yaml). "
            "Give another folder, or remove that one first."
        )


def fail_if_not_writable(out: Path) -> None:
    """The nearest folder that exists takes no new folder."""
    place = next(place for place in (out.absolute(), *out.absolute().parents)[1:] if place.is_dir())
    try:
        Path(tempfile.mkdtemp(prefix=".povsim-", dir=place)).rmdir()
    except OSError as error:
        raise PovsimError(
            f"out = {out}: nothing can be written in {place} ({error.strerror}). Give a folder you may write."
        ) from error


class ResultFolder:
    """What a command writes; paths are relative to the folder that will be there in the end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.timings: dict[str, float] = {}
        """Seconds by stage, for provenance.json."""
        self.notes: dict[str, Any] = {}
        """Further entries of provenance.json, such as threads."""

    def text(self, name: str, content: str) -> None:
        """A text file in UTF-8, in a subfolder where the name has one."""
        path = self._path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")

    def place(self, name: str) -> Path:
        """Path of a subfolder that another part writes."""
        return self._path / name

    def bytes(self, name: str, content: bytes) -> None:
        """A file of another kind, such as a PDF."""
        (self._path / name).write_bytes(content)

    def json(self, name: str, content: Mapping[str, Any]) -> None:
        """A JSON file; NaN and infinity are refused, what is unknown is null."""
        self.text(name, json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False, default=_plain) + "\n")

    def summary(self, content: Mapping[str, Any]) -> None:
        """summary.json."""
        self.json("summary.json", content)

    def table(self, name: str, frame: pl.DataFrame) -> None:
        """tables/<name>.parquet, and .csv where it is small."""
        folder = self._path / "tables"
        folder.mkdir(exist_ok=True)
        frame.write_parquet(folder / f"{name}.parquet")
        if frame.height <= CSV_ROWS_MAX:
            frame.write_csv(folder / f"{name}.csv")

    def parquet(self, name: str, frame: pl.DataFrame) -> None:
        """<name>.parquet."""
        frame.write_parquet(self._path / f"{name}.parquet")

    def figure(self, name: str, svg: str) -> None:
        """figures/<name>.svg."""
        self.text(f"figures/{name}.svg", svg)


@contextmanager
def result_folder(out: Path, command: str, scenario: Scenario) -> Iterator[ResultFolder]:
    """Write into the yielded folder; when the block ends well it stands at `out`, with its provenance."""
    check_out(out, command, scenario)
    with whole_folder(out) as folder:
        yield folder
        folder.text("scenario.yaml", yaml.safe_dump(scenario.resolved(), sort_keys=True, allow_unicode=True))
        folder.text("REPRODUCE.md", reproduce(command, scenario))
        folder.json("provenance.json", provenance(command, scenario, folder.timings) | folder.notes)


@contextmanager
def whole_folder(out: Path) -> Iterator[ResultFolder]:
    """Write into the yielded folder; it stands at `out`, in place of what was there, when the block ends well.

    Raises PovsimError where it cannot be written, and then leaves what was there before.
    """
    target = out.resolve()
    made = [place for place in target.parents if not place.exists()]
    partial = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{target.name}.partial-", dir=target.parent))
        yield ResultFolder(partial)
        partial.chmod(0o777 & ~_umask())
        _put_in_place(partial, target)
    except BaseException as error:
        if partial is not None:
            shutil.rmtree(partial, ignore_errors=True)
        for place in made:
            with suppress(OSError):
                place.rmdir()
        if isinstance(error, OSError):
            raise fail_to_write(out, error) from error
        raise


def _put_in_place(partial: Path, target: Path) -> None:
    if not target.exists():
        partial.rename(target)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{target.name}.old-", dir=target.parent))
    target.rename(old)
    try:
        partial.rename(target)
    except BaseException:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _provenance_of(out: Path) -> dict[str, Any]:
    return _json_of(out / "provenance.json")


def _json_of(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError as error:
        raise PovsimError(f"out = {folder} cannot be read ({error.strerror}). Give a folder you may write.") from error


def _plain(value: Any) -> Any:
    """numpy scalars and arrays as Python numbers and lists."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no place in a JSON file")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
