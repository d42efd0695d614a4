"""Contexts of OpenGL, the programs that they compile, and calls into the driver."""
