"""Microcredit and savings groups as products of a programme (docs/reference/month.md, stage 7; decision 32).

Loans come from a lender outside the village; nobody's deposits are lent. A household has one loan at a time.
"""

from collections import namedtuple
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from povsim.model.blocks import compiled, weighted_sum
from povsim.model.scratch import SC, TL
from povsim.population.columns import HOME

rule = njit(forceinline=True, error_model="numpy")

FIN = namedtuple("FIN", ("bit", "rate", "limit", "tenor", "iota", "first", "last", "deposit"))(*range(8))
"""Columns of the table of products: bit of enrolment; rate a year; largest loan L; months to repay; part that becomes K; first
and last month in which it lends or takes deposits; deposit L a month, 0 for credit."""

DUST = 1e-9
"""L: a debt below it is forgotten."""


@dataclass(frozen=True)
class Terms:
    """Terms of a product; fields as in `FIN`."""

    rate: float = 0.0
    limit: float = 0.0
    tenor: float = 1.0
    iota: float = 0.0
    first: int = 1
    last: int = 1
    deposit: float = 0.0


def finance_table(products: Sequence[tuple[int, Terms]]) -> NDArray[np.float64]:
    """Rows of `FIN` [product, 8] of (bit, terms)."""
    rows = [(bit, t.rate, t.limit, t.tenor, t.iota, t.first, t.last, t.deposit) for bit, t in products]
    return np.array(rows, np.float64).reshape(-1, len(FIN))


@rule
def interest_of_microcredit(Mc, M0, rate):
    """(12) interest of the month, L; it stops when the debt is twice the loan."""
    return min(Mc * rate / 12.0, max(0.0, 2.0 * M0 - Mc))


@rule
def instalment_of_microcredit(Mc, M0, rate, tenor):
    """(12) due in the month, L: an equal part of the loan, and the interest."""
    return min(Mc, M0 / tenor) + interest_of_microcredit(Mc, M0, rate)


@rule
def microloan(limit, ybar):
    """(12) new loan, L: what is offered, at most two months of expected income."""
    return min(limit, 2.0 * ybar)


@rule
def deposit_of_group(deposit, cash, customary):
    """(8) put into the box of the savings group, L: the agreed deposit, out of what is above customary spending."""
    return min(deposit, max(0.0, cash - customary))


@rule
def draw_from_box(box, cash, needed):
    """(8) taken out of the own box, L: what is lacking, as far as it goes."""
    return min(box, max(0.0, needed - cash))


@compiled
def microcredit_and_groups(homes, scratch, m, village, p, finance, t, month_of_year):
    """Stage 7: service of microcredit, new loans of it, and the boxes of savings groups, after the cooperative's loans.

    What a household pays adds to `service`; what it gets in cash less what it deposits adds to `trade`.
    """
    home, sc, tally = homes.rows, scratch.rows, village.tally
    c_floor, s0, help_top = p.c_floor, p.s0, p.help_top
    for g in range(finance.shape[0]):
        mask = np.int32(1 << np.int64(finance[g, FIN.bit]))
        rate, limit, tenor, iota = finance[g, FIN.rate], finance[g, FIN.limit], finance[g, FIN.tenor], finance[g, FIN.iota]
        deposit, runs = finance[g, FIN.deposit], (t >= finance[g, FIN.first]) & (t <= finance[g, FIN.last])
        for k in range(m):
            sc[SC.lent, k] = 0.0
            if np.int32(home[HOME.enrolled, k]) & mask == 0:
                continue
            cash = home[HOME.S, k] + sc[SC.y, k] + sc[SC.aid, k] + sc[SC.trade, k] - sc[SC.service, k]
            if deposit > 0.0:
                customary = max(c_floor, (1.0 - s0) * home[HOME.ybar, k])
                needed = min(customary, help_top * c_floor)
                box = home[HOME.box, k]
                out = box if (month_of_year == 11) | (not runs) else draw_from_box(box, cash, needed)
                put = deposit_of_group(deposit, cash, customary) if runs & (month_of_year != 11) else 0.0
                home[HOME.box, k] = box - out + put
                sc[SC.trade, k] += out - put
                continue
            Mc, M0 = home[HOME.Mc, k], home[HOME.M0, k]
            if Mc > 0.0:
                owed = Mc + interest_of_microcredit(Mc, M0, rate)
                paid = min(instalment_of_microcredit(Mc, M0, rate, tenor), max(0.0, cash - c_floor))
                left = owed - paid
                sc[SC.service, k] += paid
                Mc = left if left >= DUST else 0.0
                M0 = M0 if left >= DUST else 0.0
            elif runs:
                loan = microloan(limit, home[HOME.ybar, k])
                home[HOME.K, k] += iota * loan
                sc[SC.trade, k] += (1.0 - iota) * loan
                sc[SC.lent, k] = loan
                Mc, M0 = loan, loan
            home[HOME.Mc, k] = Mc
            home[HOME.M0, k] = M0
            home[HOME.Ms, k] = instalment_of_microcredit(Mc, M0, rate, tenor)
        tally[TL.inj] += weighted_sum(sc[SC.rp], sc[SC.lent], sc[SC.sums])
