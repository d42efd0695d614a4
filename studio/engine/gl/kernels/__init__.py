"""Weights as shaders read them, packed by numpy or by the device."""
