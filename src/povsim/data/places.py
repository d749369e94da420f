"""Names of provinces and districts as files write them, held against the names of the published tables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from povsim.config.districts import TOY_DISTRICTS, province_of
from povsim.config.provinces import known_provinces
from povsim.errors import nearest

__all__ = ["NATIONAL", "TOY_PROVINCE", "district_named", "known_districts", "province_named"]

TOY_PROVINCE = "REKAAN"
"""Province of the two made-up districts."""
NATIONAL = "INDONESIA"

_SHORT = (
    (r"^(PROVINSI|PROPINSI|PROV\.?)\s+", ""),
    (r"\bKEP\.?\s+", "KEPULAUAN "),
    (r"^KEPULAUAN BANGKA.*", "KEPULAUAN BANGKA BELITUNG"),
    (r"^BANGKA BELITUNG$", "KEPULAUAN BANGKA BELITUNG"),
    (r"^(NANGGROE )?ACEH( DARUSSALAM)?$|^NAD$", "ACEH"),
    (r"^D\.?\s?I\.?\s?Y\.?$|^(D\.?\s?I\.?|DAERAH ISTIMEWA)?\s*YOGYAKARTA$", "DI YOGYAKARTA"),
    (r"^(D\.?K\.?I\.?\s*)?JAKARTA$|^DAERAH KHUSUS( IBUKOTA)? JAKARTA$|^DKJ$", "DKI JAKARTA"),
    (r"^NTB$", "NUSA TENGGARA BARAT"),
    (r"^NTT$", "NUSA TENGGARA TIMUR"),
    *((rf"^{short}$", full) for short, full in (("JABAR", "JAWA BARAT"), ("JATENG", "JAWA TENGAH"), ("JATIM", "JAWA TIMUR"))),
    *((rf"^{short}$", full) for short, full in (("SUMUT", "SUMATERA UTARA"), ("SUMBAR", "SUMATERA BARAT"))),
    *((rf"^{short}$", full) for short, full in (("SUMSEL", "SUMATERA SELATAN"), ("KEPRI", "KEPULAUAN RIAU"))),
    (r"^SUMATRA", "SUMATERA"),
    (r"^(INDONESIA|NATIONAL|NASIONAL)$", NATIONAL),
)


def province_named(given: str) -> tuple[str | None, str | None]:
    """The province that `given` names, in the spelling of the tables, and None; or None and the nearest name."""
    name = " ".join(given.upper().split())
    for pattern, full in _SHORT:
        name = re.sub(pattern, full, name)
    known = (*known_provinces(), TOY_PROVINCE, NATIONAL)
    return (name, None) if name in known else (None, nearest(name, known))


def district_named(given: str, known: Mapping[str, str]) -> tuple[str | None, str | None]:
    """The district that `given` names, of `known` (folded to spelling), and None; or None and the nearest name."""
    name = _folded(given)
    if name in known:
        return known[name], None
    closest = nearest(name, known)
    return None, known[closest] if closest else None


@cache
def known_districts() -> Mapping[str, str]:
    """Folded name to the spelling of the published table, the two made-up ones included."""
    return {_folded(name): name for name in (*province_of(), *TOY_DISTRICTS)}


def _folded(name: str) -> str:
    words = " ".join(name.upper().replace(".", ". ").split())
    words = re.sub(r"^(KABUPATEN|KAB\.?)\s+", "", words)
    words = re.sub(r"^KOTA ADM(INISTRASI|\.)?\s+", "KOTA ", words)
    return re.sub(r"\s+", " ", words.replace(". ", ".")).strip()


def province_of_district(district: str) -> str:
    """Province of a district in the spelling of the table."""
    return TOY_PROVINCE if district in TOY_DISTRICTS else province_of()[district]
