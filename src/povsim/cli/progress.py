"""One progress bar for all commands.

On a terminal a bar that moves; elsewhere a plain line now and then. All of it goes to stderr.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

LINES_APART_S = 10.0


class Steps(Protocol):
    """Work of a known number of steps."""

    def advance(self, steps: float = 1) -> None:
        """So many more steps are done."""


@contextmanager
def progress(label: str, total: float) -> Iterator[Steps]:
    """Show `label` and how much of `total` steps is done, until the block ends."""
    if sys.stderr.isatty():
        with _bar(label, total) as steps:
            yield steps
    else:
        lines = _Lines(label, total)
        yield lines
        lines.close()


class _Lines:
    def __init__(self, label: str, total: float) -> None:
        self._label, self._total, self._done = label, total, 0.0
        self._start = self._last = time.monotonic()

    def advance(self, steps: float = 1) -> None:
        self._done += steps
        now = time.monotonic()
        if now - self._last >= LINES_APART_S and self._done < self._total:
            self._last = now
            print(f"{self._label}: {self._done / self._total:.0%} after {now - self._start:.0f} s", file=sys.stderr, flush=True)

    def close(self) -> None:
        print(f"{self._label}: done in {time.monotonic() - self._start:.1f} s", file=sys.stderr, flush=True)


@contextmanager
def _bar(label: str, total: float) -> Iterator[Steps]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(label, total=total)

        class _Task:
            def advance(self, steps: float = 1) -> None:
                bar.advance(task, steps)

        yield _Task()
