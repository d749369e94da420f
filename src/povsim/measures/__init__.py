"""Measures: exits, spells, poverty, inequality and cost, as pure functions on arrays (model page, section 6).

No file is read or written here and no number is drawn.
"""
