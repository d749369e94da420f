"""The order of a month as a table: what each stage is, what it reads and what it writes.

Columns are those of `povsim.population.columns`, written TABLE.column. "(t-1)" marks what the month before left; without
it a value is of this month, or is changed by no stage of a month. `ORDER` is the printed order (docs/reference/month.md
has its numbers and rules); `stages_of` is the order in which one month is lived.
"""

from dataclasses import dataclass
from typing import Literal

LAST = "(t-1)"
"""Mark of a value that the month before left."""

When = Literal["month", "year", "once"]


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage.

    equations: numbers of the model page; reads, writes: columns; number: of docs/reference/month.md (0: before the first);
    when: every `month`; before the first month of every `year`; `once`, before the first month of the arms.
    """

    name: str
    equations: tuple[int, ...]
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    summary: str
    number: int
    when: When = "month"


def _columns(**tables: str) -> tuple[str, ...]:
    return tuple(f"{table}.{column}" for table, columns in tables.items() for column in columns.split())


_C = " ".join(f"c{m}" for m in range(12))
_C_LAST = " ".join(f"c{m}{LAST}" for m in range(12))

ORDER: tuple[Stage, ...] = (
    Stage(
        "start of the arms",
        (15,),
        _columns(LIFE="h line", HOME="K(t-1)", PLACE="q_normal u_cover u_funnel", COOP="inj_year(t-1)"),
        _columns(
            HOME="member cap",
            PLACE="inj_base",
            COOP="status q q0 cash Dx Eq0 Eq funded mshare covered lent lent_left capital_flag invited since",
        ),
        "every arm takes over the state of month 0; covered villages take their place in the funnel and founders pay the fee",
        0,
        "once",
    ),
    Stage(
        "turn of the year",
        (3,),
        _columns(LIFE="h line l z lna x mu sg sk u_remit", HOME="K(t-1) S(t-1) Dc(t-1) box(t-1)"),
        _columns(
            LIFE="l z lna ability x w_year w_ahead w_long remit ill formed",
            HOME="K S ybar Dc D0 Dm Pm arrears skill skill_w Mc M0 Ms box",
        ),
        "after the registry: households age out and are followed by a young one; labour ages; the slow component moves",
        0,
        "year",
    ),
    Stage(
        "macro and village shocks",
        (2, 3),
        _columns(PLACE="u(t-1)"),
        _columns(PLACE="u"),
        "the economy's path, the village's income shock, and whether a disaster strikes",
        1,
    ),
    Stage(
        "asset shocks",
        (4,),
        _columns(HOME="K(t-1)"),
        _columns(HOME="K"),
        "wear, asset shock and disaster; drawn once for all arms",
        2,
    ),
    Stage(
        "income",
        (1, 2, 3, 11, 18),
        _columns(
            LIFE="h line l ability own trader remit w_year e1(t-1) e2(t-1) ill(t-1)",
            HOME="K skill skill_w phi(t-1)",
            PLACE="u",
            COOP="pi(t-1) qt(t-1) mshare(t-1) loss_rate(t-1) dem(t-1)",
        ),
        _columns(LIFE="e1 e2 ill"),
        "labour and enterprise under the shocks of the month, at the cooperative terms and local demand of the month before",
        3,
    ),
    Stage(
        "aid",
        (13, 17, 19),
        _columns(
            LIFE="h line",
            HOME="K enrolled aid_share member(t-1) pat(t-1) cap(t-1)",
            COOP="works status(t-1) rate_pat(t-1) rate_cap(t-1)",
        ),
        _columns(HOME="K pat shu12", COOP="rate_pat rate_cap"),
        "programmes and village works; in January the patronage refund (SHU) of the year before",
        4,
    ),
    Stage(
        "membership, leaving and patronage",
        (9, 10),
        _columns(
            LIFE="h line passive review",
            HOME="K S(t-1) ybar(t-1) Dc(t-1) barred(t-1) member(t-1) cap(t-1) due(t-1) enrolled",
            PLACE="access",
            COOP="status(t-1) q(t-1) trust(t-1) phibar(t-1) pi(t-1) kappa(t-1) qt(t-1) rt(t-1) invited",
        ),
        _columns(HOME="member cap due pat shu12 phi"),
        "shares paid back, leaving, joining in the month of review, dues, and the share of trade that members bring",
        5,
    ),
    Stage(
        "trading and credit",
        (11, 12),
        _columns(
            LIFE="h line",
            HOME=f"K phi pat member enrolled barred(t-1) Dc(t-1) ybar(t-1) {_C_LAST}",
            COOP="status(t-1) units(t-1) cash(t-1) loans_out(t-1) qt(t-1) rt(t-1) works",
        ),
        _columns(HOME="K pat Dc D0", COOP="vol"),
        "what members sell to and buy from the cooperative, and its new loans within its funds",
        6,
    ),
    Stage(
        "repayment and default",
        (7, 12),
        _columns(
            LIFE="h line",
            HOME="K S(t-1) cap Dc D0 Dm(t-1) Pm(t-1) Mc(t-1) M0(t-1) box(t-1) ybar(t-1) enrolled",
            COOP="status(t-1) q(t-1)",
        ),
        _columns(HOME="K cap pat phi shu12 member barred arrears Dc D0 Dm Pm Mc M0 Ms box"),
        "service or default on loans older than this month, microcredit and savings groups, then the moneylender",
        7,
    ),
    Stage(
        "spending and coping",
        (5, 6, 7),
        _columns(LIFE="h line", HOME="K S(t-1) ybar(t-1) member Dc Mc Dm Pm", COOP="status(t-1) pool(t-1)"),
        _columns(HOME="K ybar Dm Pm"),
        "expectation, plan, neighbours' help, solidarity pool, moneylender, sale of assets, spending",
        8,
    ),
    Stage(
        "saving and investment",
        (7, 8),
        _columns(LIFE="ability", HOME="K ybar phi", COOP="kappa(t-1) rt(t-1)"),
        _columns(HOME="S K"),
        "what exceeds the buffer is invested where the return passes the hurdle, else spent; real consumption",
        9,
    ),
    Stage(
        "cooperative accounts and SHU",
        (13,),
        _columns(
            LIFE="h line",
            HOME="member phi pat cap Dc arrears",
            COOP="status(t-1) q(t-1) mu(t-1) units(t-1) cash(t-1) Dx(t-1) Eq0(t-1) fixed(t-1) pool(t-1) ytd(t-1) "
            "lent_left(t-1)",
        ),
        _columns(
            COOP="cash Dx lent_left fixed pool units ytd rate_pat rate_cap shu_flag loans_out arrears mshare phibar Eq",
        ),
        "surplus, cash, external debt, the next unit; in December the refund rates of the year",
        10,
    ),
    Stage(
        "governance and funnel",
        (14, 15, 20),
        _columns(
            LIFE="h line",
            HOME="cap",
            PLACE="Z capture",
            COOP="status(t-1) q(t-1) q0 mentor covered capital capital_flag lent funded(t-1) cash Dx Eq Eq0(t-1) arrears "
            "phibar trust(t-1) shu_flag",
        ),
        _columns(HOME="phi member cap due pat shu12 Dc D0 arrears", COOP="status q cash Dx lent_left funded Eq0 trust"),
        "management, scandal, the step of the funnel, dissolution, trust",
        11,
    ),
    Stage(
        "registry",
        (16, 17, 19),
        _columns(
            LIFE="h size line l ability remit u_reg w_long u_urn formed",
            HOME="K(t-1) member(t-1) c_sum(t-1) record enrolled skill skill_w aid_share aid_years",
            PLACE="weight urban households",
            COOP="covered status(t-1) since",
        ),
        _columns(HOME="record enrolled skill skill_w aid_share aid_years", COOP="works mentor capital"),
        "before the first month of a year: records are renewed and ranked, programmes enrol, local governments set the year",
        12,
        "year",
    ),
    Stage(
        "measurement",
        (11, 18, 21),
        _columns(
            LIFE="h size l ability own trader remit w_year w_ahead w_long",
            HOME=f"K phi shu12 member skill skill_w Dc D0 Ms {_C_LAST}",
            PLACE="wedge inj_base",
            COOP="status q units mshare inj_year(t-1)",
        ),
        _columns(HOME=f"{_C} c_sum y aid", COOP="rt qt pi kappa mu loss_rate mshare dem inj_year"),
        "cooperative terms and local demand of the month to come; consumption of twelve months, observed poverty, exit marks",
        13,
    ),
)


def stages_of(month: int) -> tuple[Stage, ...]:
    """The stages of month t in the order in which they are lived: before the first month of a year the registry comes first.

    Month 1, the first of the arms, opens with their start.
    """
    before: list[Stage] = [stage for stage in ORDER if stage.when == "once"] if month == 1 else []
    if (month - 1) % 12 == 0:
        before += sorted((stage for stage in ORDER if stage.when == "year"), key=lambda stage: -stage.number)
    return (*before, *(stage for stage in ORDER if stage.when == "month"))
