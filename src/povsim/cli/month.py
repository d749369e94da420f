"""`povsim month`: the order of a month."""

from __future__ import annotations

from collections.abc import Sequence

from povsim.cli.arguments import asks_for_help, split_arguments
from povsim.cli.show import table
from povsim.errors import PovsimError

HELP = """Try it:  povsim month

Prints the stages of a month in the order in which they are lived, with the equations, what each reads and what it writes."""


def run(argv: Sequence[str]) -> int:
    """Print the order table."""
    if asks_for_help(argv):
        print(HELP)
        return 0
    _, others = split_arguments(argv, {})
    fail_if_arguments_are_left("month", others)
    from povsim.model.order import ORDER

    rows = [
        [str(number), stage.name, _joined(stage.equations), _joined(stage.reads), _joined(stage.writes)]
        for number, stage in enumerate(ORDER, start=1)
    ]
    print(table(["", "stage", "equations", "reads", "writes"], rows))
    print()
    for number, stage in enumerate(ORDER, start=1):
        print(f"{number:>2}  {stage.name}: {stage.summary}")
    return 0


def fail_if_arguments_are_left(command: str, others: Sequence[str]) -> None:
    """Words that the command does not read."""
    if others:
        raise PovsimError(f"povsim {command} takes no '{others[0]}'. See povsim {command} --help.")


def _joined(names: str | Sequence[object]) -> str:
    return names if isinstance(names, str) else ", ".join(map(str, names))
