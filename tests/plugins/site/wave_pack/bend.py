"""A bend of activations, with its GLSL in this package."""

from studio.plugin import Bend, param


class Waves(Bend):
    """x + height · sin(x)."""

    label = "Waves"
    group = "Waves"
    shader = "wave_pack:waves.glsl"

    height: float = param(1.0, lo=-4.0, hi=4.0, live=True, doc="How high the waves are")

    def torch(self, x, given):
        return x + self.height * x.sin()
