"""``studio.export_torch``: a PyTorch module as a network of the studio, in one line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from studio.errors import StudioError
from studio.model.network import Network

if TYPE_CHECKING:
    import torch

    from studio.io.importers._draft import Draft

TOLERANCE = 1e-3
"""Relative L2 error past which the studio would not run the module as PyTorch does."""


@dataclass(frozen=True)
class Exported:
    """What `export_torch` made.

    Attributes:
        path: the network's folder.
        network: as it was saved.
        relative_error: L2 norm of (the studio's output on the example - the module's), over that of the module's.
    """

    path: Path
    network: Network
    relative_error: float

    def __str__(self) -> str:
        count = len(self.network.graph.nodes)
        return f"{self.path}: {count} layers, relative error {self.relative_error:.2e} on the example"


def export_torch(
    module: torch.nn.Module,
    example: torch.Tensor | Sequence[torch.Tensor],
    path: str | Path,
    *,
    fold: bool = False,
    input_range: tuple[float, float] = (0.0, 1.0),
    output_range: tuple[float, float] | None = None,
    description: str = "",
    license: str = "",  # noqa: A002 - as the network's own field is called
) -> Exported:
    """Save a module as a network that runs in the studio; its parameters name the layers.

    The module is traced in evaluation mode, and left in the mode it was in. Nothing is folded: batch norms stay
    layers of their own, dropout disappears. The network is then run through the studio and compared with the module.

    Args:
        module: what takes the example and returns one tensor.
        example: (1, C, H, W), or a vector (1, C), for every input.
        path: the folder to make; a network that is there is replaced.
        fold: whether batch norms are folded into the convolutions before them.
        input_range: the values that black and white have in its inputs.
        output_range: the same of its output; the inputs' where not given.
        description: one line.
        license: of the weights.

    Raises:
        StudioError: naming operator and layer for what is not supported, where the module decides by values, or where
            the studio's output is not the module's.
    """
    from studio.io.importers.base import Known, Options, finished
    from studio.io.importers.state_dict import stored_of
    from studio.io.origin import save_imported

    examples = _examples(example)
    with _evaluating(module):
        draft, output = _traced(module, examples, fold)
    known = Known("PyTorch module", output_range=output_range, stored=stored_of(module.state_dict()), complete=True)
    made = finished(draft, output, Path(path), known, Options(input_range=input_range))
    network = replace(made.network, description=description, license=license)
    with _evaluating(module):
        error = _error(module, examples, network)
    if not error <= TOLERANCE:
        raise StudioError(
            f"The studio's output differs from the module's by {error:.2g} relative to it, so nothing was saved; "
            "the module keeps a state or draws random numbers, or this is a defect: please report it."
        )
    save_imported(replace(made, network=network), Path(path))
    return Exported(Path(path), network, error)


def _examples(example: torch.Tensor | Sequence[torch.Tensor]) -> tuple[torch.Tensor, ...]:
    import torch

    found = (example,) if isinstance(example, torch.Tensor) else tuple(example)
    if not found or not all(isinstance(tensor, torch.Tensor) for tensor in found):
        raise StudioError("The example must be a tensor of (1, channels, height, width), or one for every input.")
    return tuple(tensor.detach().to("cpu", torch.float32) for tensor in found)


@contextmanager
def _evaluating(module: torch.nn.Module) -> Iterator[None]:
    training = [part for part in module.modules() if part.training]
    module.eval()
    try:
        yield
    finally:
        for part in training:
            part.training = True


def _traced(module: torch.nn.Module, examples: tuple[torch.Tensor, ...], fold: bool) -> tuple[Draft, str]:
    from studio.io.importers import _exported
    from studio.io.importers._aten_table import table
    from studio.io.importers._calls import run
    from studio.io.importers._simplify import fold_batch_norms

    calls, inputs, constants, output = _exported.read(_exported.trace(module, examples))
    draft, last = run(calls, table(), inputs, constants, output)
    return draft, fold_batch_norms(draft, last) if fold else last


def _error(module: torch.nn.Module, examples: tuple[torch.Tensor, ...], network: Network) -> float:
    import torch

    from studio.ops._reference import reference

    with torch.no_grad():
        wanted = module(*(tensor.clone() for tensor in examples))[0].double().numpy()
    feeds = {
        put.name: tensor.reshape(1, put.channels, *_pixels(tensor))
        for put, tensor in zip(network.graph.inputs, examples, strict=True)
    }
    found = reference(network, feeds)[network.graph.output][0].double().numpy()
    return float(np.linalg.norm(found - wanted.reshape(found.shape)) / (np.linalg.norm(wanted) or 1.0))


def _pixels(tensor: torch.Tensor) -> tuple[int, ...]:
    return tuple(tensor.shape[2:]) if tensor.ndim == 4 else (1, 1)
