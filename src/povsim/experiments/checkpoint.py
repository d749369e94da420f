"""Checkpoints: what a comparison needs to go on from the end of a year, in files that are safe to read.

A folder `checkpoints` has, for each variant and replicate, `month-000.zip` (the end of the burn-in: one state from which any
arms may branch) and, for each later month that was asked for, `month-MMM.zip` with all arms and one file for each arm of
equal cost, whose level is found last. `contents.zip` says what made them, which arms they hold, and the SHA-256 of each.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from povsim.config import Scenario
from povsim.config.rollout import Rollout
from povsim.errors import PovsimError
from povsim.experiments import archive
from povsim.experiments.provenance import code_hash, data_hash
from povsim.experiments.traits import Trait, Traits
from povsim.model.arm import Arm
from povsim.model.records import Record
from povsim.model.rollout import YearOfRollout
from povsim.model.state import State
from povsim.model.year_end import RolloutSoFar, YearEnd, side_by_side

FOLDER = "checkpoints"
CONTENTS = "contents.zip"
FORMAT = 1
START_KIND, ARMS_KIND, CONTENTS_KIND = "checkpoint of povsim (burn-in)", "checkpoint of povsim (arms)", "list of checkpoints"

for _part in (Arm, Record, Rollout, RolloutSoFar, State, Trait, Traits, YearEnd, YearOfRollout):
    archive.stored(_part)


@archive.stored
@dataclass(frozen=True)
class Start:
    """A replicate at the end of its burn-in, without its sample, which is drawn again. Fields as in `Replicate`."""

    state: State
    tracked: NDArray[np.int64]
    structural: NDArray[np.bool_]
    year_before: dict[str, Any]
    traits: Traits


@archive.stored
@dataclass(frozen=True)
class Money:
    """How the arms of equal cost of one variant were found: of each the form and the level; a row a form that was tried."""

    levels: dict[str, tuple[str, float]] = field(default_factory=dict)
    forms: list[dict[str, Any]] = field(default_factory=list)


@archive.stored
@dataclass(frozen=True)
class Contents:
    """What a folder of checkpoints holds.

    past: keys of the scenario that shaped every file; later: those that shaped the files after month 0; macro: the path of
    the economy. By variant: numbers of the replicates, the arms as they were lived, how equal money was found. files: SHA-256
    by name.
    """

    povsim: str
    code: str
    data: str
    past: dict[str, Any]
    later: dict[str, Any]
    macro: tuple[float, ...]
    months: tuple[int, ...]
    replicates: dict[str, tuple[int, ...]]
    arms: dict[str, dict[str, Arm]]
    money: dict[str, Money]
    files: dict[str, str]


def past_of(scenario: Scenario) -> dict[str, Any]:
    """What shapes the sample and the burn-in, as a user writes it."""
    resolved = scenario.resolved()
    same = {key: resolved[key] for key in ("seed", "population", "burn_in_months", "interactions")}
    return same | {f"parameters.{symbol}": value for symbol, value in sorted(scenario.overrides().items())}


def later_of(scenario: Scenario) -> dict[str, Any]:
    """What shapes the months after it, arms and economy apart."""
    resolved = scenario.resolved()
    return {"programmes": resolved["programmes"], "exit.b": scenario.exit.b, "equal_money": scenario.equal_money}


def start_file(variant: str, number: int) -> str:
    """Name of the file of one burn-in, within the folder."""
    return f"{variant}/{number:07d}/month-000.zip"


def arms_file(variant: str, number: int, month: int, twin: str | None = None) -> str:
    """Name of the file of the arms at a year's end, or of one arm of equal cost."""
    return f"{variant}/{number:07d}/month-{month:03d}{'' if twin is None else '-' + twin}.zip"


def save_start(folder: Path, variant: str, number: int, start: Start) -> None:
    """Write the end of a burn-in."""
    archive.write(folder / start_file(variant, number), start, START_KIND, FORMAT)


def save_arms(folder: Path, variant: str, number: int, end: YearEnd, twins: bool) -> None:
    """Write arms at a year's end; each into a file of its own where they are `twins`, arms of equal cost."""
    parts = {name: end.of([name]) for name in end.arms} if twins else {None: end}
    for twin, part in parts.items():
        archive.write(folder / arms_file(variant, number, end.month, twin), part, ARMS_KIND, FORMAT)


def close(
    folder: Path,
    scenario: Scenario,
    months: Sequence[int],
    replicates: Mapping[str, Sequence[int]],
    arms: Mapping[str, Mapping[str, Arm]],
    money: Mapping[str, Money],
) -> None:
    """Write what the folder holds; without this it cannot be branched from."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("month-*.zip"))
    archive.write(
        folder / CONTENTS,
        Contents(
            version("povsim"), code_hash(), data_hash(), past_of(scenario), later_of(scenario), scenario.economy.macro,
            tuple(sorted({0, *months})), {v: tuple(sorted(of)) for v, of in replicates.items()},
            {v: dict(of) for v, of in arms.items()}, dict(money), {name: _sha256(folder / name) for name in names},
        ),
        CONTENTS_KIND,
        FORMAT,
    )  # fmt: skip


def load_start(folder: Path, variant: str, number: int) -> Start:
    """The end of a burn-in. Raises PovsimError where the file is missing, damaged or not the one that was written."""
    return _load(folder, start_file(variant, number), START_KIND, Start)


def load_arms(folder: Path, variant: str, number: int, month: int, arms: Sequence[str], twins: Sequence[str]) -> YearEnd:
    """`arms` at a year's end, those of equal cost among them named by `twins` too; in the order of `arms`."""
    ends = [_load(folder, arms_file(variant, number, month), ARMS_KIND, YearEnd)]
    ends += [_load(folder, arms_file(variant, number, month, twin), ARMS_KIND, YearEnd) for twin in twins]
    return side_by_side(ends).of(arms)


def content_hash(branch_from: str) -> str:
    """SHA-256 of all that a folder of checkpoints holds."""
    return _sha256(folder_of(branch_from) / CONTENTS)


def contents(branch_from: str) -> Contents:
    """What the folder holds. Raises PovsimError where there is none."""
    return _contents(folder_of(branch_from))


def folder_of(branch_from: str) -> Path:
    """The folder of checkpoints that `branch_from` names: itself, or the one in a result folder."""
    path = Path(branch_from).expanduser()
    for place in (path / FOLDER, path):
        if (place / CONTENTS).is_file():
            return place
    raise PovsimError(
        f"branch_from = {branch_from}: there are no checkpoints. Give the result folder of a comparison that was run with "
        "checkpoints=[0] or more year ends, or its folder checkpoints."
    )


@cache
def _contents(folder: Path) -> Contents:
    found = archive.read(folder / CONTENTS, CONTENTS_KIND, FORMAT)
    return _of_class(folder / CONTENTS, found, Contents)


def _load[Part](folder: Path, name: str, kind: str, cls: type[Part]) -> Part:
    path, known = folder / name, _contents(folder).files
    if not path.is_file() or known.get(name) != _sha256(path):
        what = "is missing" if not path.is_file() else "is not the file that was written with the others: damaged or replaced"
        raise PovsimError(f"branch_from: {path} {what}. Copy the whole folder again, or make the checkpoints anew.")
    return _of_class(path, archive.read(path, kind, FORMAT), cls)


def _of_class[Part](path: Path, found: object, cls: type[Part]) -> Part:
    if not isinstance(found, cls):
        raise PovsimError(f"{path} does not hold what its name says. Make the checkpoints anew.")
    return found


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
