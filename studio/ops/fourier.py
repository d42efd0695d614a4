"""Discrete Fourier transforms of rows or columns: Fft, Rfft, Irfft.

A map of complex numbers has two channels for each of its own: the real part, and behind it the imaginary one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from studio.model.declared.param import param
from studio.model.networks.op import Backward, Elementwise, Gradients, Op, require
from studio.model.networks.shape import Shape

if TYPE_CHECKING:
    from torch import Tensor

Axis = Literal["height", "width"]
Norm = Literal["backward", "ortho", "forward"]

_AXIS = "Whether columns or rows are transformed"
_NORM = "Which of both directions is divided by the length; ortho divides each by its root"
_DOUBLED = "Whether frequencies count twice that stand for their negatives, too"
_OTHER: dict[Norm, Norm] = {"backward": "forward", "ortho": "ortho", "forward": "backward"}
_SIDES = {"height": 1, "width": 2}


def plane(x: Tensor) -> Tensor:
    """(N, 2 C, H, W) as complex numbers (N, C, H, W); PyTorch has no transform of halves on every machine."""
    import torch

    x = x.float() if x.dtype.itemsize < 4 else x
    return torch.view_as_complex(x.reshape(len(x), -1, 2, *x.shape[2:]).movedim(2, -1).contiguous())


def parts(z: Tensor, like: Tensor) -> Tensor:
    """Complex numbers (N, C, H, W) as (N, 2 C, H, W), of another tensor's type."""
    import torch

    return torch.view_as_real(z).movedim(-1, 2).flatten(1, 2).to(like.dtype)


class Fft(Elementwise):
    """Discrete Fourier transform of complex rows or columns, as ``torch.fft.fft`` and ``ifft``.

    Source: J. W. Cooley and J. W. Tukey, "An algorithm for the machine calculation of complex Fourier series", 1965;
    on GPUs it is summed up by its definition.
    """

    shader = "fft"

    axis: Axis = param("width", doc=_AXIS)
    inverse: bool = param(False, doc="Whether it leads from frequencies back to places")
    norm: Norm = param("backward", doc=_NORM)

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        _require_plane(inputs[0])
        return inputs[0]

    def structure(self) -> dict[str, int | float]:
        """See `Op.structure`."""
        return super().structure() | {"REAL": 0, "DOUBLED": 0}

    def scratch(self, *inputs: Shape) -> tuple[tuple[str, Shape], ...]:
        """See `Op.scratch`: cosine and sine of every part of a turn."""
        return (("fft_turns", Shape(2, 1, inputs[0][_SIDES[self.axis]])),)

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        return {0: at.add(Fft(axis=self.axis, inverse=not self.inverse, norm=_OTHER[self.norm]), at.grad)}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        import torch

        work = torch.fft.ifft if self.inverse else torch.fft.fft
        return parts(work(plane(inputs[0]), dim=1 + _SIDES[self.axis], norm=self.norm), inputs[0])


class Rfft(Op):
    """Frequencies of rows or columns, as ``torch.fft.rfft``: those that are not negative, n // 2 + 1 of n places."""

    shader = "fft"

    axis: Axis = param("width", doc=_AXIS)
    norm: Norm = param("backward", doc=_NORM)
    doubled: bool = param(False, doc=_DOUBLED)

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        channels, height, width = inputs[0]
        if self.axis == "height":
            return Shape(2 * channels, height // 2 + 1, width)
        return Shape(2 * channels, height, width // 2 + 1)

    def size_ratio(self) -> None:
        """See `Op.size_ratio`."""

    def structure(self) -> dict[str, int | float]:
        """See `Op.structure`."""
        return super().structure() | {"REAL": 1, "INVERSE": 0}

    def scratch(self, *inputs: Shape) -> tuple[tuple[str, Shape], ...]:
        """See `Op.scratch`: cosine and sine of every part of a turn."""
        return (("fft_turns", Shape(2, 1, inputs[0][_SIDES[self.axis]])),)

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        back = Irfft(axis=self.axis, norm=_OTHER[self.norm], doubled=self.doubled)
        return {0: at.add(back, at.grad, at.read())}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        import torch

        x, dim = inputs[0], 1 + _SIDES[self.axis]
        found = torch.fft.rfft(x.float() if x.dtype.itemsize < 4 else x, dim=dim, norm=self.norm)
        if self.doubled:
            found = found * _counts(found, dim, x.shape[dim])
        return parts(found, x)


class Irfft(Op):
    """Rows or columns of their frequencies, as ``torch.fft.irfft``; as long as those of a second map."""

    arity = 2
    shader = "irfft"
    follows = 1

    axis: Axis = param("width", doc=_AXIS)
    norm: Norm = param("backward", doc=_NORM)
    doubled: bool = param(True, doc=_DOUBLED)

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        (channels, height, width), like = inputs
        _require_plane(inputs[0])
        have, wanted = inputs[0][_SIDES[self.axis]], like[_SIDES[self.axis]] // 2 + 1
        require(have == wanted, f"{have} frequencies are not those of a {self.axis} of {like[_SIDES[self.axis]]}.")
        if self.axis == "height":
            return Shape(channels // 2, like.height, width)
        return Shape(channels // 2, height, like.width)

    def scratch(self, *inputs: Shape) -> tuple[tuple[str, Shape], ...]:
        """See `Op.scratch`: cosine and sine of every part of a turn."""
        return (("fft_turns", Shape(2, 1, inputs[1][_SIDES[self.axis]])),)

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`: of its second input only the size counts."""
        return {0: at.add(Rfft(axis=self.axis, norm=_OTHER[self.norm], doubled=self.doubled), at.grad)}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        import torch

        dim = 1 + _SIDES[self.axis]
        z, count = plane(inputs[0]), inputs[1].shape[dim]
        z = z if self.doubled else z / _counts(z, dim, count)
        found: Tensor = torch.fft.irfft(z, n=count, dim=dim, norm=self.norm)
        return found.to(inputs[0].dtype)


def _require_plane(shape: Shape) -> None:
    require(shape.channels % 2 == 0, f"complex numbers need an even number of channels, not {shape.channels}.")


def _counts(z: Tensor, dim: int, length: int) -> Any:
    """How many frequencies each of those that are not negative stands for."""
    import torch

    counts = torch.full((z.shape[dim],), 2.0, dtype=z.real.dtype, device=z.device)
    counts[0] = 1
    if length % 2 == 0:
        counts[-1] = 1
    return counts.unsqueeze(-1) if dim == 2 else counts
