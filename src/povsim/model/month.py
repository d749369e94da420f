"""The month: villages one after the other, each lived through every month to the next national decision, in every arm.

`live` is the only loop of a run. The stages run in the order of `povsim.model.order`; each is a pass over one village's
households (docs/reference/month.md). Nothing here is a Python object, and nothing depends on threads or chunks: a village
reads only its own households and the year's schedule.
"""

import numpy as np
from numba import njit

from povsim.draws import BLOCK, LANES
from povsim.fastmath import exp
from povsim.model.accounts import (
    close_year,
    governance_and_funnel,
    members_and_loans,
    monthly_accounts,
    terms_of_next_month,
)
from povsim.model.blocks import block_of, blocks_of, compiled, in_block, lane_of, lanes
from povsim.model.finance import microcredit_and_groups
from povsim.model.hurdle import TABLE, hurdle_tables
from povsim.model.measurement import consumption_of_the_year, keep, last_below_the_line, marks, observed_poverty
from povsim.model.passes import (
    coping,
    help_of_the_pool,
    income_and_aid,
    neighbours_help,
    planning,
    repayment,
    saving_and_investment,
    service_of_loans,
)
from povsim.model.scratch import (
    CANDIDATE_BLOCK,
    HOME_BLOCK,
    LIFE_BLOCK,
    SC,
    SCRATCH_BLOCK,
    TL,
    TRACKED_BLOCK,
    TRAIT_BLOCK,
    VILLAGE,
)
from povsim.model.shocks import month_of_life, year_of_life
from povsim.model.trade import membership, no_trade, patronage_refund, sales_and_loans
from povsim.population.columns import COOP, HOME, LIFE

TALLY_ROWS = len(TL)

LIVED = np.array([row for row in range(len(LIFE)) if row not in (LIFE.u_reg, LIFE.review, LIFE.u_urn)])
"""Columns of LIFE that a village's blocks hold; of them, those that change."""
AGED = np.array([
    LIFE.z, LIFE.lna, LIFE.ability, LIFE.x, LIFE.w_year, LIFE.w_ahead, LIFE.w_long, LIFE.l, LIFE.remit,
    LIFE.e1, LIFE.e2, LIFE.ill, LIFE.formed,
])  # fmt: skip
OWNED = np.array([
    HOME.K, HOME.S, HOME.ybar, HOME.Dm, HOME.Pm, HOME.c_sum, HOME.skill, HOME.skill_w,
    HOME.Mc, HOME.M0, HOME.Ms, HOME.box, HOME.y, HOME.aid, HOME.enrolled, HOME.aid_share,
])  # fmt: skip
"""Columns of HOME that a village's blocks hold; of them, those that change; those that are 0 without a cooperative."""
OWNED_AND_CHANGED = OWNED[:-2]
OF_MEMBERS = np.array([
    HOME.Dc, HOME.D0, HOME.member, HOME.barred, HOME.arrears, HOME.cap, HOME.pat, HOME.phi, HOME.shu12, HOME.due,
])  # fmt: skip


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
    in_lines,
    finance,
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
    out_debt,
    below_from,
    out_below,
    audit,
    edit_start,
    edits,
):
    """Live villages village_from..village_to-1 through `months` months from t_from.

    start int64 [V+1] first household of each village; ids uint64 [H]; ties int32 [H, 8] within the village; the four state
    tables of `povsim.population.columns`; p record [arm]; units [arm, unit, 4]; amounts [arm, programme, 12] Rp delivered,
    or L where in_lines [programme] is not 0; finance [product, 8] `povsim.model.finance.FIN`, of all arms;
    macro [months] M of equation (2); tracked int32 [n] household within its village, tracked_start int64 [V+1].
    Writes, for months from record_from on, marks [arm, month, n], poverty [arm, month, V, 4], status, members, volume, debt
    [arm, month, V]; for months from below_from on, below [arm, H], the last month with m12 < 1; audit [arm, V, tallies] of
    the last month where it is not empty. edit_start [V+1], edits [n, 5]: draws with another value (`povsim.model.edits`),
    mostly none.
    """
    arms, finances = home.shape[0], finance.shape[0] > 0
    longest, most = 1, 1
    for v in range(village_from, village_to):
        longest = max(longest, start[v + 1] - start[v])
        most = max(most, tracked_start[v + 1] - tracked_start[v])
    blocks = blocks_of(longest)
    lives = np.zeros(blocks, LIFE_BLOCK)
    homes = np.zeros((arms, blocks), HOME_BLOCK)
    scratch = np.zeros(blocks, SCRATCH_BLOCK)
    villages, candidate = np.zeros(arms, VILLAGE), np.zeros(blocks, CANDIDATE_BLOCK)
    drawn = np.zeros(blocks, BLOCK)
    # marks of as many months as fill one block, at most a year, are worked out at once
    traits = np.zeros(max(1, blocks_of(most)), TRAIT_BLOCK)
    followed = np.zeros((arms, max(1, blocks_of(most))), TRACKED_BLOCK)
    reviewers, review_start = np.zeros(longest, np.int64), np.zeros(13, np.int64)
    few = np.zeros(blocks * LANES, np.int64)  # room for lists
    room, more_room = np.zeros(blocks * LANES), np.zeros(blocks * LANES)
    hurdles, hurdle_of = np.zeros(arms, TABLE), np.zeros(arms, np.int64)
    hurdle_tables(p, hurdles, hurdle_of)
    used = np.zeros(arms, np.bool_)
    losses, nothing = np.zeros(arms), np.zeros(TALLY_ROWS)
    for v in range(village_from, village_to):
        lo = start[v]
        n = start[v + 1] - lo
        near, near_weight = ties[lo : lo + n], tie_weight[lo : lo + n]
        edited = edits[edit_start[v] : edit_start[v + 1]]
        first, last = tracked_start[v], tracked_start[v + 1]
        followers = last - first
        at_once = max(1, min(12, LANES // max(1, followers)))
        held = 0
        name_entities(drawn, ids, lo, n)
        order_by_review(life[LIFE.review, lo : lo + n], reviewers, review_start)
        everyone = 0.0
        no_trade(scratch, n)
        for step in range(months):
            t = t_from + step
            moy = (t - 1) % 12
            p0 = p[0]
            row = t - record_from
            year_ends = moy == 11 or step == months - 1
            branched = t >= 1
            growth = exp(p0.g_w * t / 12.0) if t > 0 else 1.0
            growth_ahead = exp(p0.g_w * (t + 36) / 12.0) if t >= 0 else 1.0
            for arm in range(arms):
                losses[arm] = 0.0
            if moy == 0 or step == 0:
                unpack(life, lives, LIVED, lo, n)
                for arm in range(arms):
                    unpack(home[arm], homes[arm], OWNED, lo, n)
                    villages[arm].coop[:] = coop[arm, :, v]
                    # without a cooperative all columns of members are 0, in the table and, once cleared, in the blocks
                    if coop[arm, COOP.status, v] != 0.0 or coop[arm, COOP.covered, v] != 0.0:
                        unpack(home[arm], homes[arm], OF_MEMBERS, lo, n)
                        used[arm] = True
                    elif used[arm]:
                        clear(homes[arm], OF_MEMBERS)
                        used[arm] = False
                if moy == 0:
                    year_of_life(lives, homes, scratch, drawn, lo, n, ids, key, edited, t, p, growth, losses)
                everyone = weigh(lives, scratch, LIFE.h, LIFE.size, LIFE.line, LIFE.trader, n)
                follow(traits, lives, tracked, first, last, at_once)
            cooperatives = 0
            for arm in range(arms):
                cooperatives += 1 if villages[arm].coop[COOP.status] != 0.0 else 0
            u_funnel, u_scandal, q_normal = month_of_life(
                lives, scratch, drawn, place, v, village_ids[v], n, key, edited, t, p0, growth, macro[step], cooperatives > 0
            )
            for arm in range(arms):
                q, house, village, c_table = p[arm], homes[arm], villages[arm], home[arm]
                hurdle = hurdles[hurdle_of[arm]]
                co, tally = village.coop, village.tally
                status = co[COOP.status]
                tally[:] = nothing
                tally[TL.losses] = losses[arm]
                for j in range(blocks_of(n)):
                    m = lanes(n, j)
                    income_and_aid(lives[j], house[j], scratch[j], m, village, q, amounts[arm], is_asset, in_lines, moy)
                    if status == 0.0:
                        if finances:
                            microcredit_and_groups(house[j], scratch[j], m, village, q, finance, t, moy)
                        repayment(house[j], scratch[j], m, q)
                        planning(house[j], scratch[j], m, q)
                co[COOP.vol] = 0.0
                if status > 0.0:
                    if moy == 0:
                        patronage_refund(lives, house, scratch, co, n, tally)
                    joiners = reviewers[review_start[moy] : review_start[moy + 1]]
                    membership(
                        lives, house, scratch, place, v, n, village, q, joiners, near, near_weight, interactions, candidate
                    )
                    if status == 4.0:
                        c_last = c_table[HOME.c0 + (t - 1) % 12, lo : lo + n]
                        sales_and_loans(lives, house, scratch, c_last, co, n, q, interactions, few, room, tally)
                    for j in range(blocks_of(n)):
                        m = lanes(n, j)
                        service_of_loans(house[j], scratch[j], m, village, q)
                        if finances:
                            microcredit_and_groups(house[j], scratch[j], m, village, q, finance, t, moy)
                        repayment(house[j], scratch[j], m, q)
                        planning(house[j], scratch[j], m, q)
                if interactions:
                    neighbours_help(scratch, near, near_weight, n, q.theta, q.help_cap, few, room, more_room)
                    if status >= 1.0 and status <= 4.0 and co[COOP.pool] > 0.0:
                        help_of_the_pool(house, scratch, n, q.pool_theta, co[COOP.pool], tally)
                for j in range(blocks_of(n)):
                    m, inside, begins = lanes(n, j), in_block(n, j), lo + j * LANES
                    coping(house[j], scratch[j], m, q, tally)
                    saving_and_investment(lives[j], house[j], scratch[j], m, co, q, hurdle)
                    if year_ends:
                        last_income(house[j], scratch[j], m)
                    consumption_of_the_year(c_table, house[j], scratch[j], inside, begins, t)
                    if t >= below_from:
                        last_below_the_line(house[j], inside, t, out_below[arm, begins : begins + inside])
                    if row >= 0:
                        observed_poverty(scratch[j], m, out_poverty[arm, row, v])
                if status > 0.0:
                    pays = monthly_accounts(co, q, units[arm], moy == 11, interactions, tally)
                    if moy == 11:
                        close_year(lives, house, scratch, co, n, q, pays)
                    members_and_loans(lives, house, scratch, co, n, everyone)
                if status > 0.0 or co[COOP.covered] != 0.0:
                    governance_and_funnel(house, scratch, place, co, v, n, q, interactions, u_funnel, u_scandal, q_normal)
                terms_of_next_month(place, co, v, q, units[arm], branched, moy == 0, interactions, tally)
                if row >= 0:
                    out_status[arm, row, v] = np.uint8(co[COOP.status])
                    out_members[arm, row, v] = co[COOP.mshare] * everyone if co[COOP.status] <= 5.0 else 0.0
                    out_volume[arm, row, v] = tally[TL.volume]
                    out_debt[arm, row, v] = co[COOP.Dx]
                    keep(house, traits, followed[arm], co, q, used[arm], growth, growth_ahead, followers, held)
                    if held + 1 == at_once or year_ends:
                        seen = out_marks[arm, row - held : row + 1, first:last]
                        marks(traits, followed[arm], scratch[0].at, q, b, followers, held + 1, hurdle, seen)
                if audit.shape[0] > 0:
                    for j in range(TALLY_ROWS):
                        audit[arm, v, j] = tally[j]
                if status > 0.0 or finances:
                    no_trade(scratch, n)
            held = 0 if row < 0 or held + 1 == at_once or year_ends else held + 1
            if year_ends:
                pack(life, lives, AGED, lo, n)
                for arm in range(arms):
                    pack(home[arm], homes[arm], OWNED_AND_CHANGED, lo, n)
                    coop[arm, :, v] = villages[arm].coop
                    if used[arm]:
                        pack(home[arm], homes[arm], OF_MEMBERS, lo, n)


@compiled
def last_income(homes, scratch, m):
    """Income and aid of the month into the table, for who looks at it after the last month before a stop."""
    home, sc = homes.rows, scratch.rows
    for k in range(m):
        home[HOME.y, k] = sc[SC.y, k]
        home[HOME.aid, k] = sc[SC.aid, k]


@compiled
def name_entities(drawn, ids, lo, n):
    """Halves of the ids of a village's households into its blocks of draws."""
    for b in range(blocks_of(n)):
        for k in range(lanes(n, b)):
            i = ids[lo + b * LANES + k] if k < in_block(n, b) else ids[lo]
            drawn[b].low[k] = np.uint32(i & np.uint64(0xFFFFFFFF))
            drawn[b].high[k] = np.uint32(i >> np.uint64(32))


@compiled
def order_by_review(review, reviewers, review_start):
    """Households by the month of the year in which they consider joining: those of month m at review_start[m : m + 2]."""
    for m in range(13):
        review_start[m] = 0
    for k in range(review.size):
        review_start[int(review[k]) + 1] += 1
    for m in range(12):
        review_start[m + 1] += review_start[m]
    for k in range(review.size - 1, -1, -1):  # from the last, so that each month keeps the order of households
        m = int(review[k]) + 1
        review_start[m] -= 1
        reviewers[review_start[m]] = k
    for m in range(12):
        review_start[m] = review_start[m + 1]
    review_start[12] = review.size


@compiled
def unpack(table, blocks, columns, lo, n):
    """Columns of a village [column, household] into its blocks; lanes that are filled up are copies of the first household."""
    for column in columns:
        whole = table[column, lo : lo + n]
        for b in range(blocks_of(n)):
            row, part = blocks[b].rows[column], whole[b * LANES : b * LANES + LANES]
            for k in range(part.size):
                row[k] = part[k]
            for k in range(part.size, lanes(n, b)):
                row[k] = whole[0]


@compiled
def pack(table, blocks, columns, lo, n):
    """Columns of the blocks of a village back into the table."""
    for column in columns:
        whole = table[column, lo : lo + n]
        for b in range(blocks_of(n)):
            row, part = blocks[b].rows[column], whole[b * LANES : b * LANES + LANES]
            for k in range(part.size):
                part[k] = row[k]


@compiled
def clear(blocks, columns):
    """Columns of all blocks set to 0."""
    for b in range(blocks.size):
        for column in columns:
            for k in range(LANES):
                blocks[b].rows[column, k] = 0.0


@compiled
def weigh(lives, scratch, h, size, line, trader, n):
    """Weights of sums over the village, from the rows h, size, line, trader of LIFE; returns its real households."""
    everyone = 0.0
    for b in range(blocks_of(n)):
        rows, sc = lives[b].rows, scratch[b].rows
        for k in range(in_block(n, b), LANES):
            rows[h, k] = 0.0  # filled up: stands for nobody
        for k in range(LANES):
            sc[SC.rp, k] = rows[h, k] * rows[line, k]
            sc[SC.whole, k] = 1.0
            sc[SC.trader_rp, k] = rows[trader, k] * sc[SC.rp, k]
            sc[SC.persons, k] = rows[h, k] * rows[size, k]
            everyone += rows[h, k]
    return everyone


@compiled
def follow(traits, lives, tracked, first, last, months):
    """Places and traits of the tracked households first..last-1, one lane a household and month of `months`."""
    n = last - first
    of_life = (LIFE.ability, LIFE.l, LIFE.own, LIFE.trader, LIFE.remit, LIFE.w_ahead, LIFE.w_year, LIFE.w_long)  # as in TR
    for lane in range(months * n):
        rows, at, j = traits[block_of(lane)].rows, traits[block_of(lane)].at, lane_of(lane)
        i = tracked[first + lane % n]
        at[j] = i
        for trait in range(len(of_life)):
            rows[trait, j] = lives[block_of(i)].rows[of_life[trait], lane_of(i)]
