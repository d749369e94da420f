"""A pilot of 60 villages whose truth is hidden in a folder of dirty files, calibrated as an evaluator would.

    python experiments/pilot_calibration/run.py [FOLDER] [VILLAGES] [HOUSEHOLDS] [PILOTS]

Writes the files and truth.json into FOLDER (default: outputs/pilot), runs `povsim calibrate` on them, prints the comparison and
writes it to compared.csv there.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import date
from pathlib import Path

import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1]))
from dirty_files import FULL, dirty

from povsim.cli import main as povsim
from povsim.config import scenario_from
from povsim.config.districts import TOY_DISTRICTS
from povsim.data.places import TOY_PROVINCE
from povsim.draws import DrawKey
from povsim.experiments.calibration.calibrate import village_households
from povsim.experiments.calibration.learnt import prior_for, symbols_for
from povsim.experiments.calibration.pilot import OFFSET, Design, design_scenario, ground, simulate
from povsim.experiments.calibration.pilot_files import panel_table, report_table

SEED, TRUTH_SEED, VARIANT = 7, 20260815, "trap"
MONTH_0 = date(2025, 6, 1)


def make(folder: Path, villages: int = 60, households: int = 20) -> dict[str, float]:
    """Write the dirty files; returns the truth."""
    design = Design(villages, households, (0, 12, 24), start=(0.6, 0.2, 0.1, 0.1), reports=24, lost=(0.06, 0.06))
    scenario = scenario_from({"population": "toy", "seed": TRUTH_SEED})
    prior = prior_for(symbols_for(design), VARIANT, design.cooperative)
    truth = prior.mapping(prior.draws(DrawKey(TRUTH_SEED, 0), 1)[0])
    own = design_scenario(scenario, design)
    pilot = simulate(ground(own, VARIANT, 0), design, VARIANT, truth, DrawKey(TRUTH_SEED, OFFSET))
    (folder / "survey").mkdir(parents=True, exist_ok=True)
    dirty(panel_table(pilot, MONTH_0, TOY_PROVINCE, sorted(TOY_DISTRICTS)[0]), folder / "survey")
    reports = report_table(pilot, MONTH_0, village_households(own))
    words = {"trading": "Beroperasi", "legal": "Berbadan hukum"}
    lines = ["Desa;Bulan;Status;Jumlah Anggota;Nilai Transaksi"]
    for row in reports.iter_rows(named=True):
        when = f"{FULL[row['month'].month - 1]} {row['month'].year}"
        amounts = (f"{row[name]:,}".replace(",", ".") for name in ("members", "volume"))
        lines.append(";".join([row["village"], when, words[row["status"]], *amounts]))
    (folder / "laporan.csv").write_bytes("\r\n".join([*lines, ""]).encode("utf-8-sig"))
    (folder / "truth.json").write_text(json.dumps({"variant": VARIANT, **truth}, indent=1), encoding="utf-8")
    return truth


def calibrate(folder: Path, pilots: int = 3000, more: tuple[str, ...] = ()) -> int:
    """The command that an evaluator gives; its exit code."""
    return povsim([
        "calibrate", f"data={folder / 'survey'}", f"mapping={folder / 'survey' / 'mapping.yaml'}",
        f"cooperatives={folder / 'laporan.csv'}", "starts=2025-07", "cooperative=as_planned", "population=toy", f"seed={SEED}",
        f"pilots={pilots}", *more, "--out", str(folder / "learnt"),
    ])  # fmt: skip


def compare(folder: Path, truth: dict[str, float]) -> pl.DataFrame:
    """Truth against posterior, by variant and parameter."""
    found = pl.read_parquet(folder / "learnt" / "tables" / "identified.parquet")
    return found.select(
        "variant", "symbol", "identified", "prior_mean", "mean", "low90", "high90", "contraction", "recovered",
        truth=pl.col("symbol").replace_strict(truth, return_dtype=pl.Float64),
    ).with_columns(inside90=(pl.col("truth") >= pl.col("low90")) & (pl.col("truth") <= pl.col("high90")))  # fmt: skip


def main(folder: str = "outputs/pilot", villages: str = "60", households: str = "20", pilots: str = "3000") -> None:
    """Make, calibrate, compare."""
    out, began = Path(folder), time.perf_counter()
    truth = make(out, int(villages), int(households))
    code = calibrate(out, int(pilots))
    table = compare(out, truth)
    table.write_csv(out / "compared.csv", float_precision=5)
    with pl.Config(tbl_rows=-1, tbl_cols=-1, tbl_width_chars=160):
        print(table)
    print(f"exit code {code}, {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main(*sys.argv[1:])
