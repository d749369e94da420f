"""A whole pilot, written as such files arrive, is read as the clean one less what was spoilt."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import dirty_files
import polars as pl
import pytest

from povsim.data.inspect import inspect
from povsim.data.panel import read_panel


def clean_pilot(villages: int = 12, households: int = 10, waves: int = 3) -> pl.DataFrame:
    rows = []
    for wave in range(1, waves + 1):
        for village in range(villages):
            for at in range(households):
                who = village * households + at
                rows.append(
                    {
                        "household": f"H{who:04d}",
                        "village": f"Desa {village + 1}",
                        "district": "Bogor" if village % 2 else "Teluk Rekaan",
                        "wave": wave,
                        "month": date(2024 + (6 * wave) // 12, (6 * wave) % 12 + 1, 1),
                        "weight": 10.0 + village / 8,
                        "size": 1 + who % 6,
                        "spending_idr": 700_000.0 + 10_000.0 * (who % 50) + 1_000.0 * wave,
                        "urban": village % 3 == 0,
                        "member": who % 4 == 0,
                        "treated": village < villages // 2,
                    }
                )
    return pl.DataFrame(rows)


FOUND_AS = {
    "copy": "duplicate",
    "contradiction": "duplicate",
    "absurd": "absurd_spending",
    "negative": "negative_spending",
    "no_answer": "missing_spending",
    "zero_weight": "bad_weight",
    "truncated": "truncated_row",
    "misspelt_district": "unknown_district",
    "moved": "changes_village",
    "missing_wave": "missing_wave",
}


@pytest.mark.parametrize("with_mapping", [True, False])
def test_a_dirty_pilot_is_read_as_the_clean_one_less_what_was_spoilt(tmp_path: Path, with_mapping: bool) -> None:
    clean = clean_pilot()
    made = dirty_files.dirty(clean, tmp_path, mistakes=dict.fromkeys(dirty_files.MISTAKES, 0.03))
    assert {mistake for _, mistake, _ in made.made} == set(FOUND_AS)
    look = inspect(made.paths, made.mapping if with_mapping else None)
    rules = set(look.problems.counts)
    assert set(FOUND_AS.values()) <= rules <= {*FOUND_AS.values(), "encoding_changes", "village_in_other_district"}
    panel = read_panel(made.paths, made.mapping if with_mapping else None, drop_bad_rows=True)
    both = panel.frame.join(clean, on=["household", "wave"], suffix="_meant")
    assert both.height == panel.frame.height
    for column in ("village", "district", "month", "size", "urban", "member", "treated"):
        assert both[column].to_list() == both[f"{column}_meant"].to_list(), column
    assert both["weight"].to_list() == pytest.approx(both["weight_meant"].to_list(), abs=1e-4)
    assert both["spending_idr"].to_list() == pytest.approx(both["spending_idr_meant"].to_list(), abs=0.51)
    # every household and wave that is not there was spoilt, and every row that was spoilt beyond use is not there
    kept = set(panel.frame.select("household", "wave").iter_rows())
    lost = {row for row in clean.select("household", "wave").iter_rows()} - kept
    spoilt = {(who, int(name[10])) for name, mistake, who in made.made if mistake != "copy"}
    assert lost == spoilt
    counted = Counter(mistake for _, mistake, _ in made.made)
    unusable = sum(
        count * (2 if mistake == "contradiction" else mistake != "missing_wave") for mistake, count in counted.items()
    )
    assert panel.dropped.height == unusable


def test_dirty_files_are_the_same_bytes_every_time(tmp_path: Path) -> None:
    clean = clean_pilot(4, 5)
    first = dirty_files.dirty(clean, tmp_path / "a")
    again = dirty_files.dirty(clean.sample(fraction=1.0, shuffle=True, seed=3), tmp_path / "b")
    assert [p.read_bytes() for p in first.paths] == [p.read_bytes() for p in again.paths]
    assert first.made == again.made
