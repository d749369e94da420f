"""`povsim calibrate`: what the monitoring data of a pilot say about the parameters, in each variant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from povsim.cli.command import OPTIONS, apart, composed, run_reported

HELP = """Try it:  povsim calibrate data=example population=toy pilots=1000 --out learnt

Reads the survey of a pilot (and the reports of its cooperatives), simulates thousands of pilots of that very design, and says
which values of the parameters are compatible with the data: the posterior of each variant, what is identified, whether the
model would have left such data, and how well it foresees the last wave from those before.

povsim calibrate data=FILE [cooperatives=FILE] [KEY=VALUE ...] [--out DIR] [--scenario FILE] [--json]

  data=FILE                 household panel or repeated survey: CSV, XLSX, Parquet, .dta, .sav; a row a household and wave, with
                            village, spending, date or wave (`povsim data check FILE` lists what cannot be read); a
                            folder: a file a wave;
                            example: a simulated pilot of 40 villages whose truth is known
  cooperatives=FILE         monthly reports of the cooperatives; a report that does not come is a sign too
  aggregate=FILE            published series of the province or the country over the months of the pilot (poverty rate, gap,
                            severity, mean spending): tells of growth
  mapping=FILE              which column is what, in which unit; else names are guessed. cooperatives_mapping=FILE,
                            aggregate_mapping=FILE likewise
  starts=2025-07            month in which the cooperatives begin; without it that of the first report
  cooperative=as_planned    scenario of the cooperatives of the pilot
  fitted=[g_w,sd1]          parameters to fit; without it those that such a pilot can teach
  pilots=4000               simulated pilots of each variant; checks=200 behind each band; posterior_draws=1000 that are written
  ahead_years=3             years after the last wave that are forecast with and without cooperatives; 0: none
  population=indonesia      where the villages lie: population.provinces=[Bali] narrows it; toy: nowhere
  --out DIR, --scenario FILE, --json   as povsim compare --help says

uncertainty=DIR/tables/posterior.parquet: povsim compare, rollout, trial, power and forecast take the posterior.
All other keys are those of povsim compare --help; a calibration reads seed, population, burn_in_months, parameters, variants.
A run that was stopped goes on where it was and ends in the same posterior.
Exit codes: 0 done, 1 some runs failed, 2 something given cannot be used, 130 interrupted."""


def run(argv: Sequence[str]) -> int:
    """Compose, check, run, show."""
    options = {name: takes for name, takes in OPTIONS.items() if name != "-m"}
    return run_reported("calibrate", argv, lambda: HELP, scenario_of, _live, options)


def scenario_of(options: Mapping[str, str], overrides: Sequence[str]) -> Any:
    """The scenario with the keys of this command checked, and the files that they name."""
    from povsim.config import scenario_from
    from povsim.config.calibrate import calibrate_from, fingerprints

    given, own = apart("calibrate", composed("calibrate", options, overrides))
    keys = calibrate_from(own)
    return scenario_from(given).with_own(keys.plain() | {"contents": fingerprints(keys)})


def _live(scenario: Any, progress: Any) -> Any:
    from povsim.experiments.calibration import calibrate  # only where something is run: compiled rules take a while to import

    return calibrate.run(scenario, progress)
