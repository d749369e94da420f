"""The joint prior: independent marginals, each reached by its quantile function from a uniform.

Everything is done in the space of the uniforms u in (0, 1), where each prior is flat, or in that of their normal scores
z = Phi^-1(u), which has no edges: no density of the register's priors is ever needed, and an entry that takes whole numbers
only is rounded at the very end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from povsim import parameters
from povsim.draws import DrawKey
from povsim.errors import PovsimError
from povsim.experiments.calibration.keyed import Purpose, table

Floats = NDArray[np.float64]
EDGE = 1e-9
"""Uniforms are kept this far from 0 and 1, where normal scores end."""
GRID = 4_000
"""Midpoints over which moments of a prior are summed."""


@dataclass(frozen=True)
class Prior:
    """Names of the parameters [p] and their quantile functions, each increasing on (0, 1)."""

    symbols: tuple[str, ...]
    quantiles: tuple[Callable[[float], float], ...]

    def __post_init__(self) -> None:
        if len(self.symbols) != len(self.quantiles) or not self.symbols:
            raise ValueError("a prior needs one quantile function a symbol, and a symbol or more")

    @property
    def p(self) -> int:
        """Number of parameters."""
        return len(self.symbols)

    def values(self, u: Floats) -> Floats:
        """Values [n, p] at the uniforms [n, p]."""
        columns = [[q(x) for x in u[:, j].tolist()] for j, q in enumerate(self.quantiles)]
        return np.array(columns, np.float64).reshape(self.p, -1).T

    @cached_property
    def _grid(self) -> tuple[Floats, Floats]:
        grid = (np.arange(GRID) + 0.5) / GRID
        return grid, self.values(np.repeat(grid[:, None], self.p, axis=1))

    def about(self, u: Floats) -> Floats:
        """Values [n, p] between those of a grid of `GRID` points: near enough for means, and much faster than `values`."""
        grid, values = self._grid
        return np.stack([np.interp(u[:, j], grid, values[:, j]) for j in range(self.p)], axis=1)

    def mapping(self, u: Floats) -> dict[str, float]:
        """Values by symbol of one draw [p]."""
        return {s: float(q(x)) for s, q, x in zip(self.symbols, self.quantiles, u.tolist(), strict=True)}

    def draws(self, key: DrawKey, n: int, generation: int = 0, first: int = 0) -> Floats:
        """Independent uniforms [n, p] of prior draws `first` .. `first` + n - 1."""
        return table(key, Purpose.PRIOR, generation, np.arange(first, first + n), self.p)

    @cached_property
    def moments(self) -> tuple[Floats, Floats]:
        """Mean and variance of each parameter [p], as values."""
        values = self._grid[1]
        return values.mean(axis=0), values.var(axis=0)


def scores(u: Floats) -> Floats:
    """Normal scores of uniforms; flat priors become standard normal ones."""
    return np.asarray(ndtri(np.clip(u, EDGE, 1 - EDGE)))


def uniforms_of(z: Floats) -> Floats:
    """Uniforms of normal scores."""
    return np.clip(np.asarray(ndtr(z)), EDGE, 1 - EDGE)


def register_prior(symbols: Sequence[str], variant: str, cooperative: str | None = None) -> Prior:
    """The prior of entries of the register in a variant (and cooperative scenario).

    Raises PovsimError for symbols that are unknown, given twice, or fixed.
    """
    fail_if_none(symbols)
    fail_if_twice(symbols)
    for symbol in symbols:
        fail_if_fixed(symbol)
    found = tuple(partial(parameters.entry(s).quantile, variant=variant, scenario=cooperative) for s in symbols)
    return Prior(tuple(symbols), found)


def fail_if_none(symbols: Sequence[str]) -> None:
    """Nothing to fit."""
    if not symbols:
        raise PovsimError("No parameter is given to fit. Name some, such as [rho1,sd1]; `povsim parameters` lists all.")


def fail_if_twice(symbols: Sequence[str]) -> None:
    """The same parameter given again."""
    for symbol in symbols:
        if list(symbols).count(symbol) > 1:
            raise PovsimError(f"The parameter '{symbol}' is given twice among those to fit. Name it once.")


def fail_if_fixed(symbol: str) -> None:
    """A parameter that has no prior to be fitted from, or is not in the register."""
    entry = parameters.entry(symbol)
    if entry.prior == "fixed":
        raise PovsimError(
            f"The parameter '{symbol}' ({entry.name['en']}) is fixed at {entry.value('trap'):g}: it has no prior to fit it "
            "from. Leave it out; `povsim parameters` shows the prior of each."
        )
