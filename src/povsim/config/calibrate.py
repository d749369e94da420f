"""The keys of `povsim calibrate`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from povsim.config import checks, read
from povsim.errors import PovsimError


@dataclass(frozen=True, slots=True)
class CalibrateKeys:
    """What `configs/command/calibrate.yaml` names."""

    data: str
    """File of the household panel or repeated survey."""
    cooperatives: str | None
    """File of the cooperatives' reports."""
    mapping: str | None
    """YAML that says which column of the data is what."""
    cooperatives_mapping: str | None
    """The same for the reports."""
    aggregate: str | None
    """File of a published series of the province or the country."""
    aggregate_mapping: str | None
    """The same for the series."""
    starts: str | None
    """Month in which the cooperatives begin, YYYY-MM."""
    fitted: tuple[str, ...] | None
    """Symbols to fit; None: those that such a pilot can teach."""
    pilots: int
    """Simulated pilots of each variant, 500 to 100,000."""
    checks: int
    """Simulated pilots behind each predictive band, 100 to 10,000."""
    ahead_years: int
    """Years after the last wave that are forecast by arm, 0 to 10."""
    posterior_draws: int
    """Draws that are written of each variant, 100 to 100,000."""

    def plain(self) -> dict[str, Any]:
        """As the scenario keeps them."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}


def calibrate_from(mapping: Mapping[str, Any]) -> CalibrateKeys:
    """Check the keys; raises PovsimError."""
    return CalibrateKeys(
        data=fail_if_no_data(mapping["data"]),
        cooperatives=_path("cooperatives", mapping["cooperatives"]),
        mapping=_path("mapping", mapping["mapping"]),
        cooperatives_mapping=_path("cooperatives_mapping", mapping["cooperatives_mapping"]),
        aggregate=_path("aggregate", mapping["aggregate"]),
        aggregate_mapping=_path("aggregate_mapping", mapping["aggregate_mapping"]),
        starts=_month(mapping["starts"]),
        fitted=None if mapping["fitted"] is None else tuple(read.words("fitted", mapping["fitted"], "[g_w,sd1]")),
        pilots=read.whole("pilots", mapping["pilots"], 500, 100_000),
        checks=read.whole("checks", mapping["checks"], 100, 10_000),
        ahead_years=read.whole("ahead_years", mapping["ahead_years"], 0, 10),
        posterior_draws=read.whole("posterior_draws", mapping["posterior_draws"], 100, 100_000),
    )


def fail_if_no_data(value: object) -> str:
    """Nothing to calibrate to."""
    if value is None:
        raise PovsimError(
            "povsim calibrate needs data: data=FILE, a household panel or repeated survey. `povsim data check FILE` says "
            "whether a file can be read."
        )
    return str(value)


DATA_FILES = (".csv", ".txt", ".tsv", ".xlsx", ".parquet", ".dta", ".sav")
"""Endings of files that a folder is searched for."""
EXAMPLE = "example"
"""`data=example`: a simulated pilot whose truth is known."""


def fingerprints(keys: CalibrateKeys) -> dict[str, str]:
    """SHA-256 of each file that the keys name, by key. Raises PovsimError for one that cannot be read."""
    found = {}
    for key in ("data", "cooperatives", "aggregate", "mapping", "cooperatives_mapping", "aggregate_mapping"):
        path = getattr(keys, key)
        if path is None or (key == "data" and path == EXAMPLE) or (key.endswith("mapping") and not Path(path).is_file()):
            continue  # a packaged mapping comes with the version
        parts = [fail_if_it_cannot_be_opened(key, str(one)) for one in files_of(path)]
        found[key] = parts[0] if len(parts) == 1 else hashlib.sha256(" ".join(parts).encode()).hexdigest()
    return found


def files_of(path: str) -> list[Path]:
    """The file, or the files of a folder in the order of their names: one a wave. Hidden files and mappings are no data."""
    found = Path(path).expanduser()
    if not found.is_dir():
        return [found]
    inside = sorted(one for one in found.iterdir() if one.is_file() and one.suffix.lower() in DATA_FILES)
    fail_if_folder_is_empty(path, inside)
    return inside


def fail_if_folder_is_empty(path: str, inside: list[Path]) -> None:
    """A folder without a file that can be read."""
    if not inside:
        raise PovsimError(f"data = {path} is a folder without data files. Accepted are {', '.join(DATA_FILES)}.")


def fail_if_it_cannot_be_opened(key: str, path: str) -> str:
    """A file that is not there; returns its hash otherwise."""
    try:
        return hashlib.sha256(Path(path).expanduser().read_bytes()).hexdigest()
    except OSError as error:
        raise PovsimError(f"{key} = {path} cannot be read ({error.strerror}). Give the path of a file.") from error


def _path(where: str, value: object) -> str | None:
    if value is None:
        return None
    checks.fail_if_not_text(where, value, "the path of a file")
    return str(value)


def _month(value: object) -> str | None:
    """A month as YYYY-MM."""
    if value is None:
        return None
    text = str(value)
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
        raise PovsimError(f"starts = {text} is no month. Write it YYYY-MM, such as starts=2025-07.")
    return text
