"""Where in the space of parameters one arm beats another: the patient rule induction method, as in scenario discovery.

B. P. Bryant and R. J. Lempert, Technological Forecasting and Social Change 77, 2010; J. H. Friedman and N. I. Fisher,
Statistics and Computing 9, 1999; by the ema-workbench, an extra of povsim (`discovery`). A box restricts few parameters; its
coverage is the share of the winning points that it holds, its density the share of its points that win.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MOST_RESTRICTED: Final = 3
LEAST_MASS: Final = 0.05
FEWEST: Final = 10
"""Winning, and losing, points below which no box is sought."""
NOT_INSTALLED: Final = "needs the extra 'discovery' of povsim (ema-workbench), which is not installed"


def box_of(symbols: Sequence[str], values: Floats, gain: Floats) -> dict[str, Any]:
    """The box of at most three parameters with the best balance of coverage and density, or null and the reason.

    `values` [point, symbol]; gain [point] of one arm over the other, above 0 where it wins. Of each limit the quasi-p-value:
    how likely a limit as telling would come by chance.
    """
    wins = gain > 0
    found: dict[str, Any] = {"points": int(wins.size), "winning": int(wins.sum()), "box": None, "reason": None}
    if min(wins.sum(), (~wins).sum()) < FEWEST:
        return found | {
            "reason": f"{int(wins.sum())} of {wins.size} points win: {FEWEST} that win and {FEWEST} that do not are needed"
        }
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of parts of the workbench that are not used here
            from ema_workbench.analysis import prim
    except ImportError:
        return found | {"reason": NOT_INSTALLED}
    import pandas as pd

    frame = pd.DataFrame(np.asarray(values), columns=list(symbols))
    box = prim.Prim(frame, wins, mass_min=LEAST_MASS).find_box()
    if box is None:
        return found | {"reason": "no box holds more winning points than all points together"}
    table = box.peeling_trajectory
    coverage, density = table["coverage"].to_numpy(float), table["density"].to_numpy(float)
    allowed = (table["res_dim"].to_numpy(int) <= MOST_RESTRICTED) & (density > wins.mean())
    if not allowed.any():
        return found | {"reason": f"no box of {MOST_RESTRICTED} parameters or fewer holds more winning points than chance"}
    balance = np.where(allowed, 2 * coverage * density / (coverage + density), -1.0)
    at = int(balance.argmax())
    limits = box.inspect(at, style="data")[0][1]
    rows = [_limit(str(symbol), [_plain(x) for x in row]) for symbol, row in zip(limits.index, limits.to_numpy(), strict=True)]
    return found | {
        "box": {"coverage": float(coverage[at]), "density": float(density[at]), "of_all": float(wins.mean()), "limits": rows}
    }


def _limit(symbol: str, row: Sequence[float | None]) -> dict[str, Any]:
    low, high, of_low, of_high = row
    known = [p for p in (of_low, of_high) if p is not None and p >= 0]
    return {
        "symbol": symbol,
        "low": low if of_low is not None and of_low >= 0 else None,
        "high": high if of_high is not None and of_high >= 0 else None,
        "quasi_p": max(known) if known else None,
    }


def _plain(x: Any) -> float | None:
    value = float(x)
    return value if np.isfinite(value) else None
