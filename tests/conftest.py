"""Shared by every test: modules beside this file can be imported by name (`import fixtures_results`).

Compiled code lies in a folder of its own for every state of the sources, and for every worker.

Numba's cache looks at the file of a function only, not at the functions compiled into it: after a change of a rule it would
hand out the old month. And two workers that compile at once could overwrite each other's entries.
"""

import hashlib
import os
import tempfile
from pathlib import Path

SOURCES = Path(__file__).parents[1] / "src" / "povsim"
COMPILED = ("*.py", "model/*.py", "measures/*.py", "population/*.py")

stamp = hashlib.sha256()
for source in sorted(path for pattern in COMPILED for path in SOURCES.glob(pattern)):
    stamp.update(source.read_bytes())
folder = Path(tempfile.gettempdir()) / "povsim-tests" / stamp.hexdigest()[:16] / os.environ.get("PYTEST_XDIST_WORKER", "main")
os.environ["NUMBA_CACHE_DIR"] = str(folder)
