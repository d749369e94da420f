"""Commented defaults of every experiment command, as Hydra groups."""
