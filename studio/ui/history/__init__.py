"""The panel of what was done, and can be undone."""
