"""povsim."""
