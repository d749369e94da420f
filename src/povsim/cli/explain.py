"""`povsim explain`: one household of a comparison in every arm, and the event that made the difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from povsim.cli.arguments import asks_for_help, split_arguments
from povsim.errors import PovsimError

if TYPE_CHECKING:
    from povsim.experiments.explain import Result
    from povsim.reporting.language import Language

HELP = """Try it:  povsim compare population=toy replicates=2 cooperative=optimistic --out seen
         povsim explain seen --find permanent

povsim explain DIR --find KIND       households of the result folder DIR, a line each
povsim explain DIR --household ID    its months in every arm, and the cause; a figure goes to DIR/explain/ID.svg

  --find permanent|harmed|relapsed|left
                             permanent: leaves poverty for good (E4) in the arm and not in the other; harmed: in the other and
                             not in the arm; relapsed: leaves (E2) in the arm and falls back; left: leaves for good in the arm
  --household ID             as --find lists them and tables/households.parquet holds them: variant-replicate-place
  --about permanent|harmed|relapsed
                             which difference to explain; without it, the first of them that the household has
  --arm NAME                 the arm; without it aid_cooperative, else the first arm of the run that adds cooperatives
  --against NAME             the other arm; without it the one that the report sets it against first
  --limit N                  lines of --find; without it 20
  --language en|id           English or Indonesian; without it, the language of the run

The cause is the event whose removal alone removes the difference: the household is lived again without it, everything else
equal. Where no single event does, that is what is said."""

OPTIONS = {
    "--find": "permanent|harmed|relapsed|left",
    "--household": "ID",
    "--about": "permanent|harmed|relapsed",
    "--arm": "NAME",
    "--against": "NAME",
    "--limit": "N",
    "--language": "en|id",
}


def run(argv: Sequence[str]) -> int:
    """List households, or explain one."""
    if asks_for_help(argv):
        print(HELP)
        return 0
    options, folders = split_arguments(argv, OPTIONS)
    fail_if_not_one_folder(folders)
    fail_if_not_one_question(options)
    limit = fail_if_no_limit(options.get("--limit", "20"))
    from povsim.experiments.explain import choose_arms, listed, open_result
    from povsim.reporting.language import language

    code = options.get("--language")
    words = None if code is None else language(code)
    result = open_result(Path(folders[0]).expanduser())
    words = words or language(result.scenario.language)
    arm, against = choose_arms(result, options.get("--arm"), options.get("--against"))
    if "--find" in options:
        from povsim.reporting.explain import show_list

        show_list(listed(result, options["--find"], arm, against), options["--find"], arm, against, limit, result, words)
        return 0
    return _explain(result, options, arm, against, words)


def _explain(result: Result, options: Mapping[str, str], arm: str, against: str | None, words: Language) -> int:
    from povsim.cli.progress import progress
    from povsim.experiments.explain import explain
    from povsim.reporting.explain import show
    from povsim.reporting.explain_figure import write_figure

    found = explain(result, options["--household"], arm, against, options.get("--about"), progress, result.scenario.threads)
    show(found, result, words)
    path = write_figure(found, result, words)
    print("\n" + words.text("explain.written", path=path))
    return 0


def fail_if_not_one_folder(folders: Sequence[str]) -> None:
    """None given, or more than one."""
    if len(folders) != 1:
        given = f"{len(folders)} were given: {', '.join(folders)}" if folders else "none was given"
        raise PovsimError(
            f"povsim explain takes one result folder; {given}. "
            "For example: povsim explain outputs/compare/<run> --find permanent"
        )


def fail_if_not_one_question(options: Mapping[str, str]) -> None:
    """Neither --find nor --household, or both; or --about with --find."""
    if ("--find" in options) == ("--household" in options):
        raise PovsimError("Give either --find permanent|harmed|relapsed|left, which lists households, or --household ID.")
    if "--find" in options and "--about" in options:
        raise PovsimError("--about belongs to --household; --find says itself what it looks for.")


def fail_if_no_limit(given: str) -> int:
    """A number of lines that is none."""
    if not given.isdigit() or int(given) < 1:
        raise PovsimError(f"--limit {given} is no number of lines. Accepted: a whole number from 1, for example --limit 50.")
    return int(given)
