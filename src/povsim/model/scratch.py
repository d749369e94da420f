"""The working tables of one village: its households in blocks of `LANES`, and what a month needs between its passes.

`live` copies a village out of the tables of `povsim.population.columns` before the first month of a year and back after the
last. A block is one record that holds a table [column, lane] of fixed size. So LLVM knows how far apart its rows are and
that they cannot overlap, and turns a loop over a dozen of them into vector code; and a block stays in the first caches. The
last block of a village is filled up to whole vectors with copies of its first household that stand for nobody (h = 0): no
loop has an incomplete vector, and every household gets the same arithmetic (contract C2).
"""

from collections import namedtuple

import numpy as np

from povsim.draws import LANES
from povsim.population.columns import COOP_COLUMNS, HOME_COLUMNS, LIFE_COLUMNS

VECTORS = 8
"""Lanes in use are a multiple of this: two vectors of four."""
ROW_LENGTH = LANES + VECTORS
"""Entries of a row: room for filling up a list, and rows that do not lie a power of two apart."""

SCRATCH_COLUMNS = {
    # of the year
    "rp": "Rp per L of the real village: h line",
    "trader_rp": "that of traders, 0 for others",
    "persons": "persons of the real village: h size",
    # drawn once for all arms
    "xi": "income shock with illness, equation (2)",
    "assets": "factor on K from asset shock, disaster and wear, equation (4)",
    "seen": "exp(sigma_me N): observed over true consumption, equation (21)",
    "u_loan": "uniform: loan demand",
    "u_default": "uniform: default",
    "u_leave": "uniform: leaving",
    "u_join": "uniform: joining",
    "w": "L: earning capacity of the month",
    # of the arm
    "logs": "room for logarithms of K",
    "h": "L: enterprise output h(K) at ability 1",
    "earn": "L: earnings before premium, losses and remittances",
    "m_out": "L: marketed output",
    "y": "L: income",
    "aid": "L: cash and food aid and village works",
    "asset_aid": "L: aid as assets",
    "voucher": "L: aid that has to be spent at the cooperative, filled only where there are vouchers",
    "whole": "1: nothing of a payment is held back",
    "shu": "L: patronage refund",
    "trade": "L: patronage refund and shares paid back, less joining fee and dues",
    "dues": "L: dues",
    "loan": "L: new loan of the cooperative",
    "service": "L: paid on the loans of cooperative and microcredit",
    "lent": "L: new loan of microcredit, filled only where there is any",
    "cash": "L: after repayments",
    "c_star": "L: planned spending",
    "gap": "L: cash below what neighbours look at",
    "over": "L: cash above planned spending",
    "r_in": "L: help received from neighbours and the pool",
    "r_out": "L: help given",
    "pay": "L: wanted from the solidarity pool",
    "borrow": "L: new loan of the moneylender",
    "spend": "L: spending",
    "left": "L: cash left after spending",
    "aside": "L: set aside, to be invested or spent",
    "invests": "1: the marginal return passes the hurdle",
    "c": "L: real consumption",
    "poor": "1: poor by true consumption",
    "seen_poor": "1: observed poor",
    "seen_gap": "L: observed consumption below the line",
    "seen_gap2": "its square",
    "few": "1: something rare holds",
    "sums": "room for sums",
    "least": "per month: bounds of the marginal return at unit ability",
    "most": "",
}

SC = namedtuple("SC", SCRATCH_COLUMNS)(*range(len(SCRATCH_COLUMNS)))

TRAIT_COLUMNS = {
    **{name: f"{LIFE_COLUMNS[name]} (of the year)" for name in ("ability", "l", "own", "trader", "remit")},
    **{name: f"{LIFE_COLUMNS[name]} (of the year)" for name in ("w_ahead", "w_year", "w_long")},
}

TR = namedtuple("TR", TRAIT_COLUMNS)(*range(len(TRAIT_COLUMNS)))

TRACKED_COLUMNS = {
    # of one household in one month of one arm
    **{name: HOME_COLUMNS[name] for name in ("K", "c_sum", "skill", "skill_w", "shu12")},
    "share": "of its marketed output, through the premium of the cooperative",
    "loss": "share of its earnings lost to the cooperative",
    "service": "L: due on the loans of cooperative and microcredit",
    "member": "1: member of a trading cooperative",
    "growth": "of earning capacity since month 0",
    "growth_ahead": "the same 36 months ahead",
    # worked out
    "logs": "room for logarithms of K",
    "h": "L: enterprise output h(K) at ability 1",
    "ahead": "L: ycap 36 months ahead",
    "alone": "L: ycap 36 months ahead without the cooperative margin",
    "now": "L: ycap now",
    "long_run": "L: ycap over the long run",
    "above": "L: the largest of the four over k1",
    "invests": "1: the marginal return passes the hurdle",
    "least": "per month: bounds of the marginal return at unit ability",
    "most": "",
    "bits": "marks",
}

TK = namedtuple("TK", TRACKED_COLUMNS)(*range(len(TRACKED_COLUMNS)))

CANDIDATE_COLUMNS = {
    "gain": "L per month: gain from the cooperative's prices",
    "c": "L per month: expected income, at least the floor of consumption",
    "near": "weighted share of its ties that are members",
    "felt": "L: fee as it is felt",
    "means": "L: savings and income, at least 0.1",
    "aided": "1: enrolled in a programme",
    "K": HOME_COLUMNS["K"],
    "cost": "L: fee to be paid",
    "chance": "of joining, equation (9)",
}

CA = namedtuple("CA", CANDIDATE_COLUMNS)(*range(len(CANDIDATE_COLUMNS)))


def _block(columns: dict[str, str]) -> np.dtype[np.void]:
    return np.dtype([("rows", np.float64, (len(columns), ROW_LENGTH)), ("at", np.int64, (ROW_LENGTH,))])


LIFE_BLOCK = _block(LIFE_COLUMNS)
HOME_BLOCK = _block(HOME_COLUMNS)
SCRATCH_BLOCK = _block(SCRATCH_COLUMNS)
TRAIT_BLOCK = _block(TRAIT_COLUMNS)
TRACKED_BLOCK = _block(TRACKED_COLUMNS)
CANDIDATE_BLOCK = _block(CANDIDATE_COLUMNS)
"""Blocks of the tables; `at`: places of the few, of the tracked, or of the candidates, in a block or village."""

TALLY_COLUMNS = {
    "fees": "Rp: joining fees",
    "dues_shares": "Rp: dues that become shares",
    "dues_pool": "Rp: dues to the solidarity pool",
    "refunds": "Rp: shares paid back",
    "shu": "Rp: patronage refunds paid",
    "volume": "Rp: sales of the cooperative",
    "loans": "Rp: loans given",
    "service": "Rp: paid by borrowers",
    "interest": "Rp: of which interest",
    "seized": "Rp: value of seized assets",
    "losses": "Rp: written off, less what was recovered",
    "pool_out": "Rp: paid by the pool",
    "trader_loss": "Rp: lost by the village's traders",
    "trader_earn": "Rp: earnings of the village's traders",
    "income": "Rp: income of all households",
    "inj": "Rp: outside money",
    "premium": "Rp: premium paid to sellers",
}

TL = namedtuple("TL", TALLY_COLUMNS)(*range(len(TALLY_COLUMNS)))

VILLAGE = np.dtype([("coop", np.float64, (len(COOP_COLUMNS),)), ("tally", np.float64, (len(TALLY_COLUMNS),))])
"""One village in one arm: its cooperative, a column of COOP after the other, and the tallies of the month."""
