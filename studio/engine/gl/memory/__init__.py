"""Buffers and textures on the device: what shaders are told, what is kept, and what comes back."""
