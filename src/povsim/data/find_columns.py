"""Which columns of a table hold what the mapping names, and what is missing: with the nearest name, for renamed columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from povsim.data.files import Table
from povsim.data.mapping import Mapping
from povsim.data.problems import FATAL, REMARK, Problems
from povsim.data.roles import ROLES, Role, alike, folded, role_called

__all__ = ["found_columns", "note_missing_columns"]


def found_columns(table: Table, mapping: Mapping) -> dict[str, tuple[str, ...]]:
    """For each role of the mapping that the table has: the columns that hold it."""
    by_name = {folded(name): name for name in reversed(table.columns)}
    by_name |= {name: name for name in table.columns}

    def column(name: str) -> str | None:
        return by_name.get(name) or by_name.get(folded(name))

    found = {}
    for role, spec in mapping.columns.items():
        here = [column(name) for name in spec.names]
        if spec.join and all(here):
            found[role] = tuple(name for name in here if name)
        elif not spec.join and any(here):
            found[role] = (next(name for name in here if name),)
    return found


def note_missing_columns(table: Table, mapping: Mapping, found: dict[str, tuple[str, ...]], problems: Problems) -> None:
    """Columns of the mapping that the file lacks, with the nearest of those nobody has claimed."""
    used = {name for names in found.values() for name in names}
    free = [name for name in table.columns if name not in used]
    for role in ROLES[mapping.kind]:
        spec = mapping.columns.get(role.name)
        if role.name in found or (spec is None and not role.needed):
            continue
        names = spec.names if spec is not None else (role.name,)
        if spec is not None and not role.needed and mapping.note and not mapping.guessed and len(spec.names) > 1:
            continue  # a packaged list of names that some files lack
        close = _closest(names, role, free, mapping.kind)
        hint = f"; the nearest column is '{close}': has it been renamed?" if close else ""
        listed = ", ".join(table.columns[:12])
        severity = FATAL if role.needed else REMARK
        wanted = " + ".join(names) if spec is not None and spec.join else " or ".join(names)
        problems.add(
            "renamed_column",
            severity,
            f"there is no column for '{role.name}' ({role.meaning}){hint}. Columns of the file: {listed}. "
            f"Name it in the mapping: columns: {{{role.name}: COLUMN}}",
            None,
            wanted,
        )
    figures = [role.name for role in ROLES[mapping.kind] if role.holds in ("money", "count", "number", "status")]
    if mapping.kind != "panel" and not any(name in found for name in figures):
        problems.add(
            "no_figures", FATAL, f"the file has no figure that povsim knows; name one in the mapping: {', '.join(figures)}"
        )
    if mapping.guessed:
        for name in free:
            close = alike(mapping.kind, name)
            role_near = role_called(mapping.kind, close) if close else None
            if role_near is not None and role_near.name not in found and _very_close(folded(name), role_near.called):
                problems.add(
                    "renamed_column",
                    REMARK,
                    f"the column is not known and not read; it looks like '{role_near.name}'",
                    None,
                    name,
                )


def _very_close(name: str, called: Iterable[str]) -> bool:
    return len(name) > 5 and bool(get_close_matches(name, list(called), n=1, cutoff=0.8))


def _closest(names: Sequence[str], role: Role, free: Sequence[str], kind: str) -> str | None:
    by_name = {folded(name): name for name in free}
    for name in free:
        near = role_called(kind, name)
        if near is not None and near.name == role.name:
            return name
    for wanted in (*names, *role.called):
        match = get_close_matches(folded(wanted), list(by_name), n=1, cutoff=0.6)
        if match:
            return by_name[match[0]]
    return None
