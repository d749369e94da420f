"""Rows of the table, and their measurement in turns: every round asks every row once, so that all meet the same load."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from machine import free_gigabytes, python

from povsim.population.columns import HOME_COLUMNS, LIFE_COLUMNS

WORKER = str(Path(__file__).with_name("worker.py"))
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
NAMES = {"compiled": "compiled", "numpy": "NumPy", "mesa": "Mesa, one object a household"}
BASE, HOUSEHOLDS = 131, 872
"""Villages that are drawn for about 100,000 households (of larger samples, copied), and households of a village at most."""


@dataclass(frozen=True)
class Row:
    """What one process measures: `copies` times `villages` of at most `households`, on each of `threads`."""

    lived_by: str
    villages: int
    households: int
    copies: int
    arms: int
    threads: tuple[int, ...] = (1,)

    @property
    def gigabytes(self) -> float:
        """Memory of the state's tables, with sixteen columns more for ties and what a year's decisions need."""
        households = self.villages * self.households * self.copies
        return households * 8 * (len(LIFE_COLUMNS) + self.arms * len(HOME_COLUMNS) + 16) / 1e9

    @property
    def name(self) -> str:
        size = f", {self.villages} x {self.households}" if self.households < HOUSEHOLDS else ""
        return NAMES[self.lived_by] + size

    def left_out(self, why: str) -> str:
        """A sentence for the reader."""
        return f"{self.name}, {self.villages * self.households * self.copies:,} households, {self.arms} arms: left out, {why}."


@dataclass
class Figure:
    """A row on a number of threads: what each round measured."""

    row: Row
    households: int
    threads: int
    rounds: list[dict[str, float]] = field(default_factory=list)

    def all(self, what: str) -> list[float]:
        """Every round's `month`, `run` (million household-months/s), `processor` (of one core) or `peak_mb`."""
        return [x[what] for x in self.rounds if what in x]

    @property
    def rate(self) -> float:
        return median(self.all("month"))

    @property
    def nanoseconds(self) -> float:
        """Per household-month and arm."""
        return 1e3 / self.rate

    @property
    def share_of_processor(self) -> float:
        """Share of the time in which the processors asked for were ours."""
        return median(self.all("processor")) / self.threads

    @property
    def doubtful(self) -> bool:
        """Whether others had the processors: less than 95 % of one, or of two, that many villages share, less than 90 %."""
        return self.share_of_processor < (0.95 if self.threads == 1 else 0.9 if self.households > 50_000 else 0)


class Worker:
    """A process of `worker.py` that has made its world. OSError where it ends early."""

    def __init__(self, row: Row) -> None:
        self.row = row
        asked = {name: getattr(row, name) for name in ("lived_by", "villages", "households", "copies", "arms")}
        command, pipe = python(WORKER, json.dumps(asked)), subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=os.environ | ONE_THREAD)
        households = int(self.told()["households"])
        self.figures = [Figure(row, households, threads) for threads in row.threads]

    def told(self) -> dict[str, float]:
        """The next line of the process."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise ChildProcessError(f"its process ended with {self.process.wait()} (-9: no memory left)")
        answer: dict[str, float] = json.loads(line)
        return answer

    def measure(self) -> None:
        """One round on every number of threads."""
        assert self.process.stdin is not None
        for figure in self.figures:
            print(figure.threads, file=self.process.stdin, flush=True)
            figure.rounds.append(self.told())

    def end(self) -> None:
        """Let the process end."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def tell(what: str) -> None:
    """How far the measurement is, on stderr: some rows take minutes."""
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)


def measured(rows: Sequence[Row], rounds: int) -> tuple[list[Figure], list[str]]:
    """Figures of the rows, and a sentence for each that this machine has no memory for."""
    workers: list[Worker] = []
    left_out = []
    try:
        for number, row in enumerate(rows):
            tell(f"making world {number + 1} of {len(rows)}")
            if row.gigabytes > free_gigabytes():
                left_out.append(row.left_out(f"it takes {row.gigabytes:.1f} GB and {free_gigabytes():.1f} GB are free"))
                continue
            try:
                workers.append(Worker(row))
            except OSError as ended:
                left_out.append(row.left_out(str(ended)))
        for number in range(rounds):
            tell(f"round {number + 1} of {rounds}, {len(workers)} worlds")
            for worker in list(workers):
                try:
                    worker.measure()
                except OSError as ended:
                    left_out.append(worker.row.left_out(str(ended)))
                    workers.remove(worker)
    finally:
        for worker in workers:
            worker.end()
    return [figure for worker in workers for figure in worker.figures], left_out
