"""Bends of activations: stages behind layers, and the network that an engine runs with them."""
