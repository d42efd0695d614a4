"""The decoder alone of disentangling-vae's variational autoencoder; it is fed a vector."""

from __future__ import annotations

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors
from studio.io.importers.architectures.btcvae import decoded
from studio.model.declared.size import Size


def _matches(tensors: Tensors) -> bool:
    return {"decoder.lin1.weight", "decoder.convT3.weight"} <= tensors.keys()


def _build(s: Sketch) -> str:
    return decoded(s, s.input(s.shape("decoder.lin1.weight")[1]))


ARCHITECTURE = Architecture(
    "vae-decoder",
    "decoder of disentangling-vae",
    _matches,
    _build,
    size=Size(1, 1),
    input_range=(-3.0, 3.0),
    partial=True,
)
