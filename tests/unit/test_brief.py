"""The brief: where its numbers come from, what it claims, and that it is two pages of A4."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pypdfium2
import pytest
from fixtures_results import TOO_FEW, contrast, made_up_summary, made_up_tables, with_contrast

from povsim.errors import PovsimError
from povsim.reporting.brief import ROWS_MOST, brief
from povsim.reporting.brief_numbers import brief_numbers
from povsim.reporting.brief_page import page
from povsim.reporting.brief_pdf import pdf
from povsim.reporting.quote import plain
from povsim.reporting.sketch import svg

CODES = ("en", "id")
SEPARATORS = {"en": (".", ","), "id": (",", ".")}
CONSTANTS = {
    "1000",  # of every 1,000 families
    "95",  # percent, of an interval
    "20",  # households that must change side
    "2025", "2026",  # years of the sources
}  # fmt: skip
SCALE = {
    "percent": 100.0, "per_thousand": 1000.0, "size_per_thousand": 1000.0, "count": 1.0, "million": 1e-6, "number": 1.0,
}  # fmt: skip
WORDS_OF_MONEY = {"trillion": 1e-12, "billion": 1e-9, "million": 1e-6, "triliun": 1e-12, "miliar": 1e-9, "juta": 1e-6}
NUMBER = re.compile(r"\d[\d.,]*\d|\d")


def told(summary: dict[str, Any]) -> dict[str, Any]:
    return summary | {"brief": brief_numbers(summary, made_up_tables())}


@pytest.fixture(scope="module")
def summary() -> dict[str, Any]:
    return told(made_up_summary())


class Quotes(HTMLParser):
    """Numbers of a page that name their place, and the rest of its text."""

    def __init__(self) -> None:
        super().__init__()
        self.quoted: list[tuple[str, str, str]] = []
        self.rest: list[str] = []
        self._inside: dict[str, str] | None = None
        self._silent = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        if "data-from" in named:
            self._inside = named
        self._silent = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._inside = None

    def handle_data(self, data: str) -> None:
        if self._inside is not None:
            self.quoted.append((self._inside["data-from"], self._inside["data-as"], data))
        elif not self._silent:
            self.rest.append(data)


def quotes(html: str) -> Quotes:
    found = Quotes()
    found.feed(html)
    return found


def numbers(text: str, code: str) -> Iterator[str]:
    decimal, thousands = SEPARATORS[code]
    for found in NUMBER.findall(text):
        yield found.replace(thousands, "").replace(decimal, ".")


def stands_for(text: str, kind: str, value: float, code: str) -> bool:
    """Whether a printed number is the value, rounded in its last printed digit (a rounded count: its last that is not 0)."""
    (written,) = numbers(text, code)
    if kind.endswith("rupiah"):
        scale = next((factor for word, factor in WORDS_OF_MONEY.items() if word in text), 1.0)
    else:
        scale = SCALE[kind]
    decimals = len(written.partition(".")[2])
    unit = 10.0**-decimals
    if kind == "count" and not decimals:
        unit = 10.0 ** (len(written) - len(written.rstrip("0"))) if written.strip("0") else 1.0
    negative = "\N{MINUS SIGN}" in text
    expected = abs(value) if kind.startswith("size") else value
    return abs((-1 if negative else 1) * float(written) - scale * expected) <= 0.5 * unit * (1 + 1e-6)


@pytest.mark.parametrize("code", CODES)
def test_every_number_is_in_the_summary_at_the_place_it_names(summary: dict[str, Any], code: str) -> None:
    found = quotes(page(brief(summary, code)))
    assert len(found.quoted) > 80
    for place, kind, text in found.quoted:
        node: Any = summary
        for escaped in place.split("/"):
            step = escaped.replace("~1", "/").replace("~0", "~")
            node = node[int(step)] if isinstance(node, list) else node[step]
        assert stands_for(text, kind, node, code), (place, kind, text, node)


@pytest.mark.parametrize("code", CODES)
def test_no_other_number_is_printed_than_the_constants(summary: dict[str, Any], code: str) -> None:
    rest = " ".join(quotes(page(brief(summary, code))).rest)
    assert set(numbers(rest, code)) <= CONSTANTS


@pytest.mark.parametrize("code", CODES)
def test_the_paper_prints_no_number_that_the_page_does_not(summary: dict[str, Any], code: str) -> None:
    found = quotes(page(brief(summary, code)))
    known = {one for _, _, text in found.quoted for one in numbers(text, code)} | CONSTANTS | {"1", "2"}  # numbers of pages
    document = pypdfium2.PdfDocument(pdf(brief(summary, code)))
    printed = {one for sheet in document for one in numbers(sheet.get_textpage().get_text_range(), code)}
    assert len(printed) > 60
    assert printed <= known


def test_a_number_that_is_not_the_value_would_be_found() -> None:
    assert stands_for("10.7%", "percent", 0.1069, "en")
    assert not stands_for("10.8%", "percent", 0.1069, "en")
    assert stands_for("Rp\N{NO-BREAK SPACE}1,2 triliun", "rupiah", 1.21e12, "id")
    assert not stands_for("Rp\N{NO-BREAK SPACE}1,2 triliun", "rupiah", 1.21e9, "id")
    assert stands_for("\N{MINUS SIGN}3.8", "per_thousand", -0.0038, "en")
    assert not stands_for("3.8", "per_thousand", -0.0038, "en")
    assert stands_for("112,000", "count", 111_640, "en") and not stands_for("112,000", "count", 113_000, "en")


@pytest.mark.parametrize("code", CODES)
def test_it_is_exactly_two_pages_of_a4(summary: dict[str, Any], code: str) -> None:
    document = pypdfium2.PdfDocument(pdf(brief(summary, code)))
    assert len(document) == 2
    for sheet in document:
        assert sheet.get_size() == pytest.approx((595.28, 841.89), abs=0.01)
        assert len(sheet.get_textpage().get_text_range()) > 900


def test_the_same_brief_is_the_same_bytes(summary: dict[str, Any]) -> None:
    assert pdf(brief(summary)) == pdf(brief(copy.deepcopy(summary)))


@pytest.mark.parametrize("code", CODES)
def test_it_says_everything_a_brief_has_to(summary: dict[str, Any], code: str) -> None:
    html = page(brief(summary, code))
    assert html.count("<table") == 1 and html.count("<svg") == 4 and html.count('class="page"') == 2
    words = brief(summary, code).words
    for key in ("brief.title", "brief.answer_title", "brief.changes", "brief.sources_title", "brief.reproduce_title"):
        assert words.text(key) in html
    assert "summary.json" in html and "scenario.yaml" in html
    for jargon in ("E4", "n01", "trap,", "structural", "replicate"):
        assert jargon not in re.sub(r"<style>.*?</style>|data-from=\"[^\"]*\"", "", html, flags=re.DOTALL)


def with_main(mean: float, half: float, twin_mean: float, twin_half: float, **other: Any) -> dict[str, Any]:
    return told(
        with_contrast(
            made_up_summary(),
            contrast("aid_cooperative", "aid", mean, half, **other),
            contrast("aid_cooperative", "aid_equal_cost", twin_mean, twin_half),
        )
    )


@pytest.mark.parametrize(
    ("given", "english", "indonesian"),
    [
        (with_main(-0.006, 0.002, -0.008, 0.002), "No: with village cooperatives", "Tidak: dengan koperasi desa"),
        (with_main(0.006, 0.002, 0.004, 0.002), "Yes: with village cooperatives", "Ya: dengan koperasi desa"),
        (with_main(0.001, 0.002, 0.0, 0.002), "No difference can be seen", "Tidak terlihat perbedaan"),
        (with_main(0.001, 0.0005, -0.004, 0.001, reason=TOO_FEW), "Too few to say", "Terlalu sedikit untuk disimpulkan"),
        (with_main(0.001, 0.0, 0.0, 0.002, low95=None, high95=None), "Not known", "Belum diketahui"),
    ],
)
def test_the_answer_goes_where_the_numbers_go(given: dict[str, Any], english: str, indonesian: str) -> None:
    assert plain(brief(given, "en").answer).startswith(english)
    assert plain(brief(given, "id").answer).startswith(indonesian)


def test_a_result_against_cooperatives_is_said_plainly() -> None:
    answer = plain(brief(with_main(-0.006, 0.002, -0.008, 0.002)).answer)
    assert "6.0 fewer of every 1,000" in answer
    assert "the same money paid out as assistance does better" in answer and "8.0 fewer" in answer
    assert "more of every" not in answer


def test_variants_that_disagree_are_not_given_one_answer(summary: dict[str, Any]) -> None:
    mixed = with_contrast(copy.deepcopy(summary), contrast("aid_cooperative", "aid", -0.006, 0.002), variants=("no_trap",))
    mixed = with_contrast(mixed, contrast("aid_cooperative", "aid", 0.006, 0.002), variants=("trap",))
    answer = plain(brief(mixed).answer)
    assert answer.startswith("It depends on how poverty works")
    assert "with poverty traps, 6.0 more" in answer and "without poverty traps, 6.0 fewer" in answer


def test_too_few_takes_the_place_of_the_numbers_in_the_figures() -> None:
    given = with_main(0.00123, 0.0005, -0.004, 0.001, reason=TOO_FEW)
    texts = brief(given).adds.texts()
    assert texts.count("too few to say") == 2 and not any("1.2 " in text for text in texts)
    who = brief(given).who.texts()
    assert any(text.endswith(" *") for text in who)  # levels are shown, their difference is not claimed
    assert any("too few to say whether they differ" in text for text in who)


def test_targets_are_stamped_wherever_they_stand(summary: dict[str, Any]) -> None:
    for code, stamp in (("en", "(target)"), ("id", "(sasaran)")):
        found = brief(summary, code)
        assert found.stamps
        assert any(stamp in row[0] for row in found.table.rows)
        assert any(stamp in text for text in found.adds.texts())
        assert any(stamp in text for _, text in found.changes)


def test_the_two_languages_differ_in_every_text(summary: dict[str, Any]) -> None:
    english, indonesian = brief(summary, "en").texts(), brief(summary, "id").texts()
    assert len(english) == len(indonesian)
    letters = [
        (one, two) for one, two in zip(map(plain, english), map(plain, indonesian), strict=True) if re.search("[a-z]{3}", one)
    ]
    assert len(letters) > 30
    assert [one for one, two in letters if one == two] == []


@pytest.mark.parametrize("code", CODES)
def test_nothing_is_fetched(summary: dict[str, Any], code: str) -> None:
    html = page(brief(summary, code))
    assert not re.search(r"\b(src|href|srcset|action|poster)=", html)
    assert "@import" not in html and not re.search(r"url\((?!#)", html)
    assert not re.search(r"<(script|link|iframe|img|object|embed)\b", html)
    assert set(re.findall(r"https?://[^\"\s<]+", html)) <= {"http://www.w3.org/2000/svg"}


HOSTILE = '<script>alert("x")</script>&\ue000=cmd|\ue002'


def test_hostile_names_are_only_text() -> None:
    given = made_up_summary()
    for block in given["variants"].values():
        block["arms"][HOSTILE] = block["arms"].pop("cooperative")
    given["scenario"]["cooperative"] = HOSTILE
    given = told(given)
    found = brief(given)
    html = page(found)
    assert "<script" not in html and "&lt;script&gt;" in html
    assert "\ue000" not in html and "\ue002" not in html
    text = " ".join(pypdfium2.PdfDocument(pdf(found))[0].get_textpage().get_text_range().split())
    assert '<script>alert("x")</script>' in text


def test_many_arms_with_long_names_still_fit() -> None:
    given = made_up_summary()
    for block in given["variants"].values():
        for k in range(20):
            name = f"an_arm_that_a_user_gave_a_very_long_name_to_number_{'x' * 30}_{k:02d}"
            block["arms"][name] = block["arms"]["cooperative"]
    found = brief(told(given))
    assert len(found.table.rows) == ROWS_MOST
    assert found.words.text("brief.table_more") in found.table.notes
    assert len(pypdfium2.PdfDocument(pdf(found))) == 2


def without(summary: dict[str, Any], *arms: str) -> dict[str, Any]:
    given = copy.deepcopy(summary)
    for variant, block in given["variants"].items():
        block["arms"] = {name: entry for name, entry in block["arms"].items() if name not in arms}
        block["contrasts"] = [c for c in block["contrasts"] if not {c["arm"], c["against"]} & set(arms)]
        given["who_gains"][variant] = [r for r in given["who_gains"][variant] if not {r["arm"], r["against"]} & set(arms)]
        given["exits_without_cooperative"][variant] = [
            e for e in given["exits_without_cooperative"][variant] if not {e["arm"], e["other"]} & set(arms)
        ]
        given["takeup"][variant] = {arm: entry for arm, entry in given["takeup"][variant].items() if arm not in arms}
    given["targets"] = [name for name in given["targets"] if name not in arms]
    return told(given)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize(
    "missing",
    [
        ("aid_equal_cost",),
        ("none", "aid"),
        ("cooperative", "aid_cooperative", "aid_cooperative_planned"),
        ("none", "aid_equal_cost", "cooperative", "aid_cooperative"),
        ("aid", "aid_equal_cost", "cooperative", "aid_cooperative", "aid_cooperative_planned"),
    ],
)
def test_a_smaller_run_has_a_brief_too(missing: tuple[str, ...], code: str) -> None:
    found = brief(without(made_up_summary(), *missing), code)
    assert found.answer.endswith(".")
    assert len(pypdfium2.PdfDocument(pdf(found))) == 2
    assert page(found).count("<svg") == 4  # two figures, each for a wide and for a narrow screen


def test_one_variant_prints_one_number_where_two_are_a_range() -> None:
    given = made_up_summary()
    for key in ("variants", "takeup", "equal_cost", "who_gains", "exits_without_cooperative"):
        given[key] = {"trap": given[key]["trap"]}
    found = brief(told(given))
    assert all(" to " not in plain(cell) for row in found.table.rows for cell in row[1:])
    assert len(pypdfium2.PdfDocument(pdf(found))) == 2


def test_a_made_up_population_is_said_to_be_one() -> None:
    given = made_up_summary()
    given["population"]["kind"] = "toy"
    for code in CODES:
        found = brief(told(given), code)
        assert found.words.text("note.toy") == found.caution and found.words.text("page.stamp_toy") in found.stamps
        assert "BPS" not in found.sources
        assert found.caution in page(found)
    given["population"] = {**given["population"], "kind": "indonesia", "provinces": ["Aceh"]}
    assert brief(told(given)).caution and "BPS" in brief(told(given)).sources


def test_derived_numbers_are_what_they_say(summary: dict[str, Any]) -> None:
    numbers_kept = summary["brief"]
    block = summary["variants"]["trap"]["arms"]
    assert numbers_kept["years"] == 8 and numbers_kept["horizon_years"] == 13
    cell = block["aid"]["structural"]
    assert numbers_kept["leaving"]["trap"]["aid"] == pytest.approx(cell["E4"] * cell["households"])
    extra = block["aid_cooperative"]["cost_idr"] - block["aid"]["cost_idr"]
    assert numbers_kept["extra_cost_idr"]["trap"]["aid_cooperative"] == pytest.approx(extra)
    assert numbers_kept["parameters"] == {"all": 4, "V": 1, "D": 1, "G": 1, "A": 1}


def test_a_number_that_is_missing_is_an_error_that_names_it(summary: dict[str, Any]) -> None:
    given = copy.deepcopy(summary)
    del given["definition"]["W"]
    with pytest.raises(PovsimError, match="definition/W"):
        brief(given)


def test_figures_carry_no_text_beyond_their_width(summary: dict[str, Any]) -> None:
    from povsim.reporting.sketch import Words, text_width

    for code in CODES:
        found = brief(summary, code)
        for sketch in (found.adds, found.who, *found.narrow):
            for mark in sketch.marks:
                if isinstance(mark, Words) and mark.anchor == "end":
                    assert mark.x - text_width(mark.text, mark.size, mark.bold) >= -0.5, mark.text
                if isinstance(mark, Words) and mark.anchor == "start":
                    assert mark.x + text_width(mark.text, mark.size, mark.bold) <= sketch.width + 0.5, mark.text
            assert svg(sketch) == svg(sketch)
