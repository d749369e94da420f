"""The month: villages one after the other, each lived through every month to the next national decision, in every arm.

`live` is the only loop of a run. The stages run in the order of `povsim.model.order`; each is a pass over one village's
households (docs/reference/month.md). Nothing here is a Python object, and nothing depends on threads or chunks: a village
reads only its own households and the year's schedule.
"""

import numpy as np
from numba import njit

from povsim.fastmath import exp
from povsim.model.accounts import (
    close_year,
    governance_and_funnel,
    members_and_loans,
    monthly_accounts,
    terms_of_next_month,
)
from povsim.model.measurement import consumption_of_the_year, marks, observed_poverty
from povsim.model.passes import income_and_aid, repayment, saving_and_investment, spending_and_coping
from povsim.model.scratch import ROW_PADDING, SC, TL
from povsim.model.shocks import month_of_life, year_of_life
from povsim.model.trade import membership, no_trade, patronage_refund, sales_and_loans
from povsim.population.columns import COOP, HOME, LIFE

SCRATCH_ROWS = len(SC)
TALLY_ROWS = len(TL)


@njit(nogil=True, cache=True, error_model="numpy")
def live(
    village_from,
    village_to,
    t_from,
    months,
    start,
    ids,
    village_ids,
    ties,
    tie_weight,
    life,
    home,
    place,
    coop,
    key,
    p,
    units,
    amounts,
    is_asset,
    macro,
    interactions,
    b,
    tracked_start,
    tracked,
    record_from,
    out_marks,
    out_poverty,
    out_status,
    out_members,
    out_volume,
    audit,
):
    """Live villages village_from..village_to-1 through `months` months from t_from.

    start int64 [V+1] first household of each village; ids uint64 [H]; ties int32 [H, 8] within the village; the four state
    tables of `povsim.population.columns`; p record [arm]; units [arm, unit, 4]; amounts [arm, programme, 12] Rp delivered;
    macro [months] M of equation (2); tracked int32 [n] household within its village, tracked_start int64 [V+1].
    Writes, for months from record_from on, marks [arm, month, n], poverty [arm, month, V, 4], status, members, volume
    [arm, month, V]; audit [arm, V, tallies] of the last month where it is not empty.
    """
    arms = home.shape[0]
    longest = 0
    for v in range(village_from, village_to):
        longest = max(longest, start[v + 1] - start[v])
    sc = np.zeros((SCRATCH_ROWS, longest + ROW_PADDING))
    words = np.zeros((4, longest + ROW_PADDING), np.uint32)
    tally = np.zeros(TALLY_ROWS)
    losses = np.zeros(arms)
    for v in range(village_from, village_to):
        lo = start[v]
        n = start[v + 1] - lo
        near = ties[lo : lo + n]
        near_weight = tie_weight[lo : lo + n]
        for step in range(months):
            t = t_from + step
            p0 = p[0]
            branched = t >= 1
            growth = exp(p0.g_w * t / 12.0) if t > 0 else 1.0
            growth_ahead = exp(p0.g_w * (t + 36) / 12.0) if t >= 0 else 1.0
            moy = (t - 1) % 12
            losses[:] = 0.0
            if moy == 0:
                year_of_life(life, home, lo, n, ids, key, t, p, growth, words, losses)
            some_cooperative = False
            for arm in range(arms):
                some_cooperative |= coop[arm, COOP.status, v] != 0.0
            u_funnel, u_scandal, q_normal = month_of_life(
                life, place, v, village_ids[v], lo, n, ids, key, t, p0, growth, macro[step], some_cooperative, words, sc
            )
            for arm in range(arms):
                q = p[arm]
                house = home[arm]
                co = coop[arm]
                status = co[COOP.status, v]
                tally[:] = 0.0
                tally[TL.losses] = losses[arm]
                income_and_aid(life, house, co, v, lo, n, q, amounts[arm], is_asset, moy, sc, tally)
                no_trade(n, sc)
                co[COOP.vol, v] = 0.0
                if status > 0.0:
                    if moy == 0:
                        patronage_refund(life, house, co, v, lo, n, sc, tally)
                    membership(life, house, place, co, v, lo, n, q, moy, near, near_weight, interactions, sc, tally)
                    if status == 4.0:
                        last = HOME.c0 + (t - 1) % 12
                        sales_and_loans(life, house, co, v, lo, n, q, last, interactions, sc, tally)
                repayment(life, house, co[COOP.q, v], lo, n, q, status > 0.0, sc, tally)
                pool_open = status >= 1.0 and status <= 4.0
                spending_and_coping(
                    life, house, lo, n, q, interactions, near, near_weight, pool_open, co[COOP.pool, v], sc, tally
                )
                saving_and_investment(life, house, co[COOP.kappa, v], co[COOP.rt, v], lo, n, q, sc)
                if status > 0.0:
                    pays = monthly_accounts(co, v, q, units[arm], moy == 11, interactions, tally)
                    if moy == 11:
                        close_year(life, house, co, v, lo, n, q, pays)
                    members_and_loans(life, house, co, v, lo, n)
                if status > 0.0 or co[COOP.covered, v] != 0.0:
                    governance_and_funnel(life, house, place, co, v, lo, n, q, interactions, u_funnel, u_scandal, q_normal)
                terms_of_next_month(place, co, v, q, units[arm], branched, moy == 0, interactions, tally)
                consumption_of_the_year(house, lo, n, t, sc)
                row = t - record_from
                if row >= 0:
                    observed_poverty(life, lo, n, sc, out_poverty[arm, row, v])
                    out_status[arm, row, v] = np.uint8(co[COOP.status, v])
                    everyone = 0.0
                    for i in range(lo, lo + n):
                        everyone += life[LIFE.h, i]
                    out_members[arm, row, v] = co[COOP.mshare, v] * everyone if co[COOP.status, v] <= 5.0 else 0.0
                    out_volume[arm, row, v] = tally[TL.volume]
                    marks(
                        life,
                        house,
                        co,
                        v,
                        lo,
                        t,
                        q,
                        b,
                        growth,
                        growth_ahead,
                        tracked,
                        tracked_start[v],
                        tracked_start[v + 1],
                        out_marks[arm, row],
                    )
                if audit.shape[0] > 0:
                    audit[arm, v, :] = tally
