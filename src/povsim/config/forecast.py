"""The keys of `povsim forecast`: a forecast, a back-test on the published series, or the score of a saved forecast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from povsim.config import checks, read
from povsim.errors import PovsimError

FIRST_ORIGIN, LAST_ORIGIN = 2017, 2024
GROWTH = ("history", "register")


@dataclass(frozen=True, slots=True)
class ForecastKeys:
    """What `configs/command/forecast.yaml` names."""

    backtest: bool
    """Whether province rates are forecast from past origins and scored."""
    origins: tuple[int, ...]
    """Years whose March rates are the last that a forecast knows."""
    horizons: tuple[int, ...]
    """Years ahead, 1 to 3."""
    predictive_draws: int
    """Draws of each predictive distribution, 100 to 100,000."""
    bootstrap: int
    """Draws of blocks behind intervals, 100 to 100,000."""
    sampling_share: float
    """Share of the variance of yearly changes of a province's published rate that is sampling error, 0 to .9 (grade A)."""
    growth: str
    """`history`: growth is drawn from its past; `register`: as the scenario has it."""
    score: str | None
    """Folder of a saved forecast to score."""
    data: str | None
    """CSV of what was observed since."""
    scored_arm: str
    """Arm that is compared with what was observed."""

    def plain(self) -> dict[str, Any]:
        """As the scenario keeps them."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}


def forecast_from(mapping: Mapping[str, Any]) -> ForecastKeys:
    """Check the keys; raises PovsimError."""
    keys = ForecastKeys(
        backtest=read.switch("backtest", mapping["backtest"]),
        origins=_years("origins", mapping["origins"], FIRST_ORIGIN, LAST_ORIGIN, "[2019,2020]"),
        horizons=_years("horizons", mapping["horizons"], 1, 3, "[1,2]"),
        predictive_draws=read.whole("predictive_draws", mapping["predictive_draws"], 100, 100_000),
        bootstrap=read.whole("bootstrap", mapping["bootstrap"], 100, 100_000),
        sampling_share=read.number("sampling_share", mapping["sampling_share"], 0, 0.9),
        growth=read.choice("growth", mapping["growth"], GROWTH),
        score=_path("score", mapping["score"]),
        data=_path("data", mapping["data"]),
        scored_arm=str(mapping["scored_arm"]),
    )
    fail_if_two_things_are_asked(keys)
    fail_if_half_a_score(keys)
    fail_if_no_origin_can_be_scored(keys)
    return keys


def fail_if_two_things_are_asked(keys: ForecastKeys) -> None:
    """A back-test and a score are separate results."""
    if keys.backtest and keys.score is not None:
        raise PovsimError("backtest=true and score=DIR are both given, and each is a result of its own. Leave one out.")


def fail_if_half_a_score(keys: ForecastKeys) -> None:
    """A folder without data, or data without a folder."""
    if (keys.score is None) != (keys.data is None):
        given, missing = ("score", "data=FILE") if keys.data is None else ("data", "score=DIR")
        raise PovsimError(f"{given} is given without {missing}. A score needs both: povsim forecast score=DIR data=FILE.")


def fail_if_no_origin_can_be_scored(keys: ForecastKeys, last: int = 2025) -> None:
    """Every origin looks ahead beyond the series."""
    if not any(origin + ahead <= last for origin in keys.origins for ahead in keys.horizons):
        raise PovsimError(f"No origin and horizon ends by {last}, the last year of the series. Give earlier origins.")


def _years(where: str, value: object, low: int, high: int, example: str) -> tuple[int, ...]:
    checks.fail_if_not_a_list(where, value, example)
    assert isinstance(value, Sequence)
    checks.fail_if_empty(where, value, example)
    found = [read.whole(f"{where}[{at}]", one, low, high) for at, one in enumerate(value)]
    checks.fail_if_repeated(where, [str(one) for one in found])
    return tuple(sorted(found))


def _path(where: str, value: object) -> str | None:
    if value is None:
        return None
    checks.fail_if_not_text(where, value, "a path")
    return str(value)
