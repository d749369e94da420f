"""A comparison whose parameters are drawn: each draw is a comparison of its own, with margins and equal money of its own.

Draw d lives replicates d R .. d R + R - 1, so that draws share nothing but the model (a nested design): what differs between
draws beyond what differs within them, parameters have made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from povsim import parameters
from povsim.config import Scenario
from povsim.errors import PovsimError
from povsim.experiments.executor import Advance, Executor, Job
from povsim.experiments.parameter_draws import Draws, ParameterDraw, drawn_symbols, lived_with, moves_the_margins
from povsim.experiments.refit import refit
from povsim.experiments.variance_split import Correlation, rank_correlations, split_of

if TYPE_CHECKING:
    from povsim.experiments.comparison import Lived, VariantRun
    from povsim.experiments.contrasts import Contrast

SHOWN: Final = 8
"""Symbols that are named for a contrast, at most."""
FEWEST_DRAWS: Final = 3
BATCH: Final = 4
"""Draws tried at a time for each that is still wanted."""
STEP: Final = 0.25
LUCK: Final = 2
"""Least replicates of a draw: without a second one luck and parameters cannot be told apart."""


def replicates_per_draw(scenario: Scenario) -> int:
    """The replicates of the run spread over its draws, two or more each."""
    return max(LUCK, -(-scenario.replicates // (scenario.n_draws or 1)))


@dataclass(frozen=True)
class Kept:
    """Draws that keep the margins of the population, each with the shift that does it; how many were tried."""

    draws: list[ParameterDraw]
    tried: int


def that_keep_the_margins(scenario: Scenario, variant: str, executor: Executor, advance: Advance, failures: list[str]) -> Kept:
    """The first `n_draws` draws with which the published headcounts and Ginis can be kept, in the order of their numbers.

    A draw with which no shift of the population keeps them contradicts what is published, and the next takes its place. Which
    ones they are does not depend on how many are tried at a time.
    """
    wanted = scenario.n_draws or 0
    draws = Draws(scenario, variant)
    kept: list[ParameterDraw] = []
    tried = 0
    while len(kept) < wanted and tried < draws.most:
        numbers = range(tried, min(draws.most, tried + BATCH * (wanted - len(kept))))
        batch = [draws.at(number) for number in numbers]
        found = with_shifts(scenario, variant, batch, executor, advance, failures)
        for draw in found:
            tried += 1
            if draw is not None:
                kept.append(draw)
            if len(kept) == wanted:
                break
    return Kept(kept, tried)


def draws_of(
    scenario: Scenario, variant: str, executor: Executor, advance: Advance, failures: list[str]
) -> list[ParameterDraw]:
    """Draws of the parameters that keep the published margins; none where every parameter stays at its value."""
    if scenario.n_draws is None:
        return []
    kept = that_keep_the_margins(scenario, variant, executor, advance, failures).draws
    fail_if_too_few_draws_hold(variant, len(kept))
    return kept


def fail_if_too_few_draws_hold(variant: str, kept: int) -> None:
    """Two draws are no distribution."""
    if kept < FEWEST_DRAWS:
        raise PovsimError(
            f"Only {kept} draws of the parameters keep the published margins in variant {variant}, and "
            f"{FEWEST_DRAWS} are needed. Give a larger n_draws."
        )


def with_shifts(
    scenario: Scenario,
    variant: str,
    draws: Sequence[ParameterDraw],
    executor: Executor,
    advance: Advance,
    failures: list[str],
) -> list[ParameterDraw | None]:
    """The draws with a shift of the population; None where none keeps the margins."""
    open_ = [draw for draw in draws if draw.shift is None and moves_the_margins(draw.values)]
    given = scenario.overrides()
    jobs = [
        Job(f"variant {variant}, draw {draw.number}, margins", refit, (variant, {**given, **draw.values}), STEP)
        for draw in open_
    ]
    fits = dict(zip([draw.number for draw in open_], executor.map(jobs, advance, failures), strict=True))
    found: list[ParameterDraw | None] = []
    for draw in draws:
        fit = fits.get(draw.number)
        if draw.number not in fits:
            found.append(draw)
        else:
            found.append(replace(draw, shift=fit.shift) if fit is not None and fit.holds else None)
    return found


def variant_run(live: Lived, compare_once: Callable[[Lived], VariantRun]) -> VariantRun:
    """All draws of one variant as one run: replicates draw after draw, as many for each.

    Draw d of those that are lived has replicates d R on; one of which a replicate failed is left out whole. Raises PovsimError
    where fewer than three draws are left.
    """
    scenario, variant = live.scenario, live.variant
    each = replicates_per_draw(scenario)
    kept = that_keep_the_margins(scenario, variant, live.executor, live.advance, live.failures)
    done: list[tuple[ParameterDraw, VariantRun]] = []
    for place, draw in enumerate(kept.draws):
        own = replace(lived_with(scenario, draw, variant), replicates=each)
        try:
            run = compare_once(replace(live, scenario=own, first=place * each))
        except PovsimError as error:
            live.failures.append(f"variant {variant}, draw {draw.number}: {error}")
            continue
        if len(run.replicates) == each:
            for replicate in run.replicates:
                replicate.draw = draw.number
            done.append((draw, run))
    fail_if_too_few_draws_were_lived(variant, len(done), kept.tried, live.failures)
    return replace(joined(done), tried=kept.tried)


def joined(done: Sequence[tuple[ParameterDraw, VariantRun]]) -> VariantRun:
    """The runs of the draws as one: what is said of equal money is the mean over draws, the form the one most often best."""
    first = done[0][1]
    whole = replace(first, replicates=[r for _, run in done for r in run.replicates], draws=[draw for draw, _ in done])
    whole.notes = list(dict.fromkeys(note for _, run in done for note in run.notes))
    whole.equal_cost = {name: _money([run.equal_cost[name] for _, run in done]) for name in first.equal_cost}
    whole.forms = _forms([row for _, run in done for row in run.forms])
    return whole


def _money(twins: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    form = Counter(twin["form"] for twin in twins).most_common(1)[0][0]
    worst = max((twin["gap_share"] for twin in twins), key=abs)
    mean = {key: float(np.mean([twin[key] for twin in twins])) for key in ("cost_arm_idr", "cost_twin_idr")}
    rows = [{key: twin[key] for key in ("form", "level", "gap_share")} for twin in twins]
    return {"of": twins[0]["of"], "form": form, "level": None, **mean, "gap_share": worst, "draws": rows}


def _forms(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    by_key: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        by_key.setdefault((row["arm"], row["form"]), []).append(row)
    found = []
    for (arm, form), own in by_key.items():
        shares = [row["E4"] for row in own if row["E4"] is not None]
        chosen = sum(bool(row["chosen"]) for row in own)
        mean = float(np.mean(shares)) if shares else None
        found.append({"arm": arm, "form": form, "E4": mean, "chosen": chosen, "of_draws": len(own)})
    return found


def fail_if_too_few_draws_were_lived(variant: str, lived: int, tried: int, failures: Sequence[str]) -> None:
    """Hardly a draw could be lived: there is no spread to speak of."""
    if lived < FEWEST_DRAWS:
        raise PovsimError(
            f"Only {lived} of {tried} draws of variant {variant} keep the published headcounts and Ginis and could be lived; "
            f"{FEWEST_DRAWS} are needed. The first failure: {failures[0] if failures else 'none'}. Give more n_draws."
        )


@dataclass(frozen=True)
class LivedDraws:
    """Draws that a variant was lived with, draw after draw, as many replicates each; `numbers` of the replicates."""

    variant: str
    draws: Sequence[ParameterDraw]
    tried: int
    numbers: Sequence[int]

    @property
    def of_replicates(self) -> list[int]:
        """Number of the draw of each replicate."""
        each = len(self.numbers) // len(self.draws)
        return [draw.number for draw in self.draws for _ in range(each)]


def values_of(c: Contrast) -> np.ndarray | None:
    """The contrast of each replicate [draw, replicate]; None where one holds nobody of the group."""
    return np.array(c.differences).reshape(len(set(c.draws)), -1) if c.differences else None


def summary_of(
    scenario: Scenario, runs: Sequence[LivedDraws], contrasts: Mapping[str, Sequence[Contrast]], measures: Sequence[str]
) -> dict[str, Any]:
    """The block `uncertainty` of summary.json."""
    rows: list[dict[str, Any]] = []
    structure: dict[tuple[str, ...], list[float]] = {}
    for run in runs:
        symbols = _varying(run)
        table = np.array([[draw.values[s] for s in symbols] for draw in run.draws])
        for c in contrasts[run.variant]:
            if c.measure not in measures:
                continue
            key = {"arm": c.arm, "against": c.against, "group": c.group, "measure": c.measure}
            values = values_of(c)
            if values is None:
                rows.append({"variant": run.variant, **key, "reasons": {"split": "a replicate holds nobody of the group"}})
                continue
            split = split_of(values)
            structure.setdefault(tuple(key.values()), []).append(split.mean)
            row = {"variant": run.variant, **key, **asdict(split), "reasons": _reasons(asdict(split))}
            if c.measure == "E4" and c.group == "structural":
                row |= named(rank_correlations(symbols, table, values.mean(axis=1)), len(run.draws))
            rows.append(row)
    spans = [
        {
            **dict(zip(("arm", "against", "group", "measure"), key, strict=True)),
            "min": min(means) if len(means) == len(runs) > 1 else None,
            "max": max(means) if len(means) == len(runs) > 1 else None,
        }
        for key, means in structure.items()
    ]
    drawn = [symbol for symbol in drawn_symbols(scenario) if all(symbol in draw.values for draw in runs[0].draws)]
    return {
        "source": scenario.uncertainty,
        "n_draws": min(len(run.draws) for run in runs),
        "asked": scenario.n_draws,
        "tried": {run.variant: run.tried for run in runs},
        "replicates_per_draw": replicates_per_draw(scenario),
        "parameters_drawn": len(drawn),
        "grade_a_drawn": sum(parameters.register()[s].grade == "A" for s in drawn),
        "split": rows,
        "structure": spans,
        "reasons": {} if len(runs) > 1 else {"structure": "one variant was run"},
    }


def _varying(run: LivedDraws) -> list[str]:
    return [s for s in run.draws[0].values if len({draw.values[s] for draw in run.draws}) > 1]


def _reasons(split: Mapping[str, Any]) -> dict[str, str]:
    return {name: "luck or the contrast does not vary here" for name, value in split.items() if value is None}


def named(found: Sequence[Correlation], draws: int) -> dict[str, Any]:
    """Symbols whose draws go with a contrast beyond chance, in groups: those of one group cannot be told apart."""
    seen = [c for c in found if c.least > 0]
    register = parameters.register()
    rows = []
    for c in seen[:SHOWN]:
        rank = 1 + sum(other.least > c.most for other in seen)
        rows.append({**asdict(c), "grade": register[c.symbol].grade, "rank": rank, "tied": _tied(c, seen)})
    reason = None if rows else f"{draws} draws are too few to say which parameters move this contrast"
    return {"moved_by": rows, "moved_by_reason": reason}


def _tied(one: Correlation, others: Sequence[Correlation]) -> list[str]:
    return [o.symbol for o in others if o is not one and o.least <= one.most and one.least <= o.most]


def tables_of(runs: Sequence[LivedDraws], contrasts: Mapping[str, Sequence[Contrast]]) -> dict[str, pl.DataFrame]:
    """`draws`: a row a draw and symbol; `draw_contrasts`: E4 of the structurally poor by draw and replicate."""
    values = [
        {"variant": run.variant, "draw": draw.number, "symbol": symbol, "value": float(draw.values[symbol])}
        for run in runs
        for draw in run.draws
        for symbol in draw.values
    ]
    shifts = [
        {"variant": run.variant, "draw": draw.number, "symbol": f"shift_{name}", "value": float(value)}
        for run in runs
        for draw in run.draws
        if draw.shift is not None
        for name, value in asdict(draw.shift).items()
    ]
    lived = [
        {"variant": run.variant, "draw": draw, "replicate": number, "arm": c.arm, "against": c.against, "E4": difference}
        for run in runs
        for c in contrasts[run.variant]
        if (c.group, c.measure) == ("structural", "E4")
        for number, draw, difference in zip(
            run.numbers, run.of_replicates, c.differences or (None,) * len(run.numbers), strict=True
        )
    ]
    return {"draws": pl.DataFrame(values + shifts), "draw_contrasts": pl.DataFrame(lived, infer_schema_length=None)}
