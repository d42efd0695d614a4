"""The panel of value ranges."""
