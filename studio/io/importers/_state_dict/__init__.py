"""State dicts: read without running anything of them, and recognised by their tensors."""
