"""The table of the project's README, from the committed summary.

python experiments/first_comparison/readme_block.py [--write]
"""

import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
README = HERE.parents[1] / "README.md"
BEGIN, END = "<!-- first comparison: begin -->", "<!-- first comparison: end -->"
NAMES = {
    "none": "no programme",
    "aid": "today's assistance (PKH, Sembako)",
    "aid_equal_cost": "the same money spent as assistance",
    "cooperative": "cooperatives as reported, no assistance",
    "aid_cooperative": "assistance and cooperatives as reported",
    "aid_cooperative_planned": "assistance and cooperatives as planned (**target**)",
}


def block() -> str:
    """Markdown: one row an arm, both variants side by side; then the three sentences of the run."""
    summary = json.loads((HERE / "summary.json").read_text(encoding="utf-8"))
    variants = summary["variants"]
    lines = [
        "| Structurally poor households, 13 years | leave for good (E4), trap / no trap "
        "| even if the cooperative dies (E4x) | public cost, present value |",
        "| --- | --- | --- | --- |",
    ]
    for arm, name in NAMES.items():
        cells = [variants[v]["arms"][arm] for v in variants]
        e4 = " / ".join(f"{100 * c['structural']['E4']:.1f} %" for c in cells)
        e4x = " / ".join(f"{100 * c['structural']['E4x']:.1f} %" for c in cells)
        cost = " / ".join(f"Rp {c['cost_idr'] / 1e12:.0f} T" for c in cells)
        lines.append(f"| {name} | {e4} | {e4x} | {cost} |")
    lines += ["", *(f"> {sentence}\n>" for sentence in summary["sentences"]["en"])]
    return "\n".join(lines).rstrip(">\n") + "\n"


def main() -> None:
    """Print the block, or put it into the README between its marks."""
    text = block()
    if "--write" not in sys.argv:
        print(text)
        return
    readme = README.read_text(encoding="utf-8")
    head, rest = readme.split(BEGIN)
    _, tail = rest.split(END)
    README.write_text(f"{head}{BEGIN}\n{text}{END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
