"""Pictures on their way into a network: bytes go to the GPU, which makes the input's map of them.

They are a quarter of the floats, and lie there as they come.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from moderngl import Buffer

from studio.engine.gl.driver.device import Device
from studio.engine.gl.frame.dispatch import Dispatch, Recorded
from studio.engine.gl.memory.mapped import Feed
from studio.model.declared.size import Size
from studio.model.networks.inputs import Input
from studio.model.networks.picture import LUMA, DeepPicture, white
from studio.model.networks.shape import Array

_BGR, _LUMA = 1, 2

_WORD = 4
_LONG = 1 << 20
"""Bytes whose copy takes long enough to let other Python threads run: whoever lets them waits until they let him."""


class PixelFeed:
    """An input's pictures, of one size and one number of bits a value.

    Args:
        device: what it runs on.
        fed: the input.
        like: a picture such as those that come.
        make: the pass that makes the input's map of what lies in a buffer by the numbers in another.
    """

    def __init__(
        self, device: Device, fed: Input, like: DeepPicture, make: Callable[[Buffer, Buffer], Dispatch]
    ) -> None:
        self._kind = like.dtype
        self._size = Size.of(like)
        self._bytes = like.nbytes
        self._feed = Feed(device, -(-self._bytes // _WORD) * _WORD)
        numbers = _numbers(fed, white(like))
        self._block = device.context.buffer(numbers.tobytes())
        self._runs = [Recorded([make(pixels.buffer, self._block)], device) for pixels in self._feed.buffers]

    def fits(self, picture: DeepPicture) -> bool:
        """Whether it is such a picture."""
        return picture.dtype == self._kind and picture.shape[:2] == self._size

    def run(self, picture: DeepPicture) -> bool:
        """Make the map of this picture; False where the driver keeps no buffer mapped, and nothing is made."""
        number, pixels = self._feed.take()
        memory = pixels.view(np.uint8)
        if memory is None:
            return False
        laid = np.ascontiguousarray(picture).reshape(-1).view(np.uint8)
        if self._bytes > _LONG:
            np.copyto(memory[: self._bytes], laid)
        else:
            memory.data[: self._bytes] = laid.data
        self._runs[number]()
        self._feed.leave_fence()
        return True

    def drop_fences(self) -> None:
        """See `Mapped.drop_fence`."""
        self._feed.drop_fences()


def _numbers(fed: Input, white: float) -> Array:
    """(4, 4) float32: what the shader is told, see ``lib/pixels.glsl``."""
    low, high = fed.range
    std = np.array(fed.std or (1, 1, 1), np.float32)
    mean = np.array(fed.mean or (0, 0, 0), np.float32)
    numbers = np.zeros((4, 4), np.float32)
    numbers[0].view(np.int32)[0] = _LUMA if fed.channels == 1 else _BGR if fed.order == "bgr" else 0
    numbers[1, :3] = np.float32((high - low) / white) / std
    numbers[2, :3] = (np.float32(low) - mean) / std
    numbers[3, :3] = LUMA
    return numbers
