"""`povsim fit`: the parameters of the household side, fitted to what was observed of how people move in and out of poverty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from povsim.cli.command import apart, composed, run_reported

HELP = """Try it:  povsim fit variants=[trap] symbols=[rho1,sd1] fit.first=40 fit.keep=40 fit.waves=0 fit.draws=8 --out tried

Fits parameters to the dynamic patterns of the model page: values that no emulator rules out, then generations of simulations
of which the nearest to the targets are kept, one variant at a time. Says which parameters the patterns tell nothing about
(they keep their prior), and writes draws that uncertainty=FILE.parquet takes.

povsim fit [KEY=VALUE ...] [--out DIR] [--scenario FILE] [--json]

  symbols=[rho1,sd1,delta]      parameters to fit; without it the household side (docs/how-to/fit-the-patterns.md)
  patterns=[F3,F4,F14]          what they are fitted to; without it F3-F7, F9, F10, F13, F14
  fit.design=150                simulations of a wave of history matching; fit.waves, fit.cut
  fit.first=240                 simulations of the first generation; fit.generations, fit.proposals, fit.keep
  fit.draws=80                  draws that are written, each simulated once more
  fit.villages=60               sample on which patterns are simulated; fit.households
  commit=true                   also make the draws those of uncertainty=posterior in this installation
  seed, variants, parameters.SYMBOL, threads, workers, scheduler, store, language: as povsim compare --help says
  --out DIR, --scenario FILE, --json: as povsim compare --help says

Interrupted, the same command goes on from what is finished and ends in the same posterior.
Exit codes: 0 done, 1 some simulations failed, 2 something given cannot be used, 130 interrupted."""


def run(argv: Sequence[str]) -> int:
    """Compose, check, run, show."""
    return run_reported("fit", argv, lambda: HELP, scenario_of, _live)


def scenario_of(options: Mapping[str, str], overrides: Sequence[str]) -> Any:
    """The scenario with the keys of the fit, checked."""
    from povsim.config import scenario_from
    from povsim.config.fit import fit_from

    given, own = apart("fit", composed("fit", options, overrides))
    keys = fit_from(own)
    scenario = scenario_from(given).with_own(keys.plain())
    _check(scenario, keys)
    return scenario


def _check(scenario: Any, keys: Any) -> None:
    """Symbols that cannot be fitted are refused before anything is lived."""
    from povsim.experiments.calibration.prior import register_prior
    from povsim.experiments.fitting.variants import symbols_of

    register_prior(symbols_of(scenario, keys), scenario.variants[0])


def _live(scenario: Any, progress: Any) -> Any:
    from povsim.experiments import fitting  # only where something is run: compiled rules take a while to import

    return fitting.run(scenario, progress)
