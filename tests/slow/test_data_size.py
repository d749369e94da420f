"""Two million rows are read within 4 GB, clean or dirty."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROWS = 2_000_000
LIMIT_BYTES = 4 * 1024**3

READ = """
import json, resource, sys
from povsim.data.panel import read_panel
panel = read_panel(sys.argv[1], drop_bad_rows=True)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"rows": panel.frame.height, "dropped": panel.dropped.height, "peak": peak, "guess": panel.guess,
                  "problems": len(panel.problems), "spending": panel.frame["spending_idr"].sum()}))
"""


def write(path: Path, dirty: bool) -> float:
    """A panel of two waves in decimal commas and Indonesian months; returns the sum of spending per head that can be read."""
    total = 0.0
    with path.open("w", encoding="utf-8") as file:
        file.write(
            "id_rt;desa;kabupaten;provinsi;bulan;bobot;strata;psu;jumlah_art;daerah;pengeluaran;makanan;pendapatan;aset\n"
        )
        for i in range(ROWS):
            wave, h = divmod(i, ROWS // 2)
            size, spent = 1 + h % 7, 3_000_000 + h % 999_999
            month = ("Januari 2025", "Jan 26")[wave]
            text = f"{spent:,}".replace(",", ".")
            if dirty and i % 10 == 0:
                text = ("-5", "dua juta", "n/a", "9" * 14)[i // 10 % 4]
            else:
                total += spent / size
            place = f"Desa {h // 50};Bogor;Jawa Barat;{month};{100 + h % 37},5;{h % 20};{h // 50};{size};{1 + h // 50 % 2}"
            file.write(f"{h:08d};{place};{text};{90_000 + h % 5000};{2_000_000 + h % 77_777};{h % 1000}000\n")
    return total


@pytest.mark.slow
@pytest.mark.parametrize("dirty", [False, True])
def test_two_million_rows_within_four_gigabytes(tmp_path: Path, dirty: bool) -> None:
    path = tmp_path / "big.csv"
    total = write(path, dirty)
    done = subprocess.run([sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=True)
    read = json.loads(done.stdout)
    assert read["rows"] == (ROWS - ROWS // 10 if dirty else ROWS) and read["rows"] + read["dropped"] == ROWS
    assert read["guess"]["delimiter"] == "semicolon" and read["guess"]["decimal"] == ","
    assert read["spending"] == pytest.approx(total)
    assert read["peak"] < LIMIT_BYTES, f"{read['peak'] / 1024**3:.2f} GB"
