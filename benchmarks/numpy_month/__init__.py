"""The month on whole arrays: what NumPy can do with the same rules, state and draws."""
