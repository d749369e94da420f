"""Small files of a survey, written for a test, and what is found in them."""

from __future__ import annotations

from pathlib import Path

from povsim.data.inspect import inspect

ROOT = Path(__file__).parents[2]
HEADER = "id_rt;desa;kabupaten;bulan;bobot;jumlah_art;belanja_rt"
GOOD = ["1;A;Bogor;Maret 2025;1,5;4;2.250.000", "2;A;Bogor;Maret 2025;2,5;2;1.250.000", "3;B;Bogor;Maret 2025;1;3;3.000.000"]


def written(tmp_path: Path, lines: list[str], name: str = "panel.csv", header: str = HEADER) -> Path:
    path = tmp_path / name
    path.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    return path


def found(path: Path, **options) -> list[tuple[str, int | None]]:
    return [(p.rule, p.line) for p in inspect(path, **options).problems.listed()]
