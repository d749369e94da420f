"""Names and units of what a household is, has and does in a month."""

FIXED_TRAITS = (
    "size",  # persons
    "area",  # rural or urban, a label that no rule of the month reads
    "mu",  # cell: mean ln earning capacity
    "sg",  # cell: spread
    "sk",  # cell: compression of the lower side
    "line",  # Rp a month: poverty line of the household
    "h",  # real households that this one stands for
    "passive",  # 1: never trades with the cooperative
    "own",  # 1: own account work
    "trader",  # 1: trader
    "rev",  # review month, 0-11
    "u_rem",  # fixed uniform of the remittance
)
STATE = (
    "z",  # class of earning capacity, standard normal
    "lna",  # ln ability
    "l",  # labour capacity: 1, l_old or 0
    "x",  # slow component of ln w
    "e1",  # persistent income shock
    "e2",  # transitory income shock
    "ill",  # months of illness left
    "formed",  # month in which it took over from one that ended, 0 if it was there from the first
    "K",  # assets, L
    "S",  # savings, L
    "ybar",  # expected income, L a month
    "Dc",  # debt to the cooperative, L
    "D0",  # its original amount, L
    "Dm",  # debt to the moneylender, L
    "Pm",  # its principal, L
    "member",  # 1: member of the cooperative
    "barred",  # 1: has defaulted, may not return
    "cap",  # share capital, L
    "pat",  # patronage since the last refund, Rp
    "phi",  # patronage share of the last month
    "shu12",  # a twelfth of the last surplus refund, L
)
STATE_FROM_ZERO = (
    "due",  # refund of shares after a dissolution, paid with next month's cash, L
    "arrears",  # 1: paid less than due
    "enrolled",  # programme bits
    "works",  # 1: on the works list
    "Mc",  # debt of microcredit, L
    "M0",  # that loan when it was given, L
    "Ms",  # due on it next month, L
    "box",  # own savings in a savings group, L
)
STATE_FROM_ONE = (
    "skill",  # factor on what the enterprise earns, through training
    "skill_w",  # factor on earning capacity, through training
    "aid_share",  # share of its cash and food aid that is left to it
)
FLOWS_OF_A_MONTH = (  # L, all 0 at the start of a month
    "earn",  # earnings, with the shock
    "premium",  # price premium of the cooperative
    "trader_loss",  # margin that a trader loses to it
    "y",  # income
    "T",  # aid in cash and works wages
    "assets_received",  # aid in assets
    "SHU",  # surplus refund
    "refund",  # shares returned: own leaving, and last month's dissolution
    "leaver_refund",  # of which own leaving
    "fee",
    "dues",
    "dues_to_pool",  # of which to the solidarity pool
    "sales",  # through the cooperative
    "purchases",
    "bound",  # aid that has to be spent at the cooperative
    "loan",  # new loan
    "service",  # paid on an older loan
    "interest_paid",  # of which interest
    "forgotten",  # rest of a debt below 1e-9
    "seized",  # assets seized at default
    "default_loss",  # what the cooperative loses at default
    "turnover_loss",  # and at turnover
    "lent",  # new microcredit
    "boxed",  # put into the box of the savings group less taken out
    "micro_paid",  # on an older microcredit
    "repay",  # to the moneylender
    "cash",  # before help
    "R_in",  # neighbours' help
    "R_out",
    "payout",  # of the pool
    "B",  # moneylender
    "V",  # receipts of asset sales
    "spend",
    "invested",
    "estate_S",  # savings that leave the village at turnover
    "estate_K",  # assets that do
)
