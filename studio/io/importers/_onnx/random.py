"""What ONNX's operators mean that draw random numbers; each draws by a seed of its own."""

from __future__ import annotations

from studio.io.importers._meanings.choices import compared, scaled
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._onnx.table import OnnxNode, means
from studio.io.importers._values.views import Value


def _drawn(f: Flow, shape: tuple[int, ...], kind: str) -> Value:
    f.draw = len(f.draft.draws)
    return f.drawn(shape, kind)


@means("RandomUniform", "RandomUniformLike")
def _uniform(f: Flow, n: OnnxNode) -> Value:
    low, high = n.attributes.get("low", 0.0), n.attributes.get("high", 1.0)
    return scaled(f, _drawn(f, _shape(n), "uniform"), high - low, low)


@means("RandomNormal", "RandomNormalLike")
def _normal(f: Flow, n: OnnxNode) -> Value:
    return scaled(f, _drawn(f, _shape(n), "gaussian"), n.attributes.get("scale", 1.0), n.attributes.get("mean", 0.0))


@means("Bernoulli")
def _bernoulli(f: Flow, n: OnnxNode) -> Value:
    return compared(f, "lt", _drawn(f, n.x.shape, "uniform"), n.x)


def _shape(n: OnnxNode) -> tuple[int, ...]:
    given = n.attributes.get("shape")
    return n.x.shape if given is None else tuple(int(side) for side in given)
