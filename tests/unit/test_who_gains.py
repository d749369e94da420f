"""Who gains: the fast sums against one paired contrast a level, types at their borders, exits without a cooperative."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

from povsim.experiments import who_gains
from povsim.experiments.contrasts import paired_contrast
from povsim.experiments.traits import FIFTHS, TYPES, Trait, Traits, _quantile_of, types_of
from povsim.measures.groups import FEWEST_HOUSEHOLDS

ARMS = ("none", "aid", "aid_cooperative")
PAIRS = [("aid", "none"), ("aid_cooperative", "aid")]


class Made(SimpleNamespace):
    """What `who_gains` reads of a replicate."""

    draw = None

    def group(self, name: str) -> Any:
        return self.structural if name == "structural" else np.ones(self.weight.size, bool)


def replicate(seed: int, n: int = 400, levels: int = 3) -> Made:
    draw = np.random.default_rng(seed)
    codes = {"type": draw.integers(0, 4, n), "province": draw.integers(0, levels, n)}
    names = {"type": TYPES, "province": tuple("ABC")}
    traits = Traits({name: Trait(names[name], codes[name].astype(np.int16)) for name in codes})
    tau = {arm: {"E4": np.where(draw.random(n) < 0.1 * (1 + at), 20, 0)} for at, arm in enumerate(ARMS)}
    return Made(
        weight=draw.uniform(50, 500, n),
        structural=draw.random(n) < 0.7,
        traits=traits,
        outcomes={arm: SimpleNamespace(tau=tau[arm]) for arm in ARMS},
    )


def run_of(*replicates: Made) -> Any:
    arms = {arm: SimpleNamespace(cooperative="cooperative" in arm) for arm in ARMS}
    return SimpleNamespace(variant="trap", replicates=list(replicates), arms=arms)


@pytest.fixture(scope="module")
def run() -> Any:
    return run_of(*(replicate(seed) for seed in range(5)))


def test_every_row_is_the_paired_contrast_of_its_households(run: Any) -> None:
    rows = who_gains.gains(run, PAIRS)
    assert len(rows) == 2 * len(PAIRS) * (4 + 3)
    for row in rows:
        trait = run.replicates[0].traits.by_dimension[row["dimension"]]
        code = trait.levels.index(row["level"])
        masks = [r.group(row["group"]) & (r.traits.by_dimension[row["dimension"]].codes == code) for r in run.replicates]
        y = [
            [r.outcomes[row[side]].tau["E4"][m] > 0 for r, m in zip(run.replicates, masks, strict=True)]
            for side in ("arm", "against")
        ]
        weight = [r.weight[m] for r, m in zip(run.replicates, masks, strict=True)]
        slow = paired_contrast(row["arm"], row["against"], row["group"], "E4", *y, weight)
        for name in ("mean", "low95", "high95", "n10", "n01"):
            assert row[name] == pytest.approx(getattr(slow, name), rel=1e-9, abs=1e-15)
        assert row["discordant"] == slow.discordant and row["reason"] == slow.reason
        assert row["households"] == pytest.approx(np.mean([w.sum() for w in weight]), rel=1e-12)
        assert row["simulated"] == sum(w.size for w in weight)
        assert row["share_arm"] - row["share_against"] == pytest.approx(row["mean"], abs=1e-12)
        assert (row["share_reason"] is None) == (row["simulated"] >= FEWEST_HOUSEHOLDS)


def test_levels_add_up_to_their_group(run: Any) -> None:
    rows = pl.DataFrame(who_gains.gains(run, PAIRS))
    for group in ("structural", "baseline_poor"):
        size = np.mean([r.weight[r.group(group)].sum() for r in run.replicates])
        for dimension in ("type", "province"):
            found = rows.filter(pl.col("group") == group, pl.col("dimension") == dimension, pl.col("arm") == "aid")
            assert found["households"].sum() == pytest.approx(size, rel=1e-12)


def test_an_arm_that_changes_nothing_is_exactly_zero() -> None:
    twin = [replicate(seed) for seed in range(3)]
    for one in twin:
        one.outcomes["aid_cooperative"] = one.outcomes["aid"]
    for row in who_gains.gains(run_of(*twin), [("aid_cooperative", "aid")]):
        assert row["mean"] == row["n10"] == row["n01"] == row["low95"] == row["high95"] == 0
        assert row["discordant"] == 0 and row["reason"].startswith("too few to say: 0 households")


def test_a_level_missing_in_a_replicate_is_null_with_a_reason_and_one_missing_in_all_has_no_row() -> None:
    first, second = replicate(1), replicate(2)
    codes = second.traits.by_dimension["province"].codes
    codes[codes == 2] = 1
    rows = who_gains.gains(run_of(first, second), PAIRS[:1])
    gone = [row for row in rows if row["level"] == "C"]
    assert len(gone) == 2
    for row in gone:
        assert row["mean"] is None and row["share_arm"] is None and row["low95"] is None
        assert "too few to say" in row["reason"] and "too few to say" in row["share_reason"]
        assert row["households"] > 0
    for one in (first, second):
        one.traits.by_dimension["province"].codes[:] = 0
    assert {row["level"] for row in who_gains.gains(run_of(first, second), PAIRS) if row["dimension"] == "province"} == {"A"}


def test_one_replicate_has_no_interval_and_says_so_in_the_summary() -> None:
    summary: dict[str, Any] = {}
    tables: dict[str, pl.DataFrame] = {}
    who_gains.add(summary, tables, [run_of(replicate(3))], {"trap": PAIRS})
    rows = summary["who_gains"]["trap"]
    assert rows and all(row["dimension"] != "province" for row in rows)
    for row in rows:
        assert row["mean"] is not None and row["low95"] is None
        assert row["reasons"] == dict.fromkeys(("low95", "high95"), "an interval needs 2 replicates or more")
    assert tables["who_gains"].columns == list(who_gains.COLUMNS)
    assert set(tables["who_gains"]["dimension"]) == {"type", "province"}


def test_the_share_of_exits_without_a_cooperative_by_hand() -> None:
    one = replicate(1, 4)
    one.weight = np.array([1.0, 2.0, 3.0, 4.0])
    one.structural = np.array([True, True, True, False])
    tau = {"none": [0, 0, 9, 9], "aid": [0, 5, 5, 5], "aid_cooperative": [7, 7, 7, 0]}
    one.outcomes = {arm: SimpleNamespace(tau={"E4": np.array(values)}) for arm, values in tau.items()}
    found = {(e["group"], e["other"]): e for e in who_gains.without_cooperative(run_of(one), PAIRS)}
    assert set(found) == {(group, other) for group in ("structural", "baseline_poor") for other in ("aid", "none")}
    assert found["structural", "aid"]["exits"] == 6 and found["structural", "aid"]["share"] == pytest.approx(5 / 6)
    assert found["structural", "none"]["share"] == pytest.approx(3 / 6)
    assert "too few" in found["structural", "aid"]["reason"]
    one.outcomes["aid_cooperative"].tau["E4"][:] = 0
    null = who_gains.without_cooperative(run_of(one), PAIRS)[0]
    assert null["share"] is None and "nobody" in null["reasons"]["share"]


def test_types_at_their_borders() -> None:
    labour = np.array([0.0, 0.0, 0.4, 1.0, 1.0, 1.0, 1.0])
    ccap = np.array([0.5, 1.5, 0.899, 0.9, 0.999, 1.0, 2.0])
    names = [TYPES[code] for code in types_of(labour, ccap)]
    assert names == [*["labour_constrained"] * 2, "structurally_low", *["near_threshold"] * 2, *["transitory"] * 2]


def test_equal_parts_hold_equal_weight() -> None:
    draw = np.random.default_rng(4)
    values, weight = draw.normal(size=1000), draw.uniform(1, 3, 1000)
    codes = _quantile_of(values, values, weight, 5)
    shares = np.bincount(codes, weights=weight, minlength=len(FIFTHS)) / weight.sum()
    assert shares == pytest.approx([0.2] * 5, abs=3 / weight.sum())
    assert all(values[codes == k].max() < values[codes == k + 1].min() for k in range(4))
    assert _quantile_of(np.zeros(0), values, weight, 10).size == 0


def test_it_costs_little() -> None:
    import time

    many = [replicate(seed, 6000, levels=3) for seed in range(8)]
    began = time.perf_counter()
    who_gains.gains(run_of(*many), PAIRS * 5)
    assert time.perf_counter() - began < 2.0
