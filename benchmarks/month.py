"""Rate of the compiled month, with the readable Mesa model of the same month beside it: python benchmarks/month.py.

Household-months lived, summed over arms, per second of the compiled loop with every stage on (burn-in excluded; it is lived
once). The reference is tests/reference, one Python object a household.
"""

import os
import platform
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import numpy as np
from verification.adapter import reference_of, schedule_of
from verification.small_world import country, world

from povsim.config import scenario_from
from povsim.draws import DrawKey
from povsim.experiments.comparison import model_arm
from povsim.experiments.replicate import burn_in
from povsim.model import country as model_country
from povsim.model.country import Country
from povsim.population.nation import nation

MONTHS, REPEATS = 24, 3


class Clock:
    """Wall seconds spent in the compiled loop."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.real = Country._live

    def __enter__(self) -> "Clock":
        clock = self

        def timed(self: Country, month: int, months: int) -> None:
            began = time.perf_counter()
            clock.real(self, month, months)
            clock.seconds += time.perf_counter() - began

        model_country.Country._live = timed
        return self

    def __exit__(self, *_: object) -> None:
        model_country.Country._live = self.real


def compiled_rate(villages: int, households: int, threads: int) -> float:
    """Million household-months per second, best of REPEATS."""
    scenario = scenario_from({
        "population": {"kind": "indonesia", "villages": villages, "households_per_village": households},
        "replicates": 1,
        "burn_in_months": 36,
    })  # fmt: skip
    arms = [model_arm(scenario, "trap", spec) for spec in scenario.arms if spec.aid != "equal_cost"]
    replicate = burn_in(scenario, "trap", 0)
    rates = []
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(REPEATS):
            with Clock() as clock:
                Country(
                    replicate.sample, replicate.state.branch(len(arms)), arms, "trap", DrawKey(scenario.seed, 0),
                    months=MONTHS, nation=nation(), tracked=replicate.tracked, pool=pool if threads > 1 else None,
                    threads=threads,
                ).run()  # fmt: skip
            rates.append(replicate.sample.ids.size * MONTHS * len(arms) / clock.seconds / 1e6)
    return max(rates)


def reference_rate() -> float:
    """Million household-months per second of the readable model: three villages of 20 households, one arm."""
    from povsim.model.arm import Arm

    w = world("trap")
    arm = Arm("aid", w.p, {"pkh": 1.0, "sembako": 1.0}, True)
    c = country(w, [arm])
    model = reference_of(w, w.state, 0, arm)
    model.start_arm()
    c.decide(1)
    model.set_year(schedule_of(c, 0))
    began = time.perf_counter()
    for t in range(1, 13):
        model.step_month(t)
    return w.sample.ids.size * 12 / (time.perf_counter() - began) / 1e6


def main() -> None:
    """Print machine, versions, load and the table."""
    load = ", ".join(f"{x:.1f}" for x in os.getloadavg())
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {load}; Python {platform.python_version()}", end="; ")
    print(", ".join(f"{name} {version(name)}" for name in ("numba", "numpy", "mesa")))
    compiled_rate(20, 20, 1)
    reference = reference_rate()
    print(f"{'what':<44}{'threads':>8}{'M household-months/s':>22}{'times Mesa':>12}")
    print(f"{'readable Mesa model, one object a household':<44}{1:>8}{reference:>22.4f}{1:>12}")
    for villages, households in ((300, 100), (60, 872)):
        for threads in (1, 2):
            rate = compiled_rate(villages, households, threads)
            what = f"compiled, {villages} x {households}, 5 arms"
            print(f"{what:<44}{threads:>8}{rate:>22.1f}{np.round(rate / reference):>12.0f}")


if __name__ == "__main__":
    main()
