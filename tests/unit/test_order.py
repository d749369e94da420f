"""The order table names real columns, misses none that is written, and reads nothing before it is known."""

import ast
from pathlib import Path

import pytest

import povsim.model
from povsim.model.order import LAST, ORDER, Stage, stages_of
from povsim.population.columns import COOP_COLUMNS, HOME_COLUMNS, LIFE_COLUMNS, PLACE_COLUMNS

TABLES = {"LIFE": LIFE_COLUMNS, "HOME": HOME_COLUMNS, "PLACE": PLACE_COLUMNS, "COOP": COOP_COLUMNS}
MONTHLY = [stage for stage in ORDER if stage.when == "month"]
BY_NAME = {stage.name: stage for stage in ORDER}

PASSES = {
    ("start of the arms",): {"start": ("found_cooperatives", "found_here")},
    ("turn of the year",): {"shocks": ("year_of_life",)},
    ("macro and village shocks", "asset shocks", "income", "aid"): {
        "shocks": ("month_of_life",),
        "passes": ("income_and_aid",),
        "trade": ("patronage_refund",),
    },
    ("membership, leaving and patronage",): {
        "trade": ("membership", "candidates", "chances", "those_who_join", "leaving_and_dues"),
    },
    ("trading and credit",): {"trade": ("sales_and_loans", "vouchers_spent")},
    ("repayment and default",): {
        "passes": ("service_of_loans", "repayment"),
        "finance": ("microcredit_and_groups",),
    },
    ("spending and coping",): {
        "passes": ("planning", "neighbours_help", "help_of_the_pool", "coping"),
    },
    ("saving and investment",): {"passes": ("saving_and_investment",)},
    ("cooperative accounts and SHU",): {"accounts": ("monthly_accounts", "close_year", "members_and_loans")},
    ("governance and funnel",): {"accounts": ("governance_and_funnel", "dissolve")},
    ("registry",): {
        "programmes.programme": ("teach",),
        "registry": ("predicted_consumption", "renew_records"),
        "country": ("_enrol", "_on_todays_aid", "_graduated", "_taper", "_registry", "_schedule"),
        "local_government": (),
    },
    ("measurement",): {
        "accounts": ("terms_of_next_month",),
        "month": ("follow", "last_income"),
        "measurement": (
            "consumption_of_the_year",
            "last_below_the_line",
            "observed_poverty",
            "household_capacity",
            "keep",
            "marks",
        ),
    },
}
"""Stages and the functions that live them, by module of `povsim.model`."""

FROM_THE_SAMPLE = {"PLACE.weight", "PLACE.urban", "LIFE.h", "COOP.works", "COOP.mentor", "COOP.capital"}
"""Columns that the registry reads or writes under another name."""


def bare(name: str) -> str:
    return name.removesuffix(LAST)


def test_the_printed_order() -> None:
    numbered = [stage.name for stage in sorted(ORDER, key=lambda stage: stage.number) if stage.number]
    assert numbered == [
        "macro and village shocks",
        "asset shocks",
        "income",
        "aid",
        "membership, leaving and patronage",
        "trading and credit",
        "repayment and default",
        "spending and coping",
        "saving and investment",
        "cooperative accounts and SHU",
        "governance and funnel",
        "registry",
        "measurement",
    ]
    assert [stage.number for stage in ORDER] == [0, 0, *range(1, 14)]


def test_the_year_begins_with_the_registry_and_the_arms_with_their_start() -> None:
    assert [stage.name for stage in stages_of(1)][:4] == [
        "start of the arms",
        "registry",
        "turn of the year",
        "macro and village shocks",
    ]
    assert [stage.name for stage in stages_of(-119)][:2] == ["registry", "turn of the year"]
    assert stages_of(2) == tuple(MONTHLY)


@pytest.mark.parametrize("stage", ORDER, ids=lambda stage: stage.name)
def test_every_column_exists_and_is_named_once(stage: Stage) -> None:
    for names in (stage.reads, stage.writes):
        for name in names:
            table, column = bare(name).split(".")
            assert column in TABLES[table], f"{stage.name}: there is no {name}"
        assert len({bare(name) for name in names}) == len(names), stage.name
    assert not [name for name in stage.writes if name.endswith(LAST)]
    assert stage.equations == tuple(sorted(stage.equations))
    assert set(stage.equations) <= set(range(1, 22))
    assert stage.summary


def test_every_equation_has_a_stage() -> None:
    assert {number for stage in ORDER for number in stage.equations} == set(range(1, 22))


def test_every_column_of_homes_and_cooperatives_is_written() -> None:
    written = {name for stage in ORDER for name in stage.writes}
    for table in ("HOME", "COOP"):
        assert [f"{table}.{column}" for column in TABLES[table] if f"{table}.{column}" not in written] == []


def test_nothing_is_read_before_it_is_known() -> None:
    """A value is marked as last month's exactly where a stage of the month writes it, and none before has done so."""
    changes = {name for stage in MONTHLY for name in stage.writes}
    for month in (1, 2):
        known: set[str] = set()
        for stage in stages_of(month):
            for name in stage.reads:
                is_last = bare(name) in changes and bare(name) not in known
                assert name.endswith(LAST) == is_last, f"{stage.name} reads {name}"
            if stage.when == "month":
                known |= set(stage.writes)


@pytest.mark.parametrize("names", PASSES, ids=" + ".join)
def test_the_table_names_what_the_compiled_passes_touch(names: tuple[str, ...]) -> None:
    """Read from the source: a column used by a stage stands in its row, and the row holds no other.

    `live` hands some columns to a pass as numbers, so what it names itself may stand in any row.
    """
    used = {name for module, functions in PASSES[names].items() for name in columns_in(module, functions)}
    handed = columns_in("month", ("live",)) | (FROM_THE_SAMPLE if names == ("registry",) else set())
    stated = {bare(name) for stage in names for name in (*BY_NAME[stage].reads, *BY_NAME[stage].writes)}
    stated = {"HOME.c0" if name.startswith("HOME.c") and name[6:].isdecimal() else name for name in stated}
    assert used - stated == set(), f"{names}: the code touches columns that povsim.model.order does not name"
    assert stated - used - handed == set(), f"{names}: povsim.model.order names columns that the code does not touch"


def columns_in(module: str, functions: tuple[str, ...]) -> set[str]:
    """TABLE.column of every such attribute in the functions of a module of `povsim.model`."""
    tree = ast.parse((Path(povsim.model.__path__[0]) / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8"))
    found = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name in functions}
    assert set(found) == set(functions), f"povsim.model.{module} has changed: put its functions into PASSES"
    return {
        f"{node.value.id}.{node.attr}"
        for function in found.values()
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in TABLES
    }
