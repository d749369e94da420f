"""The table of ratios: python benchmarks/table.py [--quick] [--record].

The compiled month, the readable Mesa model of the same month (tests/reference) and a NumPy version (numpy_month) live the same
households in the same arms; sizes from 1,000 to 10,000,000 households; memory, start-up, compilation. README.md explains it.
"""

import argparse
import os
from collections.abc import Iterator
from statistics import median

import history
import machine
from rounds import BASE, HOUSEHOLDS, Figure, Row, measured
from startup import startup

ARMS, FEWER_ARMS = 6, 4
"""Ten million households in six arms take 21 GB: flatness is measured in four, at every size."""
GOAL_SIZE, LARGEST = 1_000_000, 10_000_000
BOTH = (1, 2)
WHAT = {"compiled": "compiled month", "numpy": "NumPy month", "mesa": "Mesa month"}


def rows_of_sizes(quick: bool) -> list[Row]:
    """Compiled, NumPy and Mesa in six arms; the largest of NumPy is a million, of Mesa ten thousand households."""
    sizes = [(1, 1_000, 1), (13, HOUSEHOLDS, 1), (BASE, HOUSEHOLDS, 1), (BASE, HOUSEHOLDS, 10)][: 3 if quick else 4]
    rows = [Row("mesa", *size, ARMS) for size in sizes[: 1 if quick else 2]]
    rows += [Row("numpy", *size, ARMS) for size in sizes]
    rows += [Row("compiled", *size, ARMS, BOTH) for size in sizes]
    return [*rows, Row("compiled", 300, 100, 1, ARMS, BOTH)]


def rows_of_flatness(quick: bool) -> list[Row]:
    """Compiled, 100,000 to 10,000,000 households."""
    return [Row("compiled", BASE, HOUSEHOLDS, copies, FEWER_ARMS, BOTH) for copies in ((1, 5) if quick else (1, 10, 100))]


def spread(values: list[float], digits: int) -> str:
    """Median, with minimum and maximum in brackets."""
    low, middle, high = (f"{f(values):,.{digits}f}" for f in (min, median, max))
    return f"{middle} ({low}-{high})"


def lines_of_rates(figures: list[Figure], mesa: float) -> Iterator[str]:
    """A line a figure."""
    yield (
        f"{'what':<30}{'households':>12}{'arms':>5}{'threads':>8}{'M household-months/s':>26}{'times Mesa':>11}"
        f"{'ns':>9}{'of the CPU':>11}{'with decisions':>15}{'peak MB':>9}"
    )
    for f in figures:
        digits = 4 if f.rate < 1 else 1
        run = f"{median(f.all('run')):,.1f}" if f.all("run") else ""
        yield (
            f"{f.row.name:<30}{f.households:>12,}{f.row.arms:>5}{f.threads:>8}{spread(f.all('month'), digits):>26}"
            f"{f.rate / mesa:>11,.0f}{f.nanoseconds:>9,.1f}{f.share_of_processor:>10.0%}{'?' if f.doubtful else ' '}{run:>15}"
            f"{max(f.all('peak_mb')):>9,.0f}"
        )


def compiled(figures: list[Figure], threads: int) -> list[Figure]:
    """Compiled figures of whole villages, from the smallest."""
    found = [f for f in figures if f.row.lived_by == "compiled" and f.threads == threads and f.row.households >= HOUSEHOLDS]
    return sorted(found, key=lambda f: f.households)


def size(f: Figure, asked: int) -> str:
    """Households of a figure, and a note where the line of acceptance asks for many more."""
    return f"{f.households:,} households" + (f" (the line says {asked:,})" if f.households < 0.9 * asked else "")


def lines_of_acceptance(sizes: list[Figure], flat: list[Figure], mesa: float) -> Iterator[str]:
    """The lines of acceptance of the issue on scale, beside what was measured."""
    one, two = compiled(sizes, 1)[-1], compiled(sizes, 2)[-1]
    where = f"{size(one, GOAL_SIZE)}, {one.row.arms} arms"
    pairs = [b / a for a, b in zip(one.all("month"), two.all("month"), strict=True)]

    def line(text: str, value: str, met: bool) -> str:
        return f"{text:<104}{value:>26}  {'met' if met else 'not met'}"

    yield line(f"at least 70 M household-months/s on 2 threads, {where}", f"{two.rate:,.1f}", two.rate >= 70)
    yield line("    goal: 120", f"{two.rate:,.1f}", two.rate >= 120)
    yield line("at least 300 times Mesa in this run, one thread against one", f"{one.rate / mesa:,.0f}", one.rate >= 300 * mesa)
    yield line("at least 1.9x from 1 to 2 threads, same households", spread(pairs, 2), median(pairs) >= 1.9)
    for threads in BOTH:
        of_sizes = compiled(flat, threads)
        ns = [f.nanoseconds for f in of_sizes]
        ends = f"{of_sizes[0].households:,} to {size(of_sizes[-1], LARGEST)}, threads: {threads}"
        between = max(ns) / min(ns) - 1
        yield line(f"ns per household-month flat within 10 %, {ends}", f"{between:.1%} apart", between <= 0.10)


def measurements(figures: list[Figure], started: dict[str, list[float]]) -> Iterator[tuple[dict[str, str], list[float], str]]:
    """What is recorded: (what and where, values, unit)."""
    rate, megabytes, seconds = history.UNITS
    for f in figures:
        size = f"{f.row.villages} x {f.row.households}" + (f" x {f.row.copies}" if f.row.copies > 1 else "")
        what = f"{WHAT[f.row.lived_by]}, {size}"
        where = {"households": str(f.households), "arms": str(f.row.arms), "threads": str(f.threads)}
        yield {"what": what, **where}, f.all("month"), rate
        if f.all("run"):
            yield {"what": f"{what}, with the decisions of the year", **where}, f.all("run"), rate
        if f.threads == f.row.threads[-1]:  # threads of a row share a process
            yield {"what": f"{what}, peak memory", **where}, f.all("peak_mb"), megabytes
    for name, values in started.items():
        yield {"what": name, "households": "", "arms": "", "threads": ""}, values, seconds


def record(run: dict[str, str], figures: list[Figure], started: dict[str, list[float]]) -> None:
    """A line for each measurement into the history."""
    history.append(
        run | where | {"median": f"{median(v):.5g}", "min": f"{min(v):.5g}", "max": f"{max(v):.5g}", "unit": unit}
        for where, v, unit in measurements(figures, started)
    )


def main() -> None:
    """Measure, print, and with --record keep."""
    parser = argparse.ArgumentParser(description="The table of ratios.")
    parser.add_argument("--quick", action="store_true", help="three rounds, up to 500,000 households; a few minutes")
    parser.add_argument("--record", action="store_true", help="add a line for each measurement to history.csv")
    asked = parser.parse_args()
    run, began = machine.description(), os.getloadavg()[0]
    rounds = 3 if asked.quick else 5
    print(f"{run['date']} UTC, commit {run['commit']}; {run['machine']}, {run['cores']} cores; {run['versions']}")
    print(f"load before: {run['load']}; medians of {rounds} rounds, in brackets the least and the most\n")
    sizes, no_room = measured(rows_of_sizes(asked.quick), rounds)
    mesa = max(f.rate for f in sizes if f.row.lived_by == "mesa")
    print("\n".join(lines_of_rates(sizes, mesa)), "\n")
    flat, no_room_either = measured(rows_of_flatness(asked.quick), rounds)
    print("\n".join(lines_of_rates(flat, mesa)), "\n")
    started = startup(rounds, 1 if asked.quick else 5)
    for name, values in started.items():
        print(f"{name:<44}{spread(values, 2):>26} s")
    print()
    for sentence in (*no_room, *no_room_either):
        print(sentence)
    print("\n".join(lines_of_acceptance(sizes, flat, mesa)))
    print(f"\nload after: {machine.load()}")
    if began > machine.QUIET or any(f.doubtful for f in (*sizes, *flat)):
        print("DOUBTFUL: others used the machine (load before above 0.3, or rows marked ?).")
    if asked.record:
        record(run, [*sizes, *flat], started)


if __name__ == "__main__":
    main()
