"""From override strings to a plain mapping, by Hydra's grammar and Hydra's groups.

Hydra parses the strings and composes the groups; what comes out is plain Python. Nothing a user writes is interpolated,
instantiated or added to Hydra's own settings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from povsim.config import later
from povsim.config.checks import fail_if_unknown_choice, hint
from povsim.config.defaults import (
    GROUP_KEY,
    OPEN,
    commands_with_keys,
    config_folder,
    defaults,
    group_choices,
    merged,
    own_keys,
)  # fmt: skip
from povsim.config.not_read import fail_if_it_is_not_read
from povsim.errors import PovsimError

PATHS = (
    "out", "branch_from", "recipe", "data", "cooperatives", "mapping", "cooperatives_mapping", "uncertainty", "posterior",
    "score",
)  # fmt: skip
"""Keys whose value is a path, which is read as it stands."""
LISTS = "Lists are written arms=[a,b], mappings exit={b: .1, W: 24}, numbers 1000 and 0.5; quote text with spaces."


def compose(overrides: Sequence[str], base: Mapping[str, Any] | None = None, command: str = "compare") -> dict[str, Any]:
    """Defaults, over them `base` (nested keys, from a file), over them `overrides` ("exit.b=.2"), as a plain mapping.

    Keys that only `command` has (`configs/command/`) are part of it.
    """
    given: dict[str, Any] = merged({}, base or {})
    for text in overrides:
        given = merged(_spread(given), _nested(text, command))
    given = _spread(given)
    fail_if_reserved_key(given)
    chosen = {
        group: given[group][key]
        for group, key in GROUP_KEY.items()
        if isinstance(given.get(group), Mapping) and key in given[group]
    }
    for group, name in chosen.items():
        if name not in later.POPULATIONS:
            fail_if_unknown_choice(group, name, group_choices(group))
    names = [f"{group}={name}" for group, name in chosen.items() if name in group_choices(group)]
    try:
        with initialize_config_dir(str(config_folder()), version_base="1.3"):
            composed = OmegaConf.to_container(hydra_compose("config", names), resolve=False)
    except (HydraException, OmegaConfBaseException) as error:
        raise PovsimError(f"The defaults in {config_folder()} cannot be composed: {_first_line(error)}.") from error
    assert isinstance(composed, dict)
    return merged({str(key): value for key, value in composed.items()} | own_keys(command), given)


def fail_if_unreadable(text: str, command: str) -> Override:
    """Text that Hydra's grammar does not know; returns what it reads otherwise."""
    if "=" not in text and not text.startswith("~"):
        example = (
            f"Write {text}=VALUE."
            if text in known_keys(command)
            else f"{hint(text, known_keys(command))} Write for example replicates=32.".strip()
        )
        raise PovsimError(f"'{text}' is no KEY=VALUE. {example}")
    try:
        return OverridesParser.create().parse_override(text)
    except HydraException as error:
        raise PovsimError(f"'{text}' cannot be read: {_first_line(error)}. {LISTS}") from error


def fail_if_key_is_added_or_deleted(override: Override, command: str) -> None:
    """Signs of Hydra that add a key (+, ++), delete one (~) or move a group (@)."""
    if override.type is not OverrideType.CHANGE or override.package is not None:
        sign = {OverrideType.ADD: "+", OverrideType.FORCE_ADD: "++", OverrideType.DEL: "~"}.get(override.type, "")
        name = f"{sign}{override.key_or_group}" + (f"@{override.package}" if override.package else "")
        closest = hint(override.key_or_group, known_keys(command))
        raise PovsimError(f"There is no key '{name}'.{closest} Keys are set as KEY=VALUE, without '+', '++', '~' or '@'.")


def fail_if_it_is_a_sweep(override: Override) -> None:
    """Several values for one key."""
    if override.is_sweep_override():
        raise PovsimError(
            f"'{override.input_line}' gives several values for one key; -m runs each. {LISTS} The decimal sign is a point."
        )


def fail_if_interpolated(text: str) -> None:
    """Interpolations could read the environment."""
    if "${" in text:
        raise PovsimError(f"'{text}': '${{...}}' is not filled in. Write the value itself.")


def fail_if_key_is_unknown(path: Sequence[str], command: str) -> None:
    """A key that is in no default and under no open key."""
    level: Any = defaults() | own_keys(command)
    for key in path:
        if not isinstance(level, Mapping) or key not in level:
            name = ".".join(path)
            raise PovsimError(f"There is no key '{name}'.{_hint(name, command)} povsim {command} --help lists the keys.")
        if key in OPEN:
            return
        level = level[key]


def fail_if_reserved_key(given: Mapping[str, Any]) -> None:
    """Keys that tell Hydra or OmegaConf to run code."""
    for path in _paths(given):
        for key in path.split("."):
            if key.startswith("_"):
                raise PovsimError(f"There is no key '{path}'. povsim runs no code named in a value; leave it out.")


def known_keys(command: str) -> tuple[str, ...]:
    """Every dotted key that `command` has."""
    return tuple(_paths(defaults() | own_keys(command)))


def _hint(name: str, command: str) -> str:
    from povsim.parameters import register

    if name in register():
        return f" Did you mean 'parameters.{name}'?"
    of = [other for other in commands_with_keys() if other != command and name in _paths(own_keys(other))]
    if of:
        return f" It is a key of povsim {' and povsim '.join(of)}."
    return hint(name, known_keys(command))


def _nested(text: str, command: str) -> dict[str, Any]:
    fail_if_interpolated(text)
    key, _, value = text.partition("=")
    if key in PATHS:
        fail_if_key_is_unknown((key,), command)
        fail_if_it_is_not_read(text, key, command)
        return {key: _plain(value)}
    override = fail_if_unreadable(text, command)
    path = override.key_or_group.split(".")
    nested: Any = None
    for key in reversed(path):
        nested = {key: nested}
    fail_if_key_is_added_or_deleted(override, command)
    fail_if_reserved_key(nested)
    fail_if_it_is_a_sweep(override)
    fail_if_key_is_unknown(path, command)
    fail_if_it_is_not_read(text, path[0], command)
    nested = override.value()
    for key in reversed(path):
        nested = {key: nested}
    assert isinstance(nested, dict)
    return nested


def _plain(path: str) -> str | None:
    """A path as it stands, so that commas and brackets in it mean nothing; null means none."""
    if len(path) > 1 and path[0] == path[-1] and path[0] in "'\"":
        return path[1:-1]
    return None if path == "null" else path


def _spread(given: Mapping[str, Any]) -> dict[str, Any]:
    """Groups named by their choice as mappings, so that keys of the group can be laid over them."""
    return {
        key: {GROUP_KEY[key]: str(value)} if key in GROUP_KEY and isinstance(value, str | int | float) else value
        for key, value in given.items()
    }


def _paths(given: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for key, value in given.items():
        name = f"{above}.{key}" if above else str(key)
        yield name
        if isinstance(value, Mapping):
            yield from _paths(value, name)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
