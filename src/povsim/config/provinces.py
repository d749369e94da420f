"""Names of provinces, as the published tables spell them."""

from __future__ import annotations

import csv
from functools import cache

from povsim.config import read
from povsim.config.checks import hint
from povsim.errors import PovsimError
from povsim.evidence import table_file


@cache
def known_provinces() -> tuple[str, ...]:
    """The 38 provinces of 2025, in the order of their codes."""
    text = table_file("province_profile_2025").read_text(encoding="utf-8")
    return tuple(row["province"] for row in csv.DictReader(text.splitlines()))


def provinces_from(where: str, value: object) -> tuple[str, ...]:
    """A list of provinces in any letter case, back in the spelling and order of the tables."""
    names = read.words(where, value, "[Aceh,Jawa Timur]")
    for name in names:
        fail_if_unknown_province(where, name)
    upper = [" ".join(name.upper().split()) for name in names]
    return tuple(name for name in known_provinces() if name in upper)


def fail_if_unknown_province(where: str, name: str) -> None:
    """Only provinces of the published tables have figures to draw from."""
    if " ".join(name.upper().split()) not in known_provinces():
        raise PovsimError(
            f"{where}: there is no province '{name}'.{hint(name, known_provinces())} Known: {', '.join(known_provinces())}."
        )
