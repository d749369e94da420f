"""The model described from its own sources: ODD+D and the model card."""
