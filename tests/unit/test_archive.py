"""Files of results: bit for bit, whole or not at all, and nothing in them is run."""

import errno
import os
import pickle
import zipfile
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from povsim.errors import PovsimError
from povsim.experiments import archive


@archive.stored
@dataclass
class Something:
    tau: dict[str, np.ndarray]
    cost: dict[tuple[str, str], float]
    note: str | None


floats = st.floats(allow_nan=False)
leaves = st.none() | st.booleans() | st.integers() | floats | floats.map(np.float64) | st.text()
trees = st.recursive(
    leaves | hnp.arrays(st.sampled_from([np.uint8, np.int16, np.float64, np.bool_]), hnp.array_shapes(min_side=0)),
    lambda part: (
        st.lists(part)
        | st.tuples(part, part)
        | st.dictionaries(st.text() | st.tuples(st.text(), st.integers()), part)
        | st.frozensets(st.integers())
    ),
    max_leaves=12,
)


def same(a: object, b: object) -> bool:
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if type(a) is not type(b):
        return False
    if isinstance(a, dict) and isinstance(b, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return a == b


@given(trees)
def test_a_tree_comes_back_bit_for_bit(tmp_path_factory, tree):
    path = tmp_path_factory.mktemp("archive") / "a.run"
    for compress in (True, False):
        archive.write(path, tree, "test", 1, compress=compress)
        assert same(archive.read(path, "test", 1), tree)


def test_a_dataclass_comes_back(tmp_path):
    thing = Something({"E4": np.array([0, 3], np.int16)}, {("state", "benefits"): 0.1 + 0.2}, None)
    archive.write(tmp_path / "a", thing, "test", 1)
    back = archive.read(tmp_path / "a", "test", 1)
    assert isinstance(back, Something)
    assert same(back.tau, thing.tau) and back.cost == thing.cost and back.note is None


def test_what_has_no_place_is_refused(tmp_path):
    for thing in (object(), {"x": np.array([object()])}, {1, 2}):
        with pytest.raises(TypeError, match="no place"):
            archive.write(tmp_path / "a", thing, "test", 1)
    assert list(tmp_path.iterdir()) == []


def test_another_kind_or_version_is_refused(tmp_path):
    archive.write(tmp_path / "a", {}, "run", 1)
    with pytest.raises(PovsimError, match="holds run; a checkpoint is needed"):
        archive.read(tmp_path / "a", "checkpoint", 1)
    with pytest.raises(PovsimError, match="format 1; this version of povsim reads format 2"):
        archive.read(tmp_path / "a", "run", 2)


def test_a_missing_foreign_or_damaged_file_is_a_message(tmp_path):
    path = tmp_path / "a"
    with pytest.raises(PovsimError, match="no file"):
        archive.read(path, "test", 1)
    path.write_text("hello")
    with pytest.raises(PovsimError, match="damaged, or no file of povsim"):
        archive.read(path, "test", 1)
    archive.write(path, {"x": np.arange(1000.0)}, "test", 1)
    whole = path.read_bytes()
    for cut in (10, len(whole) // 2, len(whole) - 3):
        path.write_bytes(whole[:cut])
        with pytest.raises(PovsimError, match="damaged"):
            archive.read(path, "test", 1)
    for at in range(len(whole) // 2, len(whole) // 2 + 40):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        with pytest.raises(PovsimError, match="damaged"):
            archive.read(path, "test", 1)


def test_a_pickle_in_a_file_is_not_run(tmp_path):
    path, ran = tmp_path / "a", tmp_path / "ran"

    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(ran),)

    archive.write(path, {"x": np.zeros(3)}, "test", 1)
    with zipfile.ZipFile(path) as good:
        tree = good.read(archive.TREE)
    with zipfile.ZipFile(path, "w") as bad:
        bad.writestr(archive.TREE, tree)
        with bad.open("0.npy", "w") as member:
            np.lib.format.write_array(member, np.array([Trap()]), allow_pickle=True)
    with pytest.raises(PovsimError, match="damaged"):
        archive.read(path, "test", 1)
    assert not ran.exists()
    path.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(PovsimError, match="damaged"):
        archive.read(path, "test", 1)
    assert not ran.exists()


def test_a_full_disk_leaves_the_old_file_and_says_so(tmp_path, monkeypatch):
    path = tmp_path / "a"
    archive.write(path, {"x": 1}, "test", 1)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(archive.os, "fsync", full)
    with pytest.raises(PovsimError, match=r"a could not be written: No space left on device\. Make room"):
        archive.write(path, {"x": 2}, "test", 1)
    assert archive.read(path, "test", 1) == {"x": 1}
    assert list(tmp_path.iterdir()) == [path]
