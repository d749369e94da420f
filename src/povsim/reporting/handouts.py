"""What a run hands out beside its report: the brief in both languages, as page and as paper, and the workbook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from povsim.reporting.language import CODES
from povsim.reporting.verdict import Summary


def handouts(
    summary: Summary, tables: Mapping[str, Any], code: str = "en", provenance: Mapping[str, Any] | None = None
) -> dict[str, bytes]:
    """Files by name: brief.<language>.html and .pdf in both languages, and summary.xlsx in the language `code`.

    `summary` holds `brief` (povsim.reporting.brief_numbers).
    """
    from povsim.reporting.brief import brief
    from povsim.reporting.brief_page import page
    from povsim.reporting.brief_pdf import pdf
    from povsim.reporting.workbook import workbook

    files = {}
    for spoken in CODES:
        told = brief(summary, spoken)
        files[f"brief.{spoken}.html"] = page(told).encode()
        files[f"brief.{spoken}.pdf"] = pdf(told)
    files["summary.xlsx"] = workbook(summary, tables, code, provenance)
    return files
