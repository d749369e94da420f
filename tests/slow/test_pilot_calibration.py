"""The notebook runs; a small check of the calibration keeps what the committed one promises."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


def test_the_notebook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import jupytext
    from nbclient import NotebookClient

    monkeypatch.setenv("POVSIM_ROOT", str(ROOT))
    monkeypatch.setenv("POVSIM_PILOTS", "500")
    notebook = jupytext.read(ROOT / "notebooks" / "calibrating_to_monitoring_data.py")
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}}).execute()
    said = "".join(out.get("text", "") for cell in notebook.cells for out in cell.get("outputs", []))
    assert "inside the 95 % band" in said and "identified" in said


def test_a_small_check_covers(tmp_path: Path) -> None:
    from povsim.config import scenario_from
    from povsim.experiments.calibration.pilot import Design
    from povsim.experiments.calibration.pilot_check import Check, run
    from povsim.experiments.executor import Executor, Threads
    from povsim.experiments.store import Store

    design = Design(24, 15, (0, 12), start=(0.6, 0.2, 0.1, 0.1), reports=12, lost=(0.05,))
    scenario = scenario_from({"population": "toy", "seed": 77, "variants": ["trap"]})
    with Executor(Threads(2), Store(tmp_path)) as executor:
        tables = run(scenario, [Check("small", design, 1500, 150)], executor, lambda size: None, [])
    pooled = tables["pooled"].row(0, named=True)
    assert abs(pooled["coverage90"] - 0.9) <= 3 * pooled["clustered_se"]
    known = tables["parameters"].filter(pl.col("identified"))
    assert {"start_member", "shift_mu", "sigma_me"} <= set(known["symbol"]) and (known["correlation"] > 0.5).all()
