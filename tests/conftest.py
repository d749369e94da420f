"""Shared by every test: modules beside this file can be imported by name (`import fixtures_results`).

Compiled code lies where `povsim.cache` keeps it; workers of a parallel run have a folder each, for two that compile at once
could overwrite each other's entries. Runs of this process are kept in a store of its own, never in that of the user.
"""

import os

import pytest

import povsim

assert povsim.__doc__  # imported for the folder that it sets
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ["NUMBA_CACHE_DIR"] += f"/{os.environ['PYTEST_XDIST_WORKER']}"


@pytest.fixture(autouse=True, scope="session")
def a_store_of_its_own(tmp_path_factory):
    """Finished runs of this process."""
    from povsim.experiments import executor

    executor.DEFAULT = tmp_path_factory.mktemp("store")
