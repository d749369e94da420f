"""The findings of the study, from its committed summaries, into its README.

python experiments/programme_2026/findings.py [--write]
"""

import json
import sys
from pathlib import Path
from typing import Any

from povsim.reporting import break_even, ledger, rollout_words
from povsim.reporting.language import language
from povsim.reporting.tables import Table, arm_table, contrast_table
from povsim.reporting.whole_tables import assumptions_table, equal_money_table, everyone_table, scenarios_table

HERE = Path(__file__).parent
README = HERE / "README.md"
BEGIN, END = "<!-- findings: begin -->", "<!-- findings: end -->"
WORDS = language("en")


def summary(run: str) -> dict[str, Any]:
    """summary.json of one of the runs of the study."""
    content: dict[str, Any] = json.loads((HERE / run / "summary.json").read_text(encoding="utf-8"))
    return content


def markdown(table: Table | None) -> list[str]:
    """A table as Markdown, with its notes."""
    if table is None:
        return []
    lines = [f"**{table.title}**", "", "| " + " | ".join(table.headings) + " |"]
    lines.append("|" + " --- |" * len(table.headings))
    lines += ["| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in table.rows]
    return [*lines, "", *(f"{note}\n" for note in table.notes)]


def block() -> str:
    """Sentences and tables of every run."""
    levers, scenarios, rollout = summary("every_lever"), summary("scenarios"), summary("rollout")
    lines = ["### Every lever", ""]
    lines += [f"> {sentence}\n>" for sentence in levers["sentences"]["en"]]
    lines[-1] = lines[-1].rstrip(">\n") + "\n"
    for variant in levers["variants"]:
        lines += markdown(arm_table(levers, variant))
        lines += markdown(contrast_table(levers, variant))
        lines += markdown(equal_money_table(levers, variant, WORDS))
        lines += markdown(everyone_table(levers, variant, WORDS))
        lines += markdown(assumptions_table(levers, variant, WORDS))
        for table in (*ledger.mechanisms(levers, variant, WORDS), *ledger.causes(levers, variant, WORDS)):
            lines += markdown(table)
    lines += ["### Scenarios side by side, and where they break even", ""]
    for variant in scenarios["variants"]:
        lines += markdown(scenarios_table(scenarios, variant, WORDS))
        lines += markdown(break_even.table(scenarios, variant, WORDS))
    lines += ["### Where to start", ""]
    lines += [f"> {sentence}\n>" for sentence in rollout["sentences"]["en"]]
    lines[-1] = lines[-1].rstrip(">\n") + "\n"
    for table in rollout_words.strategy_tables(rollout, "en"):
        lines += markdown(table)
    return "\n".join(lines).rstrip() + "\n"


def main() -> None:
    """Print the block, or put it into the README between its marks."""
    text = block()
    if "--write" not in sys.argv:
        print(text)
        return
    head, rest = README.read_text(encoding="utf-8").split(BEGIN)
    _, tail = rest.split(END)
    README.write_text(f"{head}{BEGIN}\n{text}{END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
