"""The OpenGL engines: compute shaders from GL 4.3, fragment shaders from GL 3.3 (macOS)."""
