"""The catalogue and the number formats of both languages."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from povsim.errors import PovsimError
from povsim.reporting.language import CODES, MINUS, Language, language, meaningful

EN, ID = language("en"), language("id")
SAME_IN_BOTH = {"unit.rupiah", "unit.rupiah_heading", "figure.observed_start", "figure.panel", "table.none"}


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_catalogues_have_the_same_keys() -> None:
    assert set(EN.texts) == set(ID.texts)


def test_every_text_is_translated_and_takes_the_same_fields() -> None:
    assert [key for key in EN.texts if fields(EN.texts[key]) != fields(ID.texts[key])] == []
    assert [key for words in (EN, ID) for key in words.texts if not words.texts[key].strip()] == []
    assert {key for key in EN.texts if EN.texts[key] == ID.texts[key]} == SAME_IN_BOTH


def test_no_english_is_left_in_the_indonesian_texts() -> None:
    english = {"the", "of", "households", "poverty", "and", "with", "than", "money", "share", "without"}
    plain = {key: re.sub(r"\{\w+\}", "", text).lower() for key, text in ID.texts.items()}
    assert [key for key, text in plain.items() if english & set(re.findall(r"[a-z]+", text))] == []


@pytest.mark.parametrize(
    ("words", "written"),
    [(EN, ["1,234.5", f"{MINUS}1,234.5", "+3", "0.0"]), (ID, ["1.234,5", f"{MINUS}1.234,5", "+3", "0,0"])],
)
def test_numbers(words: Language, written: list[str]) -> None:
    assert [
        words.number(1234.5, 1),
        words.number(-1234.5, 1),
        words.number(3, signed=True),
        words.number(-0.01, 1, signed=True),
    ] == written


def test_a_share_is_percent_and_a_difference_is_percentage_points() -> None:
    assert (EN.percent(0.1234), ID.percent(0.1234)) == ("12.3%", "12,3%")
    assert (EN.points(-0.0123), ID.points(0.0123)) == (f"{MINUS}1.2 percentage points", "+1,2 poin persentase")
    assert "%" not in EN.points(0.01) + ID.points(0.01)


@pytest.mark.parametrize(
    ("amount", "english", "indonesian"),
    [
        (1.2e12, "Rp 1.2 trillion", "Rp 1,2 triliun"),
        (9.9999e11, "Rp 1.0 trillion", "Rp 1,0 triliun"),
        (350e9, "Rp 350 billion", "Rp 350 miliar"),
        (2.87e6, "Rp 2.9 million", "Rp 2,9 juta"),
        (57_600, "Rp 57,600", "Rp 57.600"),
        (0, "Rp 0", "Rp 0"),
        (-4.5e9, f"Rp {MINUS}4.5 billion", f"Rp {MINUS}4,5 miliar"),
    ],
)
def test_rupiah(amount: float, english: str, indonesian: str) -> None:
    assert (EN.rupiah(amount), ID.rupiah(amount)) == (english, indonesian)


def test_a_number_is_rounded_to_what_its_interval_lets_one_know() -> None:
    assert meaningful(48_312, 8_000, 88_000) == 48_000
    assert meaningful(48_312) == 48_300
    assert meaningful(-7.2) == -7.0
    assert meaningful(0.0, -1, 1) == 0.0


def test_small_numbers_per_thousand_keep_a_digit() -> None:
    assert EN.per_thousand(0.0123) == "12.3"
    assert EN.per_thousand(0.00004) == "0.040"
    assert EN.per_thousand(0.00004, beside=[0.004]) == "0.0"


def test_a_reason_is_translated_where_it_is_known_and_kept_where_not() -> None:
    assert ID.reason("too few to say: 7 households differ between the arms over all replicates, 20 are needed") == (
        "terlalu sedikit untuk disimpulkan"
    )
    assert ID.reason("no extra public money is spent (cost difference 0 or less)") == ID.text("reason.costs_no_more")
    assert ID.reason("the sign of the cost difference is unstable (0 or less in 2 of 8 replicates)") == ID.text(
        "reason.sign_unstable"
    )
    assert ID.reason("struck by lightning") == "struck by lightning"
    assert EN.reason("anything at all") == "anything at all"


def test_an_unknown_language_is_refused_with_what_is_known() -> None:
    with pytest.raises(PovsimError, match="en .English. or id"):
        language("fr")
    assert CODES == ("en", "id")
