"""The ledger in the summary and as tables: parts with errors, lost exits by cause beside their noise floor, spill-over."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from povsim.experiments.contrasts import FEWEST_DISCORDANT
from povsim.experiments.ledger import ANY_OF_SEVERAL, REST, SEVERAL, SWITCHES, ArmLedger, Bools, Signs
from povsim.experiments.replicate import Replicate
from povsim.measures.groups import GROUPS
from povsim.measures.relapse import KINDS

if TYPE_CHECKING:
    from povsim.experiments.comparison import VariantRun

CAUSES = (*SWITCHES, ANY_OF_SEVERAL, SEVERAL, REST)
CHANNELS = ("members", "spill_over", "together", "other")
RECEIVERS = ("ever_member", "never_member")
EMPTY = "the group is empty in a replicate"
Floats = NDArray[np.float64]


def ledger_summary(run: VariantRun) -> dict[str, Any]:
    """`ledger` of one variant in summary.json, by arm: parts, rest, lost exits by cause, spill-over, by group."""
    assert run.ledger is not None
    out: dict[str, Any] = {}
    for name, first in run.ledger[0].items():
        found = [ledger[name] for ledger in run.ledger]
        out[name] = {
            "against": first.against,
            "replicates": len(found),
            "orders_per_replicate": len(first.orders),
            "absent": [switch for switch in SWITCHES if switch not in first.switches],
            "groups": {group: _block(_members(run.replicates, group), found) for group in GROUPS},
        }
    return out


def ledger_rows(run: VariantRun) -> dict[str, list[dict[str, Any]]]:
    """Tables `ledger`, `n01_causes` and `spillover` of one variant; `relapses` of every arm, asked for or not."""
    rows: dict[str, list[dict[str, Any]]] = {"relapses": list(_relapse_rows(run))}
    if run.ledger is None:
        return rows
    rows |= {"ledger": [], "n01_causes": [], "spillover": []}
    for arm, entry in ledger_summary(run).items():
        for group, block in entry["groups"].items():
            if "parts" not in block:
                continue
            key = {"variant": run.variant, "arm": arm, "against": entry["against"], "group": group}
            rows["ledger"] += [{**key, **_plain(part)} for part in (*block["parts"], block["rest"])]
            rows["n01_causes"] += [{**key, **cause} for cause in block["lost"]["causes"]]
            for split in ("channels", "receivers"):
                rows["spillover"] += [{**key, "split": split, **_plain(part)} for part in block[split]]
    return rows


@dataclass(frozen=True)
class _Group:
    """Households of a group in each replicate: masks [n] and weights [n]."""

    masks: Sequence[Bools]
    weights: Sequence[Floats]

    @property
    def sizes(self) -> list[float]:
        return [float(w[m].sum()) for m, w in zip(self.masks, self.weights, strict=True)]

    def shares(self, of: Sequence[NDArray[np.generic]]) -> list[Floats]:
        """Weighted share of the group, by replicate, of arrays [..., n]."""
        found = zip(of, self.masks, self.weights, self.sizes, strict=True)
        return [x[..., m].astype(np.float64) @ w[m] / size for x, m, w, size in found]

    def part(self, name: str, changes: Sequence[Signs]) -> dict[str, Any]:
        """One part of a contrast from `changes` [orders, n] of each replicate.

        `moved`: households that change in some order; `se` over replicates, orders included; `se_orders`: of it, what comes
        from the sample of orders (over pairs of an order and its reverse).
        """
        by_order = self.shares(changes)
        values = [float(shares.mean()) for shares in by_order]
        pairs = [shares.reshape(-1, 2).mean(axis=1) for shares in by_order if shares.size >= 4]
        moved = sum(int((x != 0).any(axis=0)[m].sum()) for x, m in zip(changes, self.masks, strict=True))
        return {
            "part": name,
            "mean": float(np.mean(values)),
            "se": float(np.std(values, ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else None,
            "se_orders": math.sqrt(sum(float(x.var(ddof=1)) / x.size for x in pairs)) / len(pairs) if pairs else None,
            "extra_exits": float(np.mean(values)) * float(np.mean(self.sizes)),
            "moved": moved,
            "reason": _too_few(moved),
        }


def _block(group: _Group, found: Sequence[ArmLedger]) -> dict[str, Any]:
    """Everything of one arm and group; a reason where a replicate has nobody of the group."""
    if min(group.sizes) <= 0:
        return {"reason": EMPTY}
    return {
        "contrast": group.part("contrast", [one.whole() for one in found])["mean"],
        "parts": [group.part(switch, [one.added(switch) for one in found]) for switch in found[0].switches],
        "rest": group.part(REST, [one.rest() for one in found]),
        "lost": _lost(group, found),
        "channels": [group.part(name, [one.channels()[name] for one in found]) for name in CHANNELS],
        "receivers": [group.part(name, [one.receivers()[name] for one in found]) for name in RECEIVERS],
    }


def _lost(group: _Group, found: Sequence[ArmLedger]) -> dict[str, Any]:
    """Exits of the comparator that the arm loses, by cause, and what a run with one household changed per village loses."""
    by_cause = [one.causes(mask) for one, mask in zip(found, group.masks, strict=True)]
    causes: list[dict[str, Any]] = []
    for cause in (name for name in CAUSES if name in by_cause[0]):
        lost = [of[cause] for of in by_cause]
        share, simulated = float(np.mean(group.shares(lost))), sum(int(x.sum()) for x in lost)
        causes.append({"cause": cause, "share": share, "simulated": simulated})
    floors = {}
    for name in found[0].floors:
        before = [one.comparator if name == one.against else one.exits[one.everything] for one in found]
        floors[name] = group.shares([b & ~one.floors[name] for b, one in zip(before, found, strict=True)])
    simulated = sum(cause["simulated"] for cause in causes)
    return {
        "n01": float(np.mean(group.shares([one.whole()[0] < 0 for one in found]))),
        "simulated": simulated,
        "floor": {name: float(np.mean(shares)) for name, shares in floors.items()},
        "causes": causes,
        "reason": _too_few(simulated),
    }


def _too_few(moved: int) -> str | None:
    if moved >= FEWEST_DISCORDANT:
        return None
    return f"too few to say: {moved} households change over all replicates, {FEWEST_DISCORDANT} are needed"


def _plain(part: dict[str, Any]) -> dict[str, Any]:
    """A part as a row: whether there is too little to say instead of the reason."""
    return {**{key: value for key, value in part.items() if key != "reason"}, "too_few": part["reason"] is not None}


def _members(replicates: Sequence[Replicate], group: str) -> _Group:
    return _Group([r.group(group) for r in replicates], [r.weight for r in replicates])


def _relapse_rows(run: VariantRun) -> Iterator[dict[str, Any]]:
    """Share of the group by what became of its E2 exits, mean over replicates."""
    for arm in run.arms:
        for group in GROUPS:
            for k, kind in enumerate(KINDS[1:], start=1):
                found = [
                    (r.outcomes[arm].relapse[r.group(group)] == k, r.weight[r.group(group)])
                    for r in run.replicates
                    if r.group(group).any()
                ]
                yield {
                    "variant": run.variant,
                    "arm": arm,
                    "group": group,
                    "kind": kind,
                    "share": float(np.mean([w @ y / w.sum() for y, w in found])) if found else None,
                    "simulated": sum(int(y.sum()) for y, _ in found),
                }
