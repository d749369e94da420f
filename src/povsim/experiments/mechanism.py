"""What a comparison does beyond its arms where it is asked to: branched futures (E5) and the ledger of mechanisms."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any

from povsim.config import Scenario
from povsim.errors import PovsimError
from povsim.experiments.futures import futures_of
from povsim.experiments.ledger import ledger_of, pairs_of_orders

if TYPE_CHECKING:
    from povsim.experiments.comparison import VariantRun
    from povsim.experiments.replicate import Replicate


def steps_of(scenario: Scenario) -> int:
    """Steps of the progress bar that `examine` adds for each variant and replicate."""
    return bool(scenario.futures) + bool(scenario.ledger)


def examine(
    scenario: Scenario, runs: Sequence[VariantRun], pool: Executor, threads: int, advance: Callable[[], Any]
) -> dict[str, float]:
    """Fill in `futures` and `ledger` of the runs where the scenario asks for them; returns seconds by part."""
    timings: dict[str, float] = {}

    def each(part: str, work: Callable[[VariantRun, Replicate, Executor | None], Any]) -> list[list[Any]]:
        began = time.perf_counter()
        found = []
        for run in runs:
            inner = None if len(run.replicates) >= threads else pool

            def one(replicate: Replicate, run: VariantRun = run, inner: Executor | None = inner) -> Any:
                try:
                    done = work(run, replicate, inner)
                except (ArithmeticError, ValueError, MemoryError) as reason:
                    raise PovsimError(
                        f"{part.removesuffix('_s')}, variant {run.variant}, replicate {replicate.number} failed: "
                        f"{type(reason).__name__}: {reason}. Run without it, or with another seed."
                    ) from reason
                advance()
                return done

            found.append(list(pool.map(one, run.replicates) if inner is None else map(one, run.replicates)))
        timings[part] = time.perf_counter() - began
        return found

    if scenario.futures:
        lived = each("futures_s", lambda run, r, inner: futures_of(
            r, scenario, run.variant, list(run.arms.values()), inner, threads))  # fmt: skip
        for run, futures in zip(runs, lived, strict=True):
            run.futures = futures
    if scenario.ledger:
        pairs = {run.variant: pairs_of_orders(run.replicates, scenario) for run in runs}
        booked = each(
            "ledger_s",
            lambda run, r, inner: ledger_of(r, scenario, run.variant, run.arms, pairs[run.variant], inner, threads),
        )
        for run, ledger in zip(runs, booked, strict=True):
            run.ledger = ledger
    return timings
