"""What an experiment leaves for its result folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import polars as pl


@dataclass(frozen=True)
class Found:
    """`summary` (content of summary.json without sentences), tidy `tables`, a line a failed run, seconds by stage."""

    summary: dict[str, Any]
    tables: dict[str, pl.DataFrame]
    failures: list[str] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)
    found: int = 0
    """Runs that were in the store."""
