"""Pictures kept on the device, of which crops become inputs of a network without passing through this process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import moderngl
import numpy as np

from studio.engine.gl.device import Device
from studio.engine.gl.tape import Call
from studio.model.graph import Input
from studio.model.picture import LUMA, Picture

_LUMA, _BGR = 2, 1


class Crop(NamedTuple):
    """A part of a picture.

    Attributes:
        pictures: the pictures that it is one of; one that is another by then is brought over anew.
        number: which.
        top: its first row.
        left: its first column.
        mirrored: whether left and right change places.
    """

    pictures: Sequence[Picture]
    number: int
    top: int
    left: int
    mirrored: bool


class PictureBank:
    """The pictures of lessons as one buffer, four bytes a pixel.

    Args:
        device: where they are kept.
    """

    def __init__(self, device: Device) -> None:
        self._device = device
        self._pictures: Sequence[Picture] = ()
        self._kept: list[Picture] = []
        self._firsts: list[int] = []
        self._used = 0
        self.buffer: moderngl.Buffer | None = None

    def holds(self, pictures: Sequence[Picture]) -> bool:
        """Bring these pictures over where they are not there yet; False where there is no room for them."""
        if self._pictures is not pictures or len(self._kept) > len(pictures):
            self.buffer, self._pictures, self._kept, self._firsts, self._used = None, pictures, [], [], 0
        if len(self._kept) == len(pictures):
            return True
        new = list(pictures[len(self._kept) :])
        total = self._used + sum(picture.shape[0] * picture.shape[1] for picture in new)
        if total * 4 > self._device.most_storage or any(picture.dtype != np.uint8 for picture in new):
            return False
        if self.buffer is None or self.buffer.size < total * 4:
            # Twice as large as what there was: a camera brings one picture after the other.
            size = min(max(total, 2 * self._used), self._device.most_storage // 4)
            self.buffer = self._device.context.buffer(reserve=max(size, 4) * 4)
            new, self._kept, self._firsts, self._used = list(pictures), [], [], 0
        for picture in new:
            self._firsts.append(self._used)
            self._kept.append(picture)
            self._write(len(self._kept) - 1, picture)
            self._used += picture.shape[0] * picture.shape[1]
        return True

    def first(self, crop: Crop) -> int:
        """The crop's first pixel in the buffer."""
        picture = crop.pictures[crop.number]
        if picture is not self._kept[crop.number]:
            self._kept[crop.number] = picture
            self._write(crop.number, picture)
        first: int = self._firsts[crop.number] + crop.top * picture.shape[1] + crop.left
        return first

    def fits(self, crop: Crop) -> bool:
        """Whether the picture has the size of the one that lay in its place."""
        return crop.pictures[crop.number].shape == self._kept[crop.number].shape

    def _write(self, number: int, picture: Picture) -> None:
        assert self.buffer is not None
        pixels = np.zeros((*picture.shape[:2], 4), np.uint8)
        pixels[:, :, :3] = picture
        self.buffer.write(pixels.tobytes(), offset=self._firsts[number] * 4)


class CutPass:
    """The pass that makes an input's map of a crop.

    Args:
        device: what it runs on.
        fed: the input.
        bank: where pictures lie.
        run: binds and runs its shader, with the block of the crop and the pictures bound before.
    """

    def __init__(self, device: Device, fed: Input, bank: PictureBank, run: Call) -> None:
        self._bank = bank
        self._run = run
        self._block = device.context.buffer(reserve=64)
        lo, hi = fed.range
        std = np.array(fed.std or (1, 1, 1), np.float32)
        mean = np.array(fed.mean or (0, 0, 0), np.float32)
        self._numbers = np.zeros((4, 4), np.float32)
        self._numbers[1, :3] = np.float32((hi - lo) / 255) / std
        self._numbers[2, :3] = (np.float32(lo) - mean) / std
        self._numbers[3, :3] = LUMA
        self._kind = _LUMA if fed.channels == 1 else _BGR if fed.order == "bgr" else 0

    def run(self, crop: Crop) -> None:
        """Make the map of this crop, whose height and width are the input's."""
        width = crop.pictures[crop.number].shape[1]
        self._numbers[0].view(np.int32)[:] = self._bank.first(crop), width, crop.mirrored, self._kind
        self._block.write(self._numbers)
        self._block.bind_to_uniform_block(1)
        assert self._bank.buffer is not None
        self._bank.buffer.bind_to_storage_buffer(0)
        self._run()
