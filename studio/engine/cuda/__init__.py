"""Stages on CUDA: the passes that OpenGL runs, of the same GLSL, as kernels on the torch engine's maps."""
