"""Checkpoints: what a comparison needs to go on from the end of a year, in files that are safe to read.

A folder of checkpoints has, for each variant and replicate, `month-000.zip` (the end of the burn-in: one state, from which any
arms may branch) and `month-MMM.zip` for each later month that was asked for, with all arms as they were lived in the end. They
are trees of `povsim.experiments.archive`: nothing in them is run when they are read. `contents.zip` says what made them, which
arms they hold, and the SHA-256 of each; it is written last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from povsim.config import Scenario
from povsim.config.rollout import Rollout
from povsim.errors import PovsimError
from povsim.experiments import archive
from povsim.experiments.checkpoint_folder import CONTENTS, sha256_of
from povsim.experiments.provenance import code_hash, data_hash, made_with
from povsim.experiments.traits import Trait, Traits
from povsim.model.arm import Arm
from povsim.model.records import Record
from povsim.model.rollout import YearOfRollout
from povsim.model.state import State
from povsim.model.year_end import RolloutSoFar, YearEnd

FORMAT = 1
"""Raised whenever what is in the files changes its meaning."""
KIND, LIST_KIND = "checkpoint of povsim", "list of checkpoints of povsim"

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
class Checkpoints:
    """Those of one replicate, by month: a Start at 0, a YearEnd later."""

    by_month: dict[int, Start | YearEnd]


@archive.stored
@dataclass(frozen=True)
class VariantKept:
    """What the checkpoints of one variant hold: numbers of its replicates, the arms as they were lived in the end, those of
    equal cost at their level, of each of these the form and the level, and a row for each form that was tried."""

    replicates: tuple[int, ...]
    arms: dict[str, Arm]
    levels: dict[str, tuple[str, float]] = field(default_factory=dict)
    forms: list[dict[str, Any]] = field(default_factory=list)


@archive.stored
@dataclass(frozen=True)
class Contents:
    """What a folder of checkpoints holds, and what made it.

    start: what shaped the sample and the burn-in, later: what shaped the months after it, arms and economy apart, both by key
    of the scenario; macro: path of the economy, horizon_months: of that run; made_with: versions of libraries and kind of
    machine; files: SHA-256 by name.
    """

    povsim: str
    code: str
    data: str
    made_with: dict[str, str]
    start: dict[str, Any]
    later: dict[str, Any]
    macro: tuple[float, ...]
    horizon_months: int
    months: tuple[int, ...]
    variants: dict[str, VariantKept]
    files: dict[str, str]


def shaped_the_start(scenario: Scenario) -> dict[str, Any]:
    """What shapes the sample and the burn-in, as a user writes it."""
    keys = scenario.resolved()
    found = {key: keys[key] for key in ("seed", "burn_in_months", "interactions")}
    found |= {f"population.{name}": value for name, value in keys["population"].items()}
    return found | {f"parameters.{symbol}": value for symbol, value in sorted(scenario.overrides().items())}


def shaped_what_came_later(scenario: Scenario) -> dict[str, Any]:
    """What shapes the months after the burn-in, arms and economy apart, as a user writes it."""
    return {"programmes": scenario.resolved()["programmes"], "exit.b": scenario.exit.b, "equal_money": scenario.equal_money}


def file_of(variant: str, number: int, month: int) -> str:
    """Name of a file within the folder."""
    return f"{variant}/replicate-{number:04d}/month-{month:03d}.zip"


def save(folder: Path, variant: str, number: int, found: Checkpoints) -> None:
    """Write the checkpoints of a replicate. Raises PovsimError where they cannot be written."""
    for month, part in found.by_month.items():
        archive.write(folder / file_of(variant, number, month), part, KIND, FORMAT)


def close(folder: Path, scenario: Scenario, months: Iterable[int], variants: Mapping[str, VariantKept]) -> None:
    """Write the list of what the folder holds; without it nothing branches from there."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("month-*.zip"))
    contents = Contents(
        povsim=version("povsim"),
        code=code_hash(),
        data=data_hash(),
        made_with=made_with(),
        start=shaped_the_start(scenario),
        later=shaped_what_came_later(scenario),
        macro=scenario.economy.macro,
        horizon_months=scenario.horizon_months,
        months=tuple(sorted(months)),
        variants=dict(variants),
        files={name: sha256_of(folder / name) for name in names},
    )
    archive.write(folder / CONTENTS, contents, LIST_KIND, FORMAT)


def start_of(folder: Path, variant: str, number: int) -> Start:
    """The end of a burn-in. Raises PovsimError where the file is missing, damaged or not the one that was written."""
    found = _read(folder, file_of(variant, number, 0))
    assert isinstance(found, Start)
    return found


def year_end_of(folder: Path, variant: str, number: int, month: int) -> YearEnd:
    """All arms at the end of a later month. Raises PovsimError as `start_of`."""
    found = _read(folder, file_of(variant, number, month))
    assert isinstance(found, YearEnd)
    return found


def contents_of(folder: Path) -> Contents:
    """What the folder holds. Raises PovsimError where its list is damaged, foreign or of another format."""
    return _contents(folder, sha256_of(folder / CONTENTS))


@lru_cache(maxsize=8)
def _contents(folder: Path, sha256: str) -> Contents:
    """`sha256` of the list, so that one which was replaced is read again."""
    found = archive.read(folder / CONTENTS, LIST_KIND, FORMAT)
    if not isinstance(found, Contents):
        raise PovsimError(f"{folder / CONTENTS} is no list of checkpoints. Make the checkpoints anew.")
    return found


def _read(folder: Path, name: str) -> Any:
    """A file whose hash is the one in the list: it is what was written, so its content is not checked again."""
    path, known = folder / name, contents_of(folder).files
    if not path.is_file():
        raise PovsimError(f"branch_from: {path} is missing. Copy the whole folder again, or make the checkpoints anew.")
    if known.get(name) != sha256_of(path):
        raise PovsimError(
            f"branch_from: {path} is not the file that was written with the others: it is damaged or was replaced. "
            "Copy the whole folder again, or make the checkpoints anew."
        )
    return archive.read(path, KIND, FORMAT)
