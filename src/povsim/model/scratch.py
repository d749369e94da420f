"""Columns of the scratch table: what one village's month needs between its passes. Nothing here outlives the month."""

from collections import namedtuple

SCRATCH_COLUMNS = {
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
    "f": "L: enterprise output f(K)",
    "earn": "L: earnings before premium, losses and remittances",
    "m_out": "L: marketed output",
    "y": "L: income",
    "aid": "L: cash and food aid and village works",
    "asset_aid": "L: aid as assets",
    "shu": "L: patronage refund",
    "fee": "L: joining fee",
    "dues": "L: dues",
    "refund": "L: shares paid back",
    "was_member": "1: member before this month's decisions",
    "loan": "L: new loan of the cooperative",
    "req": "L: loan asked for, weighted by rationing",
    "means": "L: cash before repayments",
    "service": "L: paid on the cooperative's loan",
    "interest": "L: of which interest",
    "seized": "L: assets seized",
    "forfeit": "L: shares forfeited",
    "written": "L: debt written off at default",
    "repay": "L: paid to the moneylender",
    "cash": "L",
    "c_star": "L: planned spending",
    "gap": "L: cash below what neighbours look at",
    "ask": "Rp: asked of this household by neighbours",
    "ratio": "share of the asking that it can meet",
    "r_in": "L: help received",
    "r_out": "L: help given",
    "pay": "L: paid by the solidarity pool",
    "borrow": "L: new loan of the moneylender",
    "sale": "L: proceeds of selling assets",
    "spend": "L: spending",
    "invest": "L: investment",
    "c": "L: real consumption",
    "hurdle": "per month: marginal return at unit ability",
}

SC = namedtuple("SC", SCRATCH_COLUMNS)(*range(len(SCRATCH_COLUMNS)))

ROW_PADDING = 8
"""Extra float64 entries of a row, so that rows never lie a power of two apart."""

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
