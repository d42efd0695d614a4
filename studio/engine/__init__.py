"""Engines run a network: on the GPU through OpenGL, or through PyTorch. `open_engine` chooses."""
