"""What every operator declares: parameters, shapes, tensors, and its meaning once for torch and once as GLSL."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from studio.errors import StudioError
from studio.model.declared.param import Shaded
from studio.model.declared.shader_files import shader_file
from studio.model.declared.taps import Taps
from studio.model.declared.tick import Tick
from studio.model.networks.passes import Banked, Blocks, Scratch
from studio.model.networks.shape import Array, Scale, Shape

if TYPE_CHECKING:
    from torch import Tensor

Gradients = Mapping[int | str, str]
"""Layers that hold gradients: by the number of an input, or by the operator's own name of a tensor."""


class Op(Shaded):
    """One operator of a network, with its hyper-parameters under PyTorch's own names.

    A subclass in ``studio/ops`` is all there is to an operator: the importer, the file format, both kinds of engine
    and the parity tests find it by its class name.
    """

    arity: ClassVar[int | None] = 1
    """How many inputs it takes; None means two or more."""

    follows: ClassVar[int | None] = None
    """Which of its inputs its output is as large as, times `size_ratio`; None for the first whose size is known."""

    shader: ClassVar[str]
    """``shaders/ops/<shader>.glsl``, or a file in a plug-in's own package: "package:file.glsl"."""

    joins: ClassVar[bool] = False
    """Whether it lays the channels of its inputs one behind the other, so that each can be written there at once."""

    pointwise: ClassVar[bool] = False
    """Whether a value needs its input at the same place alone, so that it can be made where the input is made.

    The shader of such an operator defines `texel` and nothing else; what it needs besides it includes from lib/.
    """

    together: ClassVar[bool] = False
    """Whether a value needs each of several inputs at the same place alone, where all are of the output's shape.

    What holds for the shader of a pointwise operator holds for this.
    """

    newer: ClassVar[frozenset[str]] = frozenset()
    """Parameters that files leave out at their defaults, so that an older studio opens what needs nothing newer."""

    behind: ClassVar[int | None] = None
    """Which of its inputs holds sums over each channel of its first, which GPUs make at once: a value needs those of
    its own channel, and the other inputs at the same place alone, all of which the sums were made of.

    What holds for the shader of a pointwise operator holds for this.
    """

    flat: ClassVar[bool] = False
    """Whether its output stays as it is where an input moves a little, so that no gradient goes through: a step, or
    what only asks for the size of its input."""

    @property
    def is_pointwise(self) -> bool:
        """Whether this one is `pointwise`."""
        return self.pointwise

    @property
    def adds_up(self) -> bool:
        """Whether it is the sum over space of every channel of its input."""
        return False

    def output_shape(self, *inputs: Shape) -> Shape:
        """Shape of the output; raises StudioError where the inputs do not fit."""
        raise NotImplementedError

    def tensor_shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of each tensor, in PyTorch's own layout."""
        return {}

    def macs(self, output: Shape) -> int:
        """Multiply-accumulates for one output of this shape; zero for what is not a convolution."""
        del output
        return 0

    def bounds(self) -> tuple[float, float] | None:
        """The smallest and the largest value that it makes, where its inputs push it; None without such limits."""
        return None

    def size_ratio(self) -> Scale | None:
        """Output size over input size (height, width), borders aside; None where the one does not follow the other."""
        return Fraction(1), Fraction(1)

    def multiples(self) -> tuple[int, int]:
        """What height and width of its first input must be multiples of."""
        return 1, 1

    def moves(self) -> bool:
        """Whether it makes another map of the same inputs at another `Tick`."""
        return False

    def at(self, tick: Tick) -> Self:
        """This at another time; itself where it does not move."""
        del tick
        return self

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """The operator on PyTorch tensors of shape (N, C, H, W)."""
        raise NotImplementedError

    def gradient(self, at: Backward) -> Gradients | None:
        """The rule of its derivative: layers that make the gradients of its inputs and tensors from that of its output.

        An input or tensor that is left out has a gradient of zero everywhere; of what is `flat` all are. None where
        there is no derivative.

        Args:
            at: the layer, the gradient of its output, and what adds layers.

        Raises:
            StudioError: where the operator does not say.
        """
        del at
        if self.flat:
            return {}
        raise StudioError(
            f'the operator "{type(self).__name__}" has no rule for its derivative, so that nothing before it learns.'
        )

    def scratch(self, *inputs: Shape) -> tuple[tuple[str, Shape] | Scratch, ...]:
        """Passes before the shader's own, each a `Scratch`, or a shader and the shape of what it makes.

        For operators that need a sum over a whole map before they can begin.
        """
        del inputs
        return ()

    def files(self) -> tuple[str, ...]:
        """The files under ``shaders/`` of its own pass."""
        return (shader_file("ops", self.shader),)

    def cut(self) -> tuple[int, int, int] | None:
        """The first channel, row and column of its input that it takes, where it takes what lies there as it is."""
        return None

    def banked(self, *inputs: Shape) -> Banked | None:
        """How fragment shaders make it on a software rasteriser; None for texel by texel."""
        del inputs
        return None

    def blocks(self, *inputs: Shape) -> Blocks | None:
        """How compute shaders make its map in blocks of texels; None where texel by texel."""
        del inputs
        return None

    def shared(self, *inputs: Shape) -> Blocks | None:
        """How workgroups of GPUs make its map together, behind its `scratch`; None where they take `blocks`."""
        del inputs
        return None

    def at_once(self, *inputs: Shape) -> Blocks | None:
        """How GPUs make its map in one pass, without those of `scratch`; None where they take the same passes.

        It defines all of the shader, and may call ``read0`` to ``read3``, ``vectors`` and ``store``.
        """
        del inputs
        return None

    def reads(self, scratch: int) -> tuple[int, ...] | None:
        """What its own pass reads, by number as in `Scratch`, with so many passes before; None is everything."""
        del scratch
        return None

    def kernel(self, weight: NDArray[np.generic]) -> NDArray[np.generic] | None:
        """View of the weight as (O, I / groups, kh, kw) for the convolution shaders; None without one."""
        del weight
        return None

    def taps(self) -> tuple[Taps, Taps] | None:
        """Where the taps of a convolution read, down and across; None where there is no kernel."""
        return None

    swaps: ClassVar[bool] = False
    """Whether `kernel` swaps the first two axes of the weight, within each group."""

    def vector_rows(self) -> tuple[str, ...] | None:
        """The rows of `vectors` by the tensors that they are, for weights that change on the device.

        "" is a row of zeros; None where a row is more than one tensor as it lies, and made in memory.
        """
        return None

    def vectors(self, tensors: Mapping[str, Array]) -> Array | None:
        """What the shader reads once per channel, as (rows, channels); None without any."""
        del tensors
        return None


class Backward(Protocol):
    """One layer, seen from behind: where its operator's rule finds what it needs, and adds the layers that it makes.

    Attributes:
        inputs: the names of what it reads.
        tensors: its operator's own names of its tensors.
        output: the layer's own name, which its output goes by.
        grad: the layer that holds the gradient of its output.
        shapes: of every map, also of those that layers which are added make.
    """

    inputs: tuple[str, ...]
    tensors: Collection[str]
    output: str
    grad: str
    shapes: Mapping[str, Shape]

    def read(self, k: int = 0) -> str:
        """The name of what it reads as its k-th input."""
        return self.inputs[k]

    def shape(self, k: int = 0) -> Shape:
        """The shape of its k-th input."""
        return self.shapes[self.inputs[k]]

    def add(self, op: Op, *reads: str) -> str:
        """Add a layer that reads these maps; tensors that its operator has are those of the layer by the same names."""
        ...


class Elementwise(Op):
    """An operator of one input that makes a map of the same shape."""

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`: the input's."""
        return inputs[0]


def out_size(size: int, kernel: int, stride: int, padding: int, dilation: int, *, ceil_mode: bool = False) -> int:
    """Output size of a sliding window along one axis, by PyTorch's rule; may be zero or less."""
    span = size + 2 * padding - dilation * (kernel - 1) - 1
    if not ceil_mode:
        return span // stride + 1
    out = -(-span // stride) + 1
    # The last window must start inside the input or its left padding.
    return out - 1 if (out - 1) * stride >= size + padding else out


def listed(shapes: Sequence[Shape]) -> str:
    """Shapes for a message: ``3×8×8, 4×8×8``."""
    return ", ".join(str(shape) for shape in shapes)


def require(condition: bool, sentence: str) -> None:
    """Raise StudioError with this sentence unless the condition holds."""
    if not condition:
        raise StudioError(sentence)
