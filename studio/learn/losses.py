"""How far what is made is from what is wanted: each loss a few layers that end in one number.

To add one, write a subclass of `Loss` here; the command line, the forms and the tests find it by its name.
"""

from __future__ import annotations

from abc import abstractmethod
from types import MappingProxyType
from typing import ClassVar

import numpy as np

from studio.errors import StudioError
from studio.learn.objective import Sketch
from studio.model.declared.param import Declared, param
from studio.model.networks.shape import Array
from studio.ops.arithmetic import Add, Div, Mul, Sub
from studio.ops.conv import Conv2d
from studio.ops.cut import Crop
from studio.ops.functions import Abs, Affine, Sqrt
from studio.ops.given import GivenMap
from studio.ops.matmul import MatMul
from studio.ops.rearrange import Rearrange


class Loss(Declared):
    """One term of what is made small.

    Attributes:
        weight: what it is multiplied by.
    """

    name: ClassVar[str]
    """What it is called on the command line and in curves."""

    weight: float = param(1.0, lo=0.0, hi=1e6, doc="What it counts beside the others")

    @abstractmethod
    def build(self, at: Sketch) -> str:
        """Add its layers; the one that holds the number, 1 × 1 × 1."""


class L1(Loss):
    """Mean absolute difference: robust, and blurs less than squares do."""

    name = "l1"

    def build(self, at: Sketch) -> str:
        """See `Loss.build`."""
        return at.mean(at.add(Abs(), at.difference))


class L2(Loss):
    """Mean squared difference, which PSNR is the logarithm of."""

    name = "l2"

    def build(self, at: Sketch) -> str:
        """See `Loss.build`."""
        return at.mean(at.add(Mul(), at.difference, at.difference))


class Charbonnier(Loss):
    """Mean of sqrt(d² + eps²): squares for small differences, absolute values for large ones.

    Source: P. Charbonnier et al., "Two deterministic half-quadratic regularization algorithms", 1994.
    """

    name = "charbonnier"

    eps: float = param(0.01, lo=1e-6, hi=10.0, doc="Where the one becomes the other")

    def build(self, at: Sketch) -> str:
        """See `Loss.build`."""
        squared = at.add(Affine(shift=self.eps**2), at.add(Mul(), at.difference, at.difference))
        return at.mean(at.add(Sqrt(), squared))


class Edges(Loss):
    """Mean absolute difference of Sobel's gradients, across and down: outlines count, flat colour does not."""

    name = "edges"

    def build(self, at: Sketch) -> str:
        """See `Loss.build`."""
        channels = at.shapes[at.output].channels
        across = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], np.float32) / 8
        kernels = np.tile(np.stack([across, across.T])[:, None], (channels, 1, 1, 1))
        # Linear, so that one convolution of the difference does.
        return at.mean(at.add(Abs(), _depthwise(at, at.difference, kernels.astype(np.float32))))


class SSIM(Loss):
    """One less the structural similarity, in windows of 11 × 11 with a Gaussian of 1.5 pixels; smaller on small maps.

    Source: Z. Wang et al., "Image quality assessment: from error visibility to structural similarity", 2004.
    """

    name = "ssim"

    def build(self, at: Sketch) -> str:
        """See `Loss.build`."""
        shape, (lo, hi) = at.shapes[at.output], at.network.graph.output_range
        side = min(11, shape.height, shape.width)
        bell = np.exp(-((np.arange(side) - (side - 1) / 2) ** 2) / (2 * 1.5**2))
        window = np.asarray(np.outer(bell, bell) / bell.sum() ** 2, np.float32)
        kernels = np.tile(window[None, None], (shape.channels, 1, 1, 1)).astype(np.float32)

        def smooth(name: str) -> str:
            return _depthwise(at, name, kernels, padding=0)

        x, y = at.output, at.wanted
        mean_x, mean_y = smooth(x), smooth(y)
        xx, yy, xy = (at.add(Mul(), a, b) for a, b in ((mean_x, mean_x), (mean_y, mean_y), (mean_x, mean_y)))
        of_x, of_y, of_xy = (
            at.add(Sub(), smooth(at.add(Mul(), a, b)), less) for a, b, less in ((x, x, xx), (y, y, yy), (x, y, xy))
        )
        c1, c2 = ((k * (hi - lo)) ** 2 for k in (0.01, 0.03))
        above = at.add(Mul(), at.add(Affine(scale=2.0, shift=c1), xy), at.add(Affine(scale=2.0, shift=c2), of_xy))
        squares, variances = at.add(Add(), xx, yy), at.add(Add(), of_x, of_y)
        below = at.add(Mul(), at.add(Affine(shift=c1), squares), at.add(Affine(shift=c2), variances))
        return at.add(Affine(scale=-1.0, shift=1.0), at.mean(at.add(Div(), above, below)))


class TotalVariation(Loss):
    """Mean absolute difference of neighbouring pixels of what is made: smooth, whatever is wanted."""

    name = "tv"

    def build(self, at: Sketch) -> str:
        """See `Loss.build`."""
        found = []
        for first, second in ((Crop(right=1), Crop(left=1)), (Crop(bottom=1), Crop(top=1))):
            step = at.add(Sub(), at.add(second, at.output), at.add(first, at.output))
            found.append(at.mean(at.add(Abs(), step)))
        return at.add(Add(), *found)


def gram(at: Sketch, name: str) -> str:
    """The Gram matrix of a map as C × 1 × C: how strongly each two channels go together, over the number of values."""
    channels, height, width = at.shapes[name]
    places = at.add(Rearrange(pattern="c y x -> (y x) 1 c"), name)
    product = at.add(MatMul(), places, places)
    return at.add(Affine(scale=1 / (channels * height * width)), product)


def gram_distance(at: Sketch, name: str, wanted: Array) -> str:
    """Mean squared difference between a map's Gram matrix and (C, C) of another's."""
    count = len(wanted)
    op = GivenMap(channels=count, height=1, width=count)
    fixed = at.add(op, name, tensors={"map": wanted.reshape(count, 1, 1, count).astype(np.float32)})
    rest = at.add(Sub(), gram(at, name), fixed)
    return at.mean(at.add(Mul(), rest, rest))


def _depthwise(at: Sketch, name: str, kernels: Array, padding: int | None = None) -> str:
    channels, (count, _, kh, kw) = at.shapes[name].channels, kernels.shape
    op = Conv2d(
        in_channels=channels,
        out_channels=count,
        kernel_size=(kh, kw),
        padding=(kh // 2, kw // 2) if padding is None else (padding, padding),
        groups=channels,
        bias=False,
        padding_mode="replicate" if padding is None else "zeros",
    )
    return at.add(op, name, tensors={"weight": np.ascontiguousarray(kernels)})


LOSSES = MappingProxyType({kind.name: kind for kind in (L1, L2, Charbonnier, Edges, SSIM, TotalVariation)})
"""Every loss of what is made and what is wanted, by its name; `studio.learn.others` has those with a second network."""


def parse_weights(text: str, known: tuple[str, ...]) -> dict[str, float]:
    """``l1=1,edges=0.2`` as weights by name; a name alone counts 1.

    Raises:
        StudioError: for an unknown name, one that is given twice, or a weight that is none.
    """
    found: dict[str, float] = {}
    for word in filter(None, (part.strip() for part in text.split(","))):
        name, _, number = word.partition("=")
        if name not in known:
            raise StudioError(f'There is no loss "{name}"; there are {", ".join(known)}.')
        try:
            weight = float(number or 1)
        except ValueError:
            weight = -1.0
        if not 0 <= weight <= 1e6:
            raise StudioError(f'"{word}" gives the loss "{name}" no weight; write {name}=0.5, at most a million.')
        if name in found:
            raise StudioError(f'The loss "{name}" is given twice; leave one out.')
        found[name] = weight
    if not found:
        raise StudioError(f"Without a loss nothing is learnt; give one of {', '.join(known)}.")
    if not any(found.values()):
        raise StudioError("All losses count 0, so that nothing is learnt; give one a weight above 0.")
    return found
