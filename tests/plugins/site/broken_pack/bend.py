"""A bend that fails at work."""

from studio.plugin import Bend


class Limp(Bend):
    label = "Limp"
    shader = "broken_pack:limp.glsl"

    def torch(self, x, given):
        raise KeyError("no such thing")
