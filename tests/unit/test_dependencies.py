"""Where packages come from, and that help needs none of the large ones."""

import re
import subprocess
import sys
from pathlib import Path

LOCK = (Path(__file__).parents[2] / "uv.lock").read_text(encoding="utf-8")


def test_the_lock_names_no_host_but_pypi() -> None:
    hosts = set(re.findall(r"[a-z+]+://([^/\"]+)", LOCK))
    assert hosts == {"pypi.org", "files.pythonhosted.org"}
    sources = set(re.findall(r"^source = \{ (\w+) =", LOCK, flags=re.MULTILINE))
    assert sources == {"registry", "editable"}


def test_help_imports_nothing_large() -> None:
    large = {"reportlab", "xlsxwriter", "matplotlib", "numba", "polars", "jinja2"}
    code = f"import sys; from povsim.cli import main; main(['--help']); print('found', sorted({large!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("found []\n")
