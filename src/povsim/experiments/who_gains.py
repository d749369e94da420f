"""Who gains: the contrast of E4 by kind of household and by province, and exits that need no cooperative.

The same arithmetic as `povsim.experiments.contrasts.paired_contrast` with a mask for each level, in one pass for all levels.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import stdtrit

from povsim.experiments.contrasts import FEWEST_DISCORDANT, NO_SPREAD, half_width
from povsim.experiments.replicate import Replicate
from povsim.measures.groups import FEWEST_HOUSEHOLDS, GROUPS

if TYPE_CHECKING:
    from povsim.experiments.comparison import VariantRun

Floats = NDArray[np.float64]
Pairs = Sequence[tuple[str, str]]

MEASURE: Final = "E4"
COLUMNS: Final[tuple[str, ...]] = (
    "variant", "group", "dimension", "level", "arm", "against", "measure", "households", "simulated", "share_arm",
    "share_against", "mean", "low95", "high95", "n10", "n01", "discordant", "reason", "share_reason",
)  # fmt: skip
_TEXT: Final = {*COLUMNS[:7], "reason", "share_reason"}


def add(
    summary: dict[str, Any], tables: dict[str, pl.DataFrame], runs: Sequence[VariantRun], pairs: Mapping[str, Pairs]
) -> tuple[dict[str, Any], dict[str, pl.DataFrame]]:
    """Put `who_gains` into summary (without provinces) and tables, and `exits_without_cooperative` into the summary.

    `pairs`: (arm, against) of every contrast, by variant.
    """
    rows = {run.variant: gains(run, pairs[run.variant]) for run in runs}
    summary["who_gains"] = {
        variant: [_with_reasons(row) for row in found if row["dimension"] != "province"] for variant, found in rows.items()
    }
    summary["exits_without_cooperative"] = {run.variant: without_cooperative(run, pairs[run.variant]) for run in runs}
    tables["who_gains"] = pl.DataFrame(
        [row for found in rows.values() for row in found],
        schema={
            name: pl.String if name in _TEXT else pl.Int64 if name in ("simulated", "discordant") else pl.Float64
            for name in COLUMNS
        },
    )
    return summary, tables


def gains(run: VariantRun, pairs: Pairs) -> list[dict[str, Any]]:
    """One row a group, dimension, level and pair of arms, with the columns of `COLUMNS`.

    `households` of the nation (mean over replicates), `simulated` households over all replicates; shares and contrast are of
    the level's households, 0 to 1; mean = n10 - n01; `discordant` simulated households over all replicates. `reason` is set
    where the contrast is too few to say or null, `share_reason` where the two shares are.
    """
    rows = []
    for group in GROUPS:
        cells = [_Cells(replicate, group) for replicate in run.replicates]
        for arm, against in pairs:
            found = _contrast(cells, arm, against)
            for at, (dimension, level) in enumerate(cells[0].levels):
                if any(one.count[at] > 0 for one in cells):
                    key = {"variant": run.variant, "group": group, "dimension": dimension, "level": level}
                    rows.append({**key, "arm": arm, "against": against, "measure": MEASURE, **_row(found, at)})
    return rows


def without_cooperative(run: VariantRun, pairs: Pairs) -> list[dict[str, Any]]:
    """Of the permanent exits in each cooperative arm, the share that the same households also reach without any cooperative.

    One entry a group, arm and other arm (`aid`, else `none`, and `none` where it was run): `exits` of the nation in the arm
    (mean over replicates), `share` of them that also happen in `other` (over all replicates, weighted), `simulated` exits.
    `share` is null, with a reason, where nobody leaves; `reason` says too few where fewer than 20 simulated households do.
    """
    others = ("aid", "none")
    entries = []
    for arm in dict.fromkeys(arm for arm, _ in pairs if run.arms[arm].cooperative):
        compared = [other for one, other in pairs if one == arm]
        base = next((other for other in others if other in compared), None)
        beside = dict.fromkeys(other for other in (base, "none") if other is not None and other in run.arms)
        for group in GROUPS:
            entries += [{"group": group, "arm": arm, "other": other, **_also(run, arm, other, group)} for other in beside]
    return entries


def _also(run: VariantRun, arm: str, other: str, group: str) -> dict[str, Any]:
    exits, both, simulated = [], 0.0, 0
    for replicate in run.replicates:
        m = replicate.group(group)
        weight = replicate.weight[m]
        out = replicate.outcomes[arm].tau[MEASURE][m] > 0
        also = out & (replicate.outcomes[other].tau[MEASURE][m] > 0)
        exits.append(float(weight @ out))
        both += float(weight @ also)
        simulated += int(out.sum())
    share = both / sum(exits) if sum(exits) > 0 else None
    few = None if simulated >= FEWEST_DISCORDANT else f"too few to say: {simulated} simulated households leave"
    reasons = {"share": "nobody of the group leaves for good in this arm"} if share is None else {}
    return {"exits": float(np.mean(exits)), "share": share, "simulated": simulated, "reason": few, "reasons": reasons}


class _Cells:
    """Households of one group in one replicate, by level of every dimension laid end to end."""

    def __init__(self, replicate: Replicate, group: str) -> None:
        self._replicate = replicate
        self.draw = replicate.draw
        self._mask = replicate.group(group)
        traits = replicate.traits.by_dimension
        self.levels = [(name, level) for name, trait in traits.items() for level in trait.levels]
        first = np.cumsum([0, *(len(trait.levels) for trait in traits.values())])
        codes = [trait.codes[self._mask] + before for trait, before in zip(traits.values(), first, strict=False)]
        self._codes = np.concatenate(codes) if codes else np.zeros(0, np.int64)
        self._times = len(codes)
        self._weight = replicate.weight[self._mask]
        self.total = self._sum(self._weight)
        self.count = self._sum(np.ones(self._weight.size))
        self._shares: dict[str, Floats] = {}

    def left(self, arm: str) -> NDArray[np.bool_]:
        """Which households leave for good in an arm."""
        return self._replicate.outcomes[arm].tau[MEASURE][self._mask] > 0

    def share(self, arm: str) -> Floats:
        """Share of each level that leaves for good."""
        if arm not in self._shares:
            self._shares[arm] = self._ratio(self._weight * self.left(arm))
        return self._shares[arm]

    def gained_lost_differing(self, arm: str, against: str) -> tuple[Floats, Floats, Floats]:
        """Share gained, share lost, and number of simulated households that differ, by level."""
        b, a = self.left(arm), self.left(against)
        return self._ratio(self._weight * (b & ~a)), self._ratio(self._weight * (a & ~b)), self._sum((b != a).astype(float))

    def _sum(self, values: Floats) -> Floats:
        return np.bincount(self._codes, weights=np.tile(values, self._times), minlength=len(self.levels))

    def _ratio(self, values: Floats) -> Floats:
        with np.errstate(invalid="ignore"):
            return self._sum(values) / np.where(self.total > 0, self.total, np.nan)


def _contrast(cells: Sequence[_Cells], arm: str, against: str) -> dict[str, Floats]:
    """Every number of the contrast by level; NaN where a replicate has no household of the level, or for want of a second."""
    gained, lost, differing = (
        np.stack(column) for column in zip(*(c.gained_lost_differing(arm, against) for c in cells), strict=True)
    )
    count = len(cells)
    up, down = gained.mean(axis=0), lost.mean(axis=0)
    half = np.full(up.size, np.nan)
    if count > 1:
        half = _half(gained - lost, [c.draw for c in cells])
    return {
        "households": np.mean([c.total for c in cells], axis=0),
        "simulated": np.sum([c.count for c in cells], axis=0),
        "share_arm": np.mean([c.share(arm) for c in cells], axis=0),
        "share_against": np.mean([c.share(against) for c in cells], axis=0),
        "mean": up - down,
        "low95": up - down - half,
        "high95": up - down + half,
        "n10": up,
        "n01": down,
        "discordant": differing.sum(axis=0),
    }


def _half(difference: Floats, draws: Sequence[int | None]) -> Floats:
    """Half the 95 % interval of each level; `difference` [replicate, level]."""
    count, levels = difference.shape
    if draws[0] is None:
        sd = difference.std(axis=0, ddof=1)
        sd[sd <= NO_SPREAD] = 0.0
        return np.asarray(float(stdtrit(count - 1, 0.975)) * sd / math.sqrt(count))
    half = np.full(levels, np.nan)
    known = np.isfinite(difference).all(axis=0)
    half[known] = [half_width(difference[:, k], draws, 0.95) for k in np.flatnonzero(known)]
    return half


def _row(found: Mapping[str, Floats], at: int) -> dict[str, Any]:
    row: dict[str, Any] = {name: _plain(float(values[at])) for name, values in found.items()}
    row["simulated"], row["discordant"] = int(found["simulated"][at]), int(found["discordant"][at])
    if row["mean"] is None:
        row["reason"] = row["share_reason"] = "a replicate holds no household of this level: too few to say"
        return row
    few, sparse = row["discordant"] < FEWEST_DISCORDANT, row["simulated"] < FEWEST_HOUSEHOLDS
    row["reason"] = (
        f"too few to say: {row['discordant']} households differ between the arms over all replicates, "
        f"{FEWEST_DISCORDANT} are needed"
        if few
        else None
    )
    row["share_reason"] = (
        f"too few to say: {row['simulated']} simulated households over all replicates, {FEWEST_HOUSEHOLDS} are needed"
        if sparse
        else None
    )
    return row


def _with_reasons(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row for summary.json: what is null says why."""
    why = row["reason"] if row["mean"] is None else "an interval needs 2 replicates or more"
    null = [name for name, value in row.items() if value is None and name not in ("reason", "share_reason")]
    return {**row, "reasons": dict.fromkeys(null, why)}


def _plain(value: float) -> float | None:
    return value if math.isfinite(value) else None
