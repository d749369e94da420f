"""The keys of checkpoints: at which year ends a run is kept, and where another one begins."""

from __future__ import annotations

from collections.abc import Sequence

from povsim.config import checks, read
from povsim.errors import PovsimError

EXAMPLE = "[0,60]"


def checkpoints_from(value: object, horizon_months: int) -> tuple[int, ...]:
    """Months at whose end all arms are kept, first to last; null or [] for none."""
    if value is None or value == []:
        return ()
    checks.fail_if_not_a_list("checkpoints", value, EXAMPLE)
    assert isinstance(value, Sequence)
    months = [read.years(f"checkpoints[{i}]", month, 0, horizon_months) for i, month in enumerate(value)]
    checks.fail_if_repeated("checkpoints", [str(month) for month in months])
    return tuple(sorted(months))


def branch_from(value: object) -> str | None:
    """The folder in which a run begins, as the user wrote it; null for the beginning."""
    if value is None:
        return None
    checks.fail_if_not_text("branch_from", value, "the path of a result folder with checkpoints")
    return str(value)


def branch_month(value: object, folder: str | None, horizon_months: int) -> int | None:
    """The month at whose end a run begins; null for the latest that was kept."""
    if value is None:
        return None
    month = read.years("branch_month", value, 0, horizon_months)
    fail_if_there_is_nothing_to_branch_from(month, folder)
    return month


def fail_if_there_is_nothing_to_branch_from(month: int, folder: str | None) -> None:
    """A month without a folder that holds it."""
    if folder is None:
        raise PovsimError(
            f"branch_month = {month} says at the end of which month a run begins, but branch_from is not given. "
            "Add branch_from=DIR, the result folder of a run with checkpoints."
        )
