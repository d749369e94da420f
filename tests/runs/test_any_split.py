"""Contract C2: one hash of `variants` and of the sorted tables, however the work is split."""

from pathlib import Path

import pytest
from runs.commands import SMALL, result_hash

from povsim.cli import main

RUN = ["compare", *SMALL, "replicates=5", "arms=[none,aid,aid_equal_cost,aid_cooperative]"]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with a store, and the hash of the result lived in one thread."""
    folder = tmp_path_factory.mktemp("alone")
    assert main([*RUN, "threads=1", f"out={folder / 'out'}", f"store={folder / 'store'}"]) == 0
    return folder, result_hash(folder / "out")


@pytest.mark.parametrize(
    "how",
    [
        ["threads=2"], ["threads=2", "shards=1"], ["threads=1", "shards=3"], ["shards=64"], ["workers=1"], ["workers=2"],
        ["workers=4", "shards=2"], ["threads=1", "reuse=false"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_c2_any_split_gives_the_same_bits(tmp_path: Path, alone: tuple[Path, str], how: list[str]) -> None:
    assert main([*RUN, *how, f"out={tmp_path / 'out'}", f"store={tmp_path / 'store'}"]) == 0
    assert result_hash(tmp_path / "out") == alone[1]


def test_c2_resumed_from_the_store_or_grown_from_fewer_replicates(
    tmp_path: Path, alone: tuple[Path, str], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, whole = alone
    capsys.readouterr()
    assert main([*RUN, f"out={tmp_path / 'all'}", f"store={folder / 'store'}"]) == 0
    assert "came from the store" in capsys.readouterr().out
    fewer = [part for part in RUN if not part.startswith("replicates")]
    store = f"store={tmp_path / 'store'}"
    assert main([*fewer, "replicates=2", f"out={tmp_path / 'few'}", store]) == 0
    assert main([*RUN, f"out={tmp_path / 'grown'}", store]) == 0
    assert result_hash(tmp_path / "all") == result_hash(tmp_path / "grown") == whole != result_hash(tmp_path / "few")
