"""Three plain sentences on what a comparison says, in the direction the numbers have, and the notes beside them."""

from __future__ import annotations

from collections.abc import Mapping

from povsim.reporting import uncertain
from povsim.reporting import verdict as v
from povsim.reporting.language import Language, language
from povsim.reporting.verdict import Reading, Summary


def sentences(summary: Summary, code: str = "en") -> list[str]:
    """Exactly three sentences: what assistance does; what cooperatives add to it and against the same money; harm and cost.

    A direction is claimed only where the 95 % interval of every variant excludes 0 and at least 20 households change side.
    """
    words = language(code)
    return [_assistance(summary, words), _cooperatives(summary, words), _harm_and_cost(summary, words)]


def notes(summary: Summary, code: str = "en") -> list[str]:
    """What must stand beside the sentences: made-up or partial population, target stamps, what intervals leave out, PKH."""
    words = language(code)
    found = []
    where = v.population(summary)
    if where != "indonesia":
        found.append(words.text(f"note.{where}"))
    stamped = [arm for arm in v.arms(summary) if v.is_target(summary, arm)]
    if stamped:
        labels = words.listing(v.arm_name(summary, arm, words) for arm in stamped)
        found.append(words.text("note.target", arms=labels))
    found += _other_way_for_all(summary, words)
    found += uncertain.notes(summary, words)
    if len(summary["variants"]) == 1:
        only = v.variant_label(next(iter(summary["variants"])), words)
        found.append(words.text("note.one_variant", variant=only))
    found.append(words.text("note.pkh"))
    return found


def _other_way_for_all(summary: Summary, words: Language) -> list[str]:
    """One note for each arm whose effect on all households shows the other way than on the structurally poor, against aid."""
    out = []
    for arm in v.arms(summary):
        found = []
        for variant, at in v.other_way(summary, arm):
            row = summary["all_households"][variant]["contrasts"][at]
            mean = row["mean"]
            low, high = (words.per_thousand(row[end], (mean,), signed=True) for end in ("low95", "high95"))
            ends = words.text("unit.interval", low=low, high=high)
            found.append(f"{v.variant_label(variant, words)}: {words.per_thousand(mean, signed=True)} ({ends})")
        if found:
            out.append(words.text("note.other_way", arm=v.arm_label(summary, arm, words), variants="; ".join(found)))
    return out


def given_parameters(summary: Summary) -> bool:
    """Whether the intervals leave out that the parameters themselves are uncertain."""
    return uncertain.drawn(summary) is None


def _assistance(summary: Summary, words: Language) -> str:
    with_aid = _exits(summary, "aid", words)
    if with_aid is None:
        return words.text("sentence.no_aid")
    group = [v.households(summary, variant, "aid", "structural") or 0.0 for variant in summary["variants"]]
    window = summary.get("definition", {}).get("window", [12, 96])
    opening = words.text(
        "sentence.aid",
        group=words.span(group, words.large_count),
        place=words.text(f"place.{v.place(summary)}"),
        years=words.number(window[1] / 12),
        share=with_aid["share"],
        number=with_aid["number"],
    )
    without = _exits(summary, "none", words)
    if without is None:
        return opening + words.text("sentence.end_without_none")
    reading = v.read(summary, "aid", "none")
    return (
        opening
        + words.text("sentence.without", share=without["share"], number=without["number"])
        + words.text(f"sentence.aid_{reading.verdict}", **_fields(reading, summary, words))
        + "."
    )


def _exits(summary: Summary, arm: str, words: Language) -> dict[str, str] | None:
    shares, numbers = [], []
    for variant, block in summary["variants"].items():
        share = block["arms"].get(arm, {}).get("structural", {}).get("E4")
        size = v.households(summary, variant, arm, "structural")
        if share is not None and size is not None:
            shares.append(share)
            numbers.append(share * size)
    if not shares:
        return None
    return {"share": words.span(shares, words.percent), "number": words.span(numbers, words.count)}


def _cooperatives(summary: Summary, words: Language) -> str:
    arm = v.main_arm(summary)
    if arm is None:
        return words.text("sentence.no_cooperatives")
    alone = v.read(summary, arm, "aid")
    twin = v.read(summary, arm, _twin(arm))
    subject = words.text(
        f"sentence.subject_{_scenario(summary, arm)}", trading=_trading(summary, arm, words), name=_scenario_name(summary)
    )
    return (
        words.text(f"sentence.alone_{alone.verdict}", subject=subject, **_fields(alone, summary, words))
        + _villages(summary, arm, alone, words)
        + _where_trading(summary, arm, alone, words)
        + words.text(f"sentence.twin_{twin.verdict}", **_fields(twin, summary, words))
        + _other_group(summary, arm, alone, words)
        + "."
    )


def _harm_and_cost(summary: Summary, words: Language) -> str:
    arm = v.main_arm(summary)
    reading = v.read(summary, arm, "aid") if arm else None
    if arm is None or reading is None or reading.verdict == v.MISSING:
        return words.text("sentence.no_harm")
    return _harm(summary, reading, words) + _cost(summary, reading, words) + "."


def _harm(summary: Summary, reading: Reading, words: Language) -> str:
    lost, gained = reading.values("n01"), reading.values("n10")
    if v.TOO_FEW in reading.by_variant.values() or not lost or not gained:
        return words.text("sentence.harm_too_few")
    numbers = [
        entry["n01"] * (v.households(summary, variant, reading.arm, "structural") or 0.0)
        for variant, entry in reading.contrasts.items()
        if entry.get("n01") is not None
    ]
    beside = (*lost, *gained)
    return words.text(
        "sentence.harm",
        lost=words.span(lost, lambda share: words.per_thousand(share, beside)),
        gained=words.span(gained, lambda share: words.per_thousand(share, beside)),
        number=words.span(numbers, words.count),
    )


def _cost(summary: Summary, reading: Reading, words: Language) -> str:
    extra = _extra_cost(summary, reading)
    if not extra:
        money = words.text("sentence.money_unknown")
    elif min(extra) > 0:
        money = words.text("sentence.money_more", money=words.span(extra, words.rupiah))
    elif max(extra) < 0:
        money = words.text("sentence.money_less", money=words.span([-one for one in extra], words.rupiah))
    else:
        money = words.text("sentence.money_either", money=words.span(extra, words.rupiah))
    per_billion = reading.values("per_billion_idr")
    complete = len(per_billion) == len(summary["variants"]) and all(one > 0 for one in per_billion)
    if reading.verdict == v.MORE and complete:
        each = words.span([1e9 / one for one in per_billion], words.rupiah)
        return money + words.text("sentence.cost_each", money=each)
    if reading.verdict == v.MORE:
        given = next((reason for reason in map(cost_reason, reading.contrasts.values()) if reason), "")
        why = words.reason(given) if given else words.text("sentence.why_no_reason")
        return money + words.text("sentence.cost_null", why=why)
    return money + words.text("sentence.cost_null", why=words.text(f"sentence.why_{reading.verdict}"))


def cost_reason(entry: Mapping[str, object]) -> str | None:
    """Why a contrast has no extra exits per Rp 1 billion, as stored; None where it has them."""
    if entry.get("per_billion_idr") is not None:
        return None
    beside = entry.get("reasons")
    found = beside.get("per_billion_idr") if isinstance(beside, Mapping) else None
    return str(found or entry.get("reason") or "") or None


def _extra_cost(summary: Summary, reading: Reading) -> list[float]:
    extra = []
    for block in summary["variants"].values():
        cost = block["arms"].get(reading.arm, {}).get("cost_idr")
        base = block["arms"].get(reading.against, {}).get("cost_idr")
        if cost is not None and base is not None:
            extra.append(cost - base)
    return extra


def _fields(reading: Reading, summary: Summary, words: Language) -> dict[str, str]:
    """Size, number and interval of a contrast as the templates of every verdict want them."""
    if not reading.contrasts:
        return {}
    means = reading.values("mean")
    low, high = reading.low, reading.high
    beside = [*means, *v.shown((low, high))]
    numbers, widths = [], []
    for variant, entry in reading.contrasts.items():
        number = v.exits(entry, summary, variant)
        size = v.households(summary, variant, reading.arm, "structural")
        if number is not None:
            numbers.append(number)
            if size is not None and entry.get("low95") is not None:
                widths.append((entry["low95"] * size, entry["high95"] * size))
    wide = max(widths, key=lambda pair: pair[1] - pair[0], default=(None, None))
    unsigned = reading.verdict in (v.MORE, v.FEWER)
    sign = abs if unsigned else float
    many = len(reading.by_variant) > 1
    ends = words.text("sentence.no_ends")
    nobody = low == high == 0  # such an interval says what the sample lacks, not that there is no effect
    if low is not None and high is not None and not nobody:
        ends = words.interval(low, high, lambda share: words.per_thousand(share, beside, signed=True))
    interval = words.text("sentence.interval_variants" if many else "sentence.interval", ends=ends)
    if nobody:
        interval = words.text("sentence.nobody_changes")
    return {
        "size": words.span(map(sign, means), lambda share: words.per_thousand(share, beside, signed=not unsigned)),
        "number": words.span(map(sign, numbers), lambda one: words.count(one, wide[0], wide[1], signed=not unsigned))
        if numbers
        else "?",
        "place": words.text(f"place_sum.{v.place(summary)}"),
        "interval": interval,
        "ends": ends,
        "variants": "; ".join(_one_variant(reading, variant, beside, words) for variant in reading.by_variant),
    }


def _one_variant(reading: Reading, variant: str, beside: list[float], words: Language) -> str:
    found = reading.by_variant[variant]
    entry = reading.contrasts.get(variant)
    size = words.per_thousand(abs(entry["mean"]), beside) if entry else ""
    return words.text(f"sentence.variant_{found}", variant=v.variant_label(variant, words), size=size)


def _scenario(summary: Summary, arm: str) -> str:
    if v.is_target(summary, arm):
        return "as_planned"
    name = _scenario_name(summary)
    return name if name in ("as_reported", "optimistic") else "other"


def _scenario_name(summary: Summary) -> str:
    return str(summary.get("scenario", {}).get("cooperative", "as_reported"))


def _twin(arm: str) -> str:
    return "aid_equal_cost" if arm == "aid_cooperative" else arm.replace("aid_cooperative", "aid_equal_cost", 1)


def _trading(summary: Summary, arm: str, words: Language) -> str:
    entries = [block.get(arm, {}) for block in summary.get("takeup", {}).values()]
    shares = v.shown(entry.get("trading_share_m60") for entry in entries)
    return words.text("sentence.trading", share=words.span(shares, words.percent)) if shares else ""


def _villages(summary: Summary, arm: str, reading: Reading, words: Language) -> str:
    if reading.verdict not in (v.UNSEEN, v.TOO_FEW, v.NO_INTERVAL):
        return ""
    entries = [block.get(arm, {}) for block in summary.get("takeup", {}).values()]
    needed = v.shown(entry.get("villages_needed") for entry in entries)
    if any("that exist" in str(entry.get("reason") or "") for entry in entries):
        return words.text("sentence.villages_beyond")
    if not needed:
        return words.text("sentence.villages_unknown")
    run = summary.get("population", {}).get("villages")
    instead = words.text("sentence.villages_instead", villages=words.number(run)) if run else ""
    return words.text("sentence.villages", needed=words.span(needed, words.count), instead=instead)


def _where_trading(summary: Summary, arm: str, reading: Reading, words: Language) -> str:
    """Where nothing can be seen: how many are reached, and what is found in the villages where a cooperative trades."""
    if reading.verdict not in (v.UNSEEN, v.TOO_FEW, v.NO_INTERVAL):
        return ""
    entries = [block.get(arm, {}) for block in summary.get("takeup", {}).values()]
    shares = v.shown(entry.get("members_in_trading_share_structural_m60") for entry in entries)
    effects = [entry.get("effect_where_trading") or {} for entry in entries]
    if not shares or not effects:
        return ""
    if any(v.status(effect) not in (v.MORE, v.FEWER, v.UNSEEN) for effect in effects):
        found = words.text("sentence.where_too_few")
    else:
        means = [effect["mean"] for effect in effects]
        low, high = min(effect["low95"] for effect in effects), max(effect["high95"] for effect in effects)
        beside = [*means, low, high]
        found = words.text(
            "sentence.where_effect",
            size=words.span(means, lambda share: words.per_thousand(share, beside, signed=True)),
            ends=words.interval(low, high, lambda share: words.per_thousand(share, beside, signed=True)),
        )
    return words.text("sentence.take_up", share=words.span(shares, lambda one: words.percent(one, 2)), found=found)


def _other_group(summary: Summary, arm: str, structural: Reading, words: Language) -> str:
    """A clause on all baseline poor, only where they show a direction that the structurally poor do not."""
    everyone = v.read(summary, arm, "aid", "baseline_poor")
    if everyone.verdict == structural.verdict or everyone.verdict == v.MISSING:
        return ""
    if not {everyone.verdict, structural.verdict} & {v.MORE, v.FEWER, v.MIXED}:
        return ""
    return words.text(f"sentence.everyone_{everyone.verdict}", **_fields(everyone, summary, words))
