"""Bytes of a text file as lines, whatever program wrote them: UTF-8, UTF-16, Windows-1252, even in one file.

Files that were put together from several sources change their encoding on the way. UTF-16 is known by its byte order mark
or by its zero bytes; a line that is no UTF-8 is read as Windows-1252. Lines are numbered from 1, as an editor counts them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

__all__ = ["Decoded", "lines_of", "looks_like_noise"]

UTF8, UTF16, WINDOWS = "utf-8", "utf-16", "windows-1252"
_BLOCK = 1 << 24
_MARKS = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x19\x1b-\x1f\ufffd]")
_SAMPLE = 1 << 16
NOISE_SHARE = 0.01
"""A text has next to no control characters; in noise one byte in nine is one."""


@dataclass(slots=True)
class Decoded:
    """What was learnt on the way through a file: encodings in the order of their first line, and where they change."""

    first_line: dict[str, int] = field(default_factory=dict)
    changes: list[tuple[int, str, str]] = field(default_factory=list)
    last: str | None = None

    def note(self, encoding: str, line: int) -> None:
        """A line that shows its encoding: one that is not plain ASCII, or the first of a part in UTF-16."""
        if encoding == self.last:
            return
        if self.last is not None:
            self.changes.append((line, self.last, encoding))
        self.first_line.setdefault(encoding, line)
        self.last = encoding


def lines_of(data: bytes, decoded: Decoded) -> Iterator[str]:
    """The lines of `data` without their ends; what is learnt of encodings goes into `decoded`."""
    line = 1
    for encoding, start, end in _parts(data):
        if encoding == UTF8:
            for raw in _raw_lines(data, start, end):
                yield _line(raw, line, decoded)
                line += 1
            continue
        decoded.note(UTF16, line)
        text = data[start:end].decode(encoding, errors="replace")
        decoded_lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for at in decoded_lines[:-1] if decoded_lines[-1] == "" else decoded_lines:
            yield at.lstrip("\ufeff")
            line += 1


def looks_like_noise(data: bytes) -> bool:
    """Whether these bytes are no text in any of the encodings: many control characters."""
    sample = "\n".join(_first_lines(data[:_SAMPLE]))
    return bool(sample) and len(_CONTROL.findall(sample)) > NOISE_SHARE * len(sample)


def _first_lines(data: bytes) -> list[str]:
    return list(lines_of(data, Decoded()))


def _parts(data: bytes) -> Iterator[tuple[str, int, int]]:
    """Stretches in UTF-16 and stretches in bytes of eight bits, in their order."""
    at = 0
    while at < len(data):
        mark, start = _next_mark(data, at)
        if mark is None:
            guessed = _utf16_without_mark(data) if at == 0 else None
            yield (guessed or UTF8, at, len(data))
            return
        if start > at:
            yield (UTF8, at, start)
        end = _end_of_utf16(data, start + 2, mark)
        yield (mark, start + 2, end)
        at = end


def _next_mark(data: bytes, at: int) -> tuple[str | None, int]:
    """The next byte order mark of UTF-16 at the start of a line."""
    found: tuple[str | None, int] = (None, len(data))
    for bom, encoding in _MARKS:
        here = data.startswith(bom, at)
        before = -1 if here else data.find(b"\n" + bom, at)
        where = at if here else before + 1
        if (here or before >= 0) and where < found[1] and _has_zero_bytes(data[where + 2 : where + 66]):
            found = (encoding, where)
    return found


def _has_zero_bytes(part: bytes) -> bool:
    return len(part) < 2 or 0 in part


def _utf16_without_mark(data: bytes) -> str | None:
    head = np.frombuffer(data[: min(len(data), 4096) // 2 * 2], dtype=np.uint8).reshape(-1, 2)
    if len(head) < 4:
        return None
    zero = (head == 0).mean(axis=0)
    if zero[1] > 0.6 and zero[0] < 0.1:
        return "utf-16-le"
    return "utf-16-be" if zero[0] > 0.6 and zero[1] < 0.1 else None


def _end_of_utf16(data: bytes, start: int, encoding: str) -> int:
    """Where the part in UTF-16 ends: at the first line of plain characters of eight bits, or with the file."""
    whole = start + (len(data) - start) // 2 * 2
    pairs = np.frombuffer(data[start:whole], dtype="<u2" if encoding == "utf-16-le" else ">u2")
    after = np.flatnonzero(pairs[:-1] == 0x0A) + 1 if pairs.size > 1 else np.zeros(0, dtype=np.int64)
    high, low = pairs[after] >> 8, pairs[after] & 0xFF

    def plain(x: np.ndarray) -> np.ndarray:
        return ((x >= 0x20) & (x < 0x7F)) | (x == 0x0A) | (x == 0x0D) | (x == 0x09)

    ends = after[plain(high) & plain(low)]
    return start + 2 * int(ends[0]) if ends.size else len(data)


def _raw_lines(data: bytes, start: int, end: int) -> Iterator[bytes]:
    """Lines by \\n, \\r\\n or \\r, cut from blocks so that a large file is not held twice."""
    rest = b""
    for at in range(start, end, _BLOCK):
        block = rest + data[at : min(at + _BLOCK, end)]
        if block.endswith(b"\r") and at + _BLOCK < end:
            cut = block.rfind(b"\n") + 1
        else:
            cut = len(block) if at + _BLOCK >= end else block.rfind(b"\n") + 1
        if not cut:
            rest = block
            continue
        rest = block[cut:]
        yield from block[:cut].splitlines() if b"\r" in block else _by_newline(block[:cut])
    if rest:
        yield from rest.splitlines()


def _by_newline(block: bytes) -> list[bytes]:
    lines = block.split(b"\n")
    return lines[:-1] if lines[-1] == b"" else lines


def _line(raw: bytes, number: int, decoded: Decoded) -> str:
    if raw.isascii():
        return raw.decode("ascii")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        decoded.note(WINDOWS, number)
        return raw.decode("cp1252", errors="replace")
    if text.startswith("\ufeff"):
        text = text.lstrip("\ufeff")
        if text.isascii():
            return text
    decoded.note(UTF8, number)
    return text
