"""Tiles of provinces and districts, and the maps drawn with them."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

import pytest
from fixtures_results import TOO_FEW, made_up_gains, made_up_summary

from povsim import evidence
from povsim.reporting.tile_map import (
    ACROSS,
    COLUMNS,
    ROWS,
    TILES,
    contrast_pairs,
    district_tiles,
    diverging,
    maps,
    off_the_map,
    sequential,
)


def districts() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in evidence.load("poverty_district_2025").iter_rows(named=True):
        found.setdefault(row["province"], []).append(row["district"])
    return found


def test_all_38_provinces_have_a_tile_of_their_own() -> None:
    for table in ("province_profile_2025", "poverty_district_2025", "urban_share_province_2025"):
        assert set(evidence.load(table)["province"]) == set(TILES)
    places = [(column, row) for column, row, _ in TILES.values()]
    assert len(TILES) == len(set(places)) == 38
    assert all(0 <= column < COLUMNS and 0 <= row < ROWS for column, row in places)
    assert len({short for _, _, short in TILES.values()}) == 38


@pytest.mark.parametrize(
    ("west", "east"),
    [("ACEH", "SUMATERA UTARA"), ("BANTEN", "JAWA BARAT"), ("JAWA BARAT", "JAWA TENGAH"), ("JAWA TENGAH", "JAWA TIMUR"),
     ("JAWA TIMUR", "BALI"), ("BALI", "NUSA TENGGARA BARAT"), ("NUSA TENGGARA BARAT", "NUSA TENGGARA TIMUR"),
     ("KALIMANTAN BARAT", "KALIMANTAN TIMUR"), ("KALIMANTAN TIMUR", "SULAWESI TENGAH"), ("SULAWESI TENGAH", "MALUKU UTARA"),
     ("MALUKU", "PAPUA BARAT"), ("PAPUA BARAT DAYA", "PAPUA BARAT"), ("PAPUA BARAT", "PAPUA")],
)  # fmt: skip
def test_west_is_left_of_east(west: str, east: str) -> None:
    assert TILES[west][0] < TILES[east][0]


@pytest.mark.parametrize(
    ("north", "south"),
    [("ACEH", "LAMPUNG"), ("LAMPUNG", "BANTEN"), ("KALIMANTAN UTARA", "KALIMANTAN SELATAN"), ("MALUKU UTARA", "MALUKU"),
     ("SULAWESI UTARA", "SULAWESI SELATAN"), ("PAPUA", "PAPUA SELATAN"), ("KALIMANTAN SELATAN", "JAWA TIMUR"),
     ("JAWA TENGAH", "DI YOGYAKARTA")],
)  # fmt: skip
def test_north_is_above_south(north: str, south: str) -> None:
    assert TILES[north][1] < TILES[south][1]


def test_all_514_districts_have_a_square_of_their_own_inside_their_province() -> None:
    places = district_tiles(districts())
    assert len(places) == 514
    # offsets of half a square may occur, so squares are compared as areas, not as equal corners
    side = 1 / ACROSS
    for province in TILES:
        own = [place for (of, _), place in places.items() if of == province]
        column, row, _ = TILES[province]
        for x, y in own:
            assert column - 1e-9 <= x <= column + 1 - side + 1e-9 and row - 1e-9 <= y <= row + 1 - side + 1e-9
        for at, (x, y) in enumerate(own):
            assert all(abs(x - u) > side - 1e-9 or abs(y - w) > side - 1e-9 for u, w in own[at + 1 :])


def test_classes_hold_their_values_and_begin_with_round_numbers() -> None:
    shade = sequential([3.7, 30.03], str)
    assert shade.ends == (6, 12, 18, 24)
    assert [shade.colour(value) for value in (0, 6, 6.1, 30)] == [shade.colours[k] for k in (0, 0, 1, 4)]
    both = diverging([-3.1, 26.7], str)
    assert both.ends == (-16, -8, 0, 8, 16)
    assert both.colour(-0.1) != both.colour(0.1)
    assert len(set(shade.colours)) == 5 and len(set(both.colours)) == 6


def lightness(colour: str) -> float:
    red, green, blue = (int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_colours_can_be_told_apart_in_grey() -> None:
    shade = [lightness(colour) for colour in sequential([1.0], str).colours]
    assert all(before - after > 0.08 for before, after in pairwise(shade))
    both = [lightness(colour) for colour in diverging([1.0], str).colours]
    assert both[0] < both[1] < both[2] and both[3] > both[4] > both[5]


def test_maps_show_values_hatch_what_is_too_few_and_leave_blank_what_was_not_run() -> None:
    drawn = maps(made_up_summary(), {"who_gains": made_up_gains()})
    leaving = drawn["map_leaving"]
    assert "too few to say" in leaving and "not in this run" in leaving
    assert Counter(re.findall(r'fill="(url\(#map_leaving-hatch\))"', leaving))["url(#map_leaving-hatch)"] == 3  # 2 and the key
    assert "<title>Jawa Timur: 11.5</title>" in leaving  # 0.1046 x 1.1 of the made-up table
    assert "Papua Pegunungan:" not in leaving
    planned = drawn["map_aid_cooperative_planned_against_aid"]
    assert "(target)" in planned and "+15.4" in planned  # (0.118 - 0.104) x 1.1
    assert "map_aid_cooperative_against_aid" not in drawn  # everywhere too few to say
    assert contrast_pairs(made_up_summary(), made_up_gains(), drawn=False) == [("aid_cooperative", "aid")]
    indonesian = maps(made_up_summary(), {"who_gains": made_up_gains()}, "id")
    assert "terlalu sedikit untuk disimpulkan" in indonesian["map_leaving"] and "(sasaran)" in "".join(indonesian.values())


def test_published_maps_show_the_published_figures_of_the_run_alone() -> None:
    drawn = maps(made_up_summary(), {"who_gains": made_up_gains()})
    assert "<title>Aceh: 12.3</title>" in drawn["map_published"] and "Bali:" not in drawn["map_published"]
    wanted = sum(
        len(names) for province, names in districts().items() if province in ("ACEH", "JAWA TIMUR", "PAPUA PEGUNUNGAN")
    )
    assert drawn["map_districts"].count("<title>") == wanted + 1


def test_a_province_with_a_contrast_that_is_too_few_is_hatched() -> None:
    rows = [row | {"reason": TOO_FEW} if row["level"] == "ACEH" else row for row in made_up_gains()]
    drawn = maps(made_up_summary(), {"who_gains": rows})["map_aid_against_none"]
    assert "Aceh:" not in drawn and "Jawa Timur: +15.4" in drawn


def test_a_made_up_district_has_no_map_and_a_strange_province_is_named() -> None:
    toy = [row | {"level": "TOY"} for row in made_up_gains() if row["dimension"] == "province"]
    assert maps(made_up_summary(), {"who_gains": toy}) == {} and off_the_map({"who_gains": toy}) == []
    assert off_the_map({"who_gains": [*made_up_gains(), toy[0]]}) == ["TOY"]
    assert maps(made_up_summary(), {}) == {}
