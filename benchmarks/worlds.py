"""What is measured: drawn villages after a burn-in, as many copies of them as the size asks for, and the arms that live."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from povsim import parameters
from povsim.config import scenario_from
from povsim.draws import DrawKey
from povsim.experiments.comparison import model_arm
from povsim.experiments.replicate import TODAYS_AID
from povsim.model.arm import Arm
from povsim.model.baseline import baseline_poor
from povsim.model.country import Country
from povsim.model.state import State
from povsim.population.columns import PLACE
from povsim.population.fitted import fitted_table
from povsim.population.nation import cells_of, nation
from povsim.population.sample import Sample, draw_sample
from povsim.population.strata import draw_villages

VARIANT, KEY, BURN_IN = "trap", DrawKey(20_260_101, 0), 36
NATION = nation()
ARMS = ("none", "aid", "cooperative", "aid_cooperative", "aid_cooperative_planned", "aid_cooperative_mentored")
NUMBER_OF_A_COPY = np.uint64(4096)
"""Villages of a copy are numbered from a multiple of this within their cell: fewer of one cell are ever drawn."""


@dataclass
class World:
    """Villages at the branch. `tracked`: rows of the baseline poor; `state`: at t = 0, one arm or, of copies, all that live."""

    sample: Sample
    state: State
    tracked: NDArray[np.int64]


def arms(count: int) -> list[Arm]:
    """The first `count` of ARMS."""
    scenario = scenario_from({"arms": list(ARMS[:count])})
    return [model_arm(scenario, VARIANT, spec) for spec in scenario.arms]


def drawn(villages: int, households: int) -> World:
    """Villages of the nation with `households` households each (fewer where the real village has fewer), burnt in."""
    p, cells = parameters.values(VARIANT), cells_of("indonesia")
    fitted = fitted_table("indonesia", VARIANT, cells)
    sample = draw_sample(cells, draw_villages(cells, villages, KEY), households, p, fitted, KEY)
    state = State.first(sample, -BURN_IN)
    Country(sample, state, [Arm("aid", p, TODAYS_AID)], VARIANT, KEY, months=BURN_IN, nation=NATION, record=False).run()
    return World(sample, state, baseline_poor(sample, state, p, VARIANT)[0])


def copied(w: World, copies: int, count: int) -> World:
    """The villages `copies` times in `count` arms, each copy with ids of its own, so with draws of its own from the branch on.

    At the branch copies are equal; what the nation shares out (quotas, funds) they get between them. Ten million households
    are so made in seconds. Only what lives is kept: the sample reads its fixed traits in the tables of the state.
    """
    s, n = w.sample, w.sample.ids.size
    copy = np.arange(copies, dtype=np.uint64)[:, None] * NUMBER_OF_A_COPY
    rows = np.arange(copies)[:, None]
    state = State(
        0,
        np.empty((w.state.life.shape[0], n * copies)),
        np.empty((count, w.state.home.shape[1], n * copies)),
        np.empty((w.state.place.shape[0], s.village_ids.size * copies)),
        np.empty((count, w.state.coop.shape[1], s.village_ids.size * copies)),
    )
    sample = replace(
        s,
        start=np.append((s.start[:-1] + n * rows).ravel(), n * copies),
        ids=(s.ids + (copy << np.uint64(16))).ravel(),
        village_ids=(s.village_ids + copy).ravel(),
        village=(s.village + s.village_ids.size * rows.astype(np.int32)).ravel(),
        ties=np.tile(s.ties, (copies, 1)),
        tie_weight=np.tile(s.tie_weight, (copies, 1)),
        life=state.life,
        home=state.home,
        place=state.place,
        cell=np.tile(s.cell, copies),
        stratum=np.tile(s.stratum, copies),
    )
    copies_of = World(sample, state, (w.tracked + n * rows).ravel())
    return back_to_the_branch(copies_of, w)


def back_to_the_branch(copies_of: World, w: World) -> World:
    """Every table of the copies as it was when the arms parted, in place."""
    state, n = copies_of.state, w.sample.ids.size
    copies = state.life.shape[1] // n
    state.t = 0
    for table in ("life", "home", "place", "coop"):
        whole, one = getattr(state, table), getattr(w.state, table)
        whole.reshape(*whole.shape[:-1], copies, -1)[:] = one[..., None, :]  # one arm of `one` serves all
    state.place[PLACE.weight] /= copies
    return copies_of
