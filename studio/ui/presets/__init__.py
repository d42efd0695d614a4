"""The deck of presets."""
