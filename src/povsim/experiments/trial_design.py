"""Who may be treated, and the lot that decides who is. Everything is keyed: the same seed draws the same lot."""

import numpy as np
from numpy.typing import NDArray

from povsim.config.trial import Eligible, Trial
from povsim.draws import DrawKey, Stream, uniforms
from povsim.model.state import State
from povsim.population.columns import HOME, LIFE, TIE
from povsim.population.sample import Sample

Floats = NDArray[np.float64]
OUTSIDE, CONTROL = -1, 0
"""Arms of households that are not in the trial, and of the control; treatment k of the trial is k + 1."""
LOT = 0
"""Word of stream TRIAL."""
START_OF_STRATUM = 1 << 32
"""Added to the number of a stratum where it draws where its lot begins, so that no household has the same key."""


def eligible_households(sample: Sample, state: State, rule: Eligible, structural: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Who may be treated [H], by what they are at the branch; `structural` [H]: the structurally poor."""
    before = state.home[0, HOME.c_sum] / 12
    if rule.rule == "all":
        chosen = np.ones(before.size, np.bool_)
    elif rule.rule == "poor":
        chosen = before < 1 - TIE
    elif rule.rule == "structurally_poor":
        chosen = structural.copy()
    else:
        chosen = lowest(before, sample.weight, sample.cell[sample.village], rule.share or 0.0)
    return chosen & (state.life[LIFE.l] > 0) if rule.able else chosen


def lowest(value: Floats, weight: Floats, within: NDArray[np.int64], share: float) -> NDArray[np.bool_]:
    """The lowest `share` of the weight of each group `within` [H]: those whose middle of their own weight lies in it."""
    order = np.lexsort((value, within))
    w, group = weight[order], within[order]
    total = np.cumsum(w)
    first = np.concatenate([[0], np.nonzero(np.diff(group))[0] + 1])
    before = np.repeat(np.concatenate([[0.0], total[first[1:] - 1]]), np.diff(np.append(first, group.size)))
    whole = np.bincount(np.searchsorted(np.unique(group), group), weights=w)[np.searchsorted(np.unique(group), group)]
    out = np.zeros(value.size, np.bool_)
    out[order] = (total - before - w / 2) / whole < share
    return out


def strata_of(sample: Sample, trial: Trial) -> NDArray[np.int64]:
    """Number of the stratum of each household [H] within which the shares hold."""
    if trial.strata == "none":
        return np.zeros(sample.ids.size, np.int64)
    if trial.strata == "village":
        return sample.village.astype(np.int64)
    district = np.unique(sample.cells["district"].to_numpy().astype(str), return_inverse=True)[1]
    return district[sample.cell][sample.village].astype(np.int64)


def assign(
    sample: Sample, eligible: NDArray[np.bool_], strata: NDArray[np.int64], trial: Trial, key: DrawKey, alternative: int = 0
) -> NDArray[np.int64]:
    """Arm of each household [H]: OUTSIDE, CONTROL, or 1, 2, ... of the treatments.

    Units of a stratum are put in the order of their lot and dealt out in the shares of the arms, from a place that the stratum
    draws, so that every unit has the chance that its arm's share says, however few a stratum holds. `alternative`: another
    lot on the same households.
    """
    at: NDArray[np.int64]
    if trial.unit == "village":
        at = np.unique(sample.village[eligible]).astype(np.int64)
        ids, stratum = sample.village_ids[at], strata[sample.start[at]]
    else:
        at = np.nonzero(eligible)[0]
        ids, stratum = sample.ids[at], strata[at]
    u = uniforms(key, Stream.TRIAL, ids, alternative=alternative)[:, LOT]
    names, number = np.unique(stratum, return_inverse=True)
    start = uniforms(key, Stream.TRIAL, names.astype(np.uint64) + np.uint64(START_OF_STRATUM), 1, alternative)[:, LOT]
    order = np.lexsort((u, number))
    count = np.bincount(number, minlength=names.size)
    first = np.concatenate([[0], np.cumsum(count)[:-1]])
    rank = np.empty(order.size)
    rank[order] = np.arange(order.size) - first[number[order]]
    place = (rank + start[number]) / count[number]
    edges = np.cumsum([t.share for t in trial.treatments])
    arm = np.searchsorted(edges, place, side="right") + 1
    arm = np.where(arm > len(trial.treatments), CONTROL, arm)
    out: NDArray[np.int64] = np.full(sample.ids.size, OUTSIDE, np.int64)
    if trial.unit == "village":
        of_village: NDArray[np.int64] = np.full(sample.village_ids.size, OUTSIDE, np.int64)
        of_village[at] = arm
        out = np.where(eligible, of_village[sample.village], OUTSIDE)
    else:
        out[at] = arm
    return out


def gets(arm: NDArray[np.int64], trial: Trial, component: str) -> NDArray[np.bool_]:
    """Who is offered a component [H]."""
    holders = [k + 1 for k, t in enumerate(trial.treatments) if component in t.components]
    return np.isin(arm, holders)
