"""The table of README.md from summary.json: `python experiments/province_backtest/table.py` prints it; a test compares."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
NAMES = {"model_trap": "model, trap", "model_no_trap": "model, no trap", "no_change": "no change", "drift": "drift"}
PERIODS = {"all": "all", "crisis": "2020, 2021", "other": "others"}


def table(summary: dict[str, Any]) -> str:
    """Markdown rows of mean scores, then of differences of CRPS over all target years."""
    lines = [
        "| Years ahead | Target years | Forecaster | CRPS | Error of the median | Bias | In 80 % band | In 95 % band |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for one in summary["scores"]:
        lines.append(
            f"| {one['ahead']} | {PERIODS[one['period']]} | {NAMES[one['forecaster']]} | {one['crps']:.3f} | {one['mae']:.3f} "
            f"| {one['bias']:+.3f} | {one['coverage80']:.0%} | {one['coverage95']:.0%} |"
        )
    lines += [
        "",
        "| Years ahead | Target years | CRPS of | less that of | Difference | 95 % interval |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for one in summary["differences"]:
        if one["score"] == "crps":
            low, high = one["low95"], one["high95"]
            interval = "none: two origins" if low is None else f"{low:+.3f} to {high:+.3f}"
            lines.append(
                f"| {one['ahead']} | {PERIODS[one['period']]} | {NAMES[one['forecaster']]} | {NAMES[one['against']]} "
                f"| {one['mean']:+.3f} | {interval} |"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(json.loads((HERE / "summary.json").read_text(encoding="utf-8"))))
