"""The README shows the numbers of the committed run, and its figure is there."""

import importlib.util
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_table_of_the_readme_is_that_of_the_committed_run() -> None:
    spec = importlib.util.spec_from_file_location("readme_block", ROOT / "experiments/first_comparison/readme_block.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.block() in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_figure_of_the_readme_exists() -> None:
    assert (ROOT / "docs/figures/ladder.svg").stat().st_size > 5_000
