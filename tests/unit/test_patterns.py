"""The recipes of the patterns on cases whose answer is known, and how a verdict comes about."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from povsim.config.shift import NO_SHIFT
from povsim.draws import DrawKey
from povsim.errors import PovsimError
from povsim.experiments.patterns import assets, cooperatives, illness, nation, panels, posterior, shock, targets
from povsim.experiments.patterns.lives import Size, begin, level_of, rate, years_of
from povsim.experiments.validate import mean_path, row_of

SMALL = Size(60, 30, 60)


def base(variant="trap", size=SMALL, **values):
    return begin(variant, values, NO_SHIFT, DrawKey(7, 0), size)


# --- F3 to F6 -----------------------------------------------------------------------------------------------------------


class FourHouseholds:
    """Four households of one person each, for what is read off a panel."""

    persons = households = np.ones(4)


def test_who_is_poor_twice_again_and_on_average(monkeypatch):
    """Waves .5 .5 2 2, then 2 2 .5 2, then .5 2 .5 2: one of four is poor in the first and last; of two that escape one falls
    back; mean consumption over first and last is .5, 1.25, 1.25, 2: gap .5, against (.5 + .5) and (.5 + .5) in the waves."""
    waves = [np.array([row]) for row in ([0.5, 0.5, 2, 2], [2, 2, 0.5, 2], [0.5, 2, 0.5, 2])]
    monkeypatch.setattr(panels, "waves", lambda base, panel: waves)
    found = panels.persistence(FourHouseholds())
    assert (found["F3"], found["F4"], found["F5"], found["F6"]) == (0.25, 0.25, 0.5, 0.5)


def test_a_panel_begins_and_ends_at_its_headcounts():
    b = base(size=Size(100, 50, 60))
    seen = panels.waves(b, panels.SUSENAS)
    assert len(seen) == 3
    assert rate(seen[0] < 1, b.persons) == pytest.approx(panels.SUSENAS.first, abs=0.006)
    assert rate(seen[2] < 1, b.persons) == pytest.approx(panels.SUSENAS.last, abs=0.006)


def test_the_first_guess_of_a_level_has_the_right_sign():
    b = base()
    now = rate(b.observed(b.state, range(-11, 1)) < 1, b.persons)
    assert level_of(b, now + 0.05) < 0 < level_of(b, max(0.005, now - 0.04))


# --- F7 -----------------------------------------------------------------------------------------------------------------


def test_who_spends_what_comes_in_passes_on_all_of_the_loss():
    """Expectations that are this month's income, no saving, no floor, no help and no credit: consumption falls by the loss."""
    b = base(size=Size(100, 50, 60))
    b.p |= {"hab": 1.0, "s0": 0.0, "s1": 0.0, "s2": 0.0, "chi": 0.0, "c_floor": 0.001, "theta": 0.0, "mlim": 0.0, "p_h": 0.02}
    b.p |= {"sale_share": 0.0}
    assert illness.pass_through(b)["F7"] == pytest.approx(1.0, abs=0.03)


def test_insurance_keeps_consumption_up():
    b = base(size=Size(100, 50, 60))
    b.p |= {"p_h": 0.02}
    assert 0.2 < illness.pass_through(b)["F7"] < 0.95


# --- F8 -----------------------------------------------------------------------------------------------------------------


def test_the_marginal_return_is_the_slope_of_the_technology():
    b = base()
    found = assets.marginal_return(b)
    K, p = found["F8_K"], b.p
    assert p["A_L"] * K ** p["gL"] > p["A_H"] * K ** p["gH"] - p["F"]  # the low technology is in use there
    assert found["F8"] == pytest.approx(p["A_L"] * p["gL"] * K ** (p["gL"] - 1), rel=0.01)


def test_the_linear_piece_has_its_slope():
    b = base("no_trap")
    rise = assets.output(b.p, "no_trap", 8.1) - assets.output(b.p, "no_trap", 8.0)
    assert rise / 0.1 == pytest.approx(0.0348, abs=0.0002)  # model page, equation (1)


# --- F9, F10 ------------------------------------------------------------------------------------------------------------


def test_a_hazard_that_nothing_moves_is_the_flow():
    still = {"h0": 0.0135, "bq": 0.0, "bk": 0.0, "bn": 0.0, "bp": 0.0, "bt": 0.0}
    found = cooperatives.inactivity_and_members(base(size=Size(200, 20, 36), **still))
    expected = 12 * (1 - math.exp(-0.0135))
    cooperative_years = 200 * 3.0
    assert found["F9"] == pytest.approx(expected, abs=4 * math.sqrt(expected / cooperative_years))


def test_no_hazard_no_flow_and_members_are_the_founders():
    found = cooperatives.inactivity_and_members(base(h0=0.0, start_member=0.2, l0=0.0, j0=-9.0))
    assert found["F9"] == 0
    assert found["F10"] == pytest.approx(0.2, abs=0.02)  # founders in every village, whatever its status


# --- F13 to F16 ---------------------------------------------------------------------------------------------------------


def test_the_path_begins_at_2010_and_falls_with_growth():
    published = nation.march_headcounts()
    assert list(published) == list(range(2010, 2026)) and published[2010] == 0.1333
    slow, fast = (nation.headcounts(base(g_w=g)) for g in (0.0, 0.015))
    assert fast["F13_fall"] > slow["F13_fall"] + 0.1
    for found in (slow, fast):
        assert found["F13_2011"] == pytest.approx(published[2010], abs=0.015)


def test_f13_counts_years_of_the_mean_path():
    published = nation.march_headcounts()
    above, below = ({f"F13_{y}": h + off for y, h in published.items()} | {"F13_fall": 0.0} for off in (0.03, -0.03))
    assert mean_path([above]) == 0.0
    assert mean_path([above, below]) == 1.0
    assert mean_path([]) is None


@pytest.mark.parametrize("rho1", [0.96, 0.98])
def test_what_is_left_of_a_shock_is_its_persistence(rho1):
    """AR(1) by the month: rho1 ** 48 of it is left after four years, and a little more where assets were lost with it."""
    found = shock.shock_left(base(rho1=rho1))["F14"]
    assert rho1**48 - 0.02 < found < rho1**48 + 0.10


def test_margins_are_those_of_a_survey():
    found = nation.margins(base(size=Size(100, 50, 120)))
    assert found["F16"] > 1  # larger households are poorer
    assert found["F2_urban"] > found["F2_rural"]
    year = years_of(base(), 1)[0]
    assert year.shape == (12, 60 * 30)


# --- verdicts -----------------------------------------------------------------------------------------------------------


def part(name="F4", target=0.5, tolerance=0.1, **other):
    given = {"pattern": name, "part": "", "statistic": name, "target": target}
    given |= {} if target is None else {"low": target - tolerance, "high": target + tolerance}
    given |= {"unit": "share", "fitted": True, "source": "s", "grade": "V"}
    return targets.Part(**(given | other))


def band(mean, low80=None, high80=None):
    return targets.Band(mean, low80, high80, low80, high80)


def test_inside_is_within_the_tolerance_or_the_target_in_the_80_band():
    assert targets.inside(part(), band(0.6)) is True
    assert targets.inside(part(), band(0.61)) is False
    assert targets.inside(part(), band(0.7, 0.45, 0.9)) is True
    assert targets.inside(part(), band(0.7, 0.55, 0.9)) is False
    assert targets.inside(part(), band(None)) is None


def test_a_direction_is_not_shown_by_nothing():
    above = part(target=None, low=0.0, high=None)
    assert [targets.inside(above, band(value)) for value in (-0.1, 0.0, 0.1)] == [False, False, True]
    about_none = part(target=None, low=-3.0, high=3.0)
    assert [targets.inside(about_none, band(value)) for value in (-3.0, 3.0, 3.1)] == [True, True, False]


def test_no_band_makes_up_for_cells_that_are_not_met():
    cells = part("F1", 1.0, 0.1, high=None)
    assert targets.inside(cells, band(0.9)) is True
    assert targets.inside(cells, band(0.89, 0.5, 1.0)) is False


def test_a_row_shows_its_worst_part_and_holds_only_if_all_do():
    parts = [(part(part="a"), band(0.52)), (part(part="b"), band(0.9)), (part(part="c"), band(0.65))]
    row = row_of("F4", "trap", parts)
    assert (row["part"], row["inside"], row["verdict"], row["simulated"]) == ("b", False, "outside", 0.9)
    assert [p["inside"] for p in row["parts"]] == [True, False, False]
    assert row_of("F4", "trap", parts[:1])["verdict"] == "within"
    missing = row_of("F4", "trap", [(part(), targets.Band(None, None, None, None, None, "why"))])
    assert (missing["inside"], missing["verdict"], missing["reasons"]["simulated"]) == (None, "not_lived", "why")


def test_bands_need_draws():
    values = [float(k) for k in range(101)]
    found = targets.band_of(values, True, "")
    assert (found.mean, found.low80, found.high80, found.low95, found.high95) == (50.0, 10.0, 90.0, 2.5, 97.5)
    assert targets.band_of(values, False, "why") == targets.Band(50.0, None, None, None, None, "why")
    assert targets.band_of([None, math.nan], True, "").mean is None
    assert targets.band_of([1.0, 2.0], True, "").low80 is None


def test_every_pattern_of_the_model_page_has_a_target():
    names = [p.pattern for p in targets.fitted_parts()]
    assert list(dict.fromkeys(names)) == [f"F{k}" for k in range(1, 17)]
    assert {p.grade for p in targets.fitted_parts()} <= {"V", "D", "G", "A"}
    for name in targets.SHARE_OF_CELLS:
        assert next(p for p in targets.fitted_parts() if p.pattern == name).high is None


# --- draws --------------------------------------------------------------------------------------------------------------


def draws(tmp_path: Path, n: int = 10) -> Path:
    rows = [{"variant": v, "draw": k, "rho1": 0.97 + 0.001 * k, "sd1": 0.12, **dict.fromkeys(posterior.SHIFTS, 0.01 * k)}
            for v in ("trap", "no_trap") for k in range(n)]  # fmt: skip
    path = tmp_path / "draws.parquet"
    pl.DataFrame(rows).write_parquet(path)
    return path


def test_draws_are_read_and_the_central_one_is_in_the_middle(tmp_path):
    found = posterior.draws_of(draws(tmp_path), "trap", 5)
    assert [round(d.values["rho1"], 3) for d in found] == [0.97, 0.972, 0.974, 0.976, 0.978]
    assert found[2].shift.mu_urban == pytest.approx(0.04)
    assert posterior.central(found) == found[2]


def test_draws_that_cannot_be_used_are_refused(tmp_path):
    path = draws(tmp_path)
    with pytest.raises(PovsimError, match="holds 10 draws of variant trap"):
        posterior.draws_of(path, "trap", 11)
    pl.read_parquet(path).drop("shift_mu_rural").write_parquet(path)
    with pytest.raises(PovsimError, match="'shift_mu_rural' is missing"):
        posterior.draws_of(path, "trap", 1)
    path.write_text("no table")
    with pytest.raises(PovsimError, match="no Parquet table"):
        posterior.draws_of(path, "trap", 1)
    with pytest.raises(PovsimError, match="no such file"):
        posterior.file_of(str(tmp_path / "none.parquet"))


def test_shown_patterns_wait_for_the_hash_of_the_draws(tmp_path, monkeypatch):
    path = draws(tmp_path)
    monkeypatch.setattr(posterior, "files", lambda package: tmp_path)
    assert not posterior.sealed(path)
    (tmp_path / posterior.SEAL).write_text("0" * 64 + "\n")
    assert not posterior.sealed(path)
    (tmp_path / posterior.SEAL).write_text(hashlib.sha256(path.read_bytes()).hexdigest() + "  posterior.parquet\n")
    assert posterior.sealed(path)


def test_the_page_on_patterns_has_the_targets_of_the_evidence():
    page = (Path(__file__).parents[2] / "docs" / "explanation" / "patterns.md").read_text(encoding="utf-8")
    for p in targets.fitted_parts():
        accepted = f"{p.low:g} or more" if p.high is None else f"{p.target:g} ± {p.tolerance:g}"
        assert f"| {accepted} |" in page, (p.pattern, p.part)
        assert f"| {p.pattern} |" in page
