"""The rollout part of a scenario: which villages get a cooperative, in what order, and what there is to support them.

Resources are those of the nation; a population that is a part of it has its share by number of villages. None: no limit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from povsim.config import checks, read
from povsim.config.defaults import defaults, group_choices
from povsim.config.districts import districts_from, districts_of_file
from povsim.config.population import Population
from povsim.errors import PovsimError

MOST_IDR = 1e18
MOST = 1e9


@dataclass(frozen=True, slots=True)
class Rollout:
    """Which villages get a cooperative, and when."""

    kind: str
    """Order in which villages have their turn: a name in configs/rollout/."""
    coverage: float
    """Share of villages with a cooperative in the end, 0 to 1."""
    waves: int | None
    """Years over which the villages are spread evenly; None: as fast as the resources allow."""
    budget_idr_year: tuple[float, ...] | None
    """Rp a year for building, capital, mentoring and administration; year by year, the last for all later years."""
    mentors: float | None
    """Mentors in post in the first year."""
    cooperatives_per_mentor: float
    """Cooperatives that one mentor serves in full."""
    mentor_training_months: int
    """Months from recruitment to work."""
    mentor_turnover: float
    """Share of mentors that leaves each year."""
    mentors_trained_year: float
    """Mentors that can begin training each year."""
    managers: float | None
    """Managers that can be appointed in the first year, one a cooperative."""
    managers_year: float
    """Managers that come on top each later year."""
    loan_funds_idr_year: tuple[float, ...] | None
    """Rp a year of working capital that can be set aside; year by year, the last for all later years."""
    start_without_support: bool
    """True: a village starts without mentor or capital where they have run out; False: it waits, and all after it."""
    pause_above: float
    """`adaptive` pauses a province where more than this share of the cooperatives that traded has stopped, 0 to 1."""
    districts: tuple[str, ...]
    """`file`: districts in the order given; no other is covered."""

    @property
    def plain(self) -> bool:
        """Whether every covered village starts in the first month and nothing limits it."""
        limits = (self.waves, self.budget_idr_year, self.mentors, self.managers, self.loan_funds_idr_year)
        return self.kind == "all" and all(limit is None for limit in limits)


RESOURCES: Mapping[str, tuple[str, str]] = {
    "budget_idr_year": ("V", "Inpres 17/2025 (Tirto; Olenka): Rp 40 trillion a year for six years; taken to go on"),
    "mentors": ("V", "Ministry of Cooperatives: 7,867 business assistants (quoted by Indonesia Satu and Genews)"),
    "cooperatives_per_mentor": ("V", "Ministry of Cooperatives: ten cooperatives each"),
    "mentor_training_months": ("A", "assumption"),
    "mentor_turnover": ("A", "assumption"),
    "mentors_trained_year": ("A", "assumption: those who leave are replaced"),
    "managers": ("A", "no figure was found: not limited"),
    "managers_year": ("A", "no figure was found"),
    "loan_funds_idr_year": ("A", "no figure was found: not limited beyond the budget"),
}
"""Grade and source of each resource as configs/rollout/ has it."""

_INHERITED = ("coverage", "start_without_support", *RESOURCES)
"""What the rollout of one arm has from the rollout of the run where it says nothing."""
_EXAMPLE = "rollout.waves=5"


def rollout_from(value: object, population: Population) -> Rollout:
    """Check the keys under `rollout`."""
    return _checked("rollout", value, population)


def arm_rollout(where: str, value: object, of_run: Rollout, population: Population) -> Rollout:
    """The rollout of one arm, a kind or keys: what it leaves out is the kind's own, resources and coverage those of the run."""
    given = {"kind": value} if isinstance(value, str) else value
    checks.fail_if_not_a_mapping(where, given, "{kind: phased, waves: 3}")
    assert isinstance(given, Mapping)
    kind = read.choice(f"{where}.kind", given.get("kind", of_run.kind), group_choices("rollout"))
    base = defaults({"rollout": kind})["rollout"]
    inherited = {key: getattr(of_run, key) for key in _INHERITED}
    return _checked(where, {**base, **inherited, **given, "kind": kind}, population)


def as_keys(rollout: Rollout) -> dict[str, Any]:
    """The keys that give this rollout again."""
    return asdict(rollout) | {"file": None}


def fail_if_list_is_not_needed(where: str, kind: str, districts: Sequence[str], file: object) -> None:
    """A list of districts is read by `rollout=file` alone."""
    if kind != "file" and (districts or file is not None):
        raise PovsimError(
            f"{where}.{'file' if file is not None else 'districts'} is read only with {where}=file. Leave it out."
        )


def fail_if_list_is_missing(where: str, districts: Sequence[str]) -> None:
    """`rollout=file` needs to know which districts."""
    if not districts:
        raise PovsimError(f"{where} = 'file' needs a list of districts. Give {where}.file=PATH, a text or CSV file.")


def fail_if_two_lists(where: str, districts: object, file: object) -> None:
    """Two lists, with nothing to say which is meant."""
    if districts and file is not None:
        raise PovsimError(f"{where}.districts and {where}.file are both given. Give one of them.")


def _checked(where: str, value: object, population: Population) -> Rollout:
    given = read.keys(where, value, (*(one.name for one in fields(Rollout)), "file"), _EXAMPLE)
    kind = read.choice(where, given["kind"], group_choices("rollout"))
    fail_if_two_lists(where, given["districts"], given["file"])
    districts: tuple[str, ...] = ()
    if given["file"] is not None:
        districts = districts_of_file(f"{where}.file", given["file"], population)
    elif given["districts"]:
        districts = districts_from(f"{where}.districts", given["districts"], population)
    fail_if_list_is_not_needed(where, kind, districts, given["file"])
    if kind == "file":
        fail_if_list_is_missing(where, districts)

    def amount(key: str, most: float = MOST) -> float:
        return read.number(f"{where}.{key}", given[key], 0, most)

    return Rollout(
        kind=kind,
        coverage=read.share(f"{where}.coverage", given["coverage"]),
        waves=None if given["waves"] is None else read.whole(f"{where}.waves", given["waves"], 1, 50),
        budget_idr_year=_by_year(f"{where}.budget_idr_year", given["budget_idr_year"]),
        mentors=None if given["mentors"] is None else amount("mentors"),
        cooperatives_per_mentor=amount("cooperatives_per_mentor", 1000),
        mentor_training_months=read.whole(f"{where}.mentor_training_months", given["mentor_training_months"], 0, 120),
        mentor_turnover=read.share(f"{where}.mentor_turnover", given["mentor_turnover"]),
        mentors_trained_year=amount("mentors_trained_year"),
        managers=None if given["managers"] is None else amount("managers"),
        managers_year=amount("managers_year"),
        loan_funds_idr_year=_by_year(f"{where}.loan_funds_idr_year", given["loan_funds_idr_year"]),
        start_without_support=read.switch(f"{where}.start_without_support", given["start_without_support"]),
        pause_above=read.share(f"{where}.pause_above", given["pause_above"]),
        districts=districts,
    )


def _by_year(where: str, value: object) -> tuple[float, ...] | None:
    if value is None:
        return None
    if isinstance(value, list | tuple):
        checks.fail_if_empty(where, value, "[40e12,40e12,2e12]")
        return tuple(read.number(f"{where}[{year}]", one, 0, MOST_IDR) for year, one in enumerate(value))
    return (read.number(where, value, 0, MOST_IDR),)
