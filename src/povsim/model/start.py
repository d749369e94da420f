"""The first moment of the arms: where each village's cooperative stands in the funnel, and who its founders are."""

from collections.abc import Mapping, Sequence

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

    Arms with a rollout of their own begin later, village by village (`povsim.model.rollout_office`).
    A village's own uniform places it: shares start_trading, start_open, start_building, start_legal stacked from 0 upwards.
    Founders are drawn with a chance that rises with assets and averages start_member over the households of the village;
    without interactions it is start_member for all.
    """
    place = state.place
    place[PLACE.inj_base] = state.coop[0, COOP.inj_year] / 12
    for a, arm in enumerate(arms):
        coop, p = state.coop[a], arm.p
        coop[COOP.q0] = np.clip(p["q0"] + p["q0_sd"] * place[PLACE.q_normal], 0.05, 0.95)
        coop[COOP.q] = coop[COOP.q0]
        coop[COOP.capital_flag] = p["capital_v"] * (arm.rollout is None)
        coop[COOP.invited] = p["invited"]
        coop[COOP.lent] = p["capital"] if arm.payer == "cooperative" else 0.0
        coop[COOP.Eq0] = 1e6
        if arm.cooperative and arm.rollout is None:
            found_here(sample, state, a, arm, place[PLACE.u_cover] < arm.coverage, 1, key, interactions, edits=edits)


def found_here(
    sample: Sample,
    state: State,
    a: int,
    arm: Arm,
    here: NDArray[np.bool_],
    month: int,
    key: DrawKey,
    interactions: bool = True,
    funded: NDArray[np.bool_] | None = None,
    edits: Edits | None = None,
) -> None:
    """Let the programme begin in `month` in the villages `here` [V] of arm `a`, in place; others stay as they are.

    `funded` [V]: which of them get capital, None: all. A household's founding uniform is that of month 0 whenever its village
    begins, so that arms which begin there in different years draw alike.
    """
    if not here.any():
        return
    coop, home, p = state.coop[a], state.home[a], arm.p
    coop[COOP.covered, here] = 1.0
    coop[COOP.since, here] = month
    status = np.where(here, start_status(state.place[PLACE.u_funnel], p), 0.0)
    coop[COOP.status, here] = status[here]
    paid = here if funded is None else here & funded
    coop[COOP.capital_flag, here] = p["capital_v"] * paid[here]
    trading = status == TRADING
    capital = p["capital"] * paid
    coop[COOP.funded, trading] = 1.0
    coop[COOP.cash, trading] = capital[trading]
    coop[COOP.lent_left, trading] = capital[trading] * (arm.payer == "cooperative")
    coop[COOP.Dx, trading] += coop[COOP.lent_left, trading]
    coop[COOP.Eq0, trading] = np.maximum(capital[trading], 1e6)
    pull = np.exp(p["start_rich"] * np.log1p(home[HOME.K])) if interactions else np.ones(sample.ids.size)
    h = state.life[LIFE.h]
    mean_pull = np.bincount(sample.village, weights=h * pull) / np.bincount(sample.village, weights=h)
    chance = np.minimum(0.95, p["start_member"] * pull / mean_pull[sample.village])
    u = uniforms(key, Stream.MEMBER_MONTH, sample.ids, 0)
    u_join = (u if edits is None else edits.put(u, sample.start[:-1], Stream.MEMBER_MONTH, 0))[:, 3]
    founder = (status[sample.village] >= LEGAL) & (u_join < chance)
    shares = np.where(founder, p["fee"] / state.life[LIFE.line], 0.0)
    home[HOME.member, founder] = 1.0
    home[HOME.cap, founder] = shares[founder]
    paid_in = np.bincount(sample.village, weights=h * state.life[LIFE.line] * shares)
    coop[COOP.cash, here] += paid_in[here]
    coop[COOP.Eq, here] = coop[COOP.cash, here] - coop[COOP.Dx, here]
    coop[COOP.mshare, here] = (np.bincount(sample.village, weights=h * founder) / np.bincount(sample.village, weights=h))[here]


def start_status(u: NDArray[np.float64], p: Mapping[str, float]) -> NDArray[np.float64]:
    """(15) status of each covered village at the start from its uniform."""
    edges = np.cumsum([p[f"start_{name}"] for name in ("trading", "open", "building", "legal")])
    return np.select([u < edges[0], u < edges[1], u < edges[2], u < edges[3]], [TRADING, OPEN, BUILDING, LEGAL], 0.0)
