"""Contract C2 for the nation: one hash of `variants` and of the sorted tables, however its districts are shared out."""

from pathlib import Path

import pytest
from runs.commands import result_hash

from povsim.cli import main

RUN = [
    "national", "population.provinces=[Gorontalo,Kalimantan Utara]", "sample=0.015", "burn_in_months=36", "horizon_months=84",
    "exit.W=12", "arms=[aid,aid_equal_cost,aid_cooperative]",
]  # fmt: skip
"""11 districts, each by one or two of its villages."""


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with a store, and the hash of the result lived in one thread."""
    folder = tmp_path_factory.mktemp("alone")
    assert main([*RUN, "threads=1", f"out={folder / 'out'}", f"store={folder / 'store'}"]) == 0
    return folder, result_hash(folder / "out")


@pytest.mark.parametrize(
    "how",
    [
        ["threads=2"],
        ["threads=12"],  # more than districts: the villages of one are shared out
        ["threads=2", "shards=1"],
        ["threads=1", "shards=3"],
        ["shards=64"],
        ["workers=2"],
        ["workers=2", "shards=4"],
    ],
    ids=" ".join,
)
def test_c2_any_split_of_the_districts_gives_the_same_bits(tmp_path: Path, alone: tuple[Path, str], how: list[str]) -> None:
    assert main([*RUN, *how, f"out={tmp_path / 'out'}", f"store={tmp_path / 'store'}"]) == 0
    assert result_hash(tmp_path / "out") == alone[1]


def test_c2_districts_are_found_again_whatever_others_are_lived_with_them(
    tmp_path: Path, alone: tuple[Path, str], capsys: pytest.CaptureFixture[str]
) -> None:
    store = f"store={tmp_path / 'store'}"
    part = [text.replace("[Gorontalo,Kalimantan Utara]", "[Gorontalo]") for text in RUN]
    assert main([*part, f"out={tmp_path / 'part'}", store]) == 0
    capsys.readouterr()
    assert main([*RUN, f"out={tmp_path / 'whole'}", store]) == 0
    assert (
        "6 of its runs were finished before" in capsys.readouterr().out
    )  # the money of equal cost is that of the two provinces
    assert result_hash(tmp_path / "whole") == alone[1]
