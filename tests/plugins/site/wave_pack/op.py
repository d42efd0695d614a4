"""An operator, with its GLSL in this package."""

from studio.plugin import Elementwise, param


class Ripple(Elementwise):
    """sin(times · x)."""

    shader = "wave_pack:ripple.glsl"
    pointwise = True

    times: float = param(2.0, lo=0.0, hi=100.0, live=True, doc="Waves for each unit")

    def torch(self, inputs, tensors):
        return (self.times * inputs[0]).sin()
