"""Break-even: the rule of the crossing, equal money between lived levels, the paths, and a whole run on the toy district."""

import itertools
import json
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from povsim import parameters
from povsim.cli import main
from povsim.config import scenario_from
from povsim.errors import PovsimError
from povsim.experiments import break_even, comparison
from povsim.experiments.break_even import Draws, Ladder, Lived, Place, bases_of, explore, spec_of
from povsim.experiments.break_even_paths import QUANTITIES, path
from povsim.experiments.break_even_today import NATION, positions
from povsim.experiments.comparison import model_arm
from povsim.experiments.crossing import STATUSES, crossing
from povsim.experiments.replicate import burn_in, live_arms
from povsim.reporting.break_even import reach, said
from povsim.reporting.language import CODES, language

SMALL = {
    "population": {"kind": "toy", "villages": 20, "households_per_village": 40},
    "replicates": 2,
    "burn_in_months": 36,
    "horizon_months": 84,
    "variants": ["trap"],
    "arms": ["aid", "aid_cooperative"],
    "threads": 1,
}
MANY = [99] * 4


@contextmanager
def silent(_label, _total):
    yield SimpleNamespace(advance=lambda *_: None)


# The rule of the crossing


@pytest.mark.parametrize(
    ("y", "status", "value", "crossings"),
    [
        ([-3.0, -1.0, 1.0, 2.0], "reached", 0.3, 1),
        ([-3.0, -3.0, -1.0, 0.0], "not_reached", None, 0),  # equal is not better
        ([0.0, 1.0, 1.0, 1.0], "reached", 0.0, 1),
        ([1.0, 2.0, 3.0, 0.1], "already", None, 0),
        ([2.0, 1.0, -1.0, -2.0], "lost", 0.3, 1),
        ([-1.0, 1.0, -1.0, 1.0], "several", None, 3),
        ([1.0, -1.0, 1.0, 1.0], "several", None, 2),
    ],
)
def test_a_curve_is_read_as_what_it_shows(y, status, value, crossings):
    found = crossing([0.0, 0.2, 0.4, 0.6], y, MANY)
    assert (found.status, len(found.values)) == (status, crossings)
    assert found.value == (None if value is None else pytest.approx(value))
    assert (found.low, found.high) == (0.0, 0.6)
    assert all(found.low <= one <= found.high for one in found.values)
    assert found.status in STATUSES


def test_the_order_of_the_points_does_not_matter():
    x, y = [0.0, 0.2, 0.4, 0.6], [-3.0, -1.0, 1.0, 2.0]
    turned = [2, 0, 3, 1]
    assert crossing([x[k] for k in turned], [y[k] for k in turned], MANY) == crossing(x, y, MANY)


@pytest.mark.parametrize(
    ("behind", "status"),
    [([99, 19, 99, 99], "too_few"), ([99, 99, 19, 99], "too_few"), ([0, 99, 99, 0], "reached"), ([20] * 4, "reached")],
)
def test_the_households_that_decide_are_those_on_both_sides(behind, status):
    assert crossing([0.0, 0.2, 0.4, 0.6], [-3.0, -1.0, 1.0, 2.0], behind).status == status


@pytest.mark.parametrize(
    ("y", "behind", "status"),
    [
        ([-3.0, -1.0], [5, 30], "not_reached"),
        ([-3.0, -1.0], [30, 5], "too_few"),
        ([1.0, 3.0], [30, 5], "already"),
        ([1.0, 3.0], [5, 30], "too_few"),
    ],
)
def test_without_a_crossing_the_point_nearest_to_one_decides(y, behind, status):
    assert crossing([0.0, 1.0], y, behind).status == status


def test_a_quantity_that_stands_still_and_a_curve_without_heights_are_said_to_be_so():
    assert crossing([0.3, 0.3], [-1.0, 1.0], [99, 99]).status == "unmoved"
    assert crossing([0.3, 0.4], [None, None], [99, 99]).status == "unknown"
    assert crossing([], [], []).status == "unknown"
    found = crossing([0.1, 0.2, 0.3], [-1.0, None, 1.0], [99, None, 99])  # the gap is bridged by its neighbours
    assert found.value == pytest.approx(0.2)


def test_curves_of_unequal_length_are_refused():
    with pytest.raises(PovsimError, match="given are 2, 1"):
        crossing([0.0, 1.0], [1.0])


# Equal money between lived levels


def test_a_cost_is_placed_between_its_levels_and_never_beyond():
    ladder = Ladder("benefits", (("today", 1.0, 100.0), ("more", 1.2, 120.0), ("most", 1.5, 150.0)))
    for name, _, cost in ladder.steps:
        place = ladder.at(cost)
        assert place is not None and place.weight in (0.0, 1.0) and place.nearest == name
    assert ladder.at(126.0) == Place("more", "most", pytest.approx(0.2))
    assert ladder.at(99.9) is None and ladder.at(150.1) is None


def world(share_of, cost_of, forms_best=None, households=1000, number=(0, 1, 2)):
    """A world in which an arm has a known cost and lifts a known share of as many households in each replicate."""

    def live(arms):
        def lived(arm):
            exits = np.arange(households) < round(households * share_of(arm))
            realised = {"trading": arm.p["start_trading"], "membership": arm.p["start_member"], "premium": arm.p["pi"]}
            realised["survival"] = 1.0 - arm.p["h0"]
            return Lived(exits, cost_of(arm), np.full(84, 1e12 if arm.cooperative else 0.0), 1e6, realised)

        weight = [np.full(households, 1000.0)] * len(number)
        province = [np.where(np.arange(households) % 50 == 0, "A", "B")] * len(number)
        return Draws(list(number), weight, province, {arm.name: [lived(arm)] * len(number) for arm in arms})

    return live


def arms_of(variant="trap"):
    scenario = scenario_from({"arms": ["aid"]})
    bases = {base: model_arm(scenario, variant, spec_of(base)) for base in bases_of("as_reported")}
    return bases, model_arm(scenario, variant, spec_of("as_reported").__class__("aid_now", aid=True))


def money(arm):
    """Rp: 500 T for today's aid, more with higher benefits; 50 T for cooperatives."""
    return 5e14 * arm.programmes["pkh"] + (5e13 if arm.cooperative else 0.0)


def test_a_known_break_even_is_found():
    """Benefits lift 10 %, and as much more as they rise; cooperatives cost a tenth of them and lift half their premium."""

    def share(arm):
        return 0.1 * arm.programmes["pkh"] + (0.5 * arm.p["pi"] if arm.cooperative else 0.0)

    bases, aid = arms_of()
    found = explore(bases, aid, "benefits", world(share, money), world(share, money))
    points = found.points["as_reported", "premium"]
    assert [point.value for point in points] == sorted(point.value for point in points)
    for point in points:
        assert point.contrast.mean == pytest.approx(0.5 * point.value - 0.01, abs=1e-3)  # 1,000 households
    read = crossing([p.value for p in points], [p.contrast.mean for p in points], [p.discordant for p in points])
    assert read.status == "too_few"  # on the way up few differ; three replicates of 1,000 have not enough near the crossing
    read = crossing([p.value for p in points], [p.contrast.mean for p in points])
    assert read.status == "reached" and read.value == pytest.approx(0.02, abs=2e-3)
    assert found.interpolation_error() == pytest.approx(0.0, abs=1e-3)
    for point in found.points["as_reported", "survival"]:  # moves nothing in this world
        assert point.contrast.mean == pytest.approx(0.5 * 0.05 - 0.01, abs=1e-3)


def test_a_point_that_costs_what_a_level_costs_is_held_against_that_very_level():
    weight = [np.ones(4)]
    exits = {"arm": [1, 1, 0, 0], "low": [1, 0, 0, 0], "high": [0, 0, 0, 1]}
    lived = {name: [Lived(np.array(e, bool), 0.0, np.zeros(1), 0.0, {})] for name, e in exits.items()}
    draws = Draws([0], weight, [np.array(["A"] * 4)], lived)
    everybody = [np.ones(4, bool)]
    for place, other in ((Place("low", "high", 0.0), "low"), (Place("low", "high", 1.0), "high")):
        contrast, differ = break_even._contrast(draws, "arm", place, everybody)
        assert contrast.mean == pytest.approx(np.mean(np.subtract(exits["arm"], exits[other])))
        assert differ == np.count_nonzero(np.not_equal(exits["arm"], exits[other])) == contrast.discordant
    half, _ = break_even._contrast(draws, "arm", Place("low", "high", 0.5), everybody)
    assert half.mean == pytest.approx(0.25)


def test_the_best_form_is_read_on_other_draws():
    """Here higher benefits lift more; on the draws of the choice more families do, and these are believed."""

    def share(better):
        def of(arm):
            more = max(arm.programmes["pkh"] - 1.0, 0.0) if better == "benefits" else arm.quotas.get("pkh", 1.0) - 1.0
            return 0.1 + 0.1 * more

        return of

    def cost(arm):
        pays = arm.programmes["pkh"] * arm.quotas.get("pkh", 1.0)
        grant = sum(arm.grant) * 1e6 * arm.programmes.get("grant", 0.0)
        return 5e14 * pays + grant + (5e13 if arm.cooperative else 0.0)

    bases, aid = arms_of()
    found = explore(bases, aid, "best", world(share("benefits"), cost), world(share("families"), cost))
    for points in found.points.values():
        assert {point.form for point in points} == {"families"}
        assert all(point.contrast.mean == pytest.approx(0.0, abs=1e-9) for point in points)


def test_provinces_count_their_own_households_only():
    def share(arm):
        return 0.1 * arm.programmes["pkh"] + (0.5 * arm.p["pi"] if arm.cooperative else 0.0)

    bases, aid = arms_of()
    found = explore(bases, aid, "benefits", world(share, money), world(share, money))
    for point in found.points["as_planned", "premium"]:
        mean_a, mean_b = (point.provinces[name][0] for name in "AB")
        assert point.contrast.mean == pytest.approx(0.02 * mean_a + 0.98 * mean_b, abs=1e-9)
        assert point.provinces["A"][3] + point.provinces["B"][3] == point.discordant


def test_replicates_that_failed_in_one_part_are_left_out_of_both():
    def share(_arm):
        return 0.1

    _, aid = arms_of()
    one, two = world(share, money)([aid]), world(share, money, number=(0, 2))([aid])
    both = one.joined(two)
    assert both.numbers == [0, 2] and len(both.weight) == len(both.arms["aid_now"]) == 2
    with pytest.raises(PovsimError, match="Every replicate"):
        break_even.draws_of([None])


# The paths


@pytest.mark.parametrize("cooperative", ["as_reported", "as_planned", "optimistic"])
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_a_path_stays_where_the_register_accepts_it_and_moves_nothing_else(cooperative, quantity):
    p = parameters.values("trap", cooperative)
    points = path(quantity, p)
    assert 4 <= len(points) <= 7
    allowed = {
        "trading": {"start_trading", "h_trade", "start_open", "start_building", "start_legal"},
        "membership": {"start_member", "j0"},
        "premium": {"pi"},
        "survival": {"h0"},
    }[quantity]
    for sets in points:
        assert set(sets) == allowed and sets != {symbol: p[symbol] for symbol in sets}
        for symbol, value in sets.items():
            if symbol != "h_trade":  # a hazard of 0 is the end of its path: nobody else begins to trade
                parameters.check_override(symbol, value)
            assert value >= 0.0 or symbol == "j0"
        if quantity == "trading":
            started = sum(value for symbol, value in sets.items() if symbol.startswith("start_"))
            assert started == pytest.approx(sum(p[symbol] for symbol in sets if symbol.startswith("start_")), abs=1e-3)


@pytest.fixture(scope="module")
def toy():
    """A replicate with the arm of the run, and everything along the paths of the targets."""
    scenario = scenario_from(SMALL)
    r = burn_in(scenario, "trap", 0)
    live_arms(r, scenario, "trap", [model_arm(scenario, "trap", spec) for spec in scenario.arms])
    base = model_arm(scenario, "trap", spec_of("as_planned"))
    along = {q: break_even._along(base, q) for q in QUANTITIES}
    arms = [model_arm(scenario, "trap", spec_of("as_reported")), base, *(arm for of_it in along.values() for arm, _ in of_it)]
    before = set(r.outcomes)
    kept = break_even.live(r, scenario, "trap", arms, None, 1)
    assert set(r.outcomes) == before
    return r, base, along, kept


def test_the_scenario_itself_is_the_arm_of_the_run(toy):
    r, _, _, kept = toy
    own = kept["break_even_as_reported"]
    assert np.array_equal(own.exits, r.outcomes["aid_cooperative"].tau["E4"][r.structural] > 0)
    assert own.cost == r.outcomes["aid_cooperative"].total_cost


@pytest.mark.parametrize(("quantity", "symbol", "sign"), [
    ("trading", "h_trade", 1), ("membership", "start_member", 1), ("premium", "pi", 1), ("survival", "h0", -1),
])  # fmt: skip
def test_what_comes_out_follows_what_is_set(toy, quantity, symbol, sign):
    _, base, along, kept = toy
    arms = sorted([base, *(arm for arm, _ in along[quantity])], key=lambda arm: sign * arm.p[symbol])
    values = [kept[arm.name].realised[quantity] for arm in arms]
    values = [value for value in values if value is not None]
    assert len(values) >= 4 and values[-1] > values[0]
    # other villages trade, so others are counted; and one that begins to trade earlier may have stopped by then (decision 33)
    slack = {"survival": 0.03, "membership": 0.03, "trading": 0.1}.get(quantity, 1e-12)
    assert all(b >= a - slack for a, b in itertools.pairwise(values))
    assert all(0.0 <= value <= 1.0 for value in values)


def test_what_is_not_moved_stays(toy):
    _, base, along, kept = toy
    for arm, _ in along["premium"]:  # the premium reaches neither the funnel nor who founded
        assert kept[arm.name].realised["trading"] == pytest.approx(kept[base.name].realised["trading"], abs=0.1)
    for arm, _ in along["survival"]:
        assert kept[arm.name].realised["premium"] == pytest.approx(kept[base.name].realised["premium"], abs=0.005)


# Today


def test_positions_are_those_of_the_public_statistics():
    found = {(one.province, one.quantity): one for one in positions("indonesia")}
    assert len({name for name, _ in found} - {NATION}) == 38
    assert found["JAWA TENGAH", "trading"].value == pytest.approx(7858 / 8525)
    assert found["JAWA TENGAH", "membership"].members_per_cooperative == pytest.approx(232903 / 8525)
    assert found[NATION, "trading"].value == pytest.approx(0.0303) and found[NATION, "trading"].grade == "D"
    assert found[NATION, "survival"].value == pytest.approx(0.92**5)
    assert not any(quantity == "premium" for _, quantity in found)  # none is published
    assert all(0.0 <= one.value <= 1.0 and one.source for one in found.values())
    assert {one.province for one in positions("indonesia", ("Bali",))} == {"BALI"}
    assert positions("toy") == []


# A whole run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("break_even") / "run"
    given = [
        "population=toy", "population.villages=20", "population.households_per_village=40", "replicates=2", "burn_in_months=36",
        "horizon_months=84", "variants=[trap]", "arms=[aid,aid_cooperative]", "threads=1", "break_even=true",
    ]  # fmt: skip
    assert main(["compare", *given, "--out", str(out)]) == 0
    return out


def test_nothing_else_changes_when_a_break_even_is_sought(folder):
    with_it = json.loads((folder / "summary.json").read_text())
    without = comparison.run(scenario_from(SMALL), silent).summary
    assert "break_even" not in without
    assert {key: with_it[key] for key in ("variants", "range", "takeup", "all_households")} == json.loads(
        json.dumps({key: without[key] for key in ("variants", "range", "takeup", "all_households")})
    )
    assert scenario_from(SMALL).content_hash() != scenario_from({**SMALL, "break_even": True}).content_hash()


def test_the_summary_holds_every_point_and_no_number_out_of_range(folder):
    entry = json.loads((folder / "summary.json").read_text())["break_even"]["trap"]
    assert [(one["cooperative"], one["target"]) for one in entry["scenarios"]] == [("as_reported", False), ("as_planned", True)]
    for scenario in entry["scenarios"]:
        assert set(scenario["quantities"]) == set(QUANTITIES)
        assert {level["form"] for level in scenario["levels"]} <= {"benefits", "grant", "families"}
        for found in scenario["quantities"].values():
            assert sum(point["scenario"] for point in found["points"]) == 1
            known = [point["value"] for point in found["points"] if point["value"] is not None]
            assert known == sorted(known)
            for name in ("break_even", "sure", "possible"):
                read = found[name]
                assert read["status"] in STATUSES and (read["value"] is not None) == (read["status"] in ("reached", "lost"))
                if read["value"] is not None:
                    assert min(known) <= read["value"] <= max(known)
            for point in found["points"]:
                assert point["form"] in {level["form"] for level in scenario["levels"]}
                assert point["low95"] <= point["mean"] <= point["high95"]


def test_the_table_has_the_nation_and_the_provinces(folder):
    table = pl.read_parquet(folder / "tables" / "break_even.parquet")
    assert table.filter(pl.col("province") == NATION).height == 2 * len(QUANTITIES)
    assert table["province"].n_unique() > 1
    few = table.filter(pl.col("status") == "too_few")
    assert few["value"].null_count() == few.height


def test_the_report_shows_it_in_both_languages_again_from_the_folder(folder):
    assert (folder / "figures" / "break_even.svg").is_file()
    for code, title in (("en", "From where on do cooperatives beat"), ("id", "Mulai dari mana koperasi mengungguli")):
        assert main(["report", str(folder), "--language", code]) == 0
        page = (folder / "report.html").read_text()
        assert title in page and 'id="break_even"' in page
        assert ("Contains targets" if code == "en" else "Memuat sasaran") in page  # though no arm of the run has them
        assert ("(target)" if code == "en" else "(sasaran)") in page


@pytest.mark.parametrize("code", CODES)
def test_every_reading_has_words(code):
    words = language(code)
    for status in STATUSES:
        text = said({"status": status, "value": 0.327, "low": 0.01, "high": 0.9}, words)
        assert text and "{" not in text
        assert (words.percent(0.327) in text) == (status in ("reached", "lost"))
    for possible in STATUSES:
        for sure in STATUSES:
            one, two = ({"status": s, "value": 0.3, "low": 0.01, "high": 0.9} for s in (possible, sure))
            impossible = (possible, sure) in (("not_reached", "already"), ("not_reached", "reached"), ("reached", "already"))
            assert impossible or reach(one, two, words)


def test_a_range_names_the_side_that_was_not_found():
    words = language("en")
    read = {s: {"status": s, "value": 0.3, "low": 0.01, "high": 0.9} for s in STATUSES}
    assert reach(read["reached"], read["not_reached"], words) == "30.0% or more"
    assert reach(read["already"], read["reached"], words) == "up to 30.0%"
    assert reach(read["not_reached"], read["not_reached"], words) == "above 90.0%"
    assert reach(read["already"], read["already"], words) == "already at 1.0%"
    assert reach(read["reached"], read["several"], words) == words.text("table.none")
    assert reach(read["too_few"], read["reached"], words) == "\N{EN DASH}"
