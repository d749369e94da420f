"""The scenario: defaults, reading back, hashing, and one test for each way to be wrong."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from povsim.cli.compose import compose
from povsim.config import Scenario, scenario_from
from povsim.errors import PovsimError

GRANT: dict[str, Any] = {
    "product": "cash",
    "amount_idr_month": 300_000,
    "delivery": {"start_month": 13, "duration_months": 24, "calendar": "quarterly", "delivered_share": 0.8, "leakage": 0.1},
    "eligibility": {"rule": "bottom_share", "share": 0.15, "random_share": 0.5},
}


def grant(part: str | None = None, **changes: object) -> dict[str, Any]:
    """`programmes` with one programme, changed at the top or in one part; a change to `...` removes the key."""
    programme = {key: dict(value) if isinstance(value, dict) else value for key, value in GRANT.items()}
    place = programme if part is None else programme[part]
    for key, value in changes.items():
        place[key] = value
        if value is ...:
            del place[key]
    return {"programmes": {"grant": programme}}


WITH_GRANT = grant() | {"arm_definitions": {"mine": {"aid": True, "programmes": ["grant"]}}, "arms": ["none", "mine"]}


@pytest.mark.parametrize(
    ("overrides", "mapping"),
    [
        ([], {}),
        (["population=toy", "population.villages=30"], {"population": {"kind": "toy", "villages": 30}}),
        (
            ["economy=crisis", "registry=dtsen", "exit={b: .2}"],
            {"economy": "crisis", "registry": "dtsen", "exit": {"b": 0.2}},
        ),
    ],
)
def test_hydra_and_the_plain_reader_agree(overrides: list[str], mapping: dict[str, Any]) -> None:
    assert scenario_from(compose(overrides)) == scenario_from(mapping)


def test_defaults_are_those_of_the_design() -> None:
    scenario = scenario_from({})
    assert (scenario.seed, scenario.replicates, scenario.horizon_months, scenario.burn_in_months) == (20250401, 8, 156, 120)
    assert (scenario.exit.b, scenario.exit.W, scenario.window) == (0.1, 36, (12, 96))
    assert scenario.arm_names == ("none", "aid", "aid_equal_cost", "cooperative", "aid_cooperative", "aid_cooperative_planned")
    assert scenario.targets() == ("aid_cooperative_planned",)
    assert (scenario.cooperative, scenario.economy.kind, scenario.registry.kind) == ("as_reported", "steady", "dtks")
    assert scenario.overrides() == {}
    assert not scenario.warnings


@pytest.mark.parametrize(
    "mapping", [{}, WITH_GRANT, {"population": {"provinces": ["aceh", "Jawa  timur"]}, "parameters": {"pi": 0.08}}]
)
def test_a_resolved_scenario_reads_back_to_itself(mapping: dict[str, Any]) -> None:
    scenario = scenario_from(mapping)
    assert scenario_from(scenario.resolved()) == scenario
    assert list(scenario.resolved()) == sorted(scenario.resolved())
    assert pickle.loads(pickle.dumps(scenario)) == scenario
    assert hash(scenario) == hash(scenario_from(scenario.resolved()))


def test_every_cooperative_arm_is_a_target_under_targets() -> None:
    assert scenario_from({"cooperative": "as_planned"}).targets() == (
        "cooperative",
        "aid_cooperative",
        "aid_cooperative_planned",
    )


def test_the_hash_counts_what_can_change_a_number_and_nothing_else() -> None:
    base = scenario_from({}).content_hash()
    for same in ({"out": "x"}, {"threads": 2}, {"language": "id"}, {"reuse": False}):
        assert scenario_from(same).content_hash() == base
    changes = ({"seed": 1}, {"exit": {"b": 0.2}}, {"parameters": {"pi": 0.08}}, {"economy": "growth"}, {"payer": "ministry"})
    assert len({scenario_from(change).content_hash() for change in changes} | {base}) == len(changes) + 1


def test_order_and_letter_case_of_a_list_do_not_matter() -> None:
    assert scenario_from({"arms": ["aid", "none"], "variants": ["no_trap", "trap"]}) == scenario_from({"arms": ["none", "aid"]})
    one, other = ({"population": {"provinces": names}} for names in (["Bali", "ACEH"], ["aceh", "bali"]))
    assert scenario_from(one) == scenario_from(other)


def test_groups_set_entries_of_the_register() -> None:
    assert scenario_from({"economy": "growth", "registry": "dtsen"}).overrides() == {"g_w": 0.015, "refresh": 0.8}
    assert scenario_from({"economy": {"kind": "growth", "g_w": None}, "parameters": {"g_w": 0.001}}).overrides() == {
        "g_w": 0.001
    }
    crisis = scenario_from({"economy": "crisis"}).economy.macro
    assert (len(crisis), min(crisis)) == (60, -0.1)


def test_switches_and_whole_floats_are_understood() -> None:
    scenario = scenario_from({"interactions": "off", "replicates": 4.0})
    assert scenario.interactions is False
    assert (scenario.replicates, type(scenario.replicates)) == (4, int)


def test_what_runs_but_may_not_be_meant_is_a_warning() -> None:
    assert "outside its range" in scenario_from({"parameters": {"pi": 0.13}}).warnings[0]
    assert "not among arms" in scenario_from({"arm_definitions": {"mine": {"aid": True}}}).warnings[0]
    assert "in no arm" in scenario_from(grant()).warnings[0]


def test_a_programme_of_an_arm() -> None:
    scenario = scenario_from(WITH_GRANT)
    mine, programme = scenario.arms[-1], scenario.programmes[0]
    assert (mine.name, mine.aid, mine.cooperative, mine.programmes) == ("mine", True, None, ("grant",))
    assert (programme.amount_idr_month, programme.amount_idr, programme.delivery.cost_share) == (300_000, None, None)
    assert (programme.eligibility.share, programme.eligibility.random_share) == (0.15, 0.5)


def test_a_programme_with_no_budget_is_accepted() -> None:
    assert scenario_from(grant(amount_idr_month=0)).programmes[0].amount_idr_month == 0


def test_a_defined_arm_follows_the_scenario_it_names() -> None:
    scenario = scenario_from({"arm_definitions": {"best": {"cooperative": "optimistic"}}, "arms": ["none", "best"]})
    assert (scenario.arms[-1].cooperative, scenario.targets()) == ("optimistic", ())


def _arm(**content: object) -> dict[str, Any]:
    return {"arm_definitions": {"mine": content}}


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"replicats": 3}, "Did you mean 'replicates'"),
    ({"population": {"vilages": 3}}, "'population.vilages'.*'villages'"),
    ({"exit": 3}, "exit = 3: keys and values"),
    ({"exit": None}, "exit = null: keys and values"),
    ({"seed": -1}, "seed = -1 is too small"),
    ({"seed": 2**63}, "too large"),
    ({"seed": True}, "true is a switch, not a number"),
    ({"seed": None}, "nothing, not a number"),
    ({"replicates": 0}, "1 to 10000"),
    ({"replicates": 10_001}, "1 to 10000"),
    ({"replicates": 2.5}, "not a whole number"),
    ({"replicates": float("inf")}, "not a finite number"),
    ({"replicates": "eight"}, "'eight' is text"),
    ({"population": {"villages": 19}}, "20 to 83762"),
    ({"population": {"villages": 83_763}}, "20 to 83762"),
    ({"population": {"households_per_village": 5_001}}, "20 to 5000"),
    ({"population": {"provinces": []}}, "population.provinces is empty"),
    ({"population": {"provinces": "Aceh"}}, "no list"),
    ({"population": {"provinces": ["Aceh", "Aceh"]}}, "more than once"),
    ({"population": {"provinces": [11]}}, "no text"),
    ({"population": {"provinces": ["Atlantis"]}}, "no province 'Atlantis'"),
    ({"population": {"kind": "toy", "provinces": ["Aceh"]}}, "lies in no province"),
    ({"population": "survey"}, "not built yet"),
    ({"horizon_months": 72}, "84 to 600"),
    ({"horizon_months": 612}, "84 to 600"),
    ({"horizon_months": 100}, "multiple of 12"),
    ({"burn_in_months": 24}, "36 to 600"),
    ({"burn_in_months": 50}, "multiple of 12"),
    ({"exit": {"b": 1.1}}, "exit.b = 1.1"),
    ({"exit": {"b": float("nan")}}, "not a finite number"),
    ({"exit": {"W": 61}}, "1 to 60"),
    ({"rollout": {"coverage": 1.4}}, "0 to 1"),
    ({"rollout": "phasd"}, "Did you mean 'phased'"),
    ({"rollout": {"kind": "phased", "waves": 0}}, "1 to 50"),
    ({"rollout": "file"}, "rollout.file=PATH"),
    ({"arm_definitions": {"x": {"aid": True, "rollout": "phased"}}}, "Add cooperative"),
    ({"rollout": "al"}, "Did you mean 'all'"),
    ({"economy": {"macro": 3}}, "economy.macro = 3 is no list"),
    ({"economy": {"macro": [-5]}}, r"economy.macro\[0\]"),
    ({"economy": {"macro": [0] * 157}}, "157 months, the horizon only 156"),
    ({"economy": {"g_w": 3}}, "economy.g_w = 3"),
    ({"economy": "growth", "parameters": {"g_w": 0.001}}, "same parameter"),
    ({"registry": "dtsen", "parameters": {"refresh": 0.5}}, "same parameter"),
    ({"registry": {"refresh": 2}}, "registry.refresh = 2"),
    ({"registry": "bdt"}, "not known"),
    ({"cooperative": "planned"}, "Did you mean 'as_planned'"),
    ({"variants": ["trap", "trapp"]}, "Did you mean 'trap'"),
    ({"variants": []}, "variants is empty"),
    ({"interactions": "maybe"}, "no switch"),
    ({"reuse": 1}, "no switch"),
    ({"threads": 0}, "1 to 1024"),
    ({"language": "nl"}, "en, id"),
    ({"payer": "me"}, "village_fund, ministry"),
    ({"out": 3}, "path of a folder"),
    ({"parameters": {"pie": 1}}, "Did you mean 'pi'"),
    ({"parameters": {"pi": "a"}}, "'a' is text"),
    ({"parameters": {"pi": float("nan")}}, "not a finite number"),
    ({"parameters": {"pi": 50}}, "range"),
    ({"parameters": [1]}, "keys and values"),
    ({"uncertainty": "priors"}, "Did you mean 'prior'"),
    ({"uncertainty": True}, "no text"),
    ({"n_draws": 10}, "no parameter is drawn"),
    ({"uncertainty": "prior", "n_draws": 2}, "3 to 2000"),
    ({"uncertainty": "prior", "futures": 5}, "one set of parameters"),
    ({"futures": -1}, "0 to 10000"),
    ({"futures": True}, "switch"),
    ({"futures": 1.5}, "whole"),
    ({"ledger": "all"}, "true, false, or a list"),
    ({"ledger": 1}, "true, false, or a list"),
    ({"ledger": True, "arms": ["none", "cooperative"]}, r"ledger=\[cooperative\]"),
    ({"ledger": True, "arms": ["none", "aid_cooperative"]}, "Add aid"),
    ({"ledger": ["aid_coperative"]}, "Did you mean 'aid_cooperative'"),
    ({"ledger": ["aid"]}, "no cooperatives"),
    ({"ledger": ["cooperative"], "arms": ["aid", "cooperative"]}, "Add 'none'"),
    ({"ledger": ["aid_cooperative", "aid_cooperative"]}, "more than once"),
    ({"workers": 0}, "workers = 0"),
    ({"shards": 1.5}, "shards = 1.5"),
    ({"scheduler": "tcp://x", "workers": 2}, "scheduler and workers are both given"),
    ({"scheduler": 8786}, "scheduler = 8786"),
    ({"store": 3}, "store = 3"),
    ({"checkpoints": 60}, "checkpoints = 60 is no list"),
    ({"checkpoints": [7]}, r"checkpoints\[0\] = 7 is not a multiple of 12"),
    ({"checkpoints": [0, 168]}, "multiple of 12 from 0 to 156"),
    ({"checkpoints": [60, 60]}, "names '60' more than once"),
    ({"branch_from": 3}, "path of a result folder with checkpoints"),
    ({"branch_month": 12}, "branch_from is not given"),
    ({"branch_from": "x", "branch_month": 13}, "multiple of 12"),
    ({"branch_from": "x", "branch_month": 168}, "from 0 to 156"),
    ({"arms": "al"}, "no list"),
    ({"arms": ["aid", "aid_equal_cost_registry"]}, "Add 'aid_cooperative_registry'"),
    ({"equal_money": "cheapest"}, "best, benefits, grant, families"),
    ({"payer": "state"}, "village_fund, ministry, cooperative"),
    ({"arms": ["aids"]}, "Did you mean 'aid'"),
    ({"arms": ["none", "none"]}, "more than once"),
    ({"arms": ["aid", "aid_equal_cost"]}, "Add 'aid_cooperative'"),
    ({"arm_definitions": {"aid": {}}}, "taken"),
    ({"arm_definitions": {"aid_cooperative_mentored": {}}}, "taken"),
    (_arm(cooperative="scenario", levers=["mentorin"]), "mentoring"),
    (_arm(cooperative="scenario", levers="mentoring"), "levers"),
    (_arm(aid=True, levers=["capital"]), "moves cooperatives"),
    (_arm(cooperative="scenario", levers=["registry_refresh"]), "moves today's aid"),
    (_arm(aid=True, cooperative="scenario", levers=["dues_waived"]), "Add invitation"),
    (
        _arm(aid=True, cooperative="scenario", levers=["invitation", "dues_waived", "dues_deducted"]),
        "either waived or deducted",
    ),
    (_arm(cooperative="scenario", aid_until=60), "Add aid: true"),
    (_arm(cooperative="scenario", levers=["vouchers"]), "families on aid"),
    ({"programmes": {"sembako": GRANT}}, "taken by a programme of povsim"),
    (_arm(aid=True, aid_until=157), "from 0 to 156"),
    (_arm(aid=True, graduation_years=0), "from 1 to 50"),
    ({"arms": ["aid", "aid_equal_cost_supported"]}, "aid_cooperative_supported"),
    ({"arm_definitions": {"My Arm": {}}}, "cannot be a name"),
    ({"arm_definitions": {"_target_": "os.system"}}, "cannot be a name"),
    (_arm(coop="x"), "arm_definitions.mine.coop"),
    (_arm(aid="some"), "no switch"),
    (_arm(aid="equal_cost"), "go together"),
    (_arm(aid=True, of="aid_cooperative"), "go together"),
    (_arm(aid="equal_cost", of="aid_cooperative", cooperative="scenario"), "assistance alone"),
    (_arm(aid="equal_cost", of="aid_cooperativ") | {"arms": ["aid", "mine"]}, "not among arms"),
    (
        _arm(aid="equal_cost", of="aid_equal_cost") | {"arms": ["aid", "aid_cooperative", "aid_equal_cost", "mine"]},
        "itself an arm of equal cost",
    ),
    (_arm(cooperative="best"), "is not known"),
    (_arm(programmes="grant"), "no list"),
    (_arm(programmes=["grant"]), "None is defined"),
    (_arm(programmes=["gran"]) | grant(), "Did you mean 'grant'"),
    ({"programmes": [1]}, "keys and values"),
    ({"programmes": {"Grant": GRANT}}, "cannot be a name"),
    (grant(product="coaching"), "not built yet"),
    (grant(product="gold"), "cash, food, asset, training"),
    (grant(product="training"), "goes with product: training"),
    (grant(gain=0.1), "goes with product: training"),
    (grant(product=...), "lacks 'product'"),
    (grant(colour="red"), "programmes.grant.colour"),
    (grant(amount_idr=5), "either amount_idr_month"),
    (grant(amount_idr_month=...), "either amount_idr_month"),
    (grant(amount_idr_month=-1), "too small"),
    (grant(amount_idr_month="free"), "'free' is text"),
    (grant(delivery=3), "programmes.grant.delivery = 3"),
    (grant("delivery", start_month=...), "lacks 'start_month'"),
    (grant("delivery", start_month=0), "1 to 156"),
    (grant("delivery", start_month=140), "ends in month 163"),
    (grant("delivery", calendar="weekly"), "monthly, quarterly, once"),
    (grant("delivery", calendar="once", duration_months=...), "goes with amount_idr"),
    (grant("delivery", calendar="once"), "paid once"),
    (grant("delivery", delivered_share=1.2), "0 to 1"),
    (grant("delivery", leakage=0.3), "at most 1"),
    (grant("delivery", cost_share=-1), "0 to 1"),
    (grant("eligibility", rule=...), "lacks 'rule'"),
    (grant("eligibility", rule="rich"), "is not known"),
    (grant("eligibility", share=...), "needs share"),
    (grant("eligibility", rule="poor"), "does not read it"),
    (grant("eligibility", rule="register_score", families=5), "not both"),
    (grant("eligibility", rule="register_score", share=..., families=-5), "too small"),
    (grant("eligibility", rule="province", share=...), "needs provinces"),
    (grant("eligibility", rule="province", share=..., provinces=["Atlantis"]), "no province 'Atlantis'"),
    (grant("eligibility", random_share=2), "0 to 1"),
]


@pytest.mark.parametrize(("mapping", "says"), WRONG, ids=[says for _, says in WRONG])
def test_c6_each_way_to_be_wrong_is_named(mapping: dict[str, Any], says: str) -> None:
    with pytest.raises(PovsimError, match=says):
        scenario_from(mapping)


def test_what_is_no_mapping_is_refused() -> None:
    with pytest.raises(PovsimError, match="keys and values"):
        scenario_from([])  # type: ignore[arg-type]


def test_every_field_is_documented() -> None:
    import ast
    import inspect

    from povsim.config import arms, parts, population, programmes, scenario

    for module in (arms, parts, population, programmes, scenario):
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.ClassDef):
                body = node.body
                fields = [i for i, part in enumerate(body) if isinstance(part, ast.AnnAssign)]
                assert all(isinstance(body[i + 1], ast.Expr) for i in fields), node.name
    assert Scenario.__doc__
