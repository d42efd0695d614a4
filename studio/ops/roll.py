"""Maps moved within their own bounds: Roll, Flip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from studio.model.declared.param import param
from studio.model.networks.op import Backward, Elementwise, Gradients

if TYPE_CHECKING:
    from torch import Tensor

_Shift = Annotated[int, Field(ge=-16384, le=16384)]


class Roll(Elementwise):
    """Every pixel moved down and to the right; what leaves the map comes in opposite, as ``torch.roll``."""

    shader = "roll"

    shifts: tuple[_Shift, _Shift] = param(doc="How far down and to the right; negative is up and left", unit="px")

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        down, right = self.shifts
        return {0: at.add(Roll(shifts=(-down, -right)), at.grad)}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return inputs[0].roll(self.shifts, (2, 3))


class Flip(Elementwise):
    """Rows, columns or both in the opposite order, as ``torch.flip``."""

    shader = "flip"

    vertical: bool = param(False, doc="Whether top and bottom change places")
    horizontal: bool = param(False, doc="Whether left and right change places")

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        return {0: at.add(self, at.grad)}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return inputs[0].flip([axis for axis, asked in ((2, self.vertical), (3, self.horizontal)) if asked])
