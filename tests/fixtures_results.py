"""A result folder of `povsim compare` with made-up numbers: none of them comes from a run of the model."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import polars as pl

MADE_UP = "made-up numbers for tests"
ARMS = ("none", "aid", "aid_equal_cost", "cooperative", "aid_cooperative", "aid_cooperative_planned")
VARIANTS = ("trap", "no_trap")
GROUPS = {"structural": 2_700_000.0, "baseline_poor": 5_100_000.0}
PAIRS = (
    ("aid", "none"),
    ("cooperative", "none"),
    ("aid_cooperative", "aid"),
    ("aid_cooperative", "aid_equal_cost"),
    ("aid_equal_cost", "aid"),
    ("aid_cooperative_planned", "aid"),
)
E4 = {
    "none": 0.090,
    "aid": 0.104,
    "aid_equal_cost": 0.109,
    "cooperative": 0.091,
    "aid_cooperative": 0.1046,
    "aid_cooperative_planned": 0.118,
}
COST = {
    "none": 0.0,
    "aid": 7.1e14,
    "aid_equal_cost": 7.99e14,
    "cooperative": 9.0e13,
    "aid_cooperative": 8.0e14,
    "aid_cooperative_planned": 9.6e14,
}
RUNGS = {"E1": 3.1, "E2": 1.5, "E3": 1.9, "E4": 1.0, "E4x": 0.97}
TOO_FEW = "too few to say: 7 discordant households, at least 20 are needed"


def contrast(
    arm: str, against: str, mean: float, half: float, group: str = "structural", measure: str = "E4", **other: Any
) -> dict[str, Any]:
    """One contrast with a symmetric interval; `other` overrides fields."""
    n01 = max(0.0, -mean) + 0.002
    extra_cost = COST.get(arm, 0.0) - COST.get(against, 0.0)
    exits = mean * GROUPS[group]
    entry: dict[str, Any] = {
        "arm": arm,
        "against": against,
        "group": group,
        "measure": measure,
        "mean": mean,
        "low80": mean - 0.6 * half,
        "high80": mean + 0.6 * half,
        "low95": mean - half,
        "high95": mean + half,
        "n10": mean + n01,
        "n01": n01,
        "extra_exits": exits,
        "per_billion_idr": exits / (extra_cost / 1e9) if extra_cost > 0 else None,
        "reason": None,
        "pairing_gain": 4.2,
        "reasons": {},
    }
    if entry["per_billion_idr"] is None:
        entry["reasons"] = {"per_billion_idr": "the arm costs no more than the arm it is compared with"}
    return entry | other


def with_contrast(summary: dict[str, Any], *entries: dict[str, Any], variants: tuple[str, ...] = VARIANTS) -> dict[str, Any]:
    """The summary with these contrasts in place of those of the same arms, group and measure."""
    names = ("arm", "against", "group", "measure")
    for variant in variants:
        kept = [
            old
            for old in summary["variants"][variant]["contrasts"]
            if all(any(old[n] != new[n] for n in names) for new in entries)
        ]
        summary["variants"][variant]["contrasts"] = kept + [dict(new) for new in entries]
    return summary


def made_up_summary() -> dict[str, Any]:
    """A summary in which assistance helps and cooperatives as reported make no difference that can be seen."""
    variants: dict[str, Any] = {}
    takeup: dict[str, Any] = {}
    for variant, shift in zip(VARIANTS, (1.0, 1.12), strict=True):
        arms: dict[str, Any] = {}
        for arm in ARMS:
            arms[arm] = {"cost_idr": COST[arm], "headcount": [0.085 - 0.0001 * month for month in range(157)], "reasons": {}}
            for group, households in GROUPS.items():
                scale = shift * (1.0 if group == "structural" else 2.4)
                shares = {rung: min(0.95, scale * E4[arm] * factor) for rung, factor in RUNGS.items()}
                arms[arm][group] = {
                    "households": households,
                    **shares,
                    "E5": None,
                    "E4cap": 0.8 * shares["E4"],
                    "E4now": 1.2 * shares["E4"],
                    "E4long": 0.7 * shares["E4"],
                    "E4succ": 1.5 * shares["E4"],
                    "ended_share": 0.28,
                    "reentry_36m": 0.41,
                    "reasons": {"E5": "needs branched futures (futures=N)"},
                }
        contrasts = []
        for group in GROUPS:
            for measure, factor in RUNGS.items():
                for arm, against in PAIRS:
                    mean = shift * factor * (E4[arm] - E4[against])
                    contrasts.append(contrast(arm, against, mean, 0.0022, group, measure))
                for arm, against in PAIRS:
                    null = {
                        "mean": None,
                        "low80": None,
                        "high80": None,
                        "low95": None,
                        "high95": None,
                        "n10": None,
                        "n01": None,
                    }
                    if measure == "E1":
                        why = "needs branched futures (futures=N)"
                        null |= {"extra_exits": None, "per_billion_idr": None, "reason": why, "reasons": {"mean": why}}
                        contrasts.append(contrast(arm, against, 0.0, 0.0, group, "E5") | null)
        variants[variant] = {"arms": arms, "contrasts": contrasts}
        effect = {"mean": 0.011 * shift, "low95": -0.004, "high95": 0.026, "households": 81_000.0, "n10": 0.02, "n01": 0.009}
        takeup[variant] = {
            arm: {
                "members_share_m60": 0.021,
                "members_in_trading_share_structural_m60": 0.0011,
                "trading_share_m17": 0.031,
                "trading_share_m60": 0.026 * shift,
                "effect_where_trading": effect | {"reason": None},
                "villages_needed": 41_000.0 * shift,
                "reason": None,
            }
            for arm in ("cooperative", "aid_cooperative", "aid_cooperative_planned")
        }
    return {
        "command": "compare",
        "schema": 1,
        "made_up": MADE_UP,
        "horizon_months": 156,
        "burn_in_months": 120,
        "definition": {"b": 0.1, "W": 36, "window": [12, 96]},
        "replicates": 8,
        "seed": 7,
        "groups": list(GROUPS),
        "population": {
            "kind": "indonesia",
            "villages": 300,
            "households_per_village": 100,
            "persons_nation": 284_000_000,
            "households_nation": 75_000_000,
        },
        "scenario": {
            "cooperative": "as_reported",
            "economy": "steady",
            "registry": "dtks",
            "interactions": "on",
            "coverage": 1.0,
        },
        "targets": ["aid_cooperative_planned"],
        "variants": variants,
        "range": [],
        "sentences": {"en": [], "id": []},
        "notes": [],
        "equal_cost": {
            variant: {
                "aid_equal_cost": {
                    "of": "aid_cooperative",
                    "form": "benefits",
                    "level": 1.13,
                    "cost_arm_idr": 8.0e14,
                    "cost_twin_idr": 7.99e14,
                    "gap_share": 0.00125,
                }
            }
            for variant in VARIANTS
        },
        "takeup": takeup,
        "who_gains": {
            variant: [row for row in made_up_gains() if row["variant"] == variant and row["dimension"] != "province"]
            for variant in VARIANTS
        },
        "exits_without_cooperative": {
            variant: [
                {
                    "group": group,
                    "arm": arm,
                    "other": other,
                    "exits": E4[arm] * GROUPS[group],
                    "share": share,
                    "simulated": 900,
                    "reason": None,
                    "reasons": {},
                }
                for group in GROUPS
                for arm in ("aid_cooperative", "aid_cooperative_planned")
                for other, share in (("aid", 0.981), ("none", 0.774))
            ]
            for variant in VARIANTS
        },
    }


LEVELS = {
    "type": {"labour_constrained": 0.2, "structurally_low": 0.7, "near_threshold": 1.9},
    "extreme": {"extreme_poor": 0.5, "other_poor": 1.1},
    "fifth": {str(k): 1.2 - 0.1 * k for k in range(1, 6)},
    "decile": {"1": 1.0},
    "area": {"urban": 0.9, "rural": 1.15},
    "province": {"ACEH": 0.8, "JAWA TIMUR": 1.1, "PAPUA PEGUNUNGAN": 0.6},
}


def made_up_gains() -> list[dict[str, Any]]:
    """Rows of the table `who_gains`; the contrast of aid_cooperative is too few to say, Papua Pegunungan has few households."""
    rows = []
    for variant, shift in zip(VARIANTS, (1.0, 1.12), strict=True):
        for group, households in GROUPS.items():
            for arm, against in PAIRS:
                for dimension, levels in LEVELS.items():
                    for level, factor in levels.items():
                        few = (arm, against) == ("aid_cooperative", "aid")
                        sparse = level == "PAPUA PEGUNUNGAN"
                        mean = shift * factor * (E4[arm] - E4[against])
                        rows.append(
                            {
                                "variant": variant,
                                "group": group,
                                "dimension": dimension,
                                "level": level,
                                "arm": arm,
                                "against": against,
                                "measure": "E4",
                                "households": households / len(levels),
                                "simulated": 120 if sparse else 2400,
                                "share_arm": shift * factor * E4[arm],
                                "share_against": shift * factor * E4[against],
                                "mean": mean,
                                "low95": mean - 0.003,
                                "high95": mean + 0.003,
                                "n10": max(mean, 0.0) + 0.002,
                                "n01": max(-mean, 0.0) + 0.002,
                                "discordant": 7 if few else 90,
                                "reason": TOO_FEW if few else None,
                                "share_reason": "too few to say: 120 simulated households" if sparse else None,
                            }
                        )
    return rows


def made_up_tables() -> dict[str, list[dict[str, Any]]]:
    """The tables of a result folder, small and smooth."""
    tables: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("exits_over_time", "exits_by_year", "exit_survival", "headcount_path")
    }
    tables |= {"funnel": [], "cost": [], "persons": []}
    for variant, shift in zip(VARIANTS, (1.0, 1.12), strict=True):
        for arm in ARMS:
            for month in range(12, 97):
                share = shift * E4[arm] * (1 - math.exp(-(month - 11) / 40)) / (1 - math.exp(-85 / 40))
                row = {"variant": variant, "arm": arm, "group": "structural", "month": month, "cumulative_share": share}
                tables["exits_over_time"].append(row)
                if month in (12, 36, 60, 96):
                    tables["exits_by_year"].append(row)
            for month in range(61):
                kept = 0.42 + (0.53 + E4[arm]) * math.exp(-month / 18) - 0.03 * shift
                tables["exit_survival"].append(
                    {
                        "variant": variant,
                        "arm": arm,
                        "group": "structural",
                        "months_since_crossing": month,
                        "share_still_out": min(1.0, kept),
                    }
                )
            for month in range(157):
                for area, factor in (("all", 1.0), ("urban", 0.8), ("rural", 1.3)):
                    poor = factor * (0.0847 - (0.0001 + 0.0008 * E4[arm]) * month)
                    tables["headcount_path"].append(
                        {
                            "variant": variant,
                            "arm": arm,
                            "month": month,
                            "area": area,
                            "observed": poor,
                            "latent": 0.93 * poor,
                            "gap": 0.16 * poor,
                            "severity": 0.04 * poor,
                        }
                    )
            for measure, factor in RUNGS.items():
                tables["persons"].append(
                    {
                        "variant": variant,
                        "arm": arm,
                        "group": "structural",
                        "measure": measure,
                        "mean": 1.04 * factor * E4[arm],
                        "low95": None,
                        "high95": None,
                        "households": None,
                    }
                )
            for purse, item, share in (
                ("state_aid", "benefits", 0.92),
                ("state_aid", "delivery", 0.03),
                ("ministry", "mentoring", 0.01),
                ("village_fund", "building", 0.06),
                ("village_fund", "residual", -0.02),
            ):
                tables["cost"].append(
                    {"variant": variant, "arm": arm, "purse": purse, "item": item, "pv_idr": share * COST[arm]}
                )
        for arm in ("cooperative", "aid_cooperative", "aid_cooperative_planned"):
            for year in range(14):
                trading = 0.03 if arm != "aid_cooperative_planned" else min(0.7, 0.12 * year)
                dormant = 0.012 * year
                rest = 1 - trading - dormant
                shares = {"none": 0.0, "legal": 0.78 * rest, "building": 0.18 * rest, "open": 0.04 * rest}
                shares |= {"trading": trading, "dormant": 0.7 * dormant, "dissolved": 0.3 * dormant}
                for status, share in shares.items():
                    tables["funnel"].append(
                        {
                            "variant": variant,
                            "arm": arm,
                            "year": year,
                            "status": status,
                            "share_of_villages": share,
                            "members_per_cooperative": 21.0,
                            "volume_idr_year": 2.4e6,
                        }
                    )
    tables["who_gains"] = made_up_gains()
    summary = made_up_summary()
    tables["arms"] = [
        {"variant": variant, "arm": arm, "group": group, "measure": measure, "mean": block["arms"][arm][group][measure]}
        for variant, block in summary["variants"].items()
        for arm in ARMS
        for group in GROUPS
        for measure in RUNGS
    ]
    tables["contrasts"] = [
        {"variant": variant, **{name: value for name, value in entry.items() if name != "reasons"}}
        for variant, block in summary["variants"].items()
        for entry in block["contrasts"]
    ]
    tables["population_check"] = [
        {
            "province": province,
            "area": "all",
            "statistic": statistic,
            "published": published,
            "synthetic": 1.02 * published,
            "unit": unit,
            "grade": grade,
            "source": "made-up source",
        }
        for province, base in (("Indonesia", 8.47), ("Aceh", 12.33), ("Jawa Tengah", 9.48), ("Papua Pegunungan", 30.03))
        for statistic, published, unit, grade in (
            ("headcount", base, "percent", "V"),
            ("P1", 0.15 * base, "index", "V"),
            ("gini", 0.375, "index", "D"),
        )
    ]
    tables["parameters"] = [
        {"symbol": "gL", "value": 0.30, "unit": "1", "grade": "G", "source": "Ikegami, Carter, Barrett, Janzen"},
        {"symbol": "p_k", "value": 0.005, "unit": "per month", "grade": "A", "source": ""},
        {"symbol": "r_m", "value": 0.48, "unit": "per year", "grade": "V", "source": "made-up source"},
        {"symbol": "pkh_idr_year", "value": 2.87e6, "unit": "Rp", "grade": "D", "source": "made-up source"},
    ]
    return tables


def write_result_folder(folder: Path, summary: dict[str, Any] | None = None) -> Path:
    """Write a whole result folder of made-up numbers, without figures and report."""
    (folder / "tables").mkdir(parents=True)
    (folder / "summary.json").write_text(json.dumps(summary or made_up_summary()), encoding="utf-8")
    for name, rows in made_up_tables().items():
        pl.DataFrame(rows, infer_schema_length=None).write_parquet(folder / "tables" / f"{name}.parquet")
    (folder / "scenario.yaml").write_text("cooperative: as_reported\nnote: <b>made-up</b> & harmless\n", encoding="utf-8")
    provenance = {
        "versions": {"povsim": "0.1.0", "numpy": "2.2"},
        "seed": 7,
        "hashes": {"code": "0a1b"},
        "platform": "Linux",
        "threads": 2,
    }
    (folder / "provenance.json").write_text(json.dumps(provenance), encoding="utf-8")
    (folder / "REPRODUCE.md").write_text("uv run povsim compare seed=7\n", encoding="utf-8")
    return folder
