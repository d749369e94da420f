"""Experiments: what is compared with what, over which replicates, and how sure the answer is."""
