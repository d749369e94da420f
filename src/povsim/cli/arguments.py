"""Plain options of a command, apart from its KEY=VALUE overrides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from povsim.errors import PovsimError, nearest


def split_arguments(argv: Sequence[str], options: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Options ("--out DIR", "--out=DIR", "--json") and the other arguments; `options`: what each takes, "" for nothing."""
    values: dict[str, str] = {}
    others: list[str] = []
    rest = list(argv)
    while rest:
        argument = rest.pop(0)
        if not argument.startswith("-"):
            others.append(argument)
            continue
        name, equals, value = argument.partition("=")
        fail_if_unknown_option(name, options)
        if not options[name]:
            fail_if_value_given(name, equals)
        elif not equals:
            fail_if_value_missing(name, options, rest)
            value = rest.pop(0)
        values[name] = value
    return values, others


def fail_if_unknown_option(name: str, options: Mapping[str, str]) -> None:
    """An option that the command does not read."""
    if name not in options:
        closest = nearest(name, options)
        hint = f" Did you mean '{closest}'?" if closest else ""
        raise PovsimError(f"There is no option '{name}'.{hint} Known: {', '.join([*options, '--help'])}.")


def fail_if_value_given(name: str, equals: str) -> None:
    """A switch with a value."""
    if equals:
        raise PovsimError(f"{name} takes no value. Write {name} alone.")


def fail_if_value_missing(name: str, options: Mapping[str, str], rest: Sequence[str]) -> None:
    """An option at the end, or followed by another one."""
    if not rest or rest[0].startswith("--") or rest[0] in options:
        raise PovsimError(f"{name} needs a value: {name} {options[name]}.")


def asks_for_help(argv: Sequence[str]) -> bool:
    """Whether -h or --help is among the arguments."""
    return "-h" in argv or "--help" in argv
