"""From the tables of the compiled model to the agents of the readable one: same state, same draws, same schedule."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
from reference.country import ReferenceModel

from povsim.draws import DrawKey, Stream, inverse_normal, uniforms
from povsim.model.arm import Arm
from povsim.model.country import Country
from povsim.model.finance import FIN
from povsim.model.state import State
from povsim.population.columns import COOP, HOME, LIFE, PLACE, WORKS_BIT
from povsim.population.sample import Sample, size_shares
from verification.events import Watch, names
from verification.small_world import World, months_of

PROGRAMMES = (1 << WORKS_BIT) - 1
RELATIVE, ABSOLUTE = 1e-9, 1e-12

SAME_NAME = {  # attribute of a reference household -> table, row
    **{name: ("life", getattr(LIFE, name)) for name in ("size", "line", "h", "own", "trader", "passive")},
    **{name: ("life", getattr(LIFE, name)) for name in ("z", "lna", "l", "x", "e1", "e2", "ill", "formed", "sg", "sk")},
    **{name: ("home", getattr(HOME, name)) for name in ("K", "S", "ybar", "Dc", "D0", "Dm", "Pm", "cap", "pat", "phi")},
    **{name: ("home", getattr(HOME, name)) for name in ("shu12", "due", "member", "barred", "arrears", "skill", "aid_share")},
    **{name: ("home", getattr(HOME, name)) for name in ("skill_w", "Mc", "M0", "Ms", "box")},
    "rev": ("life", LIFE.review),
    "u_rem": ("life", LIFE.u_remit),
}
WHOLE = ("ill", "formed", "member", "barred", "arrears", "passive", "own", "trader", "rev", "size")
OF_A_HOUSEHOLD = names(
    "z lna l x e1 e2 ill formed K S ybar Dc D0 Dm Pm cap pat phi shu12 due member barred arrears skill aid_share "
    "skill_w Mc M0 Ms box"
)
OF_A_VILLAGE = {  # attribute of a reference village -> row of COOP
    **{
        name: getattr(COOP, name)
        for name in ("status", "q", "trust", "units", "cash", "Dx", "lent_left", "fixed", "pool", "loans_out")
    },
    **{name: getattr(COOP, name) for name in ("Eq0", "Eq", "ytd", "rate_pat", "rate_cap", "shu_flag", "phibar", "mshare")},
    **{name: getattr(COOP, name) for name in ("pi", "kappa", "mu", "rt", "qt", "dem")},
    "lossrate": COOP.loss_rate,
    "entered_trading": COOP.funded,
}
DISCRETE = ("l", "ill", "formed", "member", "barred", "arrears", "status", "units", "shu_flag", "entered_trading")


class KeyedDraws:
    """The keyed numbers of `povsim.draws` under the names that the reference model asks for."""

    def __init__(self, key: DrawKey, sample: Sample) -> None:
        self.key = key
        self.ids = {"household": sample.ids, "village": sample.village_ids}
        self.rows = {kind: {int(i): row for row, i in enumerate(ids)} for kind, ids in self.ids.items()}
        self.drawn: dict[tuple[Stream, int], np.ndarray] = {}

    def _of(self, kind: str, stream: Stream, t: int, entity: int, normals: Iterable[int]) -> list[float]:
        if (stream, t) not in self.drawn:
            u = uniforms(self.key, stream, self.ids[kind], t)
            for word in normals:
                u[:, word] = inverse_normal(u[:, word])
            self.drawn[stream, t] = u.tolist()
        return self.drawn[stream, t][self.rows[kind][entity]]

    def household_month(self, t, i):
        return self._of("household", Stream.HOUSEHOLD_MONTH, t, i, (0, 1))

    def member_month(self, t, i):
        return self._of("household", Stream.MEMBER_MONTH, t, i, ())

    def household_year(self, t, i):
        return self._of("household", Stream.HOUSEHOLD_YEAR, t, i, (0,))

    def successor(self, t, i):
        return self._of("household", Stream.SUCCESSOR, t, i, (0, 1))

    def village_month(self, t, v):
        return self._of("village", Stream.VILLAGE_MONTH, t, v, (0,))

    def village_q(self, t, v):
        return self._of("village", Stream.VILLAGE_MONTH_2, t, v, (0,))[0]

    def survey(self, t, i):
        return self._of("household", Stream.SURVEY, t, i, (0,))[0]


def twelve_months(home: np.ndarray, t: int, i: int) -> list[float]:
    """Real consumption of months t-11 .. t of household i, oldest first."""
    return [float(home[HOME.c0 + (t - 11 + k) % 12, i]) for k in range(12)]


def household_of(sample: Sample, state: State, a: int, i: int, mu: float) -> dict:
    """State of household i in arm a as the reference names it."""
    table = {"life": state.life, "home": state.home[a]}
    values = {name: float(table[which][row, i]) for name, (which, row) in SAME_NAME.items()}
    values |= {name: int(values[name]) for name in WHOLE}
    area = "urban" if sample.urban[i] else "rural"
    return {**values, "mu": mu, "area": area, "c12": twelve_months(state.home[a], state.t, i)}


def village_of(state: State, a: int, v: int, arm: Arm) -> dict:
    """State of village v in arm a as the reference names it; whether it is covered is worked out here from its uniform."""
    place, p = state.place[:, v], arm.p
    values = {name: float(state.coop[a, row, v]) for name, row in OF_A_VILLAGE.items()}
    values |= {name: int(values[name]) for name in ("status", "units", "shu_flag", "entered_trading")}
    q0 = min(0.95, max(0.05, p["q0"] + p["q0_sd"] * float(place[PLACE.q_normal])))
    traits = {name: float(place[getattr(PLACE, name)]) for name in ("Z", "access", "wedge", "u", "u_funnel")}
    traits |= {"capture": int(place[PLACE.capture]), "start_month": 1, "q0": q0, "lent": int(arm.payer == "cooperative")}
    traits["covered"] = int(arm.cooperative and place[PLACE.u_cover] < arm.coverage)
    values["inj_base"] = float(place[PLACE.inj_base])
    if state.t == 0:  # nothing founded yet
        values |= {"Eq0": 1e6, "q": q0, "inj_base": float(state.coop[a, COOP.inj_year, v]) / 12}
    return values | traits


def reference_of(
    w: World, state: State, a: int, arm: Arm, interactions: bool = True, macro: dict | None = None
) -> ReferenceModel:
    """The readable model in the state of arm a at the end of month state.t."""
    s = w.sample
    mu = w.fitted["mu"].to_numpy()[s.cell]
    shares = size_shares(w.p)
    p = {**arm.p, "mean_ln_size": float(shares @ np.log(np.arange(1, shares.size + 1)))}
    villages = []
    for v, vid in enumerate(s.village_ids):
        rows = range(s.start[v], s.start[v + 1])
        ids = [int(i) for i in s.ids[rows]]
        ties = {
            i: [(ids[k], float(x)) for k, x in zip(near, weights, strict=True)]
            for i, near, weights in zip(ids, s.ties[rows], s.tie_weight[rows], strict=True)
        }
        households = {i: household_of(s, state, a, row, float(mu[v])) for i, row in zip(ids, rows, strict=True)}
        villages.append({"id": int(vid), "state": village_of(state, a, v, arm), "households": households, "ties": ties})
    return ReferenceModel(p, w.variant, KeyedDraws(w.key, s), villages, interactions=interactions, macro=macro)


def schedule_of(c: Country, a: int) -> dict:
    """What the compiled country decided for the year in arm a."""
    bits = c.state.home[a, HOME.enrolled].astype(np.int64)
    product = ["asset" if asset else "cash" for asset in c._is_asset]
    by_id = {name: dict(zip((int(i) for i in c.sample.ids), c.state.home[a, row].tolist(), strict=True))
             for name, row in (("aid_share", HOME.aid_share), ("skill", HOME.skill), ("skill_w", HOME.skill_w))}  # fmt: skip
    return by_id | {
        "programmes": [
            {"product": x, "amounts": y.tolist(), "in_lines": bool(z)}
            for x, y, z in zip(product, c._amounts[a], c._in_lines, strict=True)
        ],
        "finance": [{**dict(zip(FIN._fields, row, strict=True)), "bit": int(row[FIN.bit])} for row in c._finance.tolist()],
        "enrolled": {int(i): int(b & PROGRAMMES) for i, b in zip(c.sample.ids, bits, strict=True)},
        "works": {int(i): int(b >> WORKS_BIT & 1) for i, b in zip(c.sample.ids, bits, strict=True)},
        "works_v": {int(v): float(x) for v, x in zip(c.sample.village_ids, c.state.coop[a, COOP.works], strict=True)},
    }


def differences(c: Country, a: int, model: ReferenceModel) -> list[str]:
    """Where arm a of the compiled country and the readable model differ after the same month; empty if nowhere."""
    t, home, life, coop = c.state.t, c.state.home[a], c.state.life, c.state.coop[a]
    table = {"life": life, "home": home}
    found = []
    for i, agent in enumerate(model.households):
        mine = {name: float(table[SAME_NAME[name][0]][SAME_NAME[name][1], i]) for name in OF_A_HOUSEHOLD}
        theirs = {name: getattr(agent, name) for name in OF_A_HOUSEHOLD}
        mine |= {"remit": life[LIFE.remit, i], "m12": home[HOME.c_sum, i] / 12}
        theirs |= {"remit": agent.remit, "m12": agent.m12}
        mine |= {f"c of month {t - 11 + k}": x for k, x in enumerate(twelve_months(home, t, i))}
        theirs |= {f"c of month {t - 11 + k}": x for k, x in enumerate(agent.c12)}
        found += compare(f"household {i}", mine, theirs)
    for v, agent in enumerate(model.villages):
        mine = {name: float(coop[row, v]) for name, row in OF_A_VILLAGE.items()} | {"u": c.state.place[PLACE.u, v]}
        theirs = {name: getattr(agent, name) for name in mine}
        for name, row in (("arrears_share", COOP.arrears), ("volume", COOP.vol)):
            if hasattr(agent, name):  # measured in the first month
                mine[name], theirs[name] = float(coop[row, v]), getattr(agent, name)
        found += compare(f"village {v}", mine, theirs)
    return [f"month {t}, arm {c.arms[a].name}: {line}" for line in found]


def compare(who: str, mine: dict, theirs: dict) -> list[str]:
    """Discrete states must be equal, numbers within RELATIVE or ABSOLUTE."""
    out = []
    for name, value in mine.items():
        other = theirs[name]
        allowed = 0.0 if name in DISCRETE else RELATIVE * max(abs(value), abs(other)) + ABSOLUTE
        if not abs(value - other) <= allowed:
            out.append(f"{who}, {name}: compiled {value!r}, reference {other!r}")
    return out


class Comparison(NamedTuple):
    """Differences of the first month that has any, what the reference met until then, and its models, one an arm."""

    found: list[str]
    met: Counter
    models: list[ReferenceModel]


def live_both(
    w: World,
    c: Country,
    interactions: bool = True,
    macro: dict | None = None,
    compare_more: Callable[[Country, int, ReferenceModel], list[str]] = lambda *_: [],
) -> Comparison:
    """Live all arms of a country in both models and compare their states, and what `compare_more` does, after every month."""
    before = w.state.branch(len(c.arms))
    models = [reference_of(w, before, a, lived, interactions, macro) for a, lived in enumerate(c.arms)]
    met: Counter = Counter()
    found: list[str] = []
    if c.first_month == 1:
        for a, model in enumerate(models):
            model.start_arm()
            found += differences(c, a, model)
    for t in months_of(c) if not found else ():
        for a, model in enumerate(models):
            if (t - 1) % 12 == 0 or t == c.first_month:
                model.set_year(schedule_of(c, a))
            watch = Watch(model)
            model.step_month(t)
            met += watch.events()
            found += differences(c, a, model) + compare_more(c, a, model)
        if found:
            break
    return Comparison(found, met, models)
