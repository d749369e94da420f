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
# # Calibrating to monitoring data
#
# You run a pilot: some villages get a cooperative, all are surveyed three times, cooperatives send reports when they do. What do
# these data say about the model's parameters, and what do they not say? Here the data are simulated, so that the truth is known;
# they are then spoilt as real files are. Everything is small, to run in a minute or two.

# %%
import json
import os
import sys
import tempfile
from pathlib import Path

import polars as pl

here = Path(os.environ.get("POVSIM_ROOT", ".")).resolve()  # the checkout, or a folder of it
study_of = Path("experiments") / "pilot_calibration"
sys.path.insert(0, str(next(place / study_of for place in (here, *here.parents) if (place / study_of).is_dir())))
import run as study  # the study of 60 villages, of which this is a small one

folder = Path(tempfile.mkdtemp())
PILOTS = int(os.environ.get("POVSIM_PILOTS", "1000"))

# %% [markdown]
# ## The files
#
# 24 villages, half of them with a cooperative, 15 households each. Three waves in three dialects: semicolons and Indonesian months,
# tabs in a mixed encoding, UTF-16. One row in twenty or so is wrong.

# %%
truth = study.make(folder, villages=24, households=15)
for path in sorted((folder / "survey").iterdir()):
    print(path.name, path.stat().st_size, "bytes", path.read_bytes()[:60])

# %% [markdown]
# ## What is wrong with them
#
# `povsim data check` lists every problem with row, column and reason. The reader leaves such rows out and counts them.

# %%
from povsim.config.calibrate import files_of
from povsim.data.panel import read_panel

panel = read_panel(files_of(str(folder / "survey")), folder / "survey" / "mapping.yaml", drop_bad_rows=True)
print(panel.frame.height, "rows can be used,", panel.dropped.height, "are left out, for example:")
print(panel.dropped.head(3))

# %% [markdown]
# ## The calibration
#
# The command simulates pilots of this very design and keeps what came nearest to the data.

# %%
code = study.calibrate(folder, PILOTS, ("checks=100", "variants=[trap]", f"store={folder / 'store'}"))
assert code == 0

# %% [markdown]
# ## Truth and estimate
#
# Identified are parameters whose variance falls by a fifth or more and that a check with fresh
# pilots would find to go with the truth (correlation .5 or more, for all such parameters at once with 95 %).
# The others keep their priors: a pilot of this size does not tell them.

# %%
table = study.compare(folder, truth)
with pl.Config(tbl_rows=-1, tbl_cols=-1, tbl_width_chars=140):
    print(table.select("symbol", "identified", "prior_mean", "mean", "low90", "high90", "truth", "inside90"))

# %% [markdown]
# ## Would the model leave such data?

# %%
summary = json.loads((folder / "learnt" / "summary.json").read_text())
print("\n".join(summary["sentences"]["en"]))
