"""The commented defaults in `configs/`: where they are and what they say.

The folder is packaged into the wheel as `povsim/configs`; a source checkout has it at its root.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from povsim.errors import PovsimError

GROUP_KEY = {"population": "kind", "cooperative": "scenario", "rollout": "kind", "economy": "kind", "registry": "kind"}
"""The groups of `configs/` and the key in each that names the choice."""

OPEN = ("parameters", "programmes", "arm_definitions", "components", "treatments")
"""Keys whose entries are named by the user or by the register."""


@cache
def config_folder() -> Path:
    """The folder of the Hydra groups."""
    package = Path(__file__).parents[1]
    for folder in (package / "configs", package.parents[1] / "configs"):
        if (folder / "config.yaml").is_file():
            return folder
    raise PovsimError(f"The folder 'configs' of povsim is missing beside {package}. Install povsim again.")


@cache
def group_choices(group: str) -> tuple[str, ...]:
    """The choices of one group, in alphabetical order."""
    return tuple(sorted(path.stem for path in (config_folder() / group).glob("*.yaml")))


def defaults(choices: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The default of every key; `choices` names the entry of a group where it is not the default one."""
    base = deepcopy(_read("config.yaml"))
    entries: list[Any] = base.pop("defaults")
    chosen = {group: name for entry in entries if isinstance(entry, dict) for group, name in entry.items()}
    for group, name in (chosen | dict(choices or {})).items():
        base[group] = deepcopy(_read(f"{group}/{name}.yaml"))
    return base


@cache
def commands_with_keys() -> tuple[str, ...]:
    """Commands that have keys of their own: a file in `configs/command/` each."""
    return tuple(sorted(path.stem for path in (config_folder() / "command").glob("*.yaml")))


def own_keys(command: str) -> dict[str, Any]:
    """The keys that only `command` has, and their defaults."""
    return deepcopy(_read(f"command/{command}.yaml")) if command in commands_with_keys() else {}


def merged(base: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """`given` laid over `base`, mapping by mapping."""
    result = dict(base)
    for key, value in given.items():
        below = result.get(key)
        result[key] = merged(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return result


@cache
def _read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((config_folder() / name).read_text(encoding="utf-8"))
    return content
