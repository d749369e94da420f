"""The one place that names every state array, its unit and type.

State lives in four float64 tables, one row a column and one entry a household or village, so that a village is a
contiguous piece of every row. `L` is one household poverty line per month of that household, `Rp` rupiah of the base month.

* `LIFE`     [column, household]: what no arm can change (shocks, labour, class of earning capacity); shared by all arms
* `HOME`     [arm, column, household]: what an arm can change
* `PLACE`    [column, village]: traits and shocks of villages; shared by all arms
* `COOP`     [arm, column, village]: the cooperative, its accounts, and the terms households meet next month
"""

from collections import namedtuple
from typing import Any


def _table(name: str, columns: dict[str, str]) -> Any:
    return namedtuple(name, columns)(*range(len(columns)))


LIFE_COLUMNS = {
    "h": "real households of the village that this one stands for",
    "size": "persons",
    "line": "Rp per L: household poverty line per month",
    "z": "class of earning capacity, standard normal",
    "lna": "ln ability",
    "ability": "a = exp(lna)",
    "x": "slow component of ln earning capacity",
    "w_year": "L per month: exp(ln w0 + x), before growth",
    "w_ahead": "L per month: expected w 36 months ahead, before growth",
    "w_long": "L per month: expected w over the long run, before growth",
    "l": "labour capacity, 0 to 1",
    "remit": "L per month: remittances of a household without labour",
    "e1": "persistent log income shock",
    "e2": "transitory log income shock",
    "ill": "months of illness left, this one included",
    "mu": "location of ln w0 of the cell, size gradient included",
    "sg": "spread of ln w0 of the cell",
    "sk": "compression of the lower side of ln w0",
    "own": "1: own-account work",
    "trader": "1: trader household",
    "passive": "1: would be a member who never trades",
    "u_reg": "uniform: on the social registry where below r_reg",
    "review": "month of the year (0 to 11) in which joining is considered",
    "u_remit": "uniform that sets the remittance",
    "u_urn": "uniform that sets own/trader/registry lotteries of programmes",
    "formed": "month in which the household took over the row from one that ended; 0: there from the first",
}

HOME_COLUMNS = {
    "K": "L: productive assets",
    "S": "L: savings",
    "ybar": "L per month: expected income",
    "Dm": "L: debt to the moneylender",
    "Pm": "L: principal in Dm",
    "Dc": "L: debt to the cooperative",
    "D0": "L: that loan when it was given",
    "member": "1: member",
    "barred": "1: barred after default",
    "arrears": "1: behind on the cooperative's loan",
    "cap": "L: shares and dues paid in",
    "pat": "Rp: patronage since the last refund",
    "phi": "patronage rate of last month",
    "shu12": "L per month: last patronage refund over 12",
    "due": "L: recovered shares to be paid out next month",
    "skill": "factor on what the enterprise earns, through training",
    "skill_w": "factor on earning capacity, through training",
    "Mc": "L: debt of microcredit",
    "M0": "L: that loan when it was given",
    "Ms": "L: instalment and interest of it due next month",
    "box": "L: own savings in a savings group",
    "enrolled": "bits: programmes that the household is enrolled in",
    "aid_share": "share of its cash and food aid that is left to it",
    "aid_years": "years of today's aid since the arms part",
    "record": "ln consumption predicted from assets, as last recorded",
    "c0": "L: real consumption, months t with t mod 12 = 0",
    **{f"c{m}": f"L: real consumption, months t with t mod 12 = {m}" for m in range(1, 12)},
    "c_sum": "L: sum of the twelve",
    "y": "L: income before aid of the last month that was lived before the table was read",
    "aid": "L: aid in cash and food and wages of village works of that month",
}

PLACE_COLUMNS = {
    "households": "real households of the village",
    "weight": "real villages that this one stands for",
    "urban": "1: urban",
    "u": "village log income shock",
    "Z": "local potential, 0 to 1",
    "access": "market access, 0 to 1",
    "wedge": "share of trade value between producer and consumer",
    "capture": "1: elite capture",
    "q_normal": "standard normal that sets the quality to which management reverts",
    "u_funnel": "uniform that places the cooperative in the funnel at the start",
    "u_cover": "uniform of the rollout",
    "inj_base": "Rp per month: outside money in the last year before the branch",
}

COOP_COLUMNS = {
    "status": "0 none, 1 legal, 2 building, 3 open, 4 trading, 5 dormant, 6 dissolved",
    "q": "management quality, 0 to 1",
    "q0": "quality to which it reverts",
    "cash": "Rp",
    "Dx": "Rp: external debt",
    "fixed": "Rp: equipment of units",
    "pool": "Rp: solidarity pool",
    "trust": "index",
    "units": "number of units open, in their order",
    "loans_out": "Rp: loans to members",
    "Eq0": "Rp: equity with which trading began",
    "Eq": "Rp: equity",
    "ytd": "Rp: surplus of the year so far",
    "rate_pat": "refund per Rp of patronage, to be paid next month",
    "rate_cap": "refund per Rp of paid-in capital, to be paid next month",
    "shu_flag": "1: a refund was paid for the last year",
    "funded": "1: capital was received",
    "phibar": "mean patronage of members",
    "mshare": "share of households that are members",
    "arrears": "share of borrowers in arrears",
    "pi": "price premium after the wedge rule",
    "kappa": "retail saving after the wedge rule",
    "mu": "trading margin after the wedge rule",
    "rt": "share of consumption that open units sell",
    "qt": "share of marketed output that open units take",
    "loss_rate": "share of their earnings that traders lose",
    "dem": "rise of wages through local demand",
    "vol": "Rp: sales of the month",
    "inj_year": "Rp: outside money of the calendar year so far",
    # decided by institutions, once a year
    "covered": "1: the programme founds a cooperative here",
    "lent": "Rp of the capital that is lent, not given",
    "lent_left": "Rp of it that is not paid back",
    "mentor": "intensity of mentoring, 0 to 1",
    "capital": "Rp received at the first entry into trading",
    "capital_flag": "1: capital speeds the funnel",
    "works": "Rp per month and listed household: village works",
    "invited": "1: aid families are invited as members",
    "since": "month in which the programme began here; 0: not yet",
}

LIFE = _table("LIFE", LIFE_COLUMNS)
HOME = _table("HOME", HOME_COLUMNS)
PLACE = _table("PLACE", PLACE_COLUMNS)
COOP = _table("COOP", COOP_COLUMNS)

WORKS_BIT = 30
"""Bit of `enrolled` that marks the village works list; programmes take bits 0 to 29."""

STATUS = ("none", "legal", "building", "open", "trading", "dormant", "dissolved")

TIE = 1e-12
"""L: exactly at a threshold counts as at or above, so x >= threshold is computed as x >= threshold - TIE.

The mean of twelve equal months need not be that number in the last bit; rounding of a twelve-month mean near the line is
at most about 3e-15 lines, and a poverty line is known to about 1e-6.
"""
