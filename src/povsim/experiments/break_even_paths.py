"""The ways along which a break-even is sought: each moves one quantity of the cooperatives and nothing else.

A path starts from the values of a scenario and lists other sets of values, through the parameters that carry the quantity.
How far each gets is measured in the run (`realised`); the paths only say what is tried.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from povsim import parameters

QUANTITIES: Final = ("trading", "membership", "premium", "survival")

_LAST_STEP_MONTHS: Final = 60
_TRADING: Final = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)
"""Shares of cooperatives that would have begun to trade by month 60 if only the last step of the funnel took time."""
_MEMBERSHIP: Final = (0.01, 0.1, 0.2, 0.5, 0.85)
"""Shares of households that are members at the start; the odds of joining later move with them."""
_TOO_NEAR: Final = 0.06
_NEAR: Final = 1e-9
_OTHER_STARTS: Final = ("start_open", "start_building", "start_legal")


def path(quantity: str, p: Mapping[str, float]) -> list[dict[str, float]]:
    """What each point of the path of `quantity` sets, by symbol; the point of the scenario itself is left out.

    `p`: the complete values of the scenario. All values lie where the register accepts them.
    """
    return {"trading": _trading, "membership": _membership, "premium": _premium, "survival": _survival}[quantity](p)


def _trading(p: Mapping[str, float]) -> list[dict[str, float]]:
    """More: cooperatives trade from the start, out of those further back in proportion. Fewer: both the start and the hazard
    of trading shrink."""
    start, later = p["start_trading"], -math.expm1(-_LAST_STEP_MONTHS * p["h_trade"])
    base = start + (1.0 - start) * later
    rest = sum(p[symbol] for symbol in _OTHER_STARTS)
    points = []
    for share in _TRADING:
        if abs(share - base) < _TOO_NEAR:
            continue
        if share > base:
            moved, hazard = 1.0 - (1.0 - share) / (1.0 - later), p["h_trade"]
        else:
            moved = start * share / base
            hazard = -math.log1p(-(share - moved) / (1.0 - moved)) / _LAST_STEP_MONTHS
        left = max(0.0, start + rest - moved)  # villages with a cooperative at the start stay as many
        shares = {symbol: p[symbol] * left / rest if rest > 0.0 else 0.0 for symbol in _OTHER_STARTS}
        points.append({"start_trading": moved, "h_trade": hazard, **shares})
    return points


def _membership(p: Mapping[str, float]) -> list[dict[str, float]]:
    """The odds of having joined at the start and of joining in a review month move by the same factor."""
    start = p["start_member"]
    if not 0.0 < start < 1.0:
        return []
    _, highest = parameters.entry("start_member").widest
    lowest_j0, highest_j0 = parameters.entry("j0").widest
    points = []
    for share in _MEMBERSHIP:
        shift = _log_odds(share) - _log_odds(start)
        j0 = p["j0"] + shift
        if abs(shift) > 0.05 and share <= highest and lowest_j0 <= j0 <= highest_j0:
            points.append({"start_member": share, "j0": j0})
    return points


def _premium(p: Mapping[str, float]) -> list[dict[str, float]]:
    entry = parameters.entry("pi")
    tried = (0.0, entry.high / 4, 3 * entry.high / 4, entry.widest[1])
    return [{"pi": value} for value in tried if abs(value - p["pi"]) > _NEAR]


def _survival(p: Mapping[str, float]) -> list[dict[str, float]]:
    entry = parameters.entry("h0")
    lowest, highest = entry.widest
    tried = (lowest, entry.low, entry.value("trap"), entry.high, highest)
    return [{"h0": value} for value in tried if abs(value - p["h0"]) > _NEAR]


def _log_odds(share: float) -> float:
    return math.log(share / (1.0 - share))
