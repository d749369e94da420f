"""A hand-made village of twelve households, parameters of the register and deterministic pseudo-draws."""

import hashlib
from statistics import NormalDist

BOTH_VARIANTS = {
    "gL": 0.30,
    "gH": 0.45,
    "A_L": 0.27,
    "A_H": 0.35,
    "F": 0.39,
    "p_k": 0.005,
    "loss_k": 0.45,
    "p_v": 0.0025,
    "loss_v": 0.25,
    "p_h": 0.005,
    "d_h": 8,
    "loss_h": 0.5,
    "rho2": 0.5,
    "rho_u": 0.9,
    "sd_u": 0.035,
    "tau_x": 6.6,
    "b_M": 1.0,
    "sd_a": 0.377,
    "g_w": 0.008,
    "chi": 0.25,
    "hurdle": 0.042,
    "c_floor": 0.72,
    "help_top": 1.15,
    "help_cap": 0.30,
    "sale_share": 0.16,
    "q_k": 0.75,
    "mlim": 0.53,
    "r_m": 0.48,
    "repay_m": 0.3333,
    "r0": 0.4,
    "s_mkt": 0.6,
    "gross_net": 1.6,
    "remit_lo": 0.70,
    "remit_hi": 1.50,
    "turn": 0.012,
    "turn_l0": 0.08,
    "inh": 0.5,
    "l_old": 0.85,
    "age_1": 0.010,
    "age_2": 0.020,
    "xi_D": 0.5,
    "mean_ln_size": 1.26,
    "r_c": 0.12,
    "Lmax": 4.0,
    "tenor": 18.0,
    "iota": 0.6,
    "min_inst": 0.05,
    "loan_dem": 0.03,
    "lend_share": 0.8,
    "eps": 0.3,
    "dl": 0.0012,
    "dq": 4.0,
    "dy": 1.0,
    "seize": 0.5,
    "rec": 0.3,
    "pi": 0.05,
    "kappa": 0.015,
    "mu": 0.08,
    "chi_c": 0.3,
    "pen": 0.4,
    "trader_local": 0.4,
    "loss_cap": 0.5,
    "r_ext": 0.06,
    "reserve": 0.25,
    "pat_w": 0.6,
    "opex0": 1.0e6,
    "opex_var": 0.01,
    "dep": 0.01,
    "unit_buffer": 2.0,
    "pool_share": 0.2,
    "voucher": 0.0,
    "lent_tenor": 72,
    "waived": 0.0,
    "deducted": 0.0,
    "pool_theta": 0.25,
    "km": 0.02,
    "qmax": 0.85,
    "kd": 0.01,
    "sq": 0.01,
    "kc": 0.003,
    "b1": 1.5,
    "b2": 0.5,
    "b3": 0.5,
    "bq": 1.2,
    "bk": 0.35,
    "bn": 0.8,
    "bp": 0.6,
    "bt": 0.4,
    "topdown": 1.0,
    "h_rev": 0.008,
    "rev_m": 1.0,
    "h_dis": 0.01,
    "h_sc": 0.002,
    "sc_loss": 0.3,
    "kt": 0.05,
    "h0": 0.0062,
    "j1": 4.0,
    "j2": 1.5,
    "j3": 1.0,
    "j4": 1.5,
    "j5": 3.0,
    "j6": 0.3,
    "j7": 0.4,
    "l0": 0.06,
    "leave_dormant": 4.0,
    "v0": -0.5,
    "v1": 12.0,
    "v2": 0.4,
    "v3": 1.0,
    "v4": 0.8,
    "v5": 0.5,
    "start_rich": 0.4,
    "fee": 50_000.0,
}
OF_VARIANT = {
    "trap": {
        "delta": 0.010,
        "rho1": 0.973,
        "sd1": 0.117,
        "sd2": 0.26,
        "sd_x": 0.14,
        "sigma_me": 0.158,
        "bs": 0.559,
        "hab": 0.258,
        "s0": 0.0127,
        "s1": 0.142,
        "k1": 1.32,
        "s2": 0.061,
        "buffer": 0.55,
        "theta": 0.16,
    },
    "no_trap": {
        "delta": 0.0094,
        "rho1": 0.972,
        "sd1": 0.148,
        "sd2": 0.256,
        "sd_x": 0.10,
        "sigma_me": 0.157,
        "bs": 0.547,
        "hab": 0.263,
        "s0": 0.020,
        "s1": 0.216,
        "k1": 1.35,
        "s2": 0.097,
        "buffer": 0.80,
        "theta": 0.167,
    },
}
STARTS_TRADING = {  # near the planned scenario, but the cooperative trades from the start of the arm
    "j0": -1.2,
    "start_legal": 0.0,
    "start_building": 0.0,
    "start_open": 0.0,
    "start_trading": 1.0,
    "start_member": 0.5,
    "h_legal": 1.0,
    "h_build": 0.10,
    "h_open": 0.25,
    "h_trade": 0.20,
    "capital": 500e6,
    "capital_v": 1.0,
    "mentor": 1.0,
    "dues": 20_000.0,
    "invited": 0.0,
}
UNITS = {  # start cost and fixed cost a month in Rp, retail share, output share
    "basic_goods": (40e6, 1.0e6, 0.25, 0.0),
    "savings_loan": (10e6, 0.5e6, 0.0, 0.0),
    "farm_inputs": (60e6, 0.8e6, 0.0, 0.15),
    "produce": (120e6, 2.0e6, 0.0, 0.55),
    "logistics": (150e6, 2.0e6, 0.0, 0.20),
    "clinic": (80e6, 3.0e6, 0.03, 0.0),
    "local_line": (50e6, 1.0e6, 0.0, 0.10),
}
EVENTFUL = {  # so that two years of twelve households meet every rule
    "turn": 0.3,
    "turn_l0": 0.5,
    "age_1": 0.3,
    "age_2": 0.5,
    "p_h": 0.05,
    "p_k": 0.05,
    "p_v": 0.05,
    "loan_dem": 0.4,
    "dl": 0.02,
    "h_sc": 0.05,
    "l0": 0.6,
    "h0": 0.02,
    "h_rev": 0.2,
    "h_dis": 0.2,
}


def parameters(variant, **changes):
    """Register defaults of a variant and the hand-made cooperative scenario above, with changes."""
    units = {
        f"unit_{name}_{column}": value
        for name, row in UNITS.items()
        for column, value in zip(("start", "fixed", "retail", "output"), row, strict=True)
    }
    return {**BOTH_VARIANTS, **OF_VARIANT[variant], **STARTS_TRADING, **units, **changes}


class HashDraws:
    """Keyed pseudo-draws: a number depends on the seed, its stream, the month and the id only."""

    def __init__(self, seed=1):
        self.seed = seed

    def uniforms(self, stream, t, entity):
        digest = hashlib.blake2b(f"{self.seed}/{stream}/{t}/{entity}".encode(), digest_size=32).digest()
        words = (int.from_bytes(digest[k : k + 8], "big") for k in (0, 8, 16, 24))
        return [((word >> 11) + 0.5) / 2**53 for word in words]

    def with_normals(self, stream, t, entity, n_normals):
        u = self.uniforms(stream, t, entity)
        return tuple([NormalDist().inv_cdf(v) for v in u[:n_normals]] + u[n_normals:])

    def household_month(self, t, i):
        return self.with_normals("household_month", t, i, 2)

    def member_month(self, t, i):
        return self.with_normals("member_month", t, i, 0)

    def household_year(self, t, i):
        return self.with_normals("household_year", t, i, 1)

    def successor(self, t, i):
        return self.with_normals("successor", t, i, 2)

    def village_month(self, t, v):
        return self.with_normals("village_month", t, v, 1)

    def village_q(self, t, v):
        return self.with_normals("village_q", t, v, 1)[0]

    def survey(self, t, i):
        return self.with_normals("survey", t, i, 1)[0]


def household_state(i):
    """Household i of the village: poor and rich, young and old, own account, wage and trader."""
    size = 1 + i % 6
    return {
        "size": size,
        "area": "rural",
        "mu": 0.29,
        "sg": 0.64,
        "sk": 0.834,
        "line": 600_000.0 * size,
        "h": 40.0 + 3.0 * i,
        "passive": int(i % 4 == 3),
        "own": int(i % 2 == 0),
        "trader": int(i % 6 == 5),
        "rev": i % 12,
        "u_rem": (i + 0.5) / 12.0,
        "z": -1.6 + 0.3 * i,
        "lna": -0.5 + 0.1 * i,
        "l": (1.0, 1.0, 0.85, 1.0, 0.0, 1.0)[i % 6],
        "x": 0.02 * (i - 6),
        "e1": 0.0,
        "e2": 0.0,
        "ill": 0,
        "formed": 0,
        "K": 0.5 + 1.4 * i,
        "S": 0.2 * i,
        "ybar": 0.8 + 0.1 * i,
        "Dc": 0.0,
        "D0": 0.0,
        "Dm": 0.0,
        "Pm": 0.0,
        "member": 0,
        "barred": 0,
        "cap": 0.0,
        "pat": 0.0,
        "phi": 0.0,
        "shu12": 0.0,
        "c12": [0.9 + 0.05 * i] * 12,
    }


def village_state(**changes):
    """A covered village without a cooperative yet."""
    return {
        "Z": 0.6,
        "access": 0.5,
        "capture": 0,
        "q0": 0.55,
        "wedge": 0.23,
        "covered": 1,
        "u_funnel": 0.4,
        "start_month": 1,
        "lent": 0,
        "lent_left": 0.0,
        "u": 0.0,
        "status": 0,
        "entered_trading": 0,
        "q": 0.55,
        "trust": 0.0,
        "units": 0,
        "cash": 0.0,
        "Dx": 0.0,
        "fixed": 0.0,
        "pool": 0.0,
        "loans_out": 0.0,
        "Eq0": 1e6,
        "Eq": 0.0,
        "ytd": 0.0,
        "rate_pat": 0.0,
        "rate_cap": 0.0,
        "shu_flag": 0,
        "phibar": 0.0,
        "mshare": 0.0,
        "pi": 0.0,
        "kappa": 0.0,
        "mu": 0.0,
        "rt": 0.0,
        "qt": 0.0,
        "lossrate": 0.0,
        "dem": 0.0,
        "inj_base": 0.0,
    } | changes


def village(village_id=1, **changes):
    """Twelve households on a ring, three ties on either side and two across; ids start at 100 x village_id."""
    first = 100 * village_id
    households = {first + i: household_state(i) for i in range(12)}
    ties = {}
    for i in range(12):
        neighbours = [first + (i + step) % 12 for step in (-3, -2, -1, 1, 2, 3, 5, 6)]
        total = sum(households[j]["h"] for j in neighbours)
        ties[first + i] = [(j, households[j]["h"] / total) for j in neighbours]
    return {"id": village_id, "state": village_state(**changes), "households": households, "ties": ties}


def schedule(village_id=1):
    """Quarterly cash for six households, a grant of assets for two, village works for four."""
    first = 100 * village_id
    cash = {"product": "cash", "amounts": [717_500.0 if m % 3 == 0 else 0.0 for m in range(12)]}
    assets = {"product": "asset", "amounts": [0.0, 0.0, 4e6] + [0.0] * 9}
    enrolled = {first + i: (1 if i < 6 else 0) | (2 if i in (1, 7) else 0) for i in range(12)}
    return {
        "programmes": [cash, assets],
        "enrolled": enrolled,
        "works": {first + i: int(i < 4) for i in range(12)},
        "works_v": {village_id: 150_000.0},
    }
