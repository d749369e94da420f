"""Capacity of a single household in the tables of the state, for whoever follows one through its months."""

from numba import njit

from povsim.model.measurement import household_capacity
from povsim.population.columns import LIFE


@njit(nogil=True, cache=True, error_model="numpy")
def capacity_of(life, home, coop, v, i, growth_ahead, p):
    """Model page section 6: ccap of household i of village v in one arm, L per month, cooperative margin included."""
    return household_capacity(life, home, coop, v, i, life[LIFE.w_ahead, i] * growth_ahead, True, p)
