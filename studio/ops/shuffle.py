"""Between channels and pixels, and among channels: PixelShuffle, PixelUnshuffle, ChannelShuffle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from studio.model.declared.param import param
from studio.model.networks.op import Backward, Elementwise, Gradients, Op, require
from studio.model.networks.shape import Scale, Shape

if TYPE_CHECKING:
    from torch import Tensor


class PixelShuffle(Op):
    """Channels become pixels: r² channels of one place an r × r square of one channel, as ``torch.nn.PixelShuffle``.

    Source: W. Shi et al., "Real-time single image and video super-resolution using an efficient sub-pixel
    convolutional neural network", 2016.
    """

    shader = "pixel_shuffle"

    upscale_factor: int = param(lo=1, hi=64, doc="Output pixels per input pixel, along each side")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        (shape,), factor = inputs, self.upscale_factor
        require(
            shape.channels % factor**2 == 0,
            f"an upscale_factor of {factor} needs a multiple of {factor**2} channels, not {shape.channels}.",
        )
        return Shape(shape.channels // factor**2, shape.height * factor, shape.width * factor)

    def size_ratio(self) -> Scale:
        """See `Op.size_ratio`."""
        return Fraction(self.upscale_factor), Fraction(self.upscale_factor)

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        return {0: at.add(PixelUnshuffle(downscale_factor=self.upscale_factor), at.grad)}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        from torch.nn import functional as F

        return F.pixel_shuffle(inputs[0], self.upscale_factor)


class PixelUnshuffle(Op):
    """Pixels become channels: the inverse of `PixelShuffle`, as ``torch.nn.PixelUnshuffle``."""

    shader = "pixel_unshuffle"

    downscale_factor: int = param(lo=1, hi=64, doc="Input pixels per output pixel, along each side")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        (shape,), factor = inputs, self.downscale_factor
        require(
            shape.height % factor == 0 and shape.width % factor == 0,
            f"a downscale_factor of {factor} does not divide {shape.height}×{shape.width}.",
        )
        return Shape(shape.channels * factor**2, shape.height // factor, shape.width // factor)

    def size_ratio(self) -> Scale:
        """See `Op.size_ratio`."""
        return Fraction(1, self.downscale_factor), Fraction(1, self.downscale_factor)

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        return {0: at.add(PixelShuffle(upscale_factor=self.downscale_factor), at.grad)}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        from torch.nn import functional as F

        return F.pixel_unshuffle(inputs[0], self.downscale_factor)


class ChannelShuffle(Elementwise):
    """The first channel of every group, then the second of every group, and so on, as ``torch.nn.ChannelShuffle``.

    Source: X. Zhang et al., "ShuffleNet", 2017.
    """

    shader = "channel_shuffle"

    groups: int = param(lo=1, doc="Groups that the channels are dealt from, one after the other")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        (shape,) = inputs
        require(shape.channels % self.groups == 0, f"{self.groups} groups do not divide {shape.channels} channels.")
        return shape

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        return {0: at.add(ChannelShuffle(groups=at.shape().channels // self.groups), at.grad)}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        from torch.nn import functional as F

        return F.channel_shuffle(inputs[0], self.groups)
