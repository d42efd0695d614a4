"""The panel of recordings."""
