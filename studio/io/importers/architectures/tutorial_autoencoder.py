"""The convolutional autoencoder of the well-known MNIST tutorial: strides of 3, 28 to 2 and back."""

from __future__ import annotations

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors
from studio.model.declared.size import Size

_KERNELS = {"encoder.0": 3, "encoder.3": 3, "decoder.0": 3, "decoder.2": 5, "decoder.4": 2}


def _matches(tensors: Tensors) -> bool:
    return {f"{name}.weight" for name in _KERNELS} == {n for n in tensors if n.endswith("weight")} and all(
        tensors[f"{name}.weight"].values.shape[2:] == (k, k) for name, k in _KERNELS.items()
    )


def _build(s: Sketch) -> str:
    x = s.relu(s.conv("encoder.0", s.input(s.channels("encoder.0")), stride=3, padding=1))
    x = s.op("MaxPool2d", x, name="encoder.2", kernel_size=2, stride=2)
    x = s.relu(s.conv("encoder.3", x, stride=2, padding=1))
    x = s.op("MaxPool2d", x, name="encoder.5", kernel_size=2, stride=1)
    x = s.relu(s.conv_transpose("decoder.0", x, padding=0))
    x = s.relu(s.conv_transpose("decoder.2", x, stride=3))
    return s.op("Tanh", s.conv_transpose("decoder.4", x), name="output")


ARCHITECTURE = Architecture(
    "tutorial-autoencoder",
    "MNIST tutorial's autoencoder",
    _matches,
    _build,
    size=Size(28, 28),
    input_range=(-1.0, 1.0),
    output_range=(-1.0, 1.0),
)
