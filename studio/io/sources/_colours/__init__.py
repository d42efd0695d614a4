"""Colours as files state them, brought to those that networks know."""
