"""The census: whole villages that add up, every household for itself, and shares of villages that stand for all."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from povsim import parameters
from povsim.draws import DrawKey
from povsim.errors import PovsimError
from povsim.population.census import draw_census, draw_villages_of, villages_of
from povsim.population.columns import LIFE, PLACE
from povsim.population.fitted import fitted_table
from povsim.population.nation import cells_of
from povsim.population.sample import Sample

KEY = DrawKey(20250401, 0)
P = parameters.values("trap", None)


def toy(share: float | None = None, districts: tuple[int, ...] = (0, 1), key: DrawKey = KEY, arms: int = 1) -> Sample:
    cells = cells_of("toy").filter(pl.col("district_id").is_in(districts))
    return draw_census(cells, P, fitted_table("toy", "trap", cells), key, share, arms)


def by_district(cells: pl.DataFrame, cell: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.bincount(cells["district_id"].to_numpy()[cell], weights=values)


def test_the_nation_has_its_villages_and_its_households() -> None:
    cells = cells_of("indonesia")
    every = villages_of(cells)
    official = cells.group_by("district_id").agg(pl.col("villages").sum()).sort("district_id")["villages"]
    assert every.cell.size == 83_762
    assert (by_district(cells, every.cell, np.ones(every.cell.size)) == official.to_numpy().round()).all()
    assert (np.bincount(every.cell, weights=every.households) == cells["households"].to_numpy()).all()
    assert np.bincount(every.cell).min() >= 1
    largest, least = (
        pl.DataFrame({"c": every.cell, "n": every.households}).group_by("c").agg(e)
        for e in (pl.col("n").max(), pl.col("n").min())
    )
    spread = largest.sort("c")["n"] - least.sort("c")["n"]
    assert spread.max() <= 1


def test_remainders_go_to_the_largest() -> None:
    cells = pl.DataFrame({"district_id": [7, 7, 7], "villages": [1.4, 2.35, 3.25], "households": [10, 23, 40]})
    assert np.bincount(villages_of(cells).cell).tolist() == [2, 2, 3]


def test_a_village_that_ids_cannot_hold_is_refused() -> None:
    cells = pl.DataFrame({"district_id": [0], "villages": [1.0], "households": [70_000]})
    with pytest.raises(PovsimError, match="70,000 households"):
        villages_of(cells)


@pytest.mark.parametrize("share", [0.001, 0.01, 0.03, 0.2, 0.77, 1.0])
def test_a_share_of_villages_stands_for_every_district(share: float) -> None:
    cells = cells_of("indonesia")
    drawn, sizes = draw_villages_of(cells, share, KEY)
    lived = by_district(cells, drawn.cell, np.ones(drawn.cell.size))
    official = by_district(cells, np.arange(cells.height), cells["villages"].to_numpy()).round()
    assert (lived == np.maximum(1, np.floor(share * official + 0.5))).all()
    stands_for = by_district(cells, drawn.cell, drawn.weight * sizes)
    assert stands_for == pytest.approx(by_district(cells, np.arange(cells.height), cells["households"].to_numpy()), rel=1e-12)
    ids = drawn.cell * 2**20 + drawn.number
    assert (np.diff(ids) > 0).all()


def test_where_both_areas_are_certain_households_add_up_in_each() -> None:
    cells = cells_of("toy")
    drawn, sizes = draw_villages_of(cells, 0.5, KEY)
    per_cell = np.bincount(drawn.cell, weights=drawn.weight * sizes)
    first = cells["district_id"].to_numpy() == 0  # the other has so few rural households that it may have no rural village
    assert np.bincount(drawn.cell)[first].min() >= 2
    assert per_cell[first] == pytest.approx(cells["households"].to_numpy()[first], rel=1e-12)


def test_over_many_draws_every_cell_has_its_households() -> None:
    """One village a district: sometimes of one area, sometimes of the other, with the chance of its households."""
    cells = cells_of("toy")
    total = np.zeros(cells.height)
    times = 2000
    for replicate in range(times):
        drawn, sizes = draw_villages_of(cells, 0.01, DrawKey(5, replicate))
        assert drawn.cell.size == 2
        total += np.bincount(drawn.cell, weights=drawn.weight * sizes, minlength=cells.height)
    households = cells["households"].to_numpy()
    chance = households / by_district(cells, np.arange(4), households)[cells["district_id"].to_numpy()]
    error = 3.5 * np.sqrt(chance * (1 - chance) / times)
    assert (np.abs(total / times / households * chance - chance) < error).all()


def test_a_larger_share_holds_the_villages_of_a_smaller_one_in_each_cell() -> None:
    cells = cells_of("toy")
    few, _ = draw_villages_of(cells, 0.3, KEY)
    more, _ = draw_villages_of(cells, 0.8, KEY)
    assert set(zip(few.cell, few.number, strict=True)) <= set(zip(more.cell, more.number, strict=True))


def test_every_household_stands_for_itself_over_the_whole_of_earning_capacity() -> None:
    sample = toy()
    assert (sample.life[LIFE.h] == 1).all() and (sample.place[PLACE.weight] == 1).all()
    assert sample.weight.sum() == cells_of("toy")["households"].sum()
    z = sample.life[LIFE.z][: sample.start[1]]
    assert abs(np.mean(z < 0) - 0.5) < 0.01 and z.min() < -2 and z.max() > 2
    assert np.abs(np.diff(np.sort(z[np.abs(z) < 1]))).max() < 0.05


def test_villages_differ_in_the_funnel_over_the_whole_range() -> None:
    cells = cells_of("indonesia").filter(pl.col("province") == "JAWA TENGAH").head(2)
    sample = draw_census(cells, P, fitted_table("indonesia", "trap", cells), KEY, 0.2)
    assert sample.place[PLACE.u_funnel].min() < 0.1 and sample.place[PLACE.u_funnel].max() > 0.9


def test_a_district_alone_is_drawn_as_among_others() -> None:
    both, alone = toy(), toy(districts=(1,))
    rows = np.isin(both.ids, alone.ids)
    assert (both.ids[rows] == alone.ids).all()
    for name in ("life", "home"):
        assert np.array_equal(getattr(both, name)[..., rows], getattr(alone, name))
    assert np.array_equal(both.ties[rows], alone.ties) and np.array_equal(both.tie_weight[rows], alone.tie_weight)
    assert np.array_equal(both.place[:, np.isin(both.village_ids, alone.village_ids)], alone.place)


def test_a_village_of_a_share_is_the_one_of_the_census() -> None:
    all_, few = toy(), toy(0.1)
    rows = np.isin(all_.ids, few.ids)
    assert rows.sum() == few.ids.size > 0
    assert np.array_equal(all_.life[:, rows], few.life) and np.array_equal(all_.ties[rows], few.ties)


def test_pieces_that_are_drawn_at_a_time_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = toy(0.5)
    monkeypatch.setattr("povsim.population.census.CHUNK", 1)
    pieces = toy(0.5)
    assert all(np.array_equal(getattr(whole, name), getattr(pieces, name)) for name in ("ids", "life", "home", "ties"))


def test_arms_have_room_of_their_own() -> None:
    sample = toy(0.1, arms=3)
    assert sample.home.shape[0] == 3
    assert sample.home[0].any() and not sample.home[1:].any()
