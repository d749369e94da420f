"""The command line: one small file a command, found by name, imported only when it is called."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from povsim.errors import PovsimError, nearest

COMMANDS = {
    "compare": "who leaves poverty for good, arm by arm",
    "rollout": "where to start, and how fast: orders of villages under the same resources",
    "national": "every household of every village, district by district",
    "trial": "a programme as a randomised trial, with the truth beside what it finds",
    "fit": "parameters of the household side, fitted to the dynamic patterns",
    "validate": "every pattern against what was published, misses included",
    "calibrate": "what the monitoring data of a pilot say about the parameters",
    "forecast": "the coming years by arm, and how well such forecasts do",
    "sensitivity": "which parameters the answer rests on, and what a pilot should measure",
    "power": "how many villages a pilot needs, and how wrong other estimators are",
    "data": "a file of an evaluator: every problem, before it is used",
    "report": "write the report of a result folder again",
    "explain": "one household in every arm, and what made the difference",
    "parameters": "the register: every parameter with range, source and grade",
    "evidence": "the published figures, with source and grade",
    "population": "the fitted synthetic population, and rebuilding it",
    "month": "the order of a month, stage by stage",
    "doctor": "versions, cores and cache of this installation",
}

OK, FAILED_RUNS, MISTAKE, INTERRUPTED = 0, 1, 2, 130
"""Exit codes: done; some runs failed; something given cannot be used; Ctrl-C."""

NEW_OBJECTS = 10_000
"""New Python objects after which the collector of cycles looks for some. Imports leave a million that stay: after every 700, as
Python does it, looking through them takes a tenth of a short command. What is large, a country, is let go of by hand."""

HELP = """Try it:  povsim compare population=toy replicates=2 --out first

povsim COMMAND [KEY=VALUE ...] [OPTIONS]

{commands}

povsim COMMAND --help opens with an example. povsim --version prints the version.
Exit codes: 0 done, 1 some runs failed, 2 something given cannot be used, 130 interrupted."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command named first in `argv` (default: the arguments of the process) and return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    gc.set_threshold(NEW_OBJECTS)
    try:
        return _dispatch(arguments)
    except PovsimError as error:
        print(f"povsim: {error}", file=sys.stderr)
        return MISTAKE
    except KeyboardInterrupt:
        print(
            "povsim: interrupted. Nothing half written is left; the same command goes on from what was finished.",
            file=sys.stderr,
        )
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has gone (`povsim evidence facts | head`): what Python still flushes at its end goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK


def fail_if_unknown_command(name: str) -> None:
    """A first word that no command has."""
    if name not in COMMANDS:
        closest = nearest(name, COMMANDS)
        hint = f" Did you mean '{closest}'?" if closest else ""
        raise PovsimError(f"There is no command '{name}'.{hint} Known: {', '.join(COMMANDS)}. See povsim --help.")


def _dispatch(arguments: list[str]) -> int:
    if not arguments:
        print(_help(), file=sys.stderr)
        return MISTAKE
    name, rest = arguments[0], arguments[1:]
    if name in ("-h", "--help", "help"):
        print(_help())
        return OK
    if name == "--version":
        from importlib.metadata import version

        print(f"povsim {version('povsim')}")
        return OK
    fail_if_unknown_command(name)
    code: int = import_module(f"povsim.cli.{name}").run(rest)
    sys.stdout.flush()
    return code


def _help() -> str:
    return HELP.format(commands="\n".join(f"  {name:<12}{summary}" for name, summary in COMMANDS.items()))
