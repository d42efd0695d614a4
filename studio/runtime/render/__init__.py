"""Frames through an engine: sizes, inputs, and films without a window."""
