"""Contract C5: the readable reference model and the compiled month agree, household by household, in every arm and variant."""

import numpy as np
import pytest

from povsim.draws import LANES
from povsim.model.arm import Arm
from povsim.population.columns import COOP
from verification.adapter import live_both
from verification.cases import BUSY, CASES
from verification.small_world import AID, BURN_IN, VARIANTS, arm, country, standard_arms, world

NO_DIFFERENCE: list[str] = []


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_reference_agrees_in_every_arm(variant):
    """At the register's own values: 60 households x 24 months x 6 arms."""
    w = world(variant)
    assert w.sample.ids.size >= 50
    c = country(w, standard_arms(variant))
    found, met, _ = live_both(w, c)
    assert found == NO_DIFFERENCE
    assert c.state.t == 24
    assert met["status 4 -> 4"] and met["sales"] and met["loan"] and met["T"] and met["B"]
    displaced, whole = (c.state.coop[c.arm_row(name), COOP.works] for name in ("aid_cooperative", "aid"))
    assert (displaced < whole)[whole > 0].any()


@pytest.mark.parametrize(
    ("variant", "case"),
    [("trap", case) for case in CASES] + [("no_trap", case) for case in CASES[:2]],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_the_reference_agrees_where_much_happens(variant, case):
    w = case.start(world(variant))
    found, met, _ = live_both(w, case.country(w), case.interactions, dict(enumerate(case.macro, start=1)))
    assert found == NO_DIFFERENCE
    assert [event for event in case.meets.split(", ") if not met[event]] == []


def test_the_reference_agrees_in_villages_of_several_blocks():
    """The compiled month lives households in blocks of LANES; the last block is not full, nor are its vectors."""
    n = 2 * LANES + 5
    w = world("trap", villages=2, households=n)
    assert set(np.diff(w.sample.start)) == {n}
    busy = next(case for case in CASES if case.name == "a busy cooperative")
    found, met, _ = live_both(w, busy.country(w, months=13))
    assert found == NO_DIFFERENCE
    assert met["loan"] and met["left"] and met["default"] and met["R_in"] and met["payout"]


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_reference_agrees_in_burn_in(variant):
    """Months -11 .. 0, and the outside money that local demand is measured against afterwards."""
    w = world(variant, months=BURN_IN - 12, ends=-12)
    c = country(w, [arm("burn-in", w.p, 1.0)], months=12)
    found, _, models = live_both(w, c)
    assert found == NO_DIFFERENCE
    measured = [village.inj_base for village in models[0].villages]
    assert measured == pytest.approx((c.state.coop[0, COOP.inj_year] / 12).tolist(), rel=1e-9)


MARKS = {  # bit of `povsim.measures.exits` -> a number of the reference, and the rung above the line that it must reach
    0: (lambda i: i.m12, 0.0),
    1: (lambda i: i.m12, 1.0),
    2: (lambda i: i.capacity("ahead"), 1.0),
    3: (lambda i: i.capacity("without_cooperative"), 1.0),
    4: (lambda i: i.capacity("ahead"), 0.0),
    5: (lambda i: i.capacity("current"), 1.0),
    6: (lambda i: i.capacity("long_run"), 1.0),
}


@pytest.mark.parametrize("b", [0.4, 0.8])
@pytest.mark.parametrize("variant", VARIANTS)
def test_capacity_and_marks_agree(variant, b):
    """Capacity ahead, without cooperative, now and in the long run, through the marks from which exits are read."""
    w = world(variant)
    p = {**w.p, **BUSY, "dues": 2_000.0, "unit_buffer": 1.0, "pi": 0.12, "chi_c": 0.6, "capital": 2e9, "wedge": 0.6}
    lived = [Arm("aid_cooperative", p, AID, True), Arm("aid", p, AID)]
    c = country(w, lived, 14, tracked=np.arange(w.sample.ids.size), record=True, b=b)
    seen = np.zeros((2, 8, 2), int)
    kinds: set = set()

    def marks_differ(c, a, model):
        marks = c.record.marks[a, c.state.t - 1]
        found = []
        for i, (agent, bits) in enumerate(zip(model.households, marks.tolist(), strict=True)):
            kinds.add((bits >> 2 & 1, bits >> 3 & 1, bits >> 5 & 1, bits >> 6 & 1))
            seen[a, 7, bits >> 7] += 1
            if bits >> 7 != (agent.member and agent.village.status == 4):
                found.append(f"member of a trading cooperative: household {i}, month {c.state.t}")
            for bit, (number, rung) in MARKS.items():
                x, rung_b = number(agent), 1.0 + rung * b
                seen[a, bit, bits >> bit & 1] += 1
                if (bits >> bit & 1) != (x >= rung_b) and abs(x - rung_b) > 1e-9:
                    found.append(f"bit {bit} of household {i} in month {c.state.t}: reference {x}")
        return found

    found, _, _ = live_both(w, c, compare_more=marks_differ)
    assert found == NO_DIFFERENCE
    assert (seen[0] > 0).all()  # every mark is set for some and not set for others
    assert {(1, 0), (0, 1)} & {(ahead, alone) for ahead, alone, _, _ in kinds}  # the cooperative margin decides for somebody
    assert {(1, 0), (0, 1)} & {(ahead, now) for ahead, _, now, _ in kinds}
    assert {(1, 0), (0, 1)} & {(now, long_run) for _, _, now, long_run in kinds}


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_the_survey_and_the_record_see_agrees(variant):
    """(21) observed headcount, gap and severity and latent headcount in persons of the village; status, members, volume."""
    w = world(variant)
    c = country(w, [Arm("aid_cooperative", {**w.p, **BUSY, "h0": 0.05}, AID, True), Arm("aid", w.p, AID)], 14, record=True)

    def record_differs(c, a, model):
        found = []
        for v, village in enumerate(model.villages):
            persons = [i.h * i.size for i in village.households]
            gaps = [max(0.0, 1.0 - i.observed_consumption(model.month)) for i in village.households]
            poverty = [sum(n * g**power for n, g in zip(persons, gaps, strict=True) if g > 0) for power in (0, 1, 2)]
            poverty.append(sum(n for n, i in zip(persons, village.households, strict=True) if i.c_last < 1))
            row = c.state.t - 1
            members = sum(i.h for i in village.households) * village.mshare if village.status <= 5 else 0.0
            mine = [*c.record.poverty[a, row, v], c.record.members[a, row, v], c.record.volume[a, row, v]]
            if c.record.status[a, row, v] != village.status:
                found.append(f"status of village {v}")
            if mine != pytest.approx([*poverty, members, village.volume], rel=1e-9, abs=1e-9):
                found.append(
                    f"record of village {v} in month {row + 1}: {mine}, reference {[*poverty, members, village.volume]}"
                )
        return found

    found, met, _ = live_both(w, c, compare_more=record_differs)
    assert found == NO_DIFFERENCE
    assert met["status 4 -> 5"]
    assert (c.record.poverty[:, :, :, 0] != c.record.poverty[:, :, :, 3]).any()
