"""`python -m povsim.reporting.odd`: writes docs/explanation/odd.md and model-card.md of a source checkout."""

from __future__ import annotations

import sys

from povsim.reporting.odd.code import PROJECT
from povsim.reporting.odd.write import pages


def main() -> int:
    """Write the pages and say where; 2 where this is no source checkout."""
    if not (PROJECT / "docs" / "explanation").is_dir() or not (PROJECT / "tests").is_dir():
        print("The pages are written in a source checkout of povsim, which has docs/ and tests/.", file=sys.stderr)
        return 2
    for path, text in pages().items():
        (PROJECT / path).write_text(text, encoding="utf-8")
        print(f"written: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
