"""`povsim population`: the fitted tables of the synthetic population, and their rebuilding."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from povsim.errors import PovsimError

EPILOG = """Try it:  povsim population

The table of each variant gives earning capacity by district and area so that observed poverty meets the published
margins after the burn-in. `fit` rebuilds it from the evidence tables (some minutes) and says whether the result is the
committed one, byte for byte."""


def run(argv: Sequence[str]) -> int:
    """List the fitted tables, or rebuild them."""
    parser = argparse.ArgumentParser(
        prog="povsim population", description=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="?", choices=("show", "fit"), default="show", help="show: list; fit: rebuild")
    parser.add_argument("--variant", choices=("trap", "no_trap"), action="append", help="only this variant")
    parser.add_argument("--out", default="outputs/population", help="folder for rebuilt tables (fit)")
    parser.add_argument("--threads", type=int, default=None, help="threads (fit); default: all cores")
    try:
        given = parser.parse_args(list(argv))
    except SystemExit as stop:
        return int(stop.code or 0)
    variants = given.variant or ["trap", "no_trap"]
    return _fit(variants, Path(given.out), given.threads) if given.what == "fit" else _show(variants)


def _show(variants: Sequence[str]) -> int:
    from povsim.cli.show import table
    from povsim.population.fitted import committed, file_name, table_hash
    from povsim.population.nation import cells_of

    cells = cells_of("indonesia")
    print(
        f"{cells.height} cells (district by urban or rural) of {cells['district_id'].n_unique()} districts in "
        f"{cells['province'].n_unique()} provinces; {cells['households'].sum():,} households, "
        f"{cells['persons'].sum():,} persons."
    )
    rows = []
    for variant in variants:
        fitted = committed(variant)
        ends = [f"{x.min():.2f} to {x.max():.2f}" for x in fitted.select("mu", "sg", "sk").to_numpy().T]
        rows.append([variant, file_name(variant), *ends, table_hash(fitted)[:12]])
    print(table(["variant", "table", "mu", "sg", "sk", "sha256"], rows))
    print(
        "mu, sg, sk: location, spread and lower-side compression of ln earning capacity. povsim population fit rebuilds them."
    )
    return 0


def _fit(variants: Sequence[str], out: Path, threads: int | None) -> int:
    from os import cpu_count

    from povsim.cli.progress import progress
    from povsim.experiments.synthesis import Effort, fit
    from povsim.population.fitted import committed, file_name, table_hash
    from povsim.population.nation import cells_of

    if out.exists() and not out.is_dir():
        raise PovsimError(f"--out {out} is a file, not a folder. Give the path of a folder.")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PovsimError(f"--out {out} cannot be made ({error.strerror}). Give a folder you may write.") from error
    effort = Effort()
    same = True
    with progress("Fitting the population", len(variants) * (effort.adjusting + (effort.rounds + 1) * effort.burn_in)) as bar:
        for variant in variants:
            fitted, close = fit(cells_of("indonesia"), variant, effort, threads or cpu_count() or 1, bar.advance)
            fitted.write_csv(out / file_name(variant))
            equal = table_hash(fitted) == table_hash(committed(variant))
            same &= equal
            state = "the committed table, byte for byte" if equal else "NOT the committed table"
            print(f"{variant}: written to {out / file_name(variant)}, sha256 {table_hash(fitted)[:12]}: {state}.")
            print(
                f"{variant}: in a run of its own, {100 * close.districts:.1f} % of districts are within 1 percentage point or "
                f"10 % of their published headcount, {close.provinces} of {close.of_provinces} provinces within 0.4 percentage "
                "points or 8 %."
            )
    if not same:
        print("A table differs from the committed one: parameters, evidence or code have changed since.", file=sys.stderr)
    return 0
