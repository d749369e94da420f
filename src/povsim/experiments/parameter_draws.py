"""Draws of the parameters: what each is drawn from, and the scenario that lives a draw.

Drawn is every entry of the register with a prior that the user did not set. What a cooperative scenario or a lever sets is a
premise of the arm and stays. `posterior`, or a file: the symbols that it holds come from one of its rows together; what else
households feel stays at the register's value, as it did in the fit (other values would no longer meet what was fitted), and all
of cooperatives comes from the priors.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from povsim import parameters
from povsim.config import Scenario
from povsim.config.shift import Shift
from povsim.config.uncertainty import ACCEPTED
from povsim.draws import DrawKey, Stream, uniforms
from povsim.errors import PovsimError

SHIFTS: Final = ("shift_mu_rural", "shift_mu_urban", "shift_sg_rural", "shift_sg_urban")
KEYS: Final = ("variant", "draw")
COMMITTED: Final = "posterior.parquet"
TRIES: Final = 25
"""Draws from the priors that are tried for each that is wanted: most cannot keep the published margins."""
COOPERATIVE_GROUPS: Final = frozenset(("accounts", "units", "governance", "funnel", "cost", "trade", "credit", "membership"))
"""Groups of the register that no household feels where there is no new cooperative: no margin depends on them."""
NOT_FELT: Final = frozenset((
    *("b_M", "sk", "s_mkt", "gross_net", "own_rural", "own_urban", "trader_share", "xi_D", "r_reg_aim", "e_sd_aim"),
    *("refresh_aim", "record_idr", "accuracy_idr", "aid_admin", "displaced", "taper_aim", "voucher_aim"),
    *("asset_idr", "coach_idr", "coach_gain"),
))  # fmt: skip
"""Symbols of other groups of which the same holds (a test lives a burn-in with other values of all of them)."""
OF_THE_SAMPLE: Final = frozenset(("wedge", "passive", "capture_share", "own_rural", "own_urban", "trader_share"))
"""Those of the two that the drawing of the sample reads: a burn-in with other values is another one."""


@dataclass(frozen=True)
class ParameterDraw:
    """One draw in one variant: its number, values by symbol, and the shift of the population that keeps the margins with
    them (None: to be found)."""

    number: int
    values: Mapping[str, float]
    shift: Shift | None = None


def drawn_symbols(scenario: Scenario) -> list[str]:
    """Symbols that are drawn, in the order of the register."""
    given = scenario.overrides()
    return [symbol for symbol, entry in parameters.register().items() if entry.prior != "fixed" and symbol not in given]


def moves_the_margins(symbols: Iterable[str]) -> bool:
    """Whether other values of any of these symbols move the population before there is a new cooperative."""
    return any(felt_before(s) for s in symbols)


def felt_before(symbol: str) -> bool:
    """Whether households feel the parameter before there is a new cooperative."""
    return symbol not in NOT_FELT and parameters.register()[symbol].group not in COOPERATIVE_GROUPS


def keys_of(symbols: Sequence[str]) -> np.ndarray:
    """What random numbers of a symbol are keyed by: its name alone, uint64 [symbols]."""
    return np.array([int.from_bytes(hashlib.sha256(s.encode()).digest()[:8], "little") for s in symbols], np.uint64)


def from_prior(symbols: Sequence[str], u: Sequence[float], variant: str, cooperative: str | None = None) -> dict[str, float]:
    """Values of the symbols at the quantiles `u` of their priors, those around what a cooperative scenario sets if named."""
    register = parameters.register()
    return {s: register[s].quantile(float(at), variant, cooperative) for s, at in zip(symbols, u, strict=True)}


class Draws:
    """The draws of one variant, by number. Raises PovsimError for a file that is missing or cannot be used."""

    def __init__(self, scenario: Scenario, variant: str) -> None:
        self._scenario, self._variant, self._symbols = scenario, variant, drawn_symbols(scenario)
        self._ids = keys_of(self._symbols)
        count = scenario.n_draws or 0
        self._rows = None if scenario.uncertainty == "prior" else _rows(scenario, variant, count)

    @property
    def most(self) -> int:
        """Draws that there are: for priors as many as may be tried."""
        return TRIES * (self._scenario.n_draws or 0) if self._rows is None else len(self._rows)

    def at(self, number: int) -> ParameterDraw:
        """Draw `number`."""
        u = uniforms(DrawKey(self._scenario.seed, 0), Stream.PARAMETERS, self._ids, number)[:, 0]
        own = from_prior(self._symbols, u.tolist(), self._variant)
        if self._rows is None:
            return ParameterDraw(number, own)
        row = self._rows[number]
        fitted = {symbol: value for symbol, value in row.items() if symbol in own}
        free = {symbol: value for symbol, value in own.items() if not felt_before(symbol)}
        # where the user set what households feel, the shift of the row is that of other values
        shifts = [row[name] for name in SHIFTS if name in row]
        held = bool(shifts) and not moves_the_margins(self._scenario.overrides())
        return ParameterDraw(number, {**free, **fitted}, Shift(*shifts) if held else None)


def lived_with(scenario: Scenario, draw: ParameterDraw, variant: str) -> Scenario:
    """The scenario at the values of a draw, which the user did not set."""
    own = dict(scenario.parameters) | dict(draw.values)
    shift = scenario.shift if draw.shift is None else draw.shift
    return replace(
        scenario, variants=(variant,), parameters=tuple(sorted(own.items())), drawn=tuple(sorted(draw.values)), shift=shift,
        uncertainty="point", n_draws=None,
    )  # fmt: skip


def under(scenario: Scenario, cooperative: str | None) -> dict[str, float]:
    """What a scenario sets for an arm: by the user, and by the draw where the arm's cooperatives leave it open."""
    register = parameters.register()
    given = scenario.overrides()
    premises = {s for s in scenario.drawn if cooperative is not None and cooperative in register[s].scenarios}
    return {symbol: value for symbol, value in given.items() if symbol not in premises}


def posterior_file(source: str) -> Path:
    """The file of draws that `uncertainty` names. Raises PovsimError where the committed one is missing."""
    if source != "posterior":
        fail_if_there_is_no_file(source)
        return Path(source)
    path = Path(str(files("povsim.parameters") / COMMITTED))
    if not path.is_file():
        raise PovsimError(
            "uncertainty = posterior: this version has no fitted parameters yet. Fit them with povsim fit and give the file "
            "that it writes, uncertainty=FILE.parquet, or use uncertainty=prior."
        )
    return path


def fail_if_there_is_no_file(source: str) -> None:
    """A file of draws that is not there."""
    if not Path(source).is_file():
        raise PovsimError(f"uncertainty = '{source}': there is no such file. Accepted: {ACCEPTED}.")


def _rows(scenario: Scenario, variant: str, count: int) -> list[dict[str, float]]:
    """Rows of the file: as many as are asked for, spread evenly over those of the variant, then the others."""
    path = posterior_file(scenario.uncertainty)
    try:
        table = pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise PovsimError(f"uncertainty = {path}: the file is no Parquet table ({str(error).splitlines()[0]}).") from error
    fail_if_columns_are_not_those_of_draws(path, table)
    own = table.filter(pl.col("variant") == variant).sort("draw")
    fail_if_there_are_too_few_draws(path, variant, own.height, count)
    first = [k * own.height // count for k in range(count)]
    picked = [own.row(k, named=True) for k in (*first, *sorted(set(range(own.height)) - set(first)))]
    rows = [{name: float(value) for name, value in row.items() if name not in KEYS} for row in picked]
    for row in rows:
        for symbol in row.keys() - set(SHIFTS):
            fail_if_a_value_cannot_be_used(path, symbol, row[symbol])
    return rows


def fail_if_columns_are_not_those_of_draws(path: Path, table: pl.DataFrame) -> None:
    """A table that lacks a column of draws, or has one that the register does not know or that is no number.

    Shifts of the population are all there, or none: draws that are fitted to a pilot do not know them, and they are found.
    """
    shifts = SHIFTS if any(name in table.columns for name in SHIFTS) else ()
    needed = (*KEYS, *shifts)
    for name in needed:
        if name not in table.columns:
            raise PovsimError(
                f"uncertainty = {path}: the column '{name}' is missing. Draws have {', '.join(needed)} and a column a symbol."
            )
    for name in table.columns:
        if name not in needed:
            parameters.entry(name)
        if name != "variant" and (not table[name].dtype.is_numeric() or table[name].null_count()):
            raise PovsimError(f"uncertainty = {path}: the column '{name}' holds what is no number. Every draw needs a number.")


def fail_if_there_are_too_few_draws(path: Path, variant: str, held: int, wanted: int) -> None:
    """More draws asked for than the file holds of a variant."""
    if held < wanted:
        raise PovsimError(
            f"n_draws = {wanted}, but {path} holds {held} draws of variant {variant}. Give n_draws={held} or fewer"
            + ("." if held else f", or leave the variant out: variants=[{'no_trap' if variant == 'trap' else 'trap'}].")
        )


def fail_if_a_value_cannot_be_used(path: Path, symbol: str, value: float) -> None:
    """A value that the register refuses."""
    try:
        parameters.check_override(symbol, value)
    except PovsimError as error:
        raise PovsimError(f"uncertainty = {path}: {error}") from error
