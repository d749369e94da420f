"""What a contrast allows one to say: more, fewer, nothing seen, too few, or no common answer of the variants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from povsim.reporting.language import Language

Summary = Mapping[str, Any]

MORE = "more"
FEWER = "fewer"
UNSEEN = "unseen"
TOO_FEW = "too_few"
NO_INTERVAL = "no_interval"
MIXED = "mixed"
MISSING = "missing"

DISCORDANT_MINIMUM = 20
AID_ARMS = ("aid", "aid_equal_cost")
MAIN_ARMS = ("aid_cooperative", "aid_cooperative_planned", "aid_cooperative_supported")
_NATION = {"indonesia", "nation", "national", "all"}


@dataclass(frozen=True)
class Reading:
    """One contrast over the variants that were run. Shares of the group 0-1; exits in households."""

    arm: str
    against: str
    verdict: str
    by_variant: Mapping[str, str]
    contrasts: Mapping[str, Mapping[str, Any]]
    low: float | None
    high: float | None

    def values(self, field: str) -> list[float]:
        """A field of every variant's contrast where it is not null."""
        return [c[field] for c in self.contrasts.values() if c.get(field) is not None]


def contrast(summary: Summary, variant: str, arm: str, against: str, group: str, measure: str) -> Mapping[str, Any] | None:
    """The stored contrast, or None where it was not run."""
    wanted = (arm, against, group, measure)
    for entry in summary["variants"][variant].get("contrasts", []):
        if (entry["arm"], entry["against"], entry["group"], entry["measure"]) == wanted:
            return dict(entry)
    return None


def too_few(entry: Mapping[str, Any]) -> bool:
    """Whether fewer than 20 discordant simulated households stand behind a contrast, by its reason or its count."""
    count = entry.get("discordant_households")
    return "too few" in str(entry.get("reason") or "").lower() or (count is not None and count < DISCORDANT_MINIMUM)


def status(entry: Mapping[str, Any] | None) -> str:
    """What one variant's contrast allows one to say."""
    if entry is None or entry.get("mean") is None:
        return MISSING
    if too_few(entry):
        return TOO_FEW
    low, high = entry.get("low95"), entry.get("high95")
    if low is None or high is None:
        return NO_INTERVAL
    return MORE if low > 0 else FEWER if high < 0 else UNSEEN


def read(summary: Summary, arm: str, against: str, group: str = "structural", measure: str = "E4") -> Reading:
    """A contrast over all variants. A direction is given only where every variant shows it."""
    found = {variant: contrast(summary, variant, arm, against, group, measure) for variant in summary["variants"]}
    by_variant = {variant: status(entry) for variant, entry in found.items()}
    contrasts = {variant: entry for variant, entry in found.items() if entry is not None and entry.get("mean") is not None}
    lows = [entry["low95"] for entry in contrasts.values() if entry.get("low95") is not None]
    highs = [entry["high95"] for entry in contrasts.values() if entry.get("high95") is not None]
    return Reading(
        arm,
        against,
        _common(set(by_variant.values())),
        by_variant,
        contrasts,
        min(lows, default=None),
        max(highs, default=None),
    )


def _common(verdicts: set[str]) -> str:
    if len(verdicts) == 1:
        return next(iter(verdicts))
    if verdicts & {MORE, FEWER}:
        return MIXED
    for cautious in (MISSING, TOO_FEW, NO_INTERVAL):
        if cautious in verdicts:
            return cautious
    return UNSEEN


def other_way(summary: Summary, arm: str) -> list[tuple[str, int]]:
    """Variants in which the arm's effect on all households, against aid, points the other way than that on the structurally
    poor, with the place of the contrast in `all_households`."""
    poor = read(summary, arm, "aid").by_variant
    return [
        (variant, at)
        for variant, block in summary.get("all_households", {}).items()
        for at, row in enumerate(block["contrasts"])
        if (row["arm"], row["against"], row["part"]) == (arm, "aid", "all")
        and {status(row), poor.get(variant)} == {MORE, FEWER}
    ]


def exits(entry: Mapping[str, Any], summary: Summary, variant: str) -> float | None:
    """Extra exits in households of the nation: as stored, else mean x households of the group."""
    if entry.get("extra_exits") is not None:
        return float(entry["extra_exits"])
    size = households(summary, variant, entry["arm"], entry["group"])
    return None if size is None or entry.get("mean") is None else entry["mean"] * size


def households(summary: Summary, variant: str, arm: str, group: str) -> float | None:
    """Households of the group in the nation, from the arm or from any arm: the sets are the same in all."""
    arms = summary["variants"][variant]["arms"]
    for name in (arm, *arms):
        size = arms.get(name, {}).get(group, {}).get("households")
        if size is not None:
            return float(size)
    return None


def main_arm(summary: Summary) -> str | None:
    """The cooperative arm that the headline is about."""
    run = [arm for block in summary["variants"].values() for arm in block["arms"]]
    return next((arm for arm in MAIN_ARMS if arm in run), None)


def arms(summary: Summary) -> list[str]:
    """Every arm that was run, in the order of the first variant."""
    return list(dict.fromkeys(arm for block in summary["variants"].values() for arm in block["arms"]))


def is_target(summary: Summary, arm: str) -> bool:
    """Whether the arm stands for the ministry's targets and not for a result."""
    return arm in summary.get("targets", ())


def arm_label(summary: Summary, arm: str, language: Language) -> str:
    """The arm in the reader's words, stamped where it is a target."""
    label = arm_name(summary, arm, language)
    return f"{label} {language.text('target_stamp')}" if is_target(summary, arm) else label


def arm_name(summary: Summary, arm: str, language: Language) -> str:
    """The arm in the reader's words, without a stamp."""
    twin = "aid_equal_cost_"
    again = summary.get("repeats", {}).get(arm)
    if again:
        scenario = language.text_or(f"scenario.{again['scenario']}", again["scenario"])
        return f"{arm_name(summary, again['arm'], language)} ({scenario})"
    if arm.startswith(twin):
        partner = language.text_or(f"arm.aid_cooperative_{arm.removeprefix(twin)}", arm.removeprefix(twin))
        return language.text("arm_twin", partner=partner)
    return language.text_or(f"arm.{arm}", arm)


def contrast_label(summary: Summary, arm: str, against: str, language: Language) -> str:
    """ "A, against B"; B is called the same money where it is A's own equal-cost twin."""
    if against == arm.replace("aid_cooperative_", "aid_equal_cost_", 1) != arm:
        return language.text("against_twin", arm=arm_label(summary, arm, language))
    return language.text("against", arm=arm_label(summary, arm, language), other=arm_label(summary, against, language))


def variant_label(variant: str, language: Language) -> str:
    """The variant in the reader's words."""
    return language.text_or(f"variant.{variant}", variant)


def place(summary: Summary) -> str:
    """Catalogue key of where the households of the figures live: `population`, or the districts lived where some failed."""
    return "lived" if summary.get("missing") else population(summary)


def population(summary: Summary) -> str:
    """Catalogue key of the population: the nation, chosen provinces, an invented district, a user's survey."""
    given = summary.get("population", {})
    kind = str(given.get("kind", "indonesia"))
    if kind == "indonesia" and given.get("provinces"):
        return "provinces"
    return kind if kind in ("indonesia", "toy", "survey") else "survey"


def is_nation(province: str) -> bool:
    """Whether a row of the population check stands for the whole nation."""
    return province.lower() in _NATION


def shown(values: Iterable[float | None]) -> list[float]:
    """The values that are not null."""
    return [value for value in values if value is not None]
