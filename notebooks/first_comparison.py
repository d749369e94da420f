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
# # A first comparison
#
# Who leaves poverty for good with assistance alone, and with village cooperatives as they are reported? Here on a made-up
# district and with few households, so that it takes seconds; nothing in it is a finding about Indonesia. The answer for the
# nation is `povsim compare` without keys.

# %%
import json
from pathlib import Path
from tempfile import mkdtemp

import polars as pl

from povsim.cli import main

folder = Path(mkdtemp()) / "first"
keys = ["population=toy", "population.villages=20", "replicates=4", "horizon_months=96", "arms=[none,aid,aid_cooperative]"]
code = main(["compare", *keys, "--out", str(folder)])
assert code == 0

# %% [markdown]
# ## The ladder is read whole
#
# To cross the line (E1), to stay above it (E2), to be able to without aid (E3), and all of these at the same time (E4,
# permanent). No level means anything without the arm without any programme beside it.

# %%
summary = json.loads((folder / "summary.json").read_text())
rungs = ("E1", "E2", "E3", "E4", "E4x")
rows = [
    {"variant": variant, "arm": arm} | {rung: found["structural"][rung] for rung in rungs}
    for variant, block in summary["variants"].items()
    for arm, found in block["arms"].items()
]
ladder = pl.DataFrame(rows)
print(ladder)
assert (ladder["E1"] >= ladder["E2"]).all() and (ladder["E2"] >= ladder["E4"]).all()

# %% [markdown]
# ## A contrast has an interval, gross flows and sometimes a reason
#
# `n10` are lifted only with cooperatives, `n01` lost because of them; the mean is their difference. Where fewer than twenty
# simulated households change side, the reason says so, and then the number is no result.

# %%
for variant, block in summary["variants"].items():
    for one in block["contrasts"]:
        if (one["arm"], one["group"], one["measure"]) == ("aid_cooperative", "structural", "E4"):
            print(variant, {key: one[key] for key in ("mean", "low95", "high95", "n10", "n01", "reason")})
            assert one["mean"] is None or abs(one["mean"] - (one["n10"] - one["n01"])) < 1e-9

# %% [markdown]
# ## In words

# %%
for sentence in summary["sentences"]["en"]:
    print("*", sentence)
