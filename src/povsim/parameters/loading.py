"""Reading the register from its YAML files; the schema is checked in tests and on demand, not in every run."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import yaml

from povsim.errors import PovsimError
from povsim.parameters.entry import Entry

GROUPS = (
    "technology",
    "shocks",
    "household",
    "people",
    "credit",
    "trade",
    "accounts",
    "units",
    "governance",
    "funnel",
    "membership",
    "registry",
    "aid",
    "cost",
)

_HERE = files(__package__)
_SCALARS: dict[str, Callable[[str], Any]] = {
    "tag:yaml.org,2002:int": int,
    "tag:yaml.org,2002:float": float,
    "tag:yaml.org,2002:bool": lambda text: text == "true",
    "tag:yaml.org,2002:null": lambda _: None,
}


@dataclass(frozen=True, slots=True)
class Scenario:
    """A cooperative scenario; `target` marks one that shows aims rather than records."""

    key: str
    name: Mapping[str, str]
    description: Mapping[str, str]
    target: bool


def load(check: bool = False) -> dict[str, Entry]:
    """Read every entry afresh, in the order of the groups; with `check`, hold the files against the schema first."""
    entries: dict[str, Entry] = {}
    for group in GROUPS:
        content = _read(f"{group}.yaml")
        if check:
            _check(group, content)
        for raw in content["entries"]:
            entry = _parse(group, raw)
            if entry.symbol in entries:
                raise PovsimError(
                    f"The parameter '{entry.symbol}' stands twice in the register: in the groups "
                    f"'{entries[entry.symbol].group}' and '{group}'. Remove one of the two."
                )
            entries[entry.symbol] = entry
    return entries


@cache
def scenarios() -> Mapping[str, Scenario]:
    """The cooperative scenarios by key: as_reported, as_planned, optimistic."""
    return MappingProxyType({key: Scenario(key, **raw) for key, raw in _read("scenarios.yaml").items()})


@cache
def group_titles() -> Mapping[str, Mapping[str, str]]:
    """Title of every group in both languages."""
    return MappingProxyType({group: _read(f"{group}.yaml")["title"] for group in GROUPS})


@cache
def unit_names() -> Mapping[str, str]:
    """Indonesian wording of every unit, by the unit as it stands in an entry."""
    return MappingProxyType(_read("units_id.yaml"))


def _read(name: str) -> Any:
    text = (_HERE / name).read_text(encoding="utf-8")
    return _plain(yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def _plain(node: yaml.Node | None) -> Any:
    """Python value of a YAML node. PyYAML's own constructor allows for recursive documents, at twice the time of a load."""
    if isinstance(node, yaml.MappingNode):
        return {key.value: _plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    assert isinstance(node, yaml.ScalarNode)
    convert = _SCALARS.get(node.tag)
    return convert(node.value) if convert else node.value


def _check(group: str, content: Any) -> None:
    import jsonschema

    schema = json.loads((_HERE / "schema.json").read_text(encoding="utf-8"))
    problems = list(jsonschema.Draft202012Validator(schema).iter_errors(content))
    if problems:
        first = problems[0]
        raise PovsimError(
            f"The register file '{group}.yaml' does not follow its schema in {len(problems)} places; the first at "
            f"{first.json_path}: {first.message}. Mend the file; schema.json beside it says what is accepted."
        )


def _parse(group: str, raw: Mapping[str, Any]) -> Entry:
    default = raw["default"]
    lower, upper = raw.get("bounds", (None, None))
    return Entry(
        symbol=raw["symbol"],
        group=group,
        name=raw["name"],
        description=raw["description"],
        equation=raw["equation"],
        unit=raw["unit"],
        default=_floats(default) if isinstance(default, dict) else float(default),
        scenarios=_floats(raw.get("scenarios", {})),
        scenario_sources=MappingProxyType(raw.get("scenario_sources", {})),
        scenario_grades=MappingProxyType(raw.get("scenario_grades", {})),
        low=float(raw["range"][0]),
        high=float(raw["range"][1]),
        lower=lower,
        upper=upper,
        whole=raw.get("whole", False),
        prior=raw["prior"],
        source=raw["source"],
        grade=raw["grade"],
    )


def _floats(raw: Mapping[str, float]) -> Mapping[str, float]:
    return MappingProxyType({key: float(value) for key, value in raw.items()})
