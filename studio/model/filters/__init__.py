"""Edits of filters: selections, strokes, live edits, and tensors as they are bent."""
