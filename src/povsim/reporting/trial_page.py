"""The report of a trial: what it finds beside what is true."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from povsim.reporting import drawing as d
from povsim.reporting import verdict as v
from povsim.reporting.language import Language, language
from povsim.reporting.simple_page import Page, Part, Section, figure, run_line
from povsim.reporting.tables import Footnotes, Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Summary = Mapping[str, Any]
Row = Mapping[str, Any]

TABLES: tuple[str, ...] = ()
MAIN = ("consumption", "income")
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#222222")


def sentences(summary: Summary, code: str) -> list[str]:
    """What the trial found and what is true, for each arm and variant, in the last wave."""
    words = language(code)
    out = []
    rows = [row for row in summary["effects"] if row["month"] == summary["months"]]
    if all(row["true"] in (None, 0.0) for row in rows):
        out.append(words.text("trial.sentence.nothing"))
    for row in rows:
        if row["outcome"] in MAIN:
            out.append(_sentence(row, summary, words))
        elif row["outcome"] == "capacity" and row["true"] is not None:
            effect = words.points(row["true"])
            out.append(words.text("trial.sentence.exits", effect=effect, **_of(row, words)))
    if summary["coverage"] is not None:
        out.append(words.text("trial.sentence.coverage", **_coverage(summary, words)))
    return out


def _coverage(summary: Summary, words: Language) -> dict[str, str]:
    """How many of the intervals that `coverage` counts hold the truth."""
    rows = [row for row in summary["effects"] if row["outcome"] in MAIN and row["month"] > 0 and row["covers"] is not None]
    held = sum(round(row["covers"] * row["replicates"]) for row in rows)
    return {"held": words.number(held), "of": words.number(sum(row["replicates"] for row in rows))}


def notes(summary: Summary, code: str) -> list[str]:
    """What must stand beside the sentences."""
    words = language(code)
    drawn = summary.get("uncertainty")
    found = [
        words.text("trial.note.given")
        if drawn is None
        else words.text("trial.note.drawn", draws=words.number(min(drawn["draws"].values())))
    ]
    found += [words.text(f"trial.note.{name}") for name in ("aid", "successors")]
    found.append(words.text("trial.note.clusters", unit=words.text(f"trial.unit.{summary['clusters_are']}")))
    spill = [abs(row["spillover"]) for row in summary["effects"] if row["outcome"] in MAIN and row["spillover"] is not None]
    if spill and max(spill) > 0:
        found.append(words.text("trial.note.spillover", largest=words.number(max(spill), 3)))
    return found


def tables_shown(summary: Summary, words: Language) -> list[Table]:
    """Effects in the last wave, a table a variant."""
    return [_last(summary, variant, words) for variant in summary["variants"]]


def figures(summary: Summary, tables: Mapping[str, Any], code: str = "en") -> dict[str, str]:
    """`effect` by month and `quantiles`, as SVG text."""
    words = language(code)
    drawn = {}
    plans: tuple[tuple[str, Sequence[Row], str, float], ...] = (
        ("effect", summary["effects"], "month", 1.0),
        ("quantiles", summary["quantiles"], "quantile", 100.0),
    )
    for name, rows, at, scale in plans:
        if any(row["effect"] is not None for row in rows):
            with d.style(name):
                drawn[name] = _figure(summary, name, rows, at, scale, words)
    return drawn


def page(summary: Summary, tables: Mapping[str, Any], drawn: Mapping[str, str], words: Language) -> Page:
    """The page of a trial."""
    population = summary["population"]
    unit = words.text(f"trial.unit.{summary['clusters_are']}")
    return Page(
        title=words.text("trial.title"),
        subtitle=words.text("trial.subtitle", place=words.text(f"place.{v.place(summary)}")),
        run=run_line(summary, words, "trial.run", months=summary["months"], unit=unit),
        sentences=sentences(summary, words.code),
        notes=notes(summary, words.code),
        sections=_sections(summary, drawn, words),
        stamps=[words.text("page.stamp_toy")] if population["kind"] == "toy" else [],
        headline=words.text("trial.headline"),
    )


def _sections(summary: Summary, drawn: Mapping[str, str], words: Language) -> list[Section]:
    def each(make: Callable[[Summary, str, Language], list[Table]]) -> list[Part]:
        return [
            Part("table", table) for variant in summary["variants"] for table in make(summary, variant, words) if table.rows
        ]

    contents = {
        "last": each(lambda s, variant, w: [_last(s, variant, w)]),
        "waves": [*figure(drawn, "effect"), *each(_waves)],
        "quantiles": [*figure(drawn, "quantiles"), *each(_quantiles)],
        "groups": each(_groups),
        "arms": each(_arms),
    }
    return [
        Section(name, words.text(f"trial.section.{name}"), [Part("text", words.text(f"trial.text.{name}")), *parts])
        for name, parts in contents.items()
        if parts
    ]


def _of(row: Row, words: Language) -> dict[str, str]:
    return {
        "treatment": row["treatment"],
        "month": str(row["month"]),
        "variant": v.variant_label(row["variant"], words),
    }


def _sentence(row: Row, summary: Summary, words: Language) -> str:
    outcome = words.text(f"trial.outcome.{row['outcome']}").lower()
    if row["effect"] is None or row["true"] is None:
        reason = words.reason(row["reason"] or "too few to say")
        return words.text("trial.sentence.none", outcome=outcome, reason=reason, **_of(row, words))
    return words.text(
        "trial.sentence.effect",
        outcome=outcome,
        effect=words.number(row["effect"], 3, signed=True),
        interval=_interval(row, words, 1.0),
        percent=_number(row["percent"], words, 1),
        true=_truth(row, summary, words, 1.0, 3),
        true_percent=_number(row["true_percent"], words, 1),
        **_of(row, words),
    )


def _truth(row: Row, summary: Summary, words: Language, scale: float, decimals: int) -> str:
    """The true effect; where parameters were drawn, with the interval of one more draw."""
    if row["true"] is None:
        return words.text("table.none")
    mean = words.number(scale * row["true"], decimals, signed=True)
    if summary.get("uncertainty") is None or row["true_low"] is None:
        return mean
    ends = words.interval(scale * row["true_low"], scale * row["true_high"], lambda x: words.number(x, decimals, signed=True))
    return f"{mean} ({ends})"


def _number(value: float | None, words: Language, decimals: int, signed: bool = True) -> str:
    return words.text("table.none") if value is None else words.number(value, decimals, signed=signed)


def _interval(row: Row, words: Language, scale: float) -> str:
    if row["low"] is None:
        return words.text("table.none")
    return words.interval(
        scale * row["low"], scale * row["high"], lambda x: words.number(x, 3 if scale == 1 else 1, signed=True)
    )


def _cells(row: Row, summary: Summary, words: Language, feet: Footnotes) -> tuple[str, ...]:
    share = row["outcome"] in summary["shares"]
    scale, decimals = (100.0, 1) if share else (1.0, 3)

    def scaled(name: str, signed: bool = True) -> str:
        value = row[name]
        return _number(None if value is None else scale * value, words, decimals, signed)

    covers = words.text("table.none")
    if row["covers"] is not None:
        held = round(row["covers"] * row["replicates"])
        covers = words.text("trial.held", held=words.number(held), of=words.number(row["replicates"]))
    effect = scaled("effect") if row["effect"] is not None else feet.none(row["reason"])
    return (
        scaled("control_mean", False), effect, _interval(row, words, scale), _truth(row, summary, words, scale, decimals),
        _number(row["true_percent"], words, 1), scaled("spillover"), covers,
    )  # fmt: skip


_CELLS = ("control", "effect", "interval", "truth", "percent", "spillover", "covers")


def _heads(summary: Summary, words: Language, *names: str) -> tuple[str, ...]:
    level = words.percent(summary["trial"]["level"], 0)
    return tuple(words.text(f"trial.head.{name}", level=level) for name in names)


def _last(summary: Summary, variant: str, words: Language) -> Table:
    rows = [row for row in summary["effects"] if row["variant"] == variant and row["month"] == summary["months"]]
    title = words.text("trial.table.last", month=summary["months"], variant=v.variant_label(variant, words))
    feet = Footnotes(words)
    cells = tuple(
        (words.text(f"trial.outcome.{row['outcome']}"), row["treatment"], *_cells(row, summary, words, feet)) for row in rows
    )
    heads = _heads(summary, words, "outcome", "treatment", *_CELLS)
    return Table(title, heads, cells, 2, words.text("trial.table.units"), feet.lines())


def _waves(summary: Summary, variant: str, words: Language) -> list[Table]:
    out = []
    for outcome in (*MAIN, "poor", "capacity"):
        rows = [row for row in summary["effects"] if row["variant"] == variant and row["outcome"] == outcome]
        name = words.text(f"trial.outcome.{outcome}")
        title = words.text("trial.table.waves", outcome=name, variant=v.variant_label(variant, words))
        feet = Footnotes(words)
        cells = tuple((str(row["month"]), row["treatment"], *_cells(row, summary, words, feet)) for row in rows)
        out.append(Table(title, _heads(summary, words, "month", "treatment", *_CELLS), cells, 2, notes=feet.lines()))
    return out


def _quantiles(summary: Summary, variant: str, words: Language) -> list[Table]:
    out = []
    for outcome in MAIN:
        rows = [row for row in summary["quantiles"] if row["variant"] == variant and row["outcome"] == outcome]
        label = v.variant_label(variant, words)
        name = words.text(f"trial.outcome.{outcome}")
        title = words.text("trial.table.quantiles", outcome=name, month=summary["months"], variant=label)
        cells = tuple(
            (
                words.percent(row["quantile"], 0), row["treatment"], words.number(row["control_quantile"], 3),
                words.number(row["effect"], 3, signed=True), _interval(row, words, 1.0),
                words.number(row["true"], 3, signed=True),
            )
            for row in rows
        )  # fmt: skip
        heads = _heads(summary, words, "quantile", "treatment", "control", "effect", "interval", "truth")
        out.append(Table(title, heads, cells, 2, words.text("trial.table.quantiles_wide")))
    return out


def _groups(summary: Summary, variant: str, words: Language) -> list[Table]:
    rows = [row for row in summary["groups"] if row["variant"] == variant and row["outcome"] in MAIN]
    title = words.text("trial.table.groups", month=summary["months"], variant=v.variant_label(variant, words))
    feet = Footnotes(words)
    cells = tuple(
        (
            words.text(f"trial.group.{row['group']}"),
            words.text(f"trial.outcome.{row['outcome']}"),
            row["treatment"],
            *_cells(row, summary, words, feet),
        )
        for row in rows
    )
    heads = _heads(summary, words, "group", "outcome", "treatment", *_CELLS)
    return [Table(title, heads, cells, 3, notes=feet.lines())]


def _arms(summary: Summary, variant: str, words: Language) -> list[Table]:
    names = ("replicate", "treatment", "units", "households", "met", "before", "structural")
    cells = tuple(
        (
            str(row["replicate"]),
            words.text("trial.control") if row["treatment"] == "control" else row["treatment"],
            words.number(row["units"]), words.number(row["households"]), words.number(row["met_last"]),
            words.number(row["consumption_before"], 3), words.percent(row["structurally_poor_before"], 1),
        )
        for row in summary["arms"]
        if row["variant"] == variant
    )  # fmt: skip
    return [
        Table(words.text("trial.table.arms", variant=v.variant_label(variant, words)), _heads(summary, words, *names), cells, 2)
    ]


def _figure(summary: Summary, name: str, rows: Sequence[Row], at: str, scale: float, words: Language) -> str:
    """A column a variant, a row an outcome; estimates with intervals, truths as open circles."""
    from textwrap import wrap

    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    variants = list(summary["variants"])
    width = 9.6 if len(variants) > 1 else 5.4
    canvas = Figure(figsize=(width, 5.6))
    FigureCanvasAgg(canvas)
    axes = canvas.subplots(len(MAIN), len(variants), squeeze=False)
    for i, outcome in enumerate(MAIN):
        for j, variant in enumerate(variants):
            found = [row for row in rows if row["variant"] == variant and row["outcome"] == outcome]
            _panel(axes[i][j], found, at, scale, words)
            label = f"{words.text(f'trial.outcome.{outcome}')}, {v.variant_label(variant, words)}"
            axes[i][j].set_title(label, loc="left", fontsize=9)
        axes[i][0].set_ylabel(words.text("trial.figure.y"))
    for ax in axes[-1]:
        ax.set_xlabel(words.text("trial.figure.x" if at == "month" else "trial.figure.quantile"))
    title = words.text(f"trial.figure.{name}", level=words.percent(summary["trial"]["level"], 0))
    canvas.suptitle("\n".join(wrap(title, round(11 * width))), fontsize=10, x=0.02, ha="left")
    canvas.subplots_adjust(left=0.16 / len(variants) ** 0.5, right=0.97, top=0.86, bottom=0.1, hspace=0.4, wspace=0.25)
    return d.svg(canvas, name, title)


def _panel(ax: Axes, rows: Sequence[Row], at: str, scale: float, words: Language) -> None:
    ax.axhline(0, color=d.FAINT, linewidth=0.8)
    treatments = list(dict.fromkeys(row["treatment"] for row in rows))
    spread = (max((row[at] for row in rows), default=1) or 1) * scale / 60
    for k, treatment in enumerate(treatments):
        own = [row for row in rows if row["treatment"] == treatment and row["effect"] is not None]
        x = [scale * row[at] + k * spread for row in own]
        colour = _COLOURS[k % len(_COLOURS)]
        ax.plot(x, [row["effect"] for row in own], "o", color=colour, markersize=4, label=treatment)
        for place, row in zip(x, own, strict=True):
            if row["low"] is not None:
                ax.plot([place, place], [row["low"], row["high"]], color=colour, linewidth=1)
        known = [(place, row["true"]) for place, row in zip(x, own, strict=True) if row["true"] is not None]
        ax.plot(*zip(*known, strict=True) if known else ([], []), "o-", color=colour, markerfacecolor="white",
                markersize=5, linewidth=0.7)  # fmt: skip
    if len(treatments) > 1:
        ax.legend(fontsize=7, frameon=False)
    d.number_ticks(ax, words, "x", 5)
    d.number_ticks(ax, words)
