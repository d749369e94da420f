"""What a forecast, a back-test or a score says in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from povsim.reporting.language import Language, language

Summary = Mapping[str, Any]
FEW = 40
"""Replicates that a 95 % band needs: fewer have no draw beyond its ends."""


def forecaster_label(name: str, words: Language) -> str:
    """Name of a forecaster: `model_<variant>`, `no_change`, `drift`."""
    if name.startswith("model_"):
        return words.text("forecast.forecaster.model", variant=words.text(f"variant.{name.removeprefix('model_')}"))
    return words.text(f"forecast.forecaster.{name}")


def sentences(summary: Summary, code: str) -> list[str]:
    """The answer."""
    words = language(code)
    found = {"forecast": _forecast, "backtest": _backtest, "score": _score}[summary["asked"]](summary, words)
    return [sentence[:1].upper() + sentence[1:] for sentence in found]


def years_ahead(ahead: int, words: Language) -> str:
    """How far a forecast looks: "2 years ahead"."""
    return words.text("forecast.year_ahead") if ahead == 1 else words.text("forecast.years_ahead", value=ahead)


def notes(summary: Summary, code: str) -> list[str]:
    """What must stand beside it."""
    words, asked = language(code), summary["asked"]
    names = {
        "forecast": [
            "drawn" if summary.get("draws") else "given",
            "anchored" if summary.get("anchored") else "levels",
            f"growth_{summary.get('growth')}",
        ],
        "backtest": ["thin", "sampling", "emulated"],
        "score": ["few_rounds"],
    }[asked]
    if asked == "forecast" and len(summary["arms"]) > 1:
        names.append("arms")
    if asked == "forecast" and summary["replicates"] < FEW:
        names.append("few_replicates")
    return [words.text(f"forecast.note.{name}") for name in names]


def _forecast(summary: Summary, words: Language) -> list[str]:
    series = "published" if summary["anchored"] else "headcount"
    last = summary["horizon_months"]
    out = []
    for arm in summary["arms"]:
        for month in sorted({24, last}):
            blocks = [block["arms"][arm][series] for block in summary["variants"].values()]
            means = [words.percent(block["mean"][month]) for block in blocks]
            if len(blocks) > 1:  # each with its variant: a range of means beside a band reads as an interval in an interval
                said = [
                    f"{mean} {words.text(f'variant.{variant}')}"
                    for mean, variant in zip(means, summary["variants"], strict=True)
                ]
            out.append(
                words.text(
                    "forecast.sentence.arm_variants" if len(blocks) > 1 else "forecast.sentence.arm",
                    arm=words.text_or(f"arm.{arm}", arm),
                    years=words.number(month // 12),
                    **({"means": words.listing(said)} if len(blocks) > 1 else {"mean": means[0]}),
                    band=words.interval(
                        min(block["low80"][month] for block in blocks),
                        max(block["high80"][month] for block in blocks),
                        words.percent,
                    ),
                    wide=words.interval(
                        min(block["low95"][month] for block in blocks),
                        max(block["high95"][month] for block in blocks),
                        words.percent,
                    ),
                )
            )
    return out


def _backtest(summary: Summary, words: Language) -> list[str]:
    out, longest = [], max(summary["horizons"])
    for ahead in reversed(summary["horizons"]):
        out += [_who_wins(summary, ahead, words), *(_against(summary, ahead, words) if ahead == longest else [])]
    crisis = _scores(summary, longest, "crisis")
    if crisis:
        best = min(crisis, key=lambda one: one["crps"])
        key = "crisis_model" if best["forecaster"].startswith("model_") else "crisis_reference"
        out.append(words.text(f"forecast.sentence.{key}", winner=forecaster_label(best["forecaster"], words)))
    models = [one for one in _scores(summary, longest, "all") if one["forecaster"].startswith("model_")]
    out.append(
        words.text(
            "forecast.sentence.coverage",
            ahead=years_ahead(longest, words),
            c80=words.span([one["coverage80"] for one in models], lambda x: words.percent(x, 0)),
            c95=words.span([one["coverage95"] for one in models], lambda x: words.percent(x, 0)),
        )
    )
    return out


def _who_wins(summary: Summary, ahead: int, words: Language) -> str:
    rows = sorted(_scores(summary, ahead, "all"), key=lambda one: one["crps"])
    listed = words.listing(
        words.text("forecast.scored", name=forecaster_label(one["forecaster"], words), crps=words.number(one["crps"], 3))
        for one in rows
    )
    return words.text(
        "forecast.sentence.wins",
        ahead=years_ahead(ahead, words),
        cells=words.number(rows[0]["cells"]),
        winner=forecaster_label(rows[0]["forecaster"], words),
        listed=listed,
    )


def _against(summary: Summary, ahead: int, words: Language) -> list[str]:
    """A sentence a reference: each variant of the model better, worse, or not told apart from it."""
    out = []
    for other in ("no_change", "drift"):
        found = [
            one
            for one in summary["differences"]
            if (one["ahead"], one["period"], one["score"], one["against"]) == (ahead, "all", "crps", other)
            and one["forecaster"] != "drift"
        ]
        listed = words.listing(_difference(one, words) for one in found)
        out.append(words.text("forecast.sentence.against", other=forecaster_label(other, words), listed=listed))
    return out


def _difference(one: Mapping[str, Any], words: Language) -> str:
    name, low, high = forecaster_label(one["forecaster"], words), one["low95"], one["high95"]
    if low is None:
        return words.text("forecast.verdict.no_interval", name=name)
    verdict = "better" if high < 0 else "worse" if low > 0 else "alike"
    interval = words.interval(low, high, lambda x: words.number(x, 3, signed=True))
    return words.text(
        f"forecast.verdict.{verdict}", name=name, mean=words.number(one["mean"], 3, signed=True), interval=interval
    )


def _score(summary: Summary, words: Language) -> list[str]:
    rows = sorted(summary["scores"], key=lambda one: one["crps"])
    listed = words.listing(
        words.text("forecast.scored", name=forecaster_label(one["forecaster"], words), crps=words.number(one["crps"], 3))
        for one in rows
    )
    rounds = len(summary["periods"])
    first = words.text(
        "forecast.sentence.scored", rounds=rounds, winner=forecaster_label(rows[0]["forecaster"], words), listed=listed
    )
    inside = words.listing(
        words.text(
            "forecast.inside",
            name=forecaster_label(one["forecaster"], words),
            n80=round(one["coverage80"] * one["cells"]),
            n95=round(one["coverage95"] * one["cells"]),
        )
        for one in summary["scores"]
    )
    return [first, words.text("forecast.sentence.inside", rounds=rounds, inside=inside)]


def _scores(summary: Summary, ahead: int, period: str) -> list[Mapping[str, Any]]:
    return [one for one in summary["scores"] if one["ahead"] == ahead and one["period"] == period]
