# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Where to begin?
#
# The same cooperatives, begun in different orders under the same yearly resources, on the same draws. Two orders that differ
# only by lot (`phased`, `random`) show what chance alone does: an order is better only if it beats them by more. Made-up
# district, few households: no finding about Indonesia.

# %%
import json
from pathlib import Path
from tempfile import mkdtemp

import polars as pl

from povsim.cli import main

folder = Path(mkdtemp()) / "plan"
keys = ["population=toy", "population.villages=20", "replicates=3", "horizon_months=84", "variants=[trap]"]
orders = ["strategies=[phased,random,poorest_first]", "scenarios=[as_planned]"]
code = main(["rollout", *keys, *orders, "--out", str(folder)])
assert code == 0

# %% [markdown]
# ## What was begun when, and with what
#
# Nothing is spent beyond what there is: each year's use of each resource stands beside its limit.

# %%
resources = pl.read_parquet(folder / "tables" / "resources.parquet").filter(pl.col("limit").is_not_null())
print(resources.select("strategy", "resource", "year", "used", "limit").sort("strategy", "resource", "year").head(12))
assert (resources["used"] <= resources["limit"] * (1 + 1e-8)).all()

# %% [markdown]
# ## Is any order better than a lot?

# %%
summary = json.loads((folder / "summary.json").read_text())
pairs = summary["variants"]["trap"]["pairs"]
for one in pairs:
    print({key: value for key, value in one.items() if key in ("arm", "against", "mean", "low95", "high95", "reason")})
for sentence in summary["sentences"]["en"]:
    print("*", sentence)
assert len(pairs) == 3
