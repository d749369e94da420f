"""Sums over villages, and numbers of a village for each of its households."""

from types import SimpleNamespace

import numpy as np


class Villages:
    """Where the households of each village stand. start [V+1], village [H] row of the village, ties [H, 8] row of each tie."""

    def __init__(self, sample):
        self.sample, self.start, self.village = sample, sample.start, sample.village
        self.count = sample.village_ids.size

    def sum(self, x):
        """Sum over each village [V] of a number of households [H]."""
        return np.add.reduceat(x, self.start[:-1])

    def each(self, x):
        """A number of villages [V] for each household [H]."""
        return x[self.village]

    def ties(self, who):
        """Rows of the ties of the households `who` [n, 8], and their weights."""
        return self.sample.ties[who] + self.start[self.village[who], None], self.sample.tie_weight[who]

    def no_flows(self, life):
        """Flows of a month before anything happened: of households in L, of villages in Rp."""
        none, rp = np.zeros(life.h.size), life.h * life.line
        of_households = ("shu", "trade", "loan", "service", "voucher")
        of_villages = ("inj", "seized", "service_paid", "interest", "fees", "dues_shares", "dues_pool")
        of_villages += ("refunds", "shu_paid", "loans", "volume", "pool_out")
        zeros = {name: none for name in of_households} | {name: np.zeros(self.count) for name in of_villages}
        return SimpleNamespace(h=life.h, rp=rp, everyone=self.sum(life.h), **zeros)


def probability(hazard):
    """Chance of an event from its hazard."""
    return 1 - np.exp(-hazard)


def logistic(x):
    """1 / (1 + e^-x)."""
    return 1 / (1 + np.exp(-x))


def ratio(a, b):
    """a / b where b is above 0, else 0."""
    return np.divide(a, b, out=np.zeros(b.shape), where=b > 0)
