"""One operator that fails at work, one whose shader is missing, and one whose name is taken."""

from studio.plugin import Elementwise


class Stumble(Elementwise):
    shader = "broken_pack:stumble.glsl"

    def torch(self, inputs, tensors):
        raise KeyError("no such thing")


class Shapeless(Elementwise):
    shader = "broken_pack:stumble.glsl"

    def output_shape(self, *inputs):
        raise AttributeError("no shape")


class Missing(Elementwise):
    shader = "broken_pack:nowhere.glsl"


class ReLU(Elementwise):
    shader = "relu"
