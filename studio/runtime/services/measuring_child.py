"""The process in which engines are measured: ``python -m studio.runtime.services.measuring_child``. See `measuring`."""

from __future__ import annotations

import json
import os
import sys
import threading
from functools import partial

import numpy as np

from studio.engine.choose import MEASURED, open_one, probe_gl
from studio.engine.measured import measure
from studio.io.networks import assembled
from studio.model.networks.shape import Array
from studio.pipe import read, write

_NICENESS = 10


def main() -> None:
    """Measure a network's layers, and say seconds of a frame by engine; nothing where that cannot be."""
    # Whatever else may print something does so to the errors.
    told = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    asked = read(sys.stdin.buffer)
    if asked is None:
        return
    threading.Thread(target=_end_with, args=(sys.stdin.fileno(),), daemon=True).start()
    document = json.loads(asked[1])
    if _is_here(document["card"]):
        network = assembled(document["network"], "What is measured", _weights)
        found = measure(network, {name: partial(open_one, network, name) for name in MEASURED})
        write(told, 0, json.dumps(found).encode())


def _is_here(card: str) -> bool:
    """Whether it is the window's card that is found here, and PyTorch runs on one."""
    if not card.startswith(f"{probe_gl().renderer}, "):
        return False
    import torch

    return torch.cuda.is_available()


def _weights(name: str, shape: tuple[int, ...]) -> Array:
    """Numbers that are no matter."""
    del name
    return np.random.default_rng(0).random(shape, np.float32)


def _end_with(pipe: int) -> None:
    """End this process as soon as nobody is there any more who would hear of it, whatever it is at."""
    while os.read(pipe, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
