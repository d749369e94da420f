"""Simulation-based calibration of the fit to a pilot, and small pilots with known truth; writes the tables beside this file.

    python experiments/calibration_check/run.py [TABLE] [REPETITIONS] [PILOTS] [FOLDER]

Finished simulations are in the store (outputs/store): a run that was stopped goes on.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from povsim.config import scenario_from
from povsim.experiments.calibration.pilot import Design
from povsim.experiments.calibration.pilot_check import Check, run
from povsim.experiments.executor import Executor

SEED = 20260801
TOY = Design(40, 25, (0, 12, 24), start=(0.6, 0.2, 0.1, 0.1), reports=36, lost=(0.05, 0.05))
SMALL = Design(24, 15, (0, 12, 24), start=(0.6, 0.2, 0.1, 0.1), reports=24, lost=(0.05, 0.05))


def main(table: int = 6000, repetitions: int = 300, pilots: int = 200, folder: str | None = None) -> None:
    """Live, fit, write."""
    scenario = scenario_from({"population": "toy", "seed": SEED})
    checks = [Check("sbc", TOY, table, repetitions), Check("small_pilots", SMALL, table, pilots)]
    failures: list[str] = []
    began, done = time.perf_counter(), [0.0]
    size = len(scenario.variants) * sum(check.table + check.pilots for check in checks)

    def advance(steps: float) -> None:
        done[0] += steps
        print(f"\r{done[0]:.0f} of {size} pilots, {time.perf_counter() - began:.0f} s", end="", file=sys.stderr, flush=True)

    with Executor.of(scenario) as executor:
        tables = run(scenario, checks, executor, advance, failures)
    out = Path(folder) if folder else Path(__file__).parent
    out.mkdir(parents=True, exist_ok=True)
    for name, frame in tables.items():
        frame.write_csv(out / f"{name}.csv", float_precision=4)
    print(f"\n{time.perf_counter() - began:.0f} s; failures: {failures or 'none'}")


if __name__ == "__main__":
    given = sys.argv[1:]
    main(*(int(text) for text in given[:3]), *given[3:4])
