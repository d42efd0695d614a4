"""Real networks of others at sizes that nobody recorded: what PyTorch makes of their tensors, on every engine.

Small pictures, so that the software rasteriser has time for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
import torch
from helpers import EngineFor, relative_error
from public_networks import NETWORKS, tensors_of
from test_public_models import MODELS, TOLERANCE, model

from studio.errors import StudioError
from studio.io.importers import open_model
from studio.io.importers.base import Imported
from studio.model.declared.size import Size


def _tensors(name: str, imported: Imported) -> Mapping[str, torch.Tensor]:
    if name != "espcn_x3_fullpickle":
        return tensors_of(MODELS / name)
    # Nobody but the studio reads a pickled module without running it.
    tensors = imported.network.tensors
    return {said: torch.tensor(tensors[own]) for own, names in imported.names.items() for said in names}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_public_network_is_itself_at_every_size_that_it_takes(name: str, engine_for: EngineFor) -> None:
    imported = open_model(model(name))
    graph = imported.network.graph
    tensors, (meaning, sizes) = _tensors(name, imported), NETWORKS[name]
    put, engine = graph.inputs[0], engine_for(imported.network)
    low, high = put.range
    for number, size in enumerate(sizes):
        drawn = np.random.default_rng(number).uniform(low, high, (put.channels, *size)).astype(np.float32)
        engine.run({put.name: drawn})
        with torch.no_grad():
            wanted = meaning(tensors, torch.from_numpy(drawn)[None])[0].numpy()
        assert relative_error(engine.output(), wanted) < TOLERANCE, size


@pytest.mark.parametrize("name", NETWORKS)
def test_which_sizes_a_public_network_takes_is_said(name: str) -> None:
    graph, sizes = open_model(model(name)).network.graph, NETWORKS[name][1]
    assert (graph.only_size is not None) == (len(sizes) == 1)
    assert all(graph.fitting_size(Size(*size)) == size for size in sizes)
    if graph.only_size is not None:
        with pytest.raises(StudioError, match="takes pictures of 64×64 alone"):
            graph.shapes({put.name: Size(96, 64) for put in graph.inputs})
