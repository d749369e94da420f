"""`history.csv`: every committed measurement, a line each, never changed afterwards."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

HISTORY = Path(__file__).with_name("history.csv")
COLUMNS = (
    "date", "commit", "machine", "cores", "versions", "load",
    "what", "households", "arms", "threads", "median", "min", "max", "unit",
)  # fmt: skip
UNITS = ("million household-months/s", "MB", "s")


def append(lines: Iterable[Mapping[str, str]], path: Path = HISTORY) -> None:
    """Add lines with exactly the columns of COLUMNS; the head is written where the file is new."""
    new = not path.is_file()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerows(lines)


def faults(path: Path = HISTORY) -> list[str]:
    """What is wrong with the file, a sentence each; empty where nothing is."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    if not rows or tuple(rows[0]) != COLUMNS:
        return [f"The head is not {', '.join(COLUMNS)}."]
    found = []
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(COLUMNS):
            found.append(f"Line {number} has {len(row)} columns, not {len(COLUMNS)}.")
            continue
        line = dict(zip(COLUMNS, row, strict=True))
        try:
            low, median, high = (float(line[name]) for name in ("min", "median", "max"))
            whole = all(line[name] == "" or int(line[name]) > 0 for name in ("households", "arms", "threads"))
        except ValueError:
            found.append(f"Line {number} has a number that is none.")
            continue
        if not (0 < low <= median <= high and whole):
            found.append(f"Line {number}: min, median, max must rise and counts be above 0.")
        if line["unit"] not in UNITS:
            found.append(f"Line {number} has the unit {line['unit']!r}; accepted are {', '.join(UNITS)}.")
        if not all(line[name] for name in COLUMNS[:7]):
            found.append(f"Line {number} leaves empty what describes the run.")
    return found
