"""Words and tables of a question of power, for the terminal and the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from povsim.reporting import verdict as v
from povsim.reporting.language import Language, language
from povsim.reporting.tables import Footnotes, Table
from povsim.reporting.verdict import Summary

SHARE_OUTCOMES = ("poverty", "membership", "E1", "E2", "E4")


def effect_text(outcome: str, value: float, words: Language, decimals: int = 1) -> str:
    """An effect in percentage points, or in log points of consumption; never one for the other."""
    if outcome in SHARE_OUTCOMES:
        return words.points(value, decimals)
    return words.text("power.unit.log_points", value=words.number(100 * value, decimals, signed=True))


def short_effect(outcome: str, value: float, words: Language) -> str:
    """An effect for a table, in pp or lp, which the caption explains."""
    unit = "points_short" if outcome in SHARE_OUTCOMES else "log_short"
    return words.text(f"power.unit.{unit}", value=words.number(100 * value, 2, signed=True))


def outcome_label(name: str, words: Language) -> str:
    """The outcome in the reader's words."""
    return words.text(f"power.outcome.{name}")


def design_label(name: str, words: Language) -> str:
    """The design in the reader's words."""
    return words.text(f"power.design.{name}")


def sentences(summary: Summary, code: str) -> list[str]:
    """The textbook figure, what pilots in the model see, what finding the poor costs, who is wrong."""
    words = language(code)
    out = []
    for at, row in enumerate(summary["closed_form"]):
        out += _closed(row, summary["keys"], words, first=at == 0)
    for variant, block in summary.get("variants", {}).items():
        name = v.variant_label(variant, words)
        out += _verdict(summary, block, name, words)
        out += _assurance(block, name, words)
        screening = block["screening"]
        if screening["listed_per_found"] is not None:
            out.append(
                words.text(
                    "power.sentence.screening",
                    listed=words.number(screening["listed_per_found"], 1),
                    interviewed=words.number(screening["interviewed_per_found"], 1),
                    cost=words.rupiah(screening["cost_per_found_idr"]),
                    variant=name,
                )
            )
        out += _audit(summary, block, name, words)
    return out


def simulated(summary: Summary) -> bool:
    """Whether the textbook figure was checked by simulated trials."""
    return any(row["power_simulated"] is not None for row in summary["closed_form"])


def _closed(row: Mapping[str, Any], keys: Mapping[str, Any], words: Language, first: bool) -> list[str]:
    """The textbook figure of a design; the first sentence says what is to be seen, the next ones refer to it."""
    asked = {
        "p": words.percent(keys["p"]),
        "q": words.percent(keys["p"] + keys["effect"]),
        "power": words.percent(keys["power"], 0),
        "alpha": words.percent(keys["alpha"], 0 if keys["alpha"] >= 0.01 else 1),
        "households": keys["households"],
        "icc": words.number(keys["icc"], 3),
    }
    if row["design"] != "parallel":
        fields = {"design": design_label(row["design"], words), "steps": row["steps"], "n": words.number(row["villages"])}
        if first:
            return [words.text("power.sentence.wedge_alone", **asked, **fields)]
        return [words.text("power.sentence.wedge", **fields)]
    out = [words.text("power.sentence.closed", **asked, n=words.number(row["villages_per_arm"]))]
    if row["power_simulated"] is not None:
        out.append(
            words.text(
                "power.sentence.simulated",
                trials=words.number(keys["trials"]),
                n=words.number(row["villages_per_arm"]),
                power=words.percent(row["power_simulated"]),
            )
        )
    return out


def _verdict(summary: Summary, block: Mapping[str, Any], name: str, words: Language) -> list[str]:
    verdict, budget = block["verdict"], words.rupiah(summary["keys"]["budget_idr"])
    out = []
    if verdict["asked"]:
        if verdict["permanent_seen"]:
            n = words.number(verdict["permanent_needed"])
            out.append(words.text("power.sentence.permanent_yes", variant=name, budget=budget, n=n))
        else:
            out.append(words.text("power.sentence.permanent_no", variant=name, budget=budget, why=_why(block, words)))
    if verdict["first"] is None:
        out.append(words.text("power.sentence.nothing", variant=name))
    else:
        if verdict["only_membership"]:
            out.append(words.text("power.sentence.only_membership", variant=name))
        out.append(words.text("power.sentence.first", variant=name, **_told(verdict["first"], words)))
    if verdict["nearest"] is not None:
        out.append(words.text("power.sentence.nearest", variant=name, **_told(verdict["nearest"], words)))
    return out


def _assurance(block: Mapping[str, Any], name: str, words: Language) -> list[str]:
    """Over draws of the parameters: permanent exits as late as they are followed, and what else is seen most often."""
    rows = block.get("assurance") or []
    exits = [row for row in rows if row["outcome"] == "E4"]
    others = [row for row in rows if row["outcome"] not in ("E4", "membership")]
    chosen = [max(exits, key=lambda row: row["month"])] if exits else []
    chosen += [min(others, key=lambda row: (-row["within_budget"], row["month"]))] if others else []
    return [
        words.text(
            "power.sentence.assurance",
            variant=name,
            outcome=outcome_label(row["outcome"], words),
            design=design_label(row["design"], words),
            **{key: words.number(row[key]) for key in (*_COUNTS, *_SIGNS)},
        )
        for row in chosen
    ]


def assurance_table(variant: str, block: Mapping[str, Any], words: Language) -> Table | None:
    """Designs and outcomes down; over draws: how often the budget does, which way the effect goes, villages needed."""
    rows = []
    for row in block.get("assurance") or []:
        needed = [row[name] for name in ("needed10", "needed50", "needed90")]
        rows.append((
            design_label(row["design"], words), outcome_label(row["outcome"], words), str(row["month"]),
            *(words.text("power.of_draws", count=row[key], draws=row["draws"]) for key in ("within_budget", *_SIGNS)),
            *(words.text("table.none") if n is None else words.number(n) for n in needed),
        ))  # fmt: skip
    if not rows:
        return None
    names = ("design", "outcome", "month", "within_budget", *_SIGNS, "needed10", "needed50", "needed90")
    return Table(
        words.text("power.table.assurance", variant=v.variant_label(variant, words)),
        tuple(words.text(f"power.table.{name}") for name in names),
        tuple(rows),
        labels=2,
        caption=words.text("power.table.assurance_caption"),
    )


_SIGNS = ("gain", "harm", "untold")
_COUNTS = ("month", "draws", "villages_lived", "within_budget")


def _told(row: Mapping[str, Any], words: Language) -> dict[str, Any]:
    return {
        "outcome": outcome_label(row["outcome"], words),
        "month": row["month"],
        "n": words.number(row["needed"]),
        "design": design_label(row["design"], words),
        "cost": words.rupiah(row["cost_needed_idr"]),
    }


def _why(block: Mapping[str, Any], words: Language) -> str:
    """Why permanent exits are not seen: as late as each kind of pilot looks, each reason once."""
    rows = sorted((row for row in block["outcomes"] if row["outcome"] == "E4"), key=lambda row: row["month"])
    too_early = [row for row in rows if row["earliest"] > row["month"]]
    seen: dict[str, None] = {}
    if too_early:
        last = too_early[-1]
        seen[words.text("power.sentence.why_not_yet", month=last["earliest"], last=last["month"])] = None
    for row in rows:
        if row in too_early:
            continue
        most = words.number(row["affordable"])
        if row["needed"] is not None:
            n = words.number(row["needed"])
            seen[words.text("power.sentence.why_villages", month=row["month"], n=n, most=most)] = None
        elif row["mde_affordable"] is not None and "cannot be told from none" in row["reason"]:
            mde = effect_text("E4", row["mde_affordable"], words)
            seen[words.text("power.sentence.why_no_effect", month=row["month"], most=most, mde=mde)] = None
        else:
            reason = words.reason(row["reason"] or "")
            seen[words.text("power.sentence.why_other", month=row["month"], reason=reason)] = None
    return "; ".join(seen)


def _audit(summary: Summary, block: Mapping[str, Any], name: str, words: Language) -> list[str]:
    rows = [row for row in block.get("audit", ()) if row["bias"] is not None]
    if len(rows) < 2:
        return []
    worst, best = max(rows, key=lambda row: abs(row["bias"])), min(rows, key=lambda row: abs(row["bias"]))
    outcome = summary["keys"]["audit_outcome"]
    return [
        words.text(
            "power.sentence.audit",
            pilots=words.number(summary["keys"]["audit_pilots"]),
            variant=name,
            worst=words.text(f"power.estimator.{worst['estimator']}"),
            worst_bias=effect_text(outcome, worst["bias"], words),
            worst_truth=effect_text(outcome, worst["truth"], words),
            best=words.text(f"power.estimator.{best['estimator']}"),
            best_bias=effect_text(outcome, best["bias"], words),
        )
    ]


def notes(summary: Summary, code: str) -> list[str]:
    """What must stand beside the numbers."""
    words = language(code)
    out = [words.text("power.note.closed")]
    blocks = summary.get("variants", {})
    if not blocks:
        return out
    if v.place(summary) == "toy":
        out.insert(0, words.text("note.toy"))
    if summary["targets"]:
        out.append(words.text("power.note.target"))
    outcomes = {row["outcome"] for block in blocks.values() for row in block["outcomes"]}
    designs = {row["design"] for block in blocks.values() for row in block["outcomes"]}
    villages = words.number(next(iter(blocks.values()))["villages_lived"])
    out.append(words.text("power.note.bank", villages=villages))
    out += [words.text("power.note.exits")] if outcomes & {"E1", "E2", "E4"} else []
    out += [words.text("power.note.joined")] if "membership" in outcomes else []
    out += [words.text("power.note.wedge")] if designs - {"parallel"} else []
    out += [words.text("power.note.matched")] if any("audit" in block for block in blocks.values()) else []
    certainty = "note.given_parameters" if summary.get("uncertainty") is None else "power.note.drawn"
    return [*out, words.text("power.note.money"), words.text(certainty)]


def tables_shown(summary: Summary, words: Language) -> list[Table]:
    """Tables for the terminal."""
    out = [closed_table(summary, words)]
    for variant, block in summary.get("variants", {}).items():
        out.append(outcome_table(variant, block, words, short=True))
        if "audit" in block:
            out.append(audit_table(summary, variant, block, words, short=True))
    return out


def closed_table(summary: Summary, words: Language) -> Table:
    """A row a design."""
    feet, rows = Footnotes(words), []
    reasons = summary.get("reasons", {})
    for row in summary["closed_form"]:
        n, simulated = row["villages_per_arm"], row["power_simulated"]
        rows.append(
            (
                design_label(row["design"], words),
                feet.none(None) if n is None else words.number(n),
                words.number(row["villages"]),
                short_effect("poverty", row["mde"], words),
                words.percent(row["power_closed"]),
                feet.none(None) if simulated is None else words.percent(simulated),
                words.percent(row["type_s"], 3),
                words.number(row["type_m"], 2),
            )
        )
    names = ("design", "per_arm", "villages", "mde", "power_closed", "power_simulated", "type_s", "type_m")
    below = tuple(dict.fromkeys(reasons.values())) if words.code == "en" else ()
    return Table(
        words.text("power.table.closed"), tuple(words.text(f"power.table.{name}") for name in names), tuple(rows), notes=below
    )


def outcome_table(variant: str, block: Mapping[str, Any], words: Language, short: bool = False) -> Table:
    """Designs and outcomes down; correlation, effect, villages needed and what the budget carries across."""
    feet, rows = Footnotes(words), []
    for row in block["outcomes"]:
        o = row["outcome"]

        def none_or(value: float | None, write: Any, reason: str | None = row["reason"]) -> str:
            return feet.none(reason) if value is None else str(write(value))

        cells = [
            design_label(row["design"], words),
            outcome_label(o, words),
            str(row["month"]),
            none_or(row["icc"], lambda x: words.number(x, 3)),
            short_effect(o, row["effect_true"], words),
            none_or(row["needed"], words.number),
            none_or(row["cost_needed_idr"], words.rupiah),
            words.number(row["affordable"]),
            none_or(row["power_affordable"], words.percent),
        ]
        if not short:
            cells += [
                short_effect(o, row["effect_seen"], words),
                none_or(row["mde_affordable"], lambda x, o=o: short_effect(o, x, words)),
                none_or(row["type_s_affordable"], lambda x: words.percent(x, 1)),
                none_or(row["type_m_affordable"], lambda x: words.number(x, 1)),
            ]
        rows.append(tuple(cells))
    names = ["design", "outcome", "month", "icc", "effect", "needed", "cost", "affordable", "power"]
    names += [] if short else ["seen", "mde", "type_s", "type_m"]
    return Table(
        words.text("power.table.outcomes", variant=v.variant_label(variant, words)),
        tuple(words.text(f"power.table.{name}") for name in names),
        tuple(rows),
        labels=2,
        caption=words.text("power.table.outcomes_caption"),
        notes=feet.lines(),
    )


def cost_table(variant: str, block: Mapping[str, Any], words: Language) -> Table:
    """What the villages that are needed would cost, item by item."""
    rows = []
    for row in block["outcomes"]:
        if row["needed"] is not None:
            items = ("interviews", "listing", "mentoring", "cooperatives", "total")
            rows.append(
                (
                    design_label(row["design"], words),
                    outcome_label(row["outcome"], words),
                    str(row["month"]),
                    words.number(row["needed"]),
                    *(words.rupiah(row[f"needed_{item}_idr"]) for item in items),
                )
            )
    names = ("design", "outcome", "month", "needed", "interviews", "listing", "mentoring", "cooperatives", "total")
    title = words.text("power.table.costs", variant=v.variant_label(variant, words))
    return Table(title, tuple(words.text(f"power.table.{name}") for name in names), tuple(rows), labels=2)


def screening_table(summary: Summary, words: Language) -> Table:
    """A row a variant."""
    feet, rows = Footnotes(words), []
    for variant, block in summary["variants"].items():
        s = block["screening"]

        def none_or(value: float | None, write: Any) -> str:
            return feet.none(None) if value is None else str(write(value))

        rows.append(
            (
                v.variant_label(variant, words),
                words.percent(s["structural_share"]),
                none_or(s["precision"], words.percent),
                none_or(s["found_share"], words.percent),
                none_or(s["listed_per_found"], lambda x: words.number(x, 1)),
                none_or(s["interviewed_per_found"], lambda x: words.number(x, 1)),
                none_or(s["cost_per_found_idr"], words.rupiah),
            )
        )
    names = ("variant", "structural", "precision", "found", "listed", "interviewed", "per_found")
    keys = summary["keys"]
    title = words.text(
        "power.table.screening", score_sd=words.number(100 * keys["score_sd"]), bottom=words.percent(keys["screen_bottom"], 0)
    )
    return Table(title, tuple(words.text(f"power.table.{name}") for name in names), tuple(rows))


def audit_table(summary: Summary, variant: str, block: Mapping[str, Any], words: Language, short: bool = False) -> Table:
    """A row an estimator: truth, mean estimate, bias, spread, error, coverage."""
    feet, rows = Footnotes(words), []
    outcome = summary["keys"]["audit_outcome"]
    for row in block["audit"]:
        measures = [
            feet.none(row["reason"]) if row[name] is None else short_effect(outcome, row[name], words)
            for name in ("truth", "mean", "bias", "sd", "rmse")
        ]
        covered = feet.none(row["reason"]) if row["coverage"] is None else words.percent(row["coverage"])
        about = [] if short else [words.text(f"power.target.{row['target']}")]
        rows.append((words.text(f"power.estimator.{row['estimator']}"), *about, *measures, covered))
    names = ("estimator", *(() if short else ("about",)), "truth", "mean", "bias", "sd", "rmse", "coverage")
    title = words.text("power.table.audit", variant=v.variant_label(variant, words), outcome=outcome_label(outcome, words))
    return Table(
        title, tuple(words.text(f"power.table.{name}") for name in names), tuple(rows), labels=1 if short else 2,
        notes=feet.lines(),
    )  # fmt: skip
