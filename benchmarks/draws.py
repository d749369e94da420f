"""Seconds for 10,000 parameter draws of 5,000 households, one arm, 60 months from a shared burn-in: python benchmarks/draws.py.

Two kinds: draws whose parameters leave the shared life alone, so that several are lived over the same random numbers, and
draws that change it, each a country of its own. A share of the draws is lived and the time scaled up (`--draws`: how many).
"""

import argparse
import os
import time

import numpy as np
from machine import description

from povsim.config import Scenario, scenario_from
from povsim.draws import DrawKey, Stream, uniforms
from povsim.experiments.comparison import model_arm
from povsim.experiments.ensemble import TOGETHER, Draw, live_draws, paths
from povsim.experiments.replicate import burn_in

WHOLE, MONTHS, VARIANT = 10_000, 60, "trap"
OWN = ("q0", "s1", "s0", "hab")
SHARED = ("sd1", "p_h")


def draws_of(scenario: Scenario, p: dict[str, float], symbols: tuple[str, ...], count: int) -> list[Draw]:
    """Values within 20 % of those of the arm."""
    key = DrawKey(scenario.seed, 0)
    u = [uniforms(key, Stream.ASSUMPTIONS, np.arange(count, dtype=np.uint64), k)[:, 0] for k in range(len(symbols))]
    return [{s: p[s] * (0.8 + 0.4 * float(u[k][j])) for k, s in enumerate(symbols)} for j in range(count)]


def main() -> None:
    """Print machine, versions, load and the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--draws", type=int, default=400)
    options.add_argument("--threads", type=int, default=os.cpu_count())
    given = options.parse_args()
    print("\n".join(f"{name}: {value}" for name, value in description().items()))
    scenario = scenario_from({
        "population": {"kind": "indonesia", "villages": 50, "households_per_village": 100}, "replicates": 1,
    })  # fmt: skip
    replicate = burn_in(scenario, VARIANT, 0)
    arm = model_arm(scenario, VARIANT, next(spec for spec in scenario.arms if spec.name == "aid_cooperative"))
    households = replicate.sample.ids.size
    print(f"{households} households, arm {arm.name}, {MONTHS} months, {given.threads} threads, {given.draws} draws lived")
    print(f"{'draws':<44}{'draws/s':>10}{'s for 10,000':>14}{'CPU s':>10}{'M household-months/s':>22}")
    for what, symbols in (
        (f"of an arm's own life, {TOGETHER} a country", OWN),
        ("of the shared life too, one a country", OWN + SHARED),
    ):
        draws = draws_of(scenario, dict(arm.p), symbols, given.draws)
        live_draws(replicate, scenario, VARIANT, arm, draws[: 2 * TOGETHER], months=MONTHS, reduce=paths)
        wall, cpu = time.perf_counter(), time.process_time()
        live_draws(replicate, scenario, VARIANT, arm, draws, months=MONTHS, reduce=paths, threads=given.threads)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        rate = given.draws / wall
        print(f"{what:<44}{rate:>10.1f}{WHOLE / rate:>14.0f}{cpu / given.draws * WHOLE:>10.0f}", end="")
        print(f"{households * MONTHS * rate / 1e6:>22.1f}")


if __name__ == "__main__":
    main()
