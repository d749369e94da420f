"""A process that holds one world and measures when it is asked to: python benchmarks/worker.py '{"lived_by": "compiled", ...}'.

It writes a line when it is ready, then one for every line that it reads, all JSON. A process of its own for every row of the
table, so that peak memory is that of the row; asked in turns, so that what is compared meets the same load.
"""

import json
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import worlds
from numpy_month.country import NumpyCountry

from povsim.model.country import Country

LEAST_WORK = 4e6
"""Household-months that a measurement takes at least, as whole years: below, the clock would be measured."""


class Clock:
    """Wall and processor seconds of the calls of a method, while it is entered."""

    def __init__(self, owner: type, method: str) -> None:
        self.owner, self.method, self.real = owner, method, getattr(owner, method)
        self.wall = self.processor = 0.0

    def __enter__(self) -> "Clock":
        def timed(*arguments: object) -> None:
            began = time.perf_counter(), time.process_time()
            self.real(*arguments)
            self.wall += time.perf_counter() - began[0]
            self.processor += time.process_time() - began[1]

        setattr(self.owner, self.method, timed)
        return self

    def __exit__(self, *_: object) -> None:
        setattr(self.owner, self.method, self.real)


class OfTables:
    """The month on the tables of `povsim.population.columns`, compiled or by NumPy."""

    def __init__(self, kind: type[Country], villages: int, households: int, copies: int, arms: int, most: int) -> None:
        self.kind, self.base, self.arms = kind, worlds.drawn(villages, households), worlds.arms(arms)
        self.world = worlds.copied(self.base, copies, arms)
        self.households = self.world.sample.ids.size
        years = -(-LEAST_WORK // (12 * arms * self.households))
        self.months = 12 * int(min(most, max(1, years)))

    def measure(self, threads: int) -> dict[str, float]:
        """Rates in million household-months a second: of the month alone, and with the decisions of the year."""
        w = worlds.back_to_the_branch(self.world, self.base)
        with ThreadPoolExecutor(threads) as pool, Clock(self.kind, "_live") as clock:
            c = self.kind(
                w.sample, w.state, self.arms, worlds.VARIANT, worlds.KEY, months=self.months, nation=worlds.NATION,
                tracked=w.tracked, pool=pool if threads > 1 else None, threads=threads,
            )  # fmt: skip
            began = time.perf_counter()
            c.run()
            whole = time.perf_counter() - began
        work = self.households * self.months * len(self.arms) / 1e6
        return {"month": work / clock.wall, "run": work / whole, "processor": clock.processor / clock.wall}


class OfObjects:
    """The readable Mesa model of tests/reference: one object a household, the arms one after the other."""

    def __init__(self, villages: int, households: int, arms: int) -> None:
        from verification.small_world import World

        self.base, self.arms = worlds.drawn(villages, households), worlds.arms(arms)
        cells = worlds.cells_of("indonesia")
        fitted = worlds.fitted_table("indonesia", worlds.VARIANT, cells)
        p = self.arms[0].p
        self.world = World(worlds.VARIANT, worlds.KEY, p, fitted, self.base.sample, self.base.state)
        self.households, self.months = self.base.sample.ids.size, 12

    def measure(self, threads: int) -> dict[str, float]:
        """As of tables; the decisions of the year come from outside the model, so there is no rate with them."""
        from reference.country import ReferenceModel
        from verification.adapter import reference_of, schedule_of
        from verification.small_world import country

        c = country(self.world, self.arms, self.months)
        before = self.base.state.branch(len(self.arms))
        c.decide(1)
        with Clock(ReferenceModel, "step_month") as clock:
            for a, arm in enumerate(self.arms):
                model = reference_of(self.world, before, a, arm)
                model.start_arm()
                model.set_year(schedule_of(c, a))
                for t in range(1, self.months + 1):
                    model.step_month(t)
        work = self.households * self.months * len(self.arms) / 1e6
        return {"month": work / clock.wall, "processor": clock.processor / clock.wall}


def subject(lived_by: str, villages: int, households: int, copies: int, arms: int) -> OfTables | OfObjects:
    """What a row of the table measures."""
    if lived_by == "mesa":
        return OfObjects(villages, households, arms)
    kind = Country if lived_by == "compiled" else NumpyCountry
    return OfTables(kind, villages, households, copies, arms, most=10 if lived_by == "compiled" else 1)


def peak_megabytes() -> float:
    """Most memory that this process ever held."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1e3


def main() -> None:
    """Answer each line, a number of threads, with a measurement."""
    asked = subject(**json.loads(sys.argv[1]))
    print(json.dumps({"households": asked.households, "months": asked.months}), flush=True)
    for line in sys.stdin:
        answer = asked.measure(int(line))
        print(json.dumps(answer | {"peak_mb": peak_megabytes()}), flush=True)


if __name__ == "__main__":
    main()
