"""The population part of a scenario."""

from __future__ import annotations

from dataclasses import dataclass

from povsim.config import later, read
from povsim.config.defaults import group_choices
from povsim.config.provinces import provinces_from
from povsim.errors import PovsimError

VILLAGES = (20, 83_762)
HOUSEHOLDS = (20, 5_000)


@dataclass(frozen=True, slots=True)
class Population:
    """Who is simulated."""

    kind: str
    """`indonesia` (drawn from the published margins of 514 districts) or `toy` (made up)."""
    villages: int
    """Simulated villages, 20 to 83,762."""
    households_per_village: int
    """Simulated households in each village, 20 to 5,000; they stand for all of the real village."""
    provinces: tuple[str, ...] | None
    """Provinces drawn from, in the spelling of the tables; None: all."""


def population_from(value: object) -> Population:
    """Check the keys under `population`."""
    given = read.keys("population", value, Population.__slots__, "population.villages=100")
    kind = read.choice("population", given["kind"], group_choices("population"), later.POPULATIONS)
    provinces = given["provinces"]
    fail_if_provinces_of_a_toy(kind, provinces)
    return Population(
        kind=kind,
        villages=read.whole("population.villages", given["villages"], *VILLAGES),
        households_per_village=read.whole("population.households_per_village", given["households_per_village"], *HOUSEHOLDS),
        provinces=None if provinces is None else provinces_from("population.provinces", provinces),
    )


def fail_if_provinces_of_a_toy(kind: str, provinces: object) -> None:
    """The made-up population has no provinces."""
    if kind == "toy" and provinces is not None:
        raise PovsimError(
            "population.provinces: the toy population lies in no province. Leave it out or use population=indonesia."
        )
