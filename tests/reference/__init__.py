"""Readable reference model: docs/reference/month.md in plain Mesa agents and plain Python floats.

Read it beside that page. `village.py` runs the stages of a month in their order, `household.py` holds what one household
does in each of them, and the `rules_*.py` files hold one small function an equation. Nothing here imports povsim.
"""
