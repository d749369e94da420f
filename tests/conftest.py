"""Shared by every test: modules beside this file can be imported by name (`import fixtures_results`).

Compiled code lies where `povsim.cache` keeps it; workers of a parallel run have a folder each, for two that compile at once
could overwrite each other's entries.
"""

import os

import povsim

assert povsim.__doc__  # imported for the folder that it sets
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ["NUMBA_CACHE_DIR"] += f"/{os.environ['PYTEST_XDIST_WORKER']}"
