"""povsim fit: keys, goals, the folder it writes, and the draws that other commands read."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from povsim.cli import main
from povsim.config.defaults import own_keys
from povsim.config.fit import PATTERNS, fit_from
from povsim.draws import DrawKey, Stream, normals
from povsim.errors import PovsimError
from povsim.experiments.fitting import FITTED
from povsim.experiments.fitting.goals import goals
from povsim.experiments.fitting.variants import weighted_quantile
from povsim.experiments.fitting.work import HELD, SHIFTS
from povsim.experiments.fitting.written import draws_hash, make_default
from povsim.parameters import register

SMALL = [
    "fit.first=40", "fit.waves=1", "fit.design=40", "fit.keep=40", "fit.generations=1", "fit.proposals=20", "fit.draws=20",
]  # fmt: skip


def quick(variant, given, patterns, seed, villages, households, values, lot, *, pool, threads):
    """F14 a line in rho1, F3 one in sd1; the margins of one draw in ten cannot be held."""
    assert not set(given) & set(values)
    out = dict.fromkeys(SHIFTS, 0.01)
    e = normals(DrawKey(seed, 0), Stream.ASSUMPTIONS, np.array([lot], np.uint64))[0]
    if lot % 10 == 7:
        return out | {HELD: 0.0}
    z1, z2 = (values["rho1"] - 0.973) / 0.005, (values["sd1"] - 0.13) / 0.025
    return out | {HELD: 1.0, "F14": 0.3 + 0.1 * z1 + 0.01 * e[0], "F3": 0.06 + 0.01 * z2 + 0.001 * e[1]}


def fitted(tmp_path, monkeypatch, *more):
    monkeypatch.setattr("povsim.experiments.fitting.variants.pattern_statistics", quick)
    out = tmp_path / "fit"
    store = f"store={tmp_path / 'store'}"
    code = main(["fit", "symbols=[rho1,sd1,theta]", "patterns=[F3,F14]", "threads=1", store, "--out", str(out), *SMALL, *more])
    return code, out


def test_a_fit_writes_draws_bands_and_what_is_identified(tmp_path, monkeypatch, capsys):
    code, out = fitted(tmp_path, monkeypatch, "parameters.hab=.2")
    assert code == 0
    summary = json.loads((out / "summary.json").read_text())
    draws = pl.read_parquet(out / "tables" / "posterior.parquet")
    assert draws.columns == ["variant", "draw", "rho1", "sd1", "theta", *SHIFTS]
    assert set(draws["variant"]) == {"trap", "no_trap"}
    for variant, one in summary["variants"].items():
        assert {"rho1", "sd1"} <= set(one["identified"]) and one["not_identified"] == ["theta"]
        own = draws.filter(pl.col("variant") == variant)
        assert own.height == one["draws"] == 20 - one["put_aside"] and one["put_aside"] == 2
        assert own["draw"].to_list() == list(range(own.height))
        low, high = register()["theta"].low, register()["theta"].high
        assert own["theta"].min() >= low and own["theta"].max() <= high and own["theta"].n_unique() == own.height
    assert [row["statistic"] for row in summary["patterns"]] == ["F3", "F14"] * 2
    assert all(row["inside"] for row in summary["patterns"])
    assert all(row["low95"] <= row["low80"] <= row["median"] <= row["high80"] <= row["high95"] for row in summary["patterns"])
    assert summary["posterior_sha256"] == draws_hash(draws)
    assert {"parameters.svg", "patterns.svg"} == {path.name for path in (out / "figures").iterdir()}
    assert "theta" in (out / "report.html").read_text() and "keep their prior" in capsys.readouterr().out


def test_a_fit_that_is_done_again_from_its_store_is_the_same(tmp_path, monkeypatch, capsys):
    _, one = fitted(tmp_path, monkeypatch)
    first = pl.read_parquet(one / "tables" / "posterior.parquet")
    _, two = fitted(tmp_path, monkeypatch, "threads=2", "reuse=false")
    assert pl.read_parquet(two / "tables" / "posterior.parquet").equals(first)


def test_too_few_simulations_are_said_without_a_traceback(tmp_path, monkeypatch, capsys):
    code, _ = fitted(tmp_path, monkeypatch, "fit.design=20")
    assert code == 2 and "raise fit.design" in capsys.readouterr().err


def test_draws_become_the_default_only_where_they_can_be_written(tmp_path):
    draws = pl.DataFrame({"variant": ["trap"], "draw": [0], "rho1": [0.97]})
    about = {
        "posterior_sha256": draws_hash(draws), "seed": 1, "symbols": ["rho1"], "patterns_fitted": ["F14"], "effort": {},
        "variants": {"trap": {"not_identified": [], "draws": 1}},
    }  # fmt: skip
    make_default(draws, about, tmp_path)
    assert draws_hash(pl.read_parquet(tmp_path / "posterior.parquet")) == about["posterior_sha256"]
    assert json.loads((tmp_path / "posterior.json").read_text())["draws"] == {"trap": 1}
    with pytest.raises(PovsimError, match="commit=false"):
        make_default(draws, about, tmp_path / "nowhere")


def test_a_hash_of_draws_hangs_on_every_number_and_name():
    draws = pl.DataFrame({"variant": ["trap"], "draw": [0], "rho1": [0.97]})
    others = [draws.with_columns(rho1=pl.lit(np.nextafter(0.97, 1))), draws.rename({"rho1": "rho2"})]
    assert len({draws_hash(frame) for frame in (draws, *others)}) == 3


def test_every_pattern_has_a_goal_and_every_symbol_a_prior():
    assert list(dict.fromkeys(goal.pattern for goal in goals(PATTERNS))) == list(PATTERNS)
    assert all(goal.tolerance > 0 and goal.source for goal in goals(PATTERNS))
    assert {goal.statistic for goal in goals(["F13"])} == {"F13_2018", "F13_2025"}
    assert len(set(FITTED)) == len(FITTED) and all(register()[symbol].prior != "fixed" for symbol in FITTED)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("symbols=[rho9]", "rho"),
        ("symbols=[size_1]", "fixed"),
        ("symbols=[rho1,rho1]", "more than once"),
        ("symbols=[]", "empty"),
        ("patterns=[V1]", "Accepted: F3"),
        ("fit.keep=500", "fit.first"),
        ("fit.first=3", "fit.first"),
        ("fit.depth=3", "fit.depth"),
        ("symbols=[g_w] parameters.g_w=.01", "Leave it out"),
    ],
)
def test_what_cannot_be_fitted_is_said(given, message, capsys):
    assert main(["fit", *given.split()]) == 2
    assert message in capsys.readouterr().err


def test_keys_are_read_back_as_they_were_written():
    keys = fit_from(own_keys("fit"))
    assert fit_from(keys.plain()) == keys and keys.patterns == PATTERNS


def test_a_weighted_quantile_is_that_of_repeated_rows():
    x, counts = np.array([3.0, 1.0, 2.0]), np.array([1, 4, 5])
    repeated = np.sort(np.repeat(x, counts))
    for level in (0.05, 0.4, 0.41, 0.9, 0.95):
        assert weighted_quantile(x, counts / 10.0, level) == repeated[int(np.ceil(level * 10 - 1e-9)) - 1]


@pytest.mark.slow
def test_a_fit_to_patterns_as_they_are_simulated_moves_what_they_show(tmp_path):
    args = ["variants=[trap]", "symbols=[rho1,sd1,theta]", "patterns=[F3,F14]", "fit.villages=20", "fit.households=24"]
    sizes = ["fit.first=60", "fit.keep=60", "fit.waves=0", "fit.generations=1", "fit.proposals=20", "fit.draws=12"]
    assert main(["fit", *args, *sizes, f"store={tmp_path / 'store'}", "--out", str(tmp_path / "fit")]) == 0
    summary = json.loads((tmp_path / "fit" / "summary.json").read_text())
    assert "rho1" in summary["variants"]["trap"]["identified"]  # what is left of a shock after four years
    assert "theta" in summary["variants"]["trap"]["not_identified"]
