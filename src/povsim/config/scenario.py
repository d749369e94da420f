"""The scenario: everything a run depends on, frozen and checked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from povsim.config import checkpoints, checks, read
from povsim.config.arms import ArmSpec, across, arms_from, definitions_from, idle_levers, resolved, unused_definitions
from povsim.config.defaults import GROUP_KEY, defaults, group_choices, merged
from povsim.config.mechanism import futures_from, ledger_from
from povsim.config.parts import Economy, Exit, Registry, economy_from, exit_from, registry_from
from povsim.config.population import Population, population_from
from povsim.config.programmes import ProgrammeSpec, programmes_from
from povsim.config.rollout import Rollout, as_keys, rollout_from
from povsim.config.shift import NO_SHIFT, Shift
from povsim.config.uncertainty import file_hash, uncertainty_from
from povsim.errors import PovsimError

VARIANTS = ("trap", "no_trap")
PAYERS = ("village_fund", "ministry", "cooperative")
EQUAL_MONEY = ("best", "benefits", "grant", "families")
LANGUAGES = ("en", "id")
SEED_MAX = 2**63 - 1
FOLLOW_MONTHS = 60
"""Months that must be left after the last start of an exit."""

_NO_NUMBER = ("out", "threads", "language", "reuse")
"""Keys that change no number of a result."""
_OF_THIS_MACHINE = ("workers", "shards", "scheduler", "store", "warnings", "own", "drawn", "shift")
"""Fields that say how this machine runs it: no part of the scenario that is written and hashed (a `shift` is)."""

NOTHING_LIMITS = Rollout("all", 1.0, None, None, None, 1.0, 0, 0.0, 0.0, None, 0.0, None, False, 1.0, ())


@dataclass(frozen=True, slots=True)
class Scenario:
    """One question to the model."""

    seed: int
    """Root of every random number, 0 to 2**63 - 1."""
    replicates: int
    """Independent samples of villages, households and shocks, 1 to 10,000."""
    population: Population
    """Who is simulated."""
    horizon_months: int
    """Months followed after the arms part, whole years, 84 to 600."""
    burn_in_months: int
    """Months lived before the arms part, whole years, 36 to 600."""
    arms: tuple[ArmSpec, ...]
    """What is compared, with the cooperative scenario of the run filled in."""
    arm_definitions: tuple[ArmSpec, ...]
    """Arms the user defined, run or not."""
    programmes: tuple[ProgrammeSpec, ...]
    """Programmes the user composed."""
    variants: tuple[str, ...]
    """Technologies: `trap`, `no_trap`."""
    interactions: bool
    """False freezes ties, help, local demand, targeting, membership and credit."""
    cooperative: str
    """Scenario of every cooperative arm that names none: `as_reported`, `as_planned`, `optimistic`."""
    scenarios: tuple[str, ...]
    """Scenarios of cooperatives that are compared in one run, the run's own first; empty: only that."""
    rollout: Rollout
    """Which villages get a cooperative, and when; an arm may have its own."""
    economy: Economy
    """The economy outside the villages."""
    registry: Registry
    """The register that assistance is targeted with."""
    exit: Exit
    """What counts as a permanent exit."""
    parameters: tuple[tuple[str, float], ...]
    """Entries of the register set by the user, by symbol."""
    payer: str
    """Who pays for the cooperatives: `village_fund` (other village spending is displaced), `ministry`, or `cooperative` (its
    capital is lent by state banks; the ministry pays the rest)."""
    equal_money: str
    """Form of assistance at equal cost: `benefits` (higher), `grant` (in the months of outlay), `families` (more of them), or
    `best`: the one of the three with most permanent exits on other draws."""
    break_even: bool
    """Whether to look for the values from which on cooperatives beat the best assistance at equal money."""
    reuse: bool
    """False: compute anew, read nothing stored."""
    threads: int | None
    """Threads of the compiled loop; None: all cores."""
    language: str
    """Language of the report: `en` or `id`."""
    out: str | None
    """Result folder; None: one under outputs/."""
    futures: int = 0
    """Branched futures of each sampled permanent exit (rung E5), 0 to 10,000; 0: E5 stays empty."""
    assumptions: int = 0
    """Draws of all parameters from their priors that say how much of the answer assumptions move, 0 to 10,000; 0: not asked."""
    ledger: tuple[str, ...] = ()
    """Cooperative arms whose effect is taken apart by mechanism."""
    sample: float | None = None
    """Share of each district's villages that `povsim national` lives, above 0 to 1; None: all."""
    workers: int | None = field(default=None, compare=False)
    """Processes of this machine that live runs; None: threads of one process."""
    shards: int | None = field(default=None, compare=False)
    """Groups that runs are handed out in; None: one by one."""
    scheduler: str | None = field(default=None, compare=False)
    """Address of a Dask scheduler whose workers live the runs; None: this machine."""
    store: str | None = field(default=None, compare=False)
    """Folder of finished runs; None: outputs/store."""
    checkpoints: tuple[int, ...] = ()
    """Months at whose end all arms are kept in the result folder, whole years; 0: the end of the burn-in."""
    branch_from: str | None = None
    """Result folder with checkpoints in which the run begins; None: at its own burn-in."""
    branch_month: int | None = None
    """The month at whose end it begins; None: the latest that the folder holds."""
    warnings: tuple[str, ...] = field(default=(), compare=False)
    """What runs but may not be meant."""
    own: str = "{}"
    """Keys of the command alone (`configs/command/`), checked, as JSON."""
    uncertainty: str = "point"
    """Where parameters are drawn from: `point` (not at all), `prior`, `posterior`, or a file of draws."""
    n_draws: int | None = None
    """Draws of the parameters; None where none is drawn."""
    shift: Shift = NO_SHIFT
    """How far the fitted population moves so that `parameters` keep its margins (`experiments.refit`); no key of the user."""
    drawn: tuple[str, ...] = ()
    """Symbols among `parameters` that a draw has set, not the user (`experiments.parameter_draws`); no key of the user."""

    @property
    def window(self) -> tuple[int, int]:
        """First and last month in which an exit may start."""
        return 12, self.horizon_months - FOLLOW_MONTHS

    @property
    def arm_names(self) -> tuple[str, ...]:
        """Names of the arms, in the order of tables."""
        return tuple(arm.name for arm in self.arms)

    def targets(self) -> tuple[str, ...]:
        """Arms whose cooperatives follow the ministry's targets."""
        return tuple(arm.name for arm in self.arms if arm.target)

    def overrides(self) -> dict[str, float]:
        """Values of register entries that this scenario sets: parameters, growth, refresh of the registry."""
        chosen = {"g_w": self.economy.g_w, "refresh": self.registry.refresh}
        return {symbol: value for symbol, value in chosen.items() if value is not None} | dict(self.parameters)

    def lived(self) -> Scenario:
        """This scenario with every key set to a fixed value that changes no life of a replicate once its arms are given."""
        return replace(
            self, replicates=1, arms=(), arm_definitions=(), variants=VARIANTS, cooperative="as_reported", scenarios=(),
            rollout=NOTHING_LIMITS, payer=PAYERS[0], equal_money=EQUAL_MONEY[0], break_even=False, reuse=True, threads=None,
            language="en", out=None, futures=0, assumptions=0, ledger=(), workers=None, shards=None, scheduler=None, store=None,
            checkpoints=(), branch_from=None, branch_month=None, warnings=(), own="{}",
            uncertainty="point", n_draws=None, drawn=(),
        )  # fmt: skip

    def resolved(self) -> dict[str, Any]:
        """Every key with its value, plain and sorted; `scenario_from` reads it back to an equal scenario."""
        own = [arm.name for arm in self.arms if arm.repeats is None]
        names: dict[str, Any] = {"arms": own, "parameters": dict(self.parameters), "scenarios": list(self.scenarios) or None}
        names["arm_definitions"] = {arm.name: _definition(arm) for arm in self.arm_definitions}
        names["programmes"] = {programme.name: _without_name(programme) for programme in self.programmes}
        plain = {name: getattr(self, name) for name in self.__slots__ if name not in _OF_THIS_MACHINE} | names
        plain |= {part: asdict(getattr(self, part)) for part in ("population", "economy", "registry", "exit")}
        plain["rollout"] = as_keys(self.rollout)
        plain |= {} if self.shift == NO_SHIFT else {"shift": asdict(self.shift)}
        plain |= json.loads(self.own)
        ordered: dict[str, Any] = json.loads(json.dumps(plain, sort_keys=True, allow_nan=False))
        return ordered

    def with_own(self, keys: Mapping[str, Any]) -> Scenario:
        """This scenario with the checked keys of its command (plain values): written, hashed and read back with the others."""
        return replace(self, own=json.dumps(keys, sort_keys=True, allow_nan=False))

    def content_hash(self) -> str:
        """SHA-256 of every key that can change a number."""
        counted = {key: value for key, value in self.resolved().items() if key not in _NO_NUMBER}
        content = file_hash(self.uncertainty)
        counted |= {} if content is None else {"uncertainty": content}
        draws = json.loads(self.own).get("posterior")
        counted |= {} if draws is None else {"posterior": file_hash(draws)}
        return hashlib.sha256(json.dumps(counted, sort_keys=True).encode()).hexdigest()


def scenario_from(mapping: Mapping[str, Any]) -> Scenario:
    """Check `mapping` (keys as on the command line, nested) laid over the defaults; raises PovsimError.

    A group may be given by its name (`{"population": "toy"}`) or by its keys (`{"population": {"villages": 50}}`).
    """
    given = _with_defaults(mapping)
    uncertainty, n_draws = uncertainty_from(given)
    horizon = read.years("horizon_months", given["horizon_months"], 84, 600)
    cooperative = _cooperative(given["cooperative"])
    programmes = programmes_from(given["programmes"], horizon)
    population = population_from(given["population"])
    rollout = rollout_from(given["rollout"], population)
    names = [programme.name for programme in programmes]
    definitions = definitions_from(given["arm_definitions"], names, horizon, rollout, population)
    arms = arms_from(given["arms"], definitions)
    economy = economy_from(given["economy"], horizon)
    registry = registry_from(given["registry"])
    parameters, warnings = _parameters(given["parameters"])
    fail_if_set_twice("g_w", "economy", economy.g_w, parameters)
    fail_if_set_twice("refresh", "registry", registry.refresh, parameters)
    variants = read.words("variants", given["variants"], "[trap,no_trap]")
    for variant in variants:
        checks.fail_if_unknown_choice("variants", variant, VARIANTS)
    scenarios = _scenarios(given["scenarios"], cooperative)
    fail_if_nothing_to_repeat(arms, scenarios)
    lived = tuple(resolved(arm, cooperative) for arm in across(arms, cooperative, scenarios))
    warnings += unused_definitions(arms, definitions) + _unused_programmes(programmes, arms)
    chosen = {"g_w": economy.g_w, "refresh": registry.refresh}
    overrides = {symbol: value for symbol, value in chosen.items() if value is not None} | dict(parameters)
    warnings += idle_levers(lived, variants, overrides)
    branch_from = checkpoints.branch_from(given["branch_from"])
    return Scenario(
        seed=read.whole("seed", given["seed"], 0, SEED_MAX),
        replicates=read.whole("replicates", given["replicates"], 1, 10_000),
        population=population,
        horizon_months=horizon,
        burn_in_months=read.years("burn_in_months", given["burn_in_months"], 36, 600),
        arms=lived,
        arm_definitions=definitions,
        programmes=programmes,
        variants=tuple(variant for variant in VARIANTS if variant in variants),
        interactions=read.switch("interactions", given["interactions"]),
        cooperative=cooperative,
        scenarios=scenarios,
        rollout=rollout,
        economy=economy,
        registry=registry,
        exit=exit_from(given["exit"]),
        parameters=parameters,
        payer=read.choice("payer", given["payer"], PAYERS),
        equal_money=read.choice("equal_money", given["equal_money"], EQUAL_MONEY),
        break_even=read.switch("break_even", given["break_even"]),
        reuse=read.switch("reuse", given["reuse"]),
        threads=None if given["threads"] is None else read.whole("threads", given["threads"], 1, 1024),
        language=read.choice("language", given["language"], LANGUAGES),
        out=_out(given["out"]),
        futures=futures_from(given["futures"]),
        assumptions=read.whole("assumptions", given["assumptions"], 0, 10_000),
        ledger=ledger_from(given["ledger"], lived),
        sample=_sample(given["sample"]),
        **_where(given),
        checkpoints=checkpoints.checkpoints_from(given["checkpoints"], horizon),
        branch_from=branch_from,
        branch_month=checkpoints.branch_month(given["branch_month"], branch_from, horizon),
        warnings=tuple(warnings),
        uncertainty=uncertainty,
        n_draws=n_draws,
    )


def _where(given: Mapping[str, Any]) -> dict[str, Any]:
    """workers, shards, scheduler, store: where runs are lived and kept."""
    for key, example in (("scheduler", "tcp://127.0.0.1:8786"), ("store", "outputs/store")):
        if given[key] is not None:
            checks.fail_if_not_text(key, given[key], f"a text such as {example}")
    if given["scheduler"] is not None and given["workers"] is not None:
        raise PovsimError("scheduler and workers are both given: a cluster has workers of its own. Leave one of the two out.")
    whole = {"workers": 256, "shards": 100_000}
    counts = {key: None if given[key] is None else read.whole(key, given[key], 1, most) for key, most in whole.items()}
    return counts | {key: given[key] for key in ("scheduler", "store")}


def fail_if_nothing_to_repeat(arms: tuple[ArmSpec, ...], scenarios: tuple[str, ...]) -> None:
    """Scenarios are compared in arms that follow the scenario of the run."""
    if scenarios and not any(arm.cooperative == "scenario" for arm in arms):
        raise PovsimError("scenarios compares arms whose cooperatives follow the scenario. Add aid_cooperative to arms.")


def fail_if_set_twice(symbol: str, group: str, chosen: float | None, parameters: tuple[tuple[str, float], ...]) -> None:
    """The same entry of the register set by a group and under `parameters`."""
    if chosen is not None and symbol in dict(parameters):
        raise PovsimError(
            f"parameters.{symbol} = {dict(parameters)[symbol]} and {group}.{symbol} = {chosen} set the same parameter. "
            f"Set {group}.{symbol}=null or leave parameters.{symbol} out."
        )


def _with_defaults(mapping: Mapping[str, Any]) -> dict[str, Any]:
    checks.fail_if_not_a_mapping("the scenario", mapping, "seed: 1")
    named = {
        key: {GROUP_KEY[key]: value} if key in GROUP_KEY and isinstance(value, str) else value for key, value in mapping.items()
    }
    chosen = {
        group: str(named[group][key])
        for group, key in GROUP_KEY.items()
        if isinstance(named.get(group), Mapping) and named[group].get(key) in group_choices(group)
    }
    base = defaults(chosen)
    checks.fail_if_unknown_key("", named, tuple(base))
    return merged(base, named)


def _cooperative(value: object) -> str:
    given = read.keys("cooperative", value, ("scenario",), "cooperative=as_planned")
    return read.choice("cooperative", given["scenario"], group_choices("cooperative"))


def _scenarios(value: object, own: str) -> tuple[str, ...]:
    """The scenarios to compare, the run's own first; one alone is no comparison."""
    if value is None:
        return ()
    given = read.words("scenarios", value, "[as_reported,as_planned]")
    for name in given:
        checks.fail_if_unknown_choice("scenarios", name, group_choices("cooperative"))
    every = tuple(dict.fromkeys((own, *given)))
    return every if len(every) > 1 else ()


def _parameters(value: object) -> tuple[tuple[tuple[str, float], ...], list[str]]:
    from povsim.parameters import check_override

    checks.fail_if_not_a_mapping("parameters", value, "parameters.pi=.08")
    assert isinstance(value, Mapping)
    values: dict[str, float] = {}
    warnings: list[str] = []
    for symbol, given in value.items():
        checks.fail_if_not_text("parameters", symbol, "the symbol of an entry of the register")
        values[symbol] = read.finite(f"parameters.{symbol}", given)
        warning = check_override(symbol, values[symbol])
        warnings += [] if not warning else [warning] if isinstance(warning, str) else list(warning)
    return tuple(sorted(values.items())), warnings


def _sample(value: object) -> float | None:
    """A share of villages; all of them is None, so that both ways to write it are one scenario."""
    if value is None:
        return None
    share = read.share("sample", value)
    checks.fail_if_outside("sample", share, 1e-6, 1, "a share of villages above 0, up to 1; null: all")
    return None if share == 1 else share


def _out(value: object) -> str | None:
    if value is None:
        return None
    checks.fail_if_not_text("out", value, "the path of a folder")
    return str(value)


def _unused_programmes(programmes: tuple[ProgrammeSpec, ...], arms: tuple[ArmSpec, ...]) -> list[str]:
    used = {name for arm in arms for name in arm.programmes}
    return [
        f"programmes.{item.name} is in no arm that is run: it has no effect." for item in programmes if item.name not in used
    ]


def _definition(arm: ArmSpec) -> dict[str, Any]:
    return {
        "aid": arm.aid,
        "cooperative": arm.cooperative,
        "programmes": list(arm.programmes),
        "levers": list(arm.levers),
        "of": arm.of,
        "aid_until": arm.aid_until,
        "graduation_years": arm.graduation_years,
        **({} if arm.rollout is None else {"rollout": as_keys(arm.rollout)}),
    }


def _without_name(programme: ProgrammeSpec) -> dict[str, Any]:
    return {key: value for key, value in asdict(programme).items() if key != "name"}
