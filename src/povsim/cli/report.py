"""`povsim report`: what a result folder holds to be read, written again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from povsim.cli.arguments import asks_for_help, split_arguments
from povsim.errors import PovsimError

HELP = """Try it:  povsim report outputs/compare/first --language id

povsim report DIR            figures, report.html, briefs and summary.xlsx of the result folder DIR, from its numbers
  --language en|id           English or Indonesian; without it, the language of the run. Briefs are always in both"""


def run(argv: Sequence[str]) -> int:
    """Write the report of the folder in `argv` again and print where it is."""
    if asks_for_help(argv):
        print(HELP)
        return 0
    options, folders = split_arguments(argv, {"--language": "en|id"})
    fail_if_not_one_folder(folders)
    from povsim.reporting.result import write

    folder = Path(folders[0]).expanduser()
    print(write(folder, options.get("--language") or _language_of(folder)))
    return 0


def fail_if_not_one_folder(folders: Sequence[str]) -> None:
    """None given, or more than one."""
    if len(folders) != 1:
        given = f"{len(folders)} were given: {', '.join(folders)}" if folders else "none was given"
        raise PovsimError(f"povsim report takes one result folder; {given}. For example: povsim report outputs/compare/<run>")


def _language_of(folder: Path) -> str:
    """The language the run was made in, where its summary or scenario says so; else English."""
    import yaml

    for name, read in (("summary.json", json.loads), ("scenario.yaml", yaml.safe_load)):
        try:
            content = read((folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError, yaml.YAMLError):
            continue
        if isinstance(content, dict) and content.get("language") in ("en", "id"):
            return str(content["language"])
    return "en"
