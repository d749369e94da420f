"""The ledger in the summary and as tables: parts with errors, lost exits by cause beside their noise floor, spill-over."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from povsim.experiments.contrasts import FEWEST_DISCORDANT
from povsim.experiments.ledger import ANY_OF_SEVERAL, REST, SEVERAL, SWITCHES, ArmLedger, Bools, Floats
from povsim.experiments.replicate import Replicate
from povsim.measures.groups import GROUPS
from povsim.measures.relapse import KINDS

if TYPE_CHECKING:
    from povsim.experiments.comparison import VariantRun

CAUSES = (*SWITCHES, ANY_OF_SEVERAL, SEVERAL, REST)
CHANNELS = ("members", "spill_over", "together", "other")
RECEIVERS = ("ever_member", "never_member")
ONE_REPLICATE = "a standard error needs 2 replicates or more"


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
            "groups": {group: _group(run.replicates, found, group) for group in GROUPS},
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
            key = {"variant": run.variant, "arm": arm, "against": entry["against"], "group": group}
            rows["ledger"] += [{**key, **_without_reasons(part)} for part in (*block["parts"], block["rest"])]
            rows["n01_causes"] += [{**key, **cause} for cause in block["lost"]["causes"]]
            for split in ("channels", "receivers"):
                rows["spillover"] += [{**key, "split": split, **_without_reasons(part)} for part in block[split]]
    return rows


def _group(replicates: Sequence[Replicate], found: Sequence[ArmLedger], group: str) -> dict[str, Any]:
    masks = [r.group(group) for r in replicates]
    weights = [r.weight for r in replicates]
    households = float(np.mean([w[m].sum() for w, m in zip(weights, masks, strict=True)]))

    def of(value: Callable[[ArmLedger, Bools, Floats], float]) -> list[float]:
        return [value(one, m, w) for one, m, w in zip(found, masks, weights, strict=True) if m.any()]

    def count(value: Callable[[ArmLedger, Bools], Bools]) -> int:
        return sum(int((value(one, m) & m).sum()) for one, m in zip(found, masks, strict=True))

    def part(name: str, values: Sequence[float], moved: int) -> dict[str, Any]:
        return {"part": name, **_mean_and_error(values), "moved": moved, "reason": _too_few(moved)}

    parts = []
    for switch in found[0].switches:
        by_order = [
            [one.parts(order, m, w)[switch] for order in one.orders] for one, m, w in zip(found, masks, weights, strict=True)
        ]
        moved = sum(one.moved(switch, m) for one, m in zip(found, masks, strict=True))
        entry = part(switch, [float(np.mean(values)) for values in by_order], moved)
        parts.append({**entry, "se_orders": _order_error(by_order), "extra_exits": entry["mean"] * households})
    nothing: frozenset[str] = frozenset()
    rest = part(
        REST,
        of(lambda one, m, w: _share(one.exits[nothing], m, w) - _share(one.comparator, m, w)),
        count(lambda one, m: one.exits[nothing] != one.comparator),
    )
    whole = of(lambda one, m, w: _share(one.exits[one.everything], m, w) - _share(one.comparator, m, w))
    return {
        "contrast": float(np.mean(whole)),
        "parts": parts,
        "rest": {**rest, "se_orders": None, "extra_exits": rest["mean"] * households},
        "lost": _lost(found, masks, weights),
        "channels": [
            part(
                "members",
                of(lambda one, m, w: _spill(one, m, w, (0, 1, 0, -1))),
                count(lambda o, m: o.spill["members"] != o.spill["neither"]),
            ),
            part(
                "spill_over",
                of(lambda one, m, w: _spill(one, m, w, (0, 0, 1, -1))),
                count(lambda o, m: o.spill["spill_over"] != o.spill["neither"]),
            ),
            part("together", of(lambda one, m, w: _spill(one, m, w, (1, -1, -1, 1))), count(_interacts)),
            part(
                "other",
                of(lambda o, m, w: _spill(o, m, w, (0, 0, 0, 1)) - _share(o.comparator, m, w)),
                count(lambda o, m: o.spill["neither"] != o.comparator),
            ),
        ],
        "receivers": [
            part(
                name,
                of(lambda o, m, w, of=of_members: _received(o, m, w, of)),
                count(lambda o, m, of=of_members: _changed(o) & (o.ever_member == of)),
            )
            for name, of_members in zip(RECEIVERS, (True, False), strict=True)
        ],
    }


def _lost(found: Sequence[ArmLedger], masks: Sequence[Bools], weights: Sequence[Floats]) -> dict[str, Any]:
    """Exits of the comparator that the arm loses, by cause, and what a run with one household changed per village loses."""
    totals = [float(w[m].sum()) for w, m in zip(weights, masks, strict=True)]
    by_cause = [one.causes(m) for one, m in zip(found, masks, strict=True)]
    causes = []
    for cause in CAUSES:
        held = [of.get(cause, np.zeros(0, np.bool_)) for of in by_cause]
        if cause in SWITCHES and cause not in found[0].switches:
            continue
        shares = [float(w[h].sum()) / total for w, h, total in zip(weights, held, totals, strict=True)]
        causes.append({"cause": cause, "share": float(np.mean(shares)), "simulated": sum(int(h.sum()) for h in held)})
    n = sum(cause["simulated"] for cause in causes)
    floors = {}
    for name in found[0].floors:
        base = [one.comparator if name == one.against else one.exits[one.everything] for one in found]
        gone = [b & ~one.floors[name] & m for b, one, m in zip(base, found, masks, strict=True)]
        floors[name] = float(np.mean([float(w[g].sum()) / total for w, g, total in zip(weights, gone, totals, strict=True)]))
    return {
        "n01": float(
            np.mean(
                [
                    _share(one.comparator & ~one.exits[one.everything], m, w)
                    for one, m, w in zip(found, masks, weights, strict=True)
                ]
            )
        ),
        "simulated": n,
        "floor": floors,
        "causes": causes,
        "reason": _too_few(n),
    }


def _share(y: Bools, mask: Bools, weight: Floats) -> float:
    w = weight[mask]
    return float(w @ y[mask] / w.sum())


def _spill(one: ArmLedger, mask: Bools, weight: Floats, signs: tuple[int, int, int, int]) -> float:
    """Sum of the shares with both, members', spill-over's and no benefits, times `signs`."""
    return sum(sign * _share(exits, mask, weight) for sign, exits in zip(signs, one.spill.values(), strict=True))


def _interacts(one: ArmLedger, _mask: Bools) -> Bools:
    both, members, spill, neither = (exits.astype(np.int8) for exits in one.spill.values())
    return np.asarray(both - members - spill + neither != 0)


def _changed(one: ArmLedger) -> Bools:
    return np.asarray(one.exits[one.everything] != one.comparator)


def _received(one: ArmLedger, mask: Bools, weight: Floats, members: bool) -> float:
    """Part of the contrast that falls on households that were, or never were, members of a trading cooperative."""
    here = one.ever_member == members
    return _share(one.exits[one.everything] & here, mask, weight) - _share(one.comparator & here, mask, weight)


def _mean_and_error(values: Sequence[float]) -> dict[str, float | None]:
    error = float(np.std(values, ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else None
    return {"mean": float(np.mean(values)), "se": error}


def _order_error(by_order: Sequence[Sequence[float]]) -> float | None:
    """The part of the standard error that comes from sampled orders: over pairs of an order and its reverse."""
    spread = []
    for values in by_order:
        pairs = np.asarray(values).reshape(-1, 2).mean(axis=1)
        if pairs.size > 1:
            spread.append(float(pairs.var(ddof=1)) / pairs.size)
    return math.sqrt(float(np.mean(spread)) / len(spread)) if spread else None


def _too_few(moved: int) -> str | None:
    if moved >= FEWEST_DISCORDANT:
        return None
    return f"too few to say: {moved} households change over all replicates, {FEWEST_DISCORDANT} are needed"


def _without_reasons(part: dict[str, Any]) -> dict[str, Any]:
    return {
        "too_few" if key == "reason" else key: value is not None if key == "reason" else value for key, value in part.items()
    }


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
