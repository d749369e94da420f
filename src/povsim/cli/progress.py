"""One progress bar for all commands.

On a terminal a bar that moves; elsewhere a plain line now and then, or a line of JSON for a pipeline. All of it goes to stderr.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

LINES_APART_S = 10.0
JSON_APART_S = 1.0
MINUTE_S = 60
AT_ONCE_S = 0.5
"""Steps done in less than this after the start were found finished: they say nothing of how long the others take."""


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


@contextmanager
def progress_as_json(label: str, total: float) -> Iterator[Steps]:
    """The same as lines of JSON: {"event": "progress", "label", "share" 0-1, "elapsed_s", "left_s" or null}."""
    lines = _Json(label, total)
    yield lines
    lines.close()


class _Lines:
    apart_s = LINES_APART_S

    def __init__(self, label: str, total: float) -> None:
        self._label, self._total, self._done = label, total, 0.0
        self._start = self._last = time.monotonic()
        self._first: tuple[float, float] | None = None  # when the first step that took time was done, and how many were by then

    def advance(self, steps: float = 1) -> None:
        self._done += steps
        now = time.monotonic()
        if self._first is None and now - self._start >= AT_ONCE_S:  # what comes at once was in the store
            self._first = now - self._start, self._done
        if now - self._last >= self.apart_s and self._done < self._total:
            self._last = now
            self.show(now - self._start)

    def left_s(self, elapsed: float) -> float | None:
        """Seconds that the rest takes at the pace since the first step, which may hold the compiling; None: nobody knows."""
        if self._first is None or self._done <= self._first[1]:
            return None
        began, done = self._first
        return (elapsed - began) * (self._total - self._done) / (self._done - done)

    def show(self, elapsed: float) -> None:
        left = self.left_s(elapsed)
        rest = "" if left is None else f", about {spoken(left)} left"
        print(f"{self._label}: {self._done / self._total:.0%} after {spoken(elapsed)}{rest}", file=sys.stderr, flush=True)

    def close(self) -> None:
        print(f"{self._label}: done in {time.monotonic() - self._start:.1f} s", file=sys.stderr, flush=True)


class _Json(_Lines):
    apart_s = JSON_APART_S

    def show(self, elapsed: float) -> None:
        say("progress", label=self._label, share=self._done / self._total, elapsed_s=elapsed, left_s=self.left_s(elapsed))

    def close(self) -> None:
        say("progress", label=self._label, share=1.0, elapsed_s=time.monotonic() - self._start, left_s=0.0)


def say(event: str, **content: Any) -> None:
    """One line of JSON for a pipeline, on stderr."""
    print(json.dumps({"event": event, **content}, ensure_ascii=False), file=sys.stderr, flush=True)


def spoken(seconds: float) -> str:
    """A time in seconds or minutes, as one says it."""
    return f"{seconds:.0f} s" if seconds < 2 * MINUTE_S else f"{seconds / MINUTE_S:.0f} min"


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
