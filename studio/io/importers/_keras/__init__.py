"""Keras models: what their JSON says, where their weights lie, and what their layers mean."""
