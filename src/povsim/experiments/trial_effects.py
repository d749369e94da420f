"""What a trial finds, beside what is true: intention to treat by wave, quantile effects, spill-over on the control.

The truth of an arm is the mean over its households of what they have in the country of the trial less what they have in the
same country without it, on the same draws: no model of the evaluator's is in it. Spill-over is the same over the control.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from povsim.config.trial import Trial
from povsim.draws import Stream, uniforms
from povsim.errors import PovsimError
from povsim.experiments.trial_design import CONTROL
from povsim.experiments.trial_lived import OF_THE_POOR, OUTCOMES, Lived, weighted_quantile
from povsim.measures.clustered import Clustered, least_squares

Floats = NDArray[np.float64]
GROUPS = ("all", "poorer_half", "richer_half", "structurally_poor")
FEWEST = 20
"""Households of an arm below which its effect is too few to say."""
ALIKE = "the same for all households of the arm and of the control"
"""Why an outcome that does not vary has no estimate."""
QUANTILES = np.array([0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95])
OF_QUANTILES = ("income", "consumption")


def estimate(
    lived: Lived, outcome: Floats, here: NDArray[np.bool_], arm: NDArray[np.int64] | None = None, baseline: Floats | None = None
) -> Clustered:
    """Intention to treat of every arm against the control by least squares: constants of strata, clusters that are drawn.

    outcome [n], here [n]: who counts; arm [n]: another lot than the one that was lived; baseline [n]: covariate.
    """
    trial = lived.trial
    arms = (lived.arm if arm is None else arm)[here]
    columns = [(arms == k + 1).astype(np.float64) for k in range(len(trial.treatments))]
    columns += [] if baseline is None else [baseline[here]]
    names = [*(t.name for t in trial.treatments), *([] if baseline is None else ["baseline"])]
    weight = lived.weight[here]
    levels, number = np.unique(lived.stratum[here], return_inverse=True)
    y, X, absorbed = outcome[here], np.stack(columns, axis=1), 0
    if trial.correction == "CR1":
        # constants of strata by their means taken out: the same, without a column each
        whole = np.bincount(number, weights=weight)
        y, *rest = (v - (np.bincount(number, weights=weight * v) / whole)[number] for v in (y, *X.T))
        X = np.column_stack([*rest])
        absorbed = levels.size
    else:
        X = np.column_stack([X, *((number == level).astype(np.float64) for level in range(levels.size))])
        names += [f"stratum_{level}" for level in levels]
    return least_squares(
        y, X, lived.unit[here], weight, names=names, correction=trial.correction, level=trial.level, absorbed=absorbed
    )


def true_effect(lived: Lived, outcome: str, wave: int, who: NDArray[np.bool_]) -> float | None:
    """Mean over `who` [n] of what they have with the trial less what they have without it; None where there is nobody.

    Of the share of observed poor: the difference that a survey would see without missing anybody.
    """
    change = lived.true[outcome][wave, 0] - lived.true[outcome][wave, 1]
    return float(np.average(change[who], weights=lived.weight[who])) if who.any() else None


def effects(lived: Lived) -> list[dict[str, Any]]:
    """A row a group, wave, outcome and arm.

    control_mean, effect, se, df, low, high, p of the estimate (None with a reason); true: of the arm; spillover: true change
    of the control; true_contrast: true less spillover, what the estimate aims at; covers: whether its interval holds that.
    """
    return [
        row
        for group in GROUPS
        for wave in range(len(lived.trial.waves))
        for outcome in outcomes_of(lived.trial)
        for row in _rows(lived, group, wave, outcome)
    ]


def outcomes_of(trial: Trial) -> tuple[str, ...]:
    """What a trial can move: membership only where some arm gets a cooperative; nobody could join one elsewhere."""
    given = {name for treatment in trial.treatments for name in treatment.components}
    joins = any(c.product == "cooperative" and c.name in given for c in trial.components)
    return tuple(outcome for outcome in OUTCOMES if outcome != "member" or joins)


def _rows(lived: Lived, group: str, wave: int, outcome: str) -> list[dict[str, Any]]:
    trial = lived.trial
    inside = lived.there[wave] & lived.group(group)
    inside &= lived.group("poor_before") if outcome in OF_THE_POOR else True
    here = inside & lived.met[wave]
    seen = lived.observed[outcome][wave, 0]
    adjusted = trial.adjusted and trial.waves[0] == 0 and wave > 0 and outcome not in OF_THE_POOR
    found, reason = None, _too_few(lived, here)
    for baseline in (lived.observed[outcome][0, 0], None) if adjusted else (None,):
        if found is None and reason is None:
            try:
                found = estimate(lived, seen, here, baseline=baseline)
            except PovsimError as error:  # a covariate that is the same for all is left out
                reason = str(error) if baseline is None else None
    control = here & (lived.arm == CONTROL)
    spill = true_effect(lived, outcome, wave, inside & (lived.arm == CONTROL))
    rows = []
    for k, treatment in enumerate(trial.treatments):
        true = true_effect(lived, outcome, wave, inside & (lived.arm == k + 1))
        contrast = None if true is None or spill is None else true - spill
        row: dict[str, Any] = {
            "group": group, "month": trial.waves[wave], "outcome": outcome, "treatment": treatment.name,
            "control_mean": float(np.average(seen[control], weights=lived.weight[control])) if control.any() else None,
            "effect": None, "se": None, "df": None, "low": None, "high": None, "p": None,
            "true": true, "spillover": spill, "true_contrast": contrast, "covers": None,
            "households": int((here & (lived.arm == k + 1)).sum()), "clusters": int(np.unique(lived.unit[here]).size),
            "reason": reason,
        }  # fmt: skip
        if found is not None and _alike(seen[here & ((lived.arm == CONTROL) | (lived.arm == k + 1))]):
            row["reason"] = ALIKE
        elif found is not None:
            row |= found.row(treatment.name)
            row["covers"] = None if contrast is None else bool(row["low"] <= contrast <= row["high"])
        rows.append(row)
    return rows


def _alike(values: Floats) -> bool:
    """Whether all say the same: then there is nothing to compare, and an interval of no width would pretend otherwise."""
    return bool((values == values[0]).all())


def _too_few(lived: Lived, here: NDArray[np.bool_]) -> str | None:
    names = ["control", *(t.name for t in lived.trial.treatments)]
    for k, name in enumerate(names):
        count = int((here & (lived.arm == k)).sum())
        if count < FEWEST:
            return f"too few to say: {count} households in arm {name}"
    return None


def quantile_effects(lived: Lived) -> list[dict[str, Any]]:
    """Effects on quantiles of income and consumption in the last wave: a row a quantile, outcome and arm.

    effect: quantile of the arm less that of the control, observed, with a percentile interval over draws of whole clusters
    with replacement; true: quantile over the arm's households with the trial less that without it.
    """
    wave = len(lived.trial.waves) - 1
    rows = []
    for outcome in OF_QUANTILES:
        here = lived.there[wave] & lived.met[wave]
        if _too_few(lived, here) is not None:
            continue
        y = lived.observed[outcome][wave, 0]
        control = here & (lived.arm == CONTROL)
        base, base_drawn = _drawn(lived, y, control, 0)
        for k, treatment in enumerate(lived.trial.treatments):
            own, drawn = _drawn(lived, y, here & (lived.arm == k + 1), k + 1)
            who = lived.there[wave] & (lived.arm == k + 1)
            true = [weighted_quantile(lived.true[outcome][wave, a, who], lived.weight[who], QUANTILES) for a in (0, 1)]
            tail = (1 - lived.trial.level) / 2
            bounds = np.quantile(drawn - base_drawn, [tail, 1 - tail], axis=0) if len(drawn) else None
            rows += [
                {
                    "outcome": outcome, "month": lived.trial.waves[wave], "treatment": treatment.name, "quantile": float(q),
                    "control_quantile": float(base[j]), "effect": float(own[j] - base[j]),
                    "low": None if bounds is None else float(bounds[0, j]),
                    "high": None if bounds is None else float(bounds[1, j]), "true": float(true[0][j] - true[1][j]),
                }
                for j, q in enumerate(QUANTILES)
            ]  # fmt: skip
    return rows


def _drawn(lived: Lived, y: Floats, who: NDArray[np.bool_], arm: int) -> tuple[Floats, Floats]:
    """Quantiles of an arm [q], and in draws of its clusters [draw, q]."""
    values, weight = y[who], lived.weight[who]
    order = np.argsort(values, kind="stable")
    values, weight = values[order], weight[order]
    clusters, number = np.unique(lived.unit[who][order], return_inverse=True)
    out = np.empty((lived.trial.quantile_draws, QUANTILES.size))
    ids = np.arange(-(-clusters.size // 4), dtype=np.uint64)
    for draw in range(lived.trial.quantile_draws):
        u = uniforms(lived.key, Stream.TRIAL, ids, draw + 2, arm).ravel()[: clusters.size]
        times = np.bincount((u * clusters.size).astype(np.int64), minlength=clusters.size)
        share = np.cumsum(weight * times[number])
        found = np.searchsorted(share, QUANTILES * share[-1] * (1 - 1e-12))
        out[draw] = values[np.minimum(found, values.size - 1)]
    share = np.cumsum(weight)
    point = values[np.minimum(np.searchsorted(share, QUANTILES * share[-1] * (1 - 1e-12)), values.size - 1)]
    return point, out


def covers_nothing(lived: Lived, outcome: str, wave: int, lots: range) -> int:
    """In how many of other lots on the same households the interval of the first arm holds 0, the outcome being the same.

    Meant for a trial of nothing, whose outcome does not depend on who was drawn.
    """
    y = lived.observed[outcome][wave, 0]
    here = lived.there[wave] & lived.met[wave]
    count = 0
    for alternative in lots:
        row = estimate(lived, y, here, lived.redrawn(alternative)).row(lived.trial.treatments[0].name)
        count += int(row["low"] <= 0.0 <= row["high"])
    return count
