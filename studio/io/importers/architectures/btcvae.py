"""The variational autoencoder of disentangling-vae (C. Burgess et al. 2018): the picture through its mean code."""

from __future__ import annotations

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors
from studio.model.declared.size import Size


def _matches(tensors: Tensors) -> bool:
    return {"encoder.conv1.weight", "encoder.mu_logvar_gen.weight", "decoder.convT3.weight"} <= tensors.keys()


def _build(s: Sketch) -> str:
    size = 64 if s.has("encoder.conv_64.weight") else 32
    x = s.input(s.channels("encoder.conv1"), Size(size, size))
    for name in ("conv1", "conv2", "conv3", "conv_64"):
        if s.has(f"encoder.{name}.weight"):
            x = s.relu(s.conv(f"encoder.{name}", x, stride=2, padding=1))
    x = s.op("Flatten", x, name="encoder.flatten")
    for name in ("lin1", "lin2"):
        x = s.relu(s.linear(f"encoder.{name}", x))
    x = s.linear("encoder.mu_logvar_gen", x)
    # Mean and log variance take turns; as the rows of maps two high, the upper row is the mean.
    codes = s.draft.shapes[x].channels // 2
    x = s.op("Unflatten", x, name="encoder.pairs", channels=codes, height=2, width=1)
    return decoded(s, s.op("Crop", x, name="encoder.mean", left=0, right=0, top=0, bottom=1))


def decoded(s: Sketch, x: str) -> str:
    """From a code to a picture."""
    for name in ("lin1", "lin2", "lin3"):
        x = s.relu(s.linear(f"decoder.{name}", x))
    channels = s.draft.shapes[x].channels // 16
    x = s.op("Unflatten", x, name="decoder.unflatten", channels=channels, height=4, width=4)
    for name in ("convT_64", "convT1", "convT2"):
        if s.has(f"decoder.{name}.weight"):
            x = s.relu(s.conv_transpose(f"decoder.{name}", x))
    return s.op("Sigmoid", s.conv_transpose("decoder.convT3", x), name="output")


ARCHITECTURE = Architecture("vae", "variational autoencoder of disentangling-vae", _matches, _build, size=Size(64, 64))
