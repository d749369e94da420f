"""Words that are reserved for later versions. Using one says so, instead of "unknown"."""

from __future__ import annotations

POPULATIONS = ("survey",)
PRODUCTS = ("coaching", "savings_group", "credit", "insurance", "price_support")
