"""What was missing at a relapse, on paths written by hand."""

import numpy as np

from povsim.measures.exits import CCAP_LINE, M12_LINE
from povsim.measures.relapse import KINDS, relapses

T, W = 12, 3


def path(above: str, able: str) -> np.ndarray:
    """Flags [T] from months written as 1 and 0."""
    return np.array([M12_LINE * (a == "1") + CCAP_LINE * (c == "1") for a, c in zip(above, able, strict=True)], np.uint8)


def test_every_kind() -> None:
    paths = {
        "none": path("000000000000", "000000000000"),
        "held": path("001111111111", "111111111111"),
        "passing": path("001111110111", "111111111111"),
        "capacity_fell": path("001111110000", "111111110000"),
        "never_held": path("001111110000", "000000000000"),
    }
    tau = np.array([0, 3, 3, 3, 3], np.int16)
    found = relapses(np.stack(list(paths.values()), axis=1), tau, W, np.full(5, T))
    assert [KINDS[k] for k in found] == list(paths)


def test_a_fall_within_the_holding_time_is_not_read_and_one_right_after_it_is() -> None:
    inside, after = path("001110111111", "1" * 12), path("001111011111", "1" * 12)
    found = relapses(np.stack([inside, after], axis=1), np.array([3, 3], np.int16), W, np.full(2, T))
    assert [KINDS[k] for k in found] == ["held", "passing"]  # month 6 = tau + W is held; month 7 is not


def test_what_a_successor_goes_through_is_no_relapse() -> None:
    flags = np.stack([path("001111110000", "1" * 12)] * 2, axis=1)
    found = relapses(flags, np.array([3, 3], np.int16), W, np.array([8, 9]))
    assert [KINDS[k] for k in found] == ["held", "passing"]


def test_capacity_is_read_in_the_month_of_the_relapse() -> None:
    recovered = path("001111110000", "111111110001")
    assert KINDS[relapses(recovered[:, None], np.array([3], np.int16), W, np.array([T]))[0]] == "capacity_fell"
