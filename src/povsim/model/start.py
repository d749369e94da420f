"""The first moment of the arms: where each village's cooperative stands in the funnel, and who its founders are."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from povsim.draws import DrawKey, Stream, uniforms
from povsim.model.arm import Arm
from povsim.model.edits import Edits
from povsim.model.state import State
from povsim.population.columns import COOP, HOME, LIFE, PLACE
from povsim.population.sample import Sample

TRADING, OPEN, BUILDING, LEGAL = 4.0, 3.0, 2.0, 1.0


def found_cooperatives(
    sample: Sample,
    state: State,
    arms: Sequence[Arm],
    key: DrawKey,
    interactions: bool = True,
    edits: Edits | None = None,
) -> None:
    """Set COOP (covered, status, q, capital, start of the accounts) and the founders of every arm, in place.

    A village's own uniform places it: shares start_trading, start_open, start_building, start_legal stacked from 0 upwards.
    Founders are drawn with a chance that rises with assets and averages start_member over the households of the village;
    without interactions it is start_member for all.
    """
    place = state.place
    place[PLACE.inj_base] = state.coop[0, COOP.inj_year] / 12
    u = uniforms(key, Stream.MEMBER_MONTH, sample.ids, 0)
    u_join = (u if edits is None else edits.put(u, sample.start[:-1], Stream.MEMBER_MONTH, 0))[:, 3]
    for a, arm in enumerate(arms):
        coop, home, p = state.coop[a], state.home[a], arm.p
        coop[COOP.q0] = np.clip(p["q0"] + p["q0_sd"] * place[PLACE.q_normal], 0.05, 0.95)
        coop[COOP.q] = coop[COOP.q0]
        coop[COOP.covered] = arm.cooperative & (place[PLACE.u_cover] < arm.coverage)
        coop[COOP.capital_flag] = p["capital_v"]
        coop[COOP.invited] = p["invited"]
        coop[COOP.lent] = p["capital"] if arm.payer == "cooperative" else 0.0
        coop[COOP.Eq0] = 1e6
        if not coop[COOP.covered].any():
            continue
        status = start_status(place[PLACE.u_funnel], arm) * coop[COOP.covered]
        coop[COOP.status] = status
        trading = status == TRADING
        coop[COOP.funded, trading] = 1.0
        coop[COOP.cash, trading] = p["capital"]
        coop[COOP.Dx, trading] += coop[COOP.lent, trading]
        coop[COOP.Eq0, trading] = max(p["capital"], 1e6)
        pull = np.exp(p["start_rich"] * np.log1p(home[HOME.K])) if interactions else np.ones(sample.ids.size)
        h = state.life[LIFE.h]
        mean_pull = np.bincount(sample.village, weights=h * pull) / np.bincount(sample.village, weights=h)
        chance = np.minimum(0.95, p["start_member"] * pull / mean_pull[sample.village])
        founder = (status[sample.village] >= LEGAL) & (u_join < chance)
        home[HOME.member] = founder
        home[HOME.cap] = np.where(founder, p["fee"] / state.life[LIFE.line], 0.0)
        shares = np.bincount(sample.village, weights=h * state.life[LIFE.line] * home[HOME.cap])
        coop[COOP.cash] += shares
        coop[COOP.Eq] = coop[COOP.cash] - coop[COOP.Dx]
        coop[COOP.mshare] = np.bincount(sample.village, weights=h * founder) / np.bincount(sample.village, weights=h)


def start_status(u: NDArray[np.float64], arm: Arm) -> NDArray[np.float64]:
    """(15) status of each covered village at the start from its uniform."""
    edges = np.cumsum([arm.p[f"start_{name}"] for name in ("trading", "open", "building", "legal")])
    return np.select([u < edges[0], u < edges[1], u < edges[2], u < edges[3]], [TRADING, OPEN, BUILDING, LEGAL], 0.0)
