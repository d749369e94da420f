"""Every text a reader meets, in English and Indonesian, and the way each language writes a number."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

from povsim.errors import PovsimError, nearest

CODES = ("en", "id")
MINUS = "\N{MINUS SIGN}"
_RUPIAH_STEPS = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"))

# A reason is stored in summary.json as an English text; these words tell which entry of the catalogue translates it.
_REASON_WORDS = (
    ("power_not_yet", ("cannot be completed before",)),
    ("power_no_effect", ("cannot be told from none",)),
    ("power_other_way", ("points the other way",)),
    ("power_beyond", ("needed than exist",)),
    ("power_alike", ("the same for all households",)),
    ("power_no_such", ("of this kind lives in the villages",)),
    ("power_few_pilots", ("pilots had the households",)),
    ("too_few", ("too few",)),
    ("none_seen", ("can be seen",)),
    ("no_futures", ("does not live",)),
    ("needs_futures", ("futures",)),
    ("more_than_exist", ("that exist",)),
    ("nobody", ("nobody of the group lives",)),
    ("cost_about_equal", ("under 1", "less than 1", "below 1", "within 1", "about equal")),
    ("costs_no_more", ("no more", "cheaper", "not positive", "costs less", "no extra public money")),
    ("sign_unstable", ("unstable",)),
    ("cost_unknown", ("cost of an arm is null",)),
    ("exits_unknown", ("extra exits are null",)),
    ("group_empty", ("is empty",)),
    ("one_village", ("two villages",)),
    ("one_replicate", ("replicate",)),
    ("none_trades", ("trades", "trading")),
    ("not_run", ("not run",)),
)


@dataclass(frozen=True)
class Language:
    """The catalogue of one language and its number formats."""

    code: str
    texts: Mapping[str, str]
    decimal: str
    thousands: str

    def text(self, key: str, **fields: object) -> str:
        """The text under a dotted key, its fields filled in."""
        return self.texts[key].format_map(fields) if fields else self.texts[key].format()

    def text_or(self, key: str, otherwise: str) -> str:
        """The text under a key, or `otherwise` (a user's own name, say) where the catalogue has none."""
        return self.text(key) if key in self.texts else otherwise

    def number(self, value: float, decimals: int = 0, signed: bool = False) -> str:
        """A number in plain notation: 1,234.5 in English, 1.234,5 in Indonesian; `signed` prints a plus too."""
        plain = f"{abs(value):,.{decimals}f}"
        body = "".join({",": self.thousands, ".": self.decimal}.get(sign, sign) for sign in plain)
        if not any(digit in "123456789" for digit in plain):
            return body
        return (MINUS if value < 0 else "+" if signed else "") + body

    def percent(self, share: float, decimals: int = 1) -> str:
        """A share (0-1) as a percentage. Never for a difference of shares: that is `points`."""
        return self.number(100 * share, decimals) + "%"

    def points(self, difference: float, decimals: int = 1) -> str:
        """A difference of two shares (0-1) in percentage points, always with its sign."""
        return self.text("unit.points", value=self.number(100 * difference, decimals, signed=True))

    def per_thousand(self, share: float, beside: Iterable[float] = (), signed: bool = False) -> str:
        """A share (0-1) as households in every 1,000; the largest of it and those `beside` it settles the decimals."""
        largest = max((abs(1000 * one) for one in (share, *beside)), default=0.0)
        decimals = 1 if largest >= 1 or largest == 0 else 2 if largest >= 0.1 else 3
        return self.number(1000 * share, decimals, signed)

    def count(self, value: float, low: float | None = None, high: float | None = None, signed: bool = False) -> str:
        """A number of households, rounded to digits that mean something: a tenth of its interval, else three digits."""
        return self.number(meaningful(value, low, high), signed=signed)

    def large_count(self, value: float) -> str:
        """A number of households, in millions from one million on."""
        if abs(value) < 1e6:
            return self.count(value)
        return self.text("unit.million_count", value=self.number(value / 1e6, 1))

    def rupiah(self, value: float) -> str:
        """Money in words: Rp 1.2 trillion, Rp 1,2 triliun; below a million in full."""
        for step, name in _RUPIAH_STEPS:
            if abs(value) >= 0.9995 * step:
                scaled = value / step
                return self.text(f"unit.{name}", value=self._money(scaled))
        return self.text("unit.rupiah", value=self.number(value))

    def rupiah_scale(self, largest: float) -> tuple[float, str]:
        """The divisor and the heading ("Rp trillion") under which a column of amounts reads well."""
        for step, name in _RUPIAH_STEPS:
            if abs(largest) >= step:
                return step, self.text(f"unit.{name}_heading")
        return 1.0, self.text("unit.rupiah_heading")

    def _money(self, scaled: float) -> str:
        return self.number(scaled, 0 if abs(scaled) >= 99.95 else 1)

    def interval(self, low: float, high: float, write: Callable[[float], str], short: bool = False) -> str:
        """Both ends of an interval, each written by `write`; always both, also where they look alike; `short` in tables."""
        return self.text("unit.interval_short" if short else "unit.interval", low=write(low), high=write(high))

    def span(self, values: Iterable[float], write: Callable[[float], str]) -> str:
        """Smallest to largest of some values, or one text where they read the same."""
        ordered = sorted(values)
        low, high = write(ordered[0]), write(ordered[-1])
        return low if low == high else self.text("unit.interval", low=low, high=high)

    def reason(self, text: str) -> str:
        """A reason from summary.json in this language; one that the catalogue does not know stays as it is."""
        if self.code == "en":
            return text
        for key, words in _REASON_WORDS:
            if any(word in text.lower() for word in words):
                return self.text(f"reason.{key}")
        return text

    def listing(self, parts: Iterable[str]) -> str:
        """a, b and c."""
        *head, last = parts
        return self.text("unit.and", head=", ".join(head), last=last) if head else last


def meaningful(value: float, low: float | None = None, high: float | None = None) -> float:
    """`value` rounded to a tenth of the magnitude of its interval's width, or to three digits where it has none."""
    if value == 0 or not math.isfinite(value):
        return value
    if low is not None and high is not None and high > low:
        unit = 10.0 ** (math.floor(math.log10(high - low)) - 1)
    else:
        unit = 10.0 ** (math.floor(math.log10(abs(value))) - 2)
    unit = max(1.0, unit)
    return round(value / unit) * unit


def language(code: str) -> Language:
    """The language with this code, en or id.

    Raises PovsimError for any other code.
    """
    if code not in CODES:
        near = nearest(code, CODES)
        hint = f" Did you mean {near!r}?" if near else ""
        raise PovsimError(f"language={code!r} is not known; it can be en (English) or id (Indonesian).{hint}")
    return _load(code)


@cache
def _load(code: str) -> Language:
    decimal, thousands = (".", ",") if code == "en" else (",", ".")
    return Language(code, dict(_flat(catalogue(code))), decimal, thousands)


def catalogue(code: str) -> dict[str, Any]:
    """The catalogue of one language as it stands in its file."""
    source = resources.files(__package__).joinpath(f"catalogue_{code}.yaml").read_text(encoding="utf-8")
    fast = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast where PyYAML was built with it
    entries: dict[str, Any] = yaml.load(source, Loader=fast)
    return entries


def _flat(entries: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for key, value in entries.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", str(value)
