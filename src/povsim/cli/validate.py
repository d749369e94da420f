"""`povsim validate`: every pattern against what was published, misses included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from povsim.cli.command import apart, composed, run_reported

HELP = """Try it:  povsim validate 'patterns=[F3,F9,F14]' validate.samples=2 validate.draws=0 --out patterns

Simulates the patterns F1 to F16 as their publications saw them (period, growth, survey error, persons or households), and V1 to
V5, which are never fitted, as trials; sets target, tolerance, simulated value with 80% and 95% band, verdict and source side by
side, for both variants. What misses stays in the table; docs/explanation/patterns.md discusses each.

povsim validate [KEY=VALUE ...] [--out DIR] [--scenario FILE] [--json]

  patterns=[F3,F9,V1]           only these; without it all
  posterior=FILE.parquet        draws of the parameters, as povsim fit writes them; without it those of this version
  validate.draws=60             draws that the bands are made of; 0: the register's values alone, no bands
  validate.samples=8            samples of villages where there are no draws
  validate.villages=100         small national sample of F2-F10 and F13-F16; validate.households=50 of each village
  validate.per_district=50      villages of every district for F1, F11 and F12; validate.of_each=50 households of each
  validate.shown=8              trials of V1 to V5 (0: none); validate.shown_villages=300 villages of each
  variants=[trap], parameters.SYMBOL=VALUE, seed, threads, workers, store, language: as povsim compare --help says
  --out DIR, --scenario FILE, --json, -m: as povsim compare --help says

V1 to V5 are lived only with draws whose hash is committed (povsim/parameters/posterior.sha256).
Exit codes: 0 done, 1 some runs failed, 2 something given cannot be used, 130 interrupted."""


def run(argv: Sequence[str]) -> int:
    """Compose, check, run, show."""
    return run_reported("validate", argv, lambda: HELP, scenario_of, _live)


def scenario_of(options: Mapping[str, str], overrides: Sequence[str]) -> Any:
    """The scenario with the keys of the validation, checked."""
    from povsim.config import scenario_from
    from povsim.config.uncertainty import fail_if_uncertainty_is_not_for
    from povsim.config.validate import validate_from

    given, own = apart("validate", composed("validate", options, overrides))
    keys = validate_from(own)
    scenario = scenario_from(given)
    fail_if_uncertainty_is_not_for("validate", scenario)
    return scenario.with_own(keys.plain())


def _live(scenario: Any, progress: Any) -> Any:
    import json

    from povsim.config.validate import validate_from
    from povsim.experiments import validate  # only where something is run: compiled rules take a while to import

    return validate.run(scenario, validate_from(json.loads(scenario.own)), progress)
