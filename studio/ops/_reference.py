"""A network by the plain meaning of its operators in PyTorch: what engines are held against, and none of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from studio.model.networks.network import Network

if TYPE_CHECKING:
    from torch import Tensor


def reference(network: Network, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The map of every input and layer, each (N, C, H, W).

    Args:
        network: what to run.
        inputs: (N, C, H, W) by the names of the network's inputs.
    """
    import torch

    tensors = {name: torch.from_numpy(tensor) for name, tensor in network.tensors.items()}
    maps = dict(inputs)
    with torch.no_grad():
        for node in network.graph.nodes:
            own = {key: tensors[name] for key, name in node.tensor_names.items()}
            maps[node.name] = node.op.torch([maps[name] for name in node.inputs], own)
    return maps
