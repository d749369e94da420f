"""What every command does that runs an experiment: read its options, compose its scenario, run one or a sweep."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from povsim.cli.arguments import asks_for_help, split_arguments
from povsim.errors import PovsimError

if TYPE_CHECKING:
    from povsim.cli.experiment import Experiment

OPTIONS = {"--out": "DIR", "--scenario": "FILE", "--json": "", "-m": ""}
"""Options of commands that run an experiment."""

Options = Mapping[str, str]
Overrides = Sequence[str]
Live = Callable[[Any, Any], Any]
ScenarioOf = Callable[[Options, Overrides], Any]


def run_reported(
    command: str,
    argv: Sequence[str],
    help_text: Callable[[], str],
    scenario_of: ScenarioOf,
    live: Live,
    options: Mapping[str, str] = OPTIONS,
) -> int:
    """`run_command` for a command whose report is in `povsim.reporting.simple_page.REPORTS`."""

    def experiment() -> Experiment:
        from povsim.cli.experiment import reported

        return reported(command, live)

    return run_command(argv, help_text, scenario_of, experiment, options)


def run_command(
    argv: Sequence[str],
    help_text: Callable[[], str],
    scenario_of: ScenarioOf,
    experiment: Callable[[], Experiment],
    options: Mapping[str, str] = OPTIONS,
) -> int:
    """Compose, check, run, show; the exit code. `options`: those that the command takes."""
    if asks_for_help(argv):
        print(help_text())
        return 0
    given, overrides = split_arguments(argv, options)
    if "-m" in given:
        from povsim.cli.sweep import run_sweep

        return run_sweep(experiment(), given, overrides, scenario_of)
    from povsim.cli.experiment import run_experiment

    return run_experiment(experiment(), scenario_of(given, overrides), as_json="--json" in given)


def composed(command: str, options: Options, overrides: Overrides, base: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Keys of a command as a plain mapping: KEY=VALUE, over --out, `base` (None: the file of --scenario) and the defaults."""
    from povsim.cli.compose import compose

    fail_if_out_is_given_twice(options, overrides)
    keys = dict(file_keys(options) if base is None else base)
    if "--out" in options:
        keys["out"] = options["--out"]
    return compose(overrides, keys, command)


def file_keys(options: Options) -> dict[str, Any]:
    """Keys of the file of --scenario, but its result folder; none where no file is given."""
    keys = dict(fail_if_file_cannot_be_read(options["--scenario"])) if "--scenario" in options else {}
    keys.pop("out", None)
    return keys


def apart(command: str, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Keys of every scenario, and those that only `command` has."""
    from povsim.config.defaults import own_keys

    own = own_keys(command)
    return {k: v for k, v in given.items() if k not in own}, {k: given[k] for k in own}


def fail_if_file_cannot_be_read(name: str) -> Mapping[str, Any]:
    """A scenario file that is missing or no YAML mapping; returns its keys otherwise."""
    import yaml

    try:
        content = yaml.safe_load(Path(name).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise PovsimError(
            f"--scenario {name} cannot be read: {getattr(error, 'strerror', None) or 'no UTF-8 text'}."
        ) from error
    except yaml.YAMLError as error:
        raise PovsimError(f"--scenario {name} is no YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(content, Mapping):
        raise PovsimError(f"--scenario {name} holds no keys. It needs lines such as 'replicates: 8'.")
    return content


def fail_if_out_is_given_twice(options: Options, overrides: Overrides) -> None:
    """Both --out and out=, with nothing to say which is meant."""
    if "--out" in options and any(text.startswith("out=") for text in overrides):
        raise PovsimError("--out and out= are both given. Give one of them.")
