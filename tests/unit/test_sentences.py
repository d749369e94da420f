"""The three sentences say what the numbers say, whichever way those point. All numbers are made up."""

from __future__ import annotations

from typing import Any

import pytest
from fixtures_results import TOO_FEW, VARIANTS, contrast, made_up_summary, with_contrast

from povsim.reporting import verdict as v
from povsim.reporting.brief import _elsewhere
from povsim.reporting.language import MINUS, language
from povsim.reporting.quote import Quoter, plain
from povsim.reporting.sentences import notes, sentences

MAIN = ("aid_cooperative", "aid")
TWIN = ("aid_cooperative", "aid_equal_cost")


def with_effects(alone: float, twin: float, half: float = 0.001, **other: Any) -> dict[str, Any]:
    return with_contrast(made_up_summary(), contrast(*MAIN, alone, half, **other), contrast(*TWIN, twin, half, **other))


@pytest.mark.parametrize("code", ["en", "id"])
@pytest.mark.parametrize("effect", [-0.006, 0.0, 0.006])
def test_always_exactly_three_sentences_that_end(code: str, effect: float) -> None:
    found = sentences(with_effects(effect, effect), code)
    assert len(found) == 3
    assert all(one.endswith(".") and one.count(". ") == 0 and "{" not in one for one in found)


def test_assistance_is_told_with_share_number_and_what_happens_without() -> None:
    first = sentences(made_up_summary())[0]
    assert "2.7 million households in Indonesia" in first
    assert "10.4% to 11.6% (281,000 to 314,000 households)" in first
    assert "9.0% to 10.1% (243,000 to 272,000) without any assistance" in first
    assert "14.0 to 15.7 more of every 1,000" in first


def test_a_positive_result() -> None:
    _, second, third = sentences(with_effects(0.006, 0.003))
    assert "let 6.0 more of every 1,000" in second
    assert "(16,200 households nationally; 95% interval over both variants +5.0 to +7.0 per 1,000)" in second
    assert "against the same money spent as assistance they let 3.0 more" in second
    assert "would be needed" not in second
    assert "Rp 90.0 trillion of public cost" in third
    assert "Rp 5.6 billion for each extra permanent exit" in third


def test_a_negative_result_is_said_plainly() -> None:
    _, second, third = sentences(with_effects(-0.006, -0.009))
    assert "let 6.0 fewer of every 1,000" in second
    assert "the same money spent as assistance does better" in second
    assert "more of every 1,000" not in second
    assert "8.0 of every 1,000 structurally poor households (21,600) would leave" in third
    assert "no cost per extra permanent exit is given: cooperatives bring fewer permanent exits, not more" in third
    assert "koperasi mengurangi" in sentences(with_effects(-0.006, -0.009), "id")[2]


def test_an_interval_with_zero_claims_no_direction() -> None:
    _, second, third = sentences(with_effects(0.0005, 0.0004, half=0.002))
    assert "make no difference that can be seen" in second
    assert "no difference can be seen either" in second
    assert "41,000 to 45,900 simulated villages instead of 300 would be needed" in second
    assert " more of every" not in second
    assert "no extra exits can be seen" in third


def test_too_few_households_give_no_size_and_no_harm() -> None:
    _, second, third = sentences(with_effects(0.0005, 0.0004, half=0.0001, reason=TOO_FEW))
    assert "change too few outcomes to say whether they help or harm" in second
    assert "where one trades the difference is" in second
    assert "0.5 " not in second
    assert third.startswith("Too few simulated households change side to say how many are harmed")
    assert "terlalu sedikit" in sentences(with_effects(0.0005, 0.0004, half=0.0001, reason=TOO_FEW), "id")[1]


def test_too_few_in_one_variant_only_is_still_too_few() -> None:
    summary = with_contrast(made_up_summary(), contrast(*MAIN, 0.0001, 0.002, reason=TOO_FEW), variants=("trap",))
    summary = with_contrast(summary, contrast(*MAIN, 0.0001, 0.002), variants=("no_trap",))
    assert v.read(summary, *MAIN).verdict == v.TOO_FEW


def test_variants_that_disagree_give_no_common_answer() -> None:
    summary = with_contrast(made_up_summary(), contrast(*MAIN, 0.004, 0.001), variants=("trap",))
    summary = with_contrast(summary, contrast(*MAIN, -0.004, 0.001), variants=("no_trap",))
    _, second, third = sentences(summary)
    assert "no answer that holds in both variants" in second
    assert "with poverty traps, 4.0 more of every 1,000" in second
    assert "without poverty traps, 4.0 fewer of every 1,000" in second
    assert f"{MINUS}5.0 to +5.0" in second
    assert "the variants give no common answer" in third


def test_one_variant_that_sees_nothing_withholds_the_claim() -> None:
    summary = with_contrast(made_up_summary(), contrast(*MAIN, 0.004, 0.001), variants=("trap",))
    assert v.read(summary, *MAIN).verdict == v.MIXED
    assert "without poverty traps, no difference can be seen" in sentences(summary)[1]


def test_groups_that_disagree_are_told() -> None:
    summary = with_contrast(with_effects(0.0001, 0.0001, half=0.002), contrast(*MAIN, -0.003, 0.001, "baseline_poor"))
    assert "among all households poor at the start, 3.0 fewer of every 1,000" in sentences(summary)[1]
    assert "among all households" not in sentences(made_up_summary())[1]


def test_no_interval_is_no_evidence() -> None:
    nothing = {"low95": None, "high95": None, "low80": None, "high80": None}
    _, second, third = sentences(with_effects(0.006, 0.003, **nothing))
    assert "no interval can be given with so few replicates" in second
    assert "without an interval" in third


def test_an_exact_end_at_zero_is_no_direction() -> None:
    assert v.status(contrast(*MAIN, 0.001, 0.001)) == v.UNSEEN
    assert v.status(contrast(*MAIN, -0.001, 0.001)) == v.UNSEEN


def test_more_exits_at_no_more_cost_gives_the_stored_reason() -> None:
    why = "no extra public money is spent (cost difference 0 or less)"
    third = sentences(with_effects(0.006, 0.003, per_billion_idr=None, reasons={"per_billion_idr": why}))[2]
    assert f"no cost per extra permanent exit is given: {why}" in third


@pytest.mark.parametrize(("code", "stamp"), [("en", "target, not a result"), ("id", "sasaran, bukan hasil")])
def test_targets_are_stamped(code: str, stamp: str) -> None:
    summary = made_up_summary()
    assert stamp not in sentences(summary, code)[1]
    summary["scenario"]["cooperative"] = "as_planned"
    summary["targets"] = ["cooperative", "aid_cooperative", "aid_cooperative_planned"]
    assert stamp in sentences(summary, code)[1]
    assert any("(target)" in note or "(sasaran)" in note for note in notes(summary, code))


def test_a_made_up_population_is_not_called_indonesia() -> None:
    summary = made_up_summary()
    summary["population"]["kind"] = "toy"
    text = " ".join(sentences(summary))
    assert "Indonesia" not in text
    assert "nationally" not in text
    assert "made-up toy district" in text
    assert any("made-up toy district" in note for note in notes(summary))


def test_chosen_provinces_are_not_the_nation() -> None:
    summary = made_up_summary()
    summary["population"]["provinces"] = ["Aceh"]
    assert "nationally" not in sentences(summary)[1]
    assert "in the chosen provinces" in sentences(summary)[0]


def test_the_note_on_pkh_always_stands_beside() -> None:
    assert "PKH" in notes(made_up_summary())[-1]
    assert "PKH" in notes(made_up_summary(), "id")[-1]


@pytest.mark.parametrize("code", ["en", "id"])
@pytest.mark.parametrize(
    "kept",
    [("none", "aid"), ("aid", "aid_cooperative"), ("none",), ("none", "cooperative"), ("aid_cooperative_planned", "aid")],
)
def test_runs_with_few_arms_say_what_they_lack(code: str, kept: tuple[str, ...]) -> None:
    summary = made_up_summary()
    for block in summary["variants"].values():
        block["arms"] = {arm: entry for arm, entry in block["arms"].items() if arm in kept}
        block["contrasts"] = [c for c in block["contrasts"] if c["arm"] in kept and c["against"] in kept]
    summary["targets"] = [arm for arm in summary["targets"] if arm in kept]
    found = sentences(summary, code)
    assert len(found) == 3
    assert all(one.endswith(".") for one in found)


def test_one_variant_alone_is_told() -> None:
    summary = made_up_summary()
    del summary["variants"][VARIANTS[1]]
    assert "both variants" not in " ".join(sentences(summary))
    assert any("Only one variant was run (with poverty traps)" in note for note in notes(summary))


def test_an_effect_on_all_that_points_the_other_way_is_said() -> None:
    """More of the poor leave, fewer of all stand: a note, and a sentence of the brief; the same direction says nothing."""
    summary = made_up_summary()
    arm = "aid_cooperative_planned"
    for block in summary["variants"].values():
        for entry in block["contrasts"]:
            if (entry["arm"], entry["against"], entry["group"], entry["measure"]) == (arm, "aid", "structural", "E4"):
                entry.update(mean=0.012, low95=0.008, high95=0.016, reason=None)
    row = {"arm": arm, "against": "aid", "part": "all", "mean": -0.0026, "low95": -0.0033, "high95": -0.002, "reason": None}
    summary["all_households"] = {
        "trap": {"contrasts": [row]},
        "no_trap": {"contrasts": [{**row, "mean": 0.002, "low95": 0.001, "high95": 0.003}]},
    }
    assert v.other_way(summary, arm) == [("trap", 0)]
    (note,) = [note for note in notes(summary) if "other way" in note]
    assert "−2.6 (−3.3 to −2.0)" in note and "without poverty traps" not in note
    (found,) = [note for note in notes(summary, "id") if "berlawanan" in note]
    assert "−2,6" in found
    _, found = _elsewhere(Quoter(summary, language("en")))
    assert "2.6 fewer of every 1,000" in plain(found) and "(target)" in plain(found)
    row.update(low95=-0.004, high95=0.001)
    assert v.other_way(summary, arm) == []


@pytest.mark.parametrize(("code", "words"), [("en", "not one in this sample"), ("id", "tidak satu pun dalam sampel ini")])
def test_where_nobody_changes_side_no_interval_from_nought_to_nought_is_told(code: str, words: str) -> None:
    summary = with_contrast(
        made_up_summary(), contrast(*MAIN, 0.0, 0.0, reason=TOO_FEW), contrast(*TWIN, 0.0, 0.0, reason=TOO_FEW)
    )
    second = sentences(summary, code)[1]
    assert words in second
    assert "0.0 to 0.0" not in second and "0,0 hingga 0,0" not in second
