"""Numbers that the brief prints and that no other part of the summary holds: sums and quotients of it, kept as `brief`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from povsim.reporting import verdict as v
from povsim.reporting.page_tables import GRADES, grade_of
from povsim.reporting.verdict import Summary


def brief_numbers(summary: Summary, tables: Mapping[str, Any]) -> dict[str, Any]:
    """The entry `brief` of summary.json.

    `years` in which an exit may begin and `horizon_years`; `families` by variant: structurally poor households of the nation;
    `leaving` by variant and arm: those of them that leave for good (E4 x families); `extra_cost_idr` by variant, for each arm
    with cooperatives: its public cost less that of `aid`; `parameters`: how many stand behind the run, in all and by grade.
    """
    grades = list(grade_of(tables.get("parameters")).values())
    families, leaving, extra = {}, {}, {}
    for variant, block in summary["variants"].items():
        arms = block["arms"]
        families[variant] = next((size for arm in arms if (size := v.households(summary, variant, arm, "structural"))), None)
        leaving[variant] = {
            arm: share * families[variant]
            for arm, entry in arms.items()
            if (share := entry.get("structural", {}).get("E4")) is not None and families[variant] is not None
        }
        base = arms.get("aid", {}).get("cost_idr")
        extra[variant] = {
            arm: entry["cost_idr"] - base
            for arm, entry in arms.items()
            if base is not None and entry.get("cost_idr") is not None and arm in v.MAIN_ARMS
        }
    return {
        "years": summary["definition"]["window"][1] / 12,
        "horizon_years": summary["horizon_months"] / 12,
        "families": families,
        "leaving": leaving,
        "extra_cost_idr": extra,
        "parameters": {"all": len(grades), **{grade: grades.count(grade) for grade in GRADES}},
    }
