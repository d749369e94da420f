"""The keys of `povsim power`, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from povsim.config import checks, read
from povsim.errors import PovsimError

DESIGNS = ("parallel", "stepped_wedge", "phased")
OUTCOMES = ("poverty", "consumption", "membership", "E1", "E2", "E4")
EXITS = ("E1", "E2", "E4")
AUDIT_OUTCOMES = ("consumption", "poverty")
ANALYSES = ("not_yet_begun", "common_effect")
PHASES = 2
MOST_IDR = 1e15


@dataclass(frozen=True, slots=True)
class PowerKeys:
    """What is asked of pilots."""

    designs: tuple[str, ...]
    """`parallel`, `stepped_wedge`, `phased`."""
    closed_form: bool
    """The textbook figure alone."""
    audit: bool
    """Other estimators on pilots whose truth is known."""
    p: float
    """Share with the outcome, 0 to 1."""
    effect: float
    """Difference of shares to be seen, not 0."""
    icc: float
    """Share of the variance between villages, 0 to 1."""
    autocorrelation: float
    """Of a village's mean between periods, 0 to 1."""
    households: int
    """Surveyed a village."""
    power: float
    alpha: float
    steps: int
    """Of a stepped wedge."""
    step_months: int
    analysis: str
    """Of steps: `not_yet_begun` or `common_effect`."""
    evaluation_month: int
    villages: tuple[int, ...]
    """An arm, rising."""
    pilots: int
    trials: int
    outcomes: tuple[str, ...]
    attrition: float
    cost_interview_idr: float
    cost_listing_idr: float
    budget_idr: float
    screen_bottom: float
    score_sd: float
    audit_outcome: str
    audit_villages: int
    audit_pilots: int

    def plain(self) -> dict[str, Any]:
        """The keys as they are written and read back."""
        keys = asdict(self)
        designs = keys.pop("designs")
        keys["design"] = "all" if designs == DESIGNS else designs[0]
        return keys | {"villages": list(self.villages), "outcomes": list(self.outcomes)}

    def steps_of(self, design: str) -> int:
        """Groups that begin one after the other."""
        return {"parallel": 1, "phased": PHASES}.get(design, self.steps)

    def waves_of(self, design: str) -> tuple[int, ...]:
        """Months of the surveys, 0 being the one before anything begins."""
        if design == "parallel":
            return (0, self.evaluation_month)
        return tuple(self.step_months * step for step in range(self.steps_of(design) + 1))


def power_from(given: Mapping[str, Any], horizon_months: int) -> PowerKeys:
    """Check the keys of the command; raises PovsimError."""
    closed_form = read.switch("closed_form", given["closed_form"])
    design = read.choice("design", given["design"], (*DESIGNS, "all"))
    p, effect = _inside("p", given["p"]), read.number("effect", given["effect"], -1, 1)
    fail_if_no_share_is_left(p, effect)
    audit = read.switch("audit", given["audit"])
    fail_if_nothing_is_lived_to_audit(closed_form, audit)
    evaluation = read.years("evaluation_month", given["evaluation_month"], 12, 600 if closed_form else horizon_months - 60)
    step_months = read.years("step_months", given["step_months"], 12, 60)
    steps = read.whole("steps", given["steps"], 2, 50)
    lived = [steps] if design in ("stepped_wedge", "all") or audit else [PHASES] if design == "phased" else []
    for count in [] if closed_form else lived:
        fail_if_it_ends_after_the_horizon(count * step_months, horizon_months)
    outcomes = read.words("outcomes", given["outcomes"], "[poverty,E4]")
    for outcome in outcomes:
        checks.fail_if_unknown_choice("outcomes", outcome, OUTCOMES)
    return PowerKeys(
        designs=DESIGNS if design == "all" else (design,),
        closed_form=closed_form,
        audit=audit,
        p=p,
        effect=effect,
        icc=read.share("icc", given["icc"]),
        autocorrelation=read.share("autocorrelation", given["autocorrelation"]),
        households=read.whole("households", given["households"], 2, 1000),
        power=_inside("power", given["power"]),
        alpha=_inside("alpha", given["alpha"]),
        steps=steps,
        step_months=step_months,
        analysis=read.choice("analysis", given["analysis"], ANALYSES),
        evaluation_month=evaluation,
        villages=_sizes(given["villages"]),
        pilots=read.whole("pilots", given["pilots"], 20, 100_000),
        trials=read.whole("trials", given["trials"], 0, 100_000),
        outcomes=tuple(outcome for outcome in OUTCOMES if outcome in outcomes),
        attrition=read.number("attrition", given["attrition"], 0, 0.9),
        cost_interview_idr=read.number("cost_interview_idr", given["cost_interview_idr"], 0, MOST_IDR),
        cost_listing_idr=read.number("cost_listing_idr", given["cost_listing_idr"], 0, MOST_IDR),
        budget_idr=read.number("budget_idr", given["budget_idr"], 0, MOST_IDR),
        screen_bottom=_inside("screen_bottom", given["screen_bottom"]),
        score_sd=read.number("score_sd", given["score_sd"], 0, 3),
        audit_outcome=read.choice("audit_outcome", given["audit_outcome"], AUDIT_OUTCOMES),
        audit_villages=read.whole("audit_villages", given["audit_villages"], 4, 1000),
        audit_pilots=read.whole("audit_pilots", given["audit_pilots"], 20, 10_000),
    )


def fail_if_no_share_is_left(p: float, effect: float) -> None:
    """A share and what the programme makes of it lie between 0 and 1, and the two differ."""
    if effect == 0:
        raise PovsimError("effect = 0: no number of villages sees an effect of 0. Give one such as .03 (3 percentage points).")
    if not 0 < p + effect < 1:
        raise PovsimError(
            f"p = {p:g} and effect = {effect:g}: with the programme the share would be {p + effect:g}. Accepted: p + effect "
            "between 0 and 1; .03 is 3 percentage points."
        )


def fail_if_nothing_is_lived_to_audit(closed_form: bool, audit: bool) -> None:
    """The audit needs pilots in the model, which the textbook figure alone does without."""
    if closed_form and audit:
        raise PovsimError(
            "closed_form=true audit=true: the textbook figure alone lives no pilots, so there is nothing to audit. Accepted: "
            "one of the two. Leave closed_form out for the audit, or audit for the figure alone."
        )


def fail_if_it_ends_after_the_horizon(months: int, horizon_months: int) -> None:
    """The last step is surveyed within the horizon."""
    if months > horizon_months - 60:
        raise PovsimError(
            f"steps x step_months = {months} months: exits are followed for 60 months within horizon_months = "
            f"{horizon_months}. Accepted: at most {horizon_months - 60}. Give fewer steps, or a longer horizon_months."
        )


def _inside(where: str, value: object) -> float:
    given = read.finite(where, value)
    if not 0 < given < 1:
        raise PovsimError(
            f"{where} = {given:g} is outside what is meant. Accepted: a share above 0 and below 1 (not in percent)."
        )
    return given


def _sizes(value: object) -> tuple[int, ...]:
    checks.fail_if_not_a_list("villages", value, "[20,40,80]")
    assert isinstance(value, list | tuple)
    checks.fail_if_empty("villages", value, "[20,40,80]")
    sizes = [read.whole(f"villages[{at}]", one, 4, 5000) for at, one in enumerate(value)]
    return tuple(sorted(set(sizes)))
