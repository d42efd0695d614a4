"""Written for a later studio."""

STUDIO_PLUGIN = 999
