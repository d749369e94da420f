"""`povsim month`: the order of a month."""

from __future__ import annotations

from collections.abc import Sequence

from povsim.cli.arguments import asks_for_help, split_arguments
from povsim.cli.show import table
from povsim.errors import PovsimError

HELP = """Try it:  povsim month

Prints the stages of a month in their order, with the equations, what each reads and what it writes.
(t-1) marks a value that the month before left. The columns are described in povsim.population.columns."""

TWELVE = [f"c{m}" for m in range(12)]
WHEN = {
    "month": "",
    "year": "once a year, before the first month of the year",
    "once": "once, before month 1",
}


def run(argv: Sequence[str]) -> int:
    """Print the order table."""
    if asks_for_help(argv):
        print(HELP)
        return 0
    _, others = split_arguments(argv, {})
    fail_if_arguments_are_left("month", others)
    from povsim.model.order import ORDER

    rows = [[str(stage.number or ""), stage.name, _joined(stage.equations), WHEN[stage.when]] for stage in ORDER]
    print(table(["", "stage", "equations", "when"], rows))
    for stage in ORDER:
        print(f"\n{stage.number or '':>2}  {stage.name}: {stage.summary}.")
        print(_block("reads", stage.reads))
        print(_block("writes", stage.writes))
    return 0


def fail_if_arguments_are_left(command: str, others: Sequence[str]) -> None:
    """Words that the command does not read."""
    if others:
        raise PovsimError(f"povsim {command} takes no '{others[0]}'. See povsim {command} --help.")


def _joined(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))


def _block(title: str, names: Sequence[str]) -> str:
    """Columns by table, one table a line."""
    tables: dict[str, list[str]] = {}
    for name in names:
        of, column = name.split(".")
        tables.setdefault(of, []).append(column)
    lines = [f"{of:<5} {' '.join(_months_as_one(columns))}" for of, columns in tables.items()]
    return "\n".join(f"    {title if k == 0 else '':<7}{line}" for k, line in enumerate(lines))


def _months_as_one(columns: Sequence[str]) -> list[str]:
    """The twelve months of consumption as one word."""
    shown = [column for column in columns if column.partition("(")[0] not in TWELVE]
    return shown if len(shown) == len(columns) else [*shown, "c0..c11" + ("(t-1)" if "c0(t-1)" in columns else "")]
