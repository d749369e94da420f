"""One file that holds a tree of results: safe to read, written whole or not at all.

A tree is made of dicts, lists, tuples, frozensets, None, bool, int, float, str, numbers and arrays of numpy without Python
objects, and dataclasses registered with `stored`. The file is a zip of `tree.json` and one .npy for each array; nothing in it
is run when it is read (no pickle). Numbers come back bit for bit.
"""

from __future__ import annotations

import io
import json
import os
import secrets
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy

from povsim.errors import PovsimError

TREE = "tree.json"
DEFLATE_LEVEL = 1  # most arrays are counts and zeros, which the fastest level packs as well as any
_classes: dict[str, type] = {}


class DamagedFile(PovsimError):
    """The file is there and can be read, but is not whole, or was never one of povsim's."""


def stored[T](cls: type[T]) -> type[T]:
    """Class decorator: instances of this dataclass may stand in a file."""
    if not is_dataclass(cls):
        raise TypeError(f"{cls.__name__} is no dataclass")
    if _classes.setdefault(cls.__name__, cls) is not cls:
        raise TypeError(f"two stored classes are called {cls.__name__}")
    return cls


def write(path: Path, tree: Any, kind: str, version: int, *, compress: bool = True) -> None:
    """Write `tree` to `path`; the file appears when all of it is on the disk, and takes the place of an older one.

    `kind` and `version` say what is in it and in which layout: `read` refuses another. Raises TypeError for what has no place
    in a tree, PovsimError where it cannot be written.
    """
    arrays: list[np.ndarray] = []
    head = json.dumps({"kind": kind, "version": version, "tree": _packed(tree, arrays)}, ensure_ascii=False)
    method = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED

    def fill(file: io.BufferedWriter) -> None:
        with zipfile.ZipFile(file, "w", method, compresslevel=DEFLATE_LEVEL if compress else None) as archive:
            with archive.open(TREE, "w") as member:  # without the time of day: the same tree is the same file
                member.write(head.encode())
            for number, array in enumerate(arrays):
                with archive.open(f"{number}.npy", "w", force_zip64=True) as member:
                    npy.write_array(member, array, allow_pickle=False)

    write_whole(path, fill)


def read(path: Path, kind: str, version: int) -> Any:
    """The tree that `write` put there. Raises PovsimError for a file that is missing, damaged, foreign or in another layout."""
    try:
        with zipfile.ZipFile(path) as archive:
            head = json.loads(archive.read(TREE))
            fail_if_another(path, head, kind, version)
            return _unpacked(head["tree"], lambda number: _array(archive, number))
    except FileNotFoundError as error:
        raise PovsimError(f"There is no file {path}.") from error
    except OSError as error:
        raise PovsimError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, TypeError, EOFError) as error:
        raise DamagedFile(f"{path} is damaged, or no file of povsim ({type(error).__name__}: {error}).") from error


def fail_if_another(path: Path, head: object, kind: str, version: int) -> None:
    """The file holds something else, or is laid out otherwise."""
    found = (head.get("kind"), head.get("version")) if isinstance(head, dict) else (None, None)
    if found[0] != kind:
        raise PovsimError(f"{path} holds {found[0] or 'nothing that povsim wrote'}; a {kind} is needed.")
    if found[1] != version:
        raise PovsimError(
            f"{path} is a {kind} of format {found[1]}; this version of povsim reads format {version}. "
            "Read it with the version that wrote it, or make it anew."
        )


def write_whole(path: Path, fill: Callable[[Any], None]) -> None:
    """Let `fill` write a file that appears at `path` only when all of it is on the disk.

    Whatever happens, killed or out of space, `path` holds the old file or the new one, never a part. Raises PovsimError.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        name = path.parent / f".{path.name}.{secrets.token_hex(8)}.partial"
        try:
            with name.open("xb") as file:
                fill(file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(name)
            raise
    except OSError as error:
        raise fail_to_write(path, error) from error


def fail_to_write(path: Path, error: OSError) -> PovsimError:
    """The error for a file that could not be written."""
    return PovsimError(
        f"{path} could not be written: {error.strerror or error}. Make room or give another place; "
        "the same command then goes on from the runs that are finished."
    )


def _packed(x: Any, arrays: list[np.ndarray]) -> Any:
    if isinstance(x, np.generic):  # a float of numpy stays one: Python adds its own floats in another way
        return {"scalar": [x.dtype.str, x.item()]}
    if x is None or isinstance(x, bool | int | float | str):
        return x
    if isinstance(x, np.ndarray):
        if x.dtype.hasobject:
            raise TypeError("an array of Python objects has no place in a file")
        arrays.append(x)
        return {"array": len(arrays) - 1}
    if isinstance(x, list):
        return [_packed(item, arrays) for item in x]
    if isinstance(x, tuple):
        return {"tuple": [_packed(item, arrays) for item in x]}
    if isinstance(x, frozenset):
        return {"set": [_packed(item, arrays) for item in sorted(x)]}
    if isinstance(x, dict):
        return {"dict": [[_packed(key, arrays), _packed(value, arrays)] for key, value in x.items()]}
    if type(x).__name__ in _classes:
        return {"class": type(x).__name__, "fields": {f.name: _packed(getattr(x, f.name), arrays) for f in fields(x)}}
    raise TypeError(f"{type(x).__name__} has no place in a file")


def _unpacked(x: Any, array: Callable[[int], np.ndarray]) -> Any:
    if isinstance(x, list):
        return [_unpacked(item, array) for item in x]
    if not isinstance(x, dict):
        return x
    if "array" in x:
        return array(x["array"])
    if "scalar" in x:
        return np.dtype(x["scalar"][0]).type(x["scalar"][1])
    if "tuple" in x:
        return tuple(_unpacked(item, array) for item in x["tuple"])
    if "set" in x:
        return frozenset(_unpacked(item, array) for item in x["set"])
    if "dict" in x:
        return {_unpacked(key, array): _unpacked(value, array) for key, value in x["dict"]}
    return _classes[x["class"]](**{name: _unpacked(value, array) for name, value in x["fields"].items()})


def _array(archive: zipfile.ZipFile, number: int) -> np.ndarray:
    return npy.read_array(io.BytesIO(archive.read(f"{number}.npy")), allow_pickle=False)
