"""Which column is what: mappings that are packaged, given or guessed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import yaml
from unit.survey_files import ROOT, written

from povsim.data.mapping import guess_mapping, load_mapping, mapping_from, packaged_mappings
from povsim.data.panel import read_panel
from povsim.data.roles import ROLES
from povsim.errors import PovsimError


def test_packaged_mappings_are_whole() -> None:
    assert packaged_mappings() == ("aggregate", "simkopdes", "susenas")
    for name in packaged_mappings():
        mapping = load_mapping(name)
        assert {role.name for role in ROLES[mapping.kind] if role.needed} <= set(mapping.columns)


def test_susenas_is_read_by_its_own_names(tmp_path: Path) -> None:
    header = "R101,R102,URUT,PSU,STRATA,R105,R301,FWT,FOOD,KAPITA"
    lines = ["32,01,1,11,1,1,4,150.25,1500000,800000.5", "97,08,2,12,1,2,5,90.5,900000,400000"]
    path = written(tmp_path, lines, header=header)
    mapping = tmp_path / "of_the_year.yaml"
    content = yaml.safe_load((ROOT / "configs/mapping/susenas.yaml").read_text())
    mapping.write_text(
        yaml.safe_dump({**content, "columns": {**content["columns"], "spending": {"column": "KAPITA", "per": "head"}}})
    )
    for chosen in ("susenas", mapping):
        panel = read_panel(path, chosen)
        assert panel.frame["province"].to_list() == ["JAWA BARAT", "PAPUA PEGUNUNGAN"]
        assert panel.frame["household"].to_list() == ["32-01-1", "97-08-2"]
        assert panel.frame["urban"].to_list() == [True, False]
        assert panel.frame["food_idr"].to_list() == [375_000.0, 180_000.0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], "keys and values are needed"),
        ({"kind": "panel"}, "lacks 'columns'"),
        ({"kind": "pannel", "columns": {}}, "Did you mean 'panel'"),
        ({"kind": "panel", "columns": {"spendign": "x"}}, "Did you mean 'spending'"),
        ({"kind": "panel", "columns": {"spending": {"column": "x", "per": "family"}}}, "Accepted: head, household"),
        ({"kind": "panel", "columns": {"spending": {"per": "head"}}}, "either 'column'"),
        ({"kind": "panel", "columns": {"spending": []}}, "names of columns are needed"),
        ({"kind": "panel", "columns": {"spending": "x"}, "file": {"decimal": ";"}}, "Accepted: ,, ."),
        ({"kind": "panel", "columns": {"spending": "x"}, "waves": {1: "someday"}}, "is no month"),
    ],
)
def test_mistakes_in_a_mapping_say_what_is_accepted(content: object, message: str) -> None:
    with pytest.raises(PovsimError, match=message):
        mapping_from(content)


def test_names_are_guessed_in_both_languages() -> None:
    for names in (
        ["Household ID", "Village", "District", "Month", "Weight", "HH size", "Consumption"],
        ["ID Rumah Tangga", "Nama Desa", "Kab/Kota", "Bulan", "Penimbang", "Jumlah ART", "Pengeluaran RT"],
    ):
        guessed = guess_mapping("panel", names)
        assert [
            guessed.columns[r].names[0] for r in ("household", "village", "district", "date", "weight", "size", "spending")
        ] == names


def test_no_name_stands_for_two_columns() -> None:
    for kind, roles in ROLES.items():
        counted = Counter(name for role in roles for name in set(role.called))
        assert not [name for name, count in counted.items() if count > 1], kind
