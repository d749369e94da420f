"""The columns povsim knows, what they hold, and the names under which files carry them, in English and Indonesian."""

from __future__ import annotations

import re
from dataclasses import dataclass

from povsim.errors import nearest

__all__ = ["KINDS", "ROLES", "Role", "alike", "folded", "names_known", "role_called"]

KINDS = {
    "panel": "households, one row a household and wave",
    "cooperatives": "reports of village cooperatives, one row a village and report",
    "aggregate": "published series, one row a province (or the country) and date",
}


@dataclass(frozen=True, slots=True)
class Role:
    """A column povsim knows: `holds` says how its cells are read, `needed` whether a file of the kind is useless without it."""

    name: str
    holds: str
    meaning: str
    called: tuple[str, ...]
    needed: bool = False


def _role(name: str, holds: str, meaning: str, called: str, needed: bool = False) -> Role:
    return Role(name, holds, meaning, (name, *called.split()), needed)


_PLACE = (
    _role("village", "id", "village or ward", "desa kelurahan desa_kelurahan nama_desa kode_desa village_id village_name kel"),
    _role(
        "district", "district", "kabupaten or kota", "kabupaten kota kabupaten_kota kab kab_kota nama_kabupaten regency r102"
    ),
    _role("province", "province", "province", "provinsi prov nama_provinsi prop propinsi r101"),
)

ROLES: dict[str, tuple[Role, ...]] = {
    "panel": (
        _role(
            "household",
            "id",
            "identifier of the household, the same in every wave",
            "household_id hh hhid hh_id id_rt idrt id_rumah_tangga rumah_tangga ruta id_ruta no_rt nomor_rt id_keluarga no_kk "
            "id_art renum urut id",
            needed=True,
        ),
        *_PLACE,
        _role(
            "wave",
            "wave",
            "number of the wave or round",
            "gelombang putaran ronde round survey_round panel_wave putaran_survei",
        ),
        _role(
            "date",
            "date",
            "date or month of the interview",
            "tanggal tgl bulan month tanggal_wawancara tgl_wawancara interview_date periode period tahun_bulan waktu",
        ),
        _role("year", "year", "year of the interview, where the month stands alone", "tahun thn"),
        _role("weight", "number", "survey weight of the household", "bobot penimbang weights fwt wert wgt pweight timbangan"),
        _role("stratum", "id", "stratum of the sample", "strata strat stratum_id"),
        _role(
            "cluster", "id", "primary sampling unit; the village where there is none", "psu klaster blok_sensus nks kluster ea"
        ),
        _role(
            "size",
            "number",
            "persons in the household",
            "jumlah_art art ukuran_rt jml_art hh_size hhsize household_size persons anggota jumlah_anggota anggota_rt r301",
        ),
        _role(
            "urban",
            "area",
            "urban or rural",
            "kota_desa perkotaan daerah klasifikasi wilayah area urban_rural r105 tipe_daerah",
        ),
        _role(
            "spending",
            "money",
            "spending (consumption)",
            "pengeluaran belanja konsumsi consumption expenditure expend kapita pengeluaran_per_kapita pengeluaran_perkapita "
            "pengeluaran_kapita belanja_per_kapita spending_per_head pce percapita_expenditure expenditure_per_capita "
            "pengeluaran_rt pengeluaran_rumah_tangga belanja_rt belanja_rumah_tangga total_pengeluaran total_belanja "
            "household_spending spending_month spending_idr pengeluaran_bulan pengeluaran_sebulan pengeluaran_total",
            needed=True,
        ),
        _role(
            "food",
            "money",
            "spending on food",
            "makanan pengeluaran_makanan belanja_makanan food_spending pangan konsumsi_makanan",
        ),
        _role("income", "money", "income", "pendapatan penghasilan household_income pendapatan_rt total_pendapatan income_idr"),
        _role("assets", "money", "productive assets", "aset aset_produktif modal productive_assets nilai_aset assets_idr"),
        _role("loans", "money", "debts", "utang hutang pinjaman debt debts sisa_pinjaman kredit loans_idr"),
        _role("savings", "money", "savings", "tabungan simpanan savings_idr"),
        _role(
            "member",
            "flag",
            "member of the village cooperative",
            "anggota_koperasi member_koperasi koperasi coop_member is_member",
        ),
        _role(
            "treated", "flag", "in an arm that gets the programme", "perlakuan treatment treat intervensi penerima beneficiary"
        ),
        _role("programme", "id", "programme or arm of the household", "program arm bantuan kelompok lengan"),
    ),
    "cooperatives": (
        _role(
            "cooperative",
            "id",
            "identifier of the cooperative",
            "koperasi id_koperasi nama_koperasi nik coop coop_id nik_koperasi",
        ),
        _role("village", "id", "village or ward", " ".join(_PLACE[0].called[1:]), needed=True),
        *_PLACE[1:],
        _role(
            "date",
            "date",
            "month of the report",
            "tanggal tgl bulan month periode period report_month bulan_laporan tanggal_data",
        ),
        _role("year", "year", "year of the report, where the month stands alone", "tahun thn"),
        _role("status", "status", "where the cooperative stands", "kondisi keaktifan tahap stage aktif status_koperasi"),
        _role("members", "count", "members", "anggota jumlah_anggota jml_anggota total_anggota"),
        _role(
            "volume",
            "money",
            "value of transactions",
            "volume_usaha nilai_transaksi transaction_value transaksi omzet omset turnover",
        ),
        _role("sales", "money", "sales", "penjualan nilai_penjualan sales_idr pendapatan_usaha"),
        _role("savings", "money", "paid-in shares and savings", "simpanan modal_sendiri simpanan_pokok total_simpanan"),
        _role("loans", "money", "loans to members", "pinjaman kredit piutang loans_out"),
        _role(
            "last_report",
            "date",
            "date of the last report",
            "laporan_terakhir tanggal_laporan tgl_laporan last_report_date tanggal_rat rat_terakhir update_terakhir",
        ),
    ),
    "aggregate": (
        *_PLACE[1:],
        _role(
            "date",
            "date",
            "date or round of the figure",
            "tanggal bulan periode period month round ronde tahun_bulan waktu",
            needed=True,
        ),
        _role("year", "year", "year, where the month stands alone", "tahun thn"),
        _role("urban", "area", "urban, rural or both", "area kota_desa daerah wilayah klasifikasi"),
        _role(
            "poverty_rate_pct",
            "number",
            "poor persons, percent",
            "p0 p0_pct headcount headcount_pct persentase_penduduk_miskin tingkat_kemiskinan kemiskinan poverty_rate "
            "poverty miskin_persen",
        ),
        _role("poverty_gap_pct", "number", "poverty gap P1, percent", "p1 p1_pct kedalaman indeks_kedalaman gap_pct"),
        _role("poverty_severity_pct", "number", "squared gap P2, percent", "p2 p2_pct keparahan indeks_keparahan severity_pct"),
        _role("poor_thousand", "number", "poor persons, thousands", "jumlah_penduduk_miskin penduduk_miskin poor_persons"),
        _role("line_idr", "money", "poverty line, rupiah a person and month", "garis_kemiskinan poverty_line gk line"),
        _role(
            "mean_spending_idr",
            "money",
            "mean spending, rupiah a person and month",
            "pengeluaran_rata rata_pengeluaran mean_spending",
        ),
        _role("gini", "number", "Gini coefficient", "gini_ratio rasio_gini indeks_gini"),
    ),
}


def folded(name: str) -> str:
    """A name of a column without letter case, spaces and signs: 'Jumlah ART' is jumlah_art."""
    return re.sub(r"[^0-9a-z]+", "_", name.strip().lower()).strip("_")


def names_known(kind: str) -> tuple[str, ...]:
    """All names under which a file of this kind may carry its columns."""
    return tuple(dict.fromkeys(name for role in ROLES[kind] for name in role.called))


def role_called(kind: str, column: str) -> Role | None:
    """The role that carries this name, or None."""
    name = folded(column)
    return next((role for role in ROLES[kind] if name in role.called), None)


def alike(kind: str, column: str) -> str | None:
    """The known name most like the name of a column that no role carries."""
    return nearest(folded(column), names_known(kind))
