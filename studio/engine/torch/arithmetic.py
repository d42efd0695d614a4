"""In what precision PyTorch takes products on NVIDIA's cards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def arithmetic(*, tf32: bool) -> Iterator[None]:
    """While this lasts, take all products in TF32, or none: PyTorch's own setting takes it for convolutions alone."""
    import torch

    conv, matmul = torch.backends.cudnn, torch.backends.cuda.matmul
    before = conv.allow_tf32, matmul.allow_tf32
    conv.allow_tf32 = matmul.allow_tf32 = tf32
    try:
        yield
    finally:
        conv.allow_tf32, matmul.allow_tf32 = before
