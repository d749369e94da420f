"""The model: households, cooperatives and villages lived through month by month."""
