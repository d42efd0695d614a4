"""An architecture: state dicts of two convolutions called ``up`` and ``down``."""

from studio.plugin import Architecture, Size


def matches(tensors):
    return set(tensors) == {"up.weight", "up.bias", "down.weight", "down.bias"}


def build(sketch):
    x = sketch.relu(sketch.conv("up", sketch.input(sketch.channels("up"))))
    return sketch.conv("down", x)


ARCHITECTURE = Architecture("up-down", "Up and down", matches, build, size=Size(32, 32))
