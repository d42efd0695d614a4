"""Pictures kept on the device, of which crops become inputs of a network without passing through this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import moderngl
import numpy as np
from numpy.typing import NDArray

from studio.engine.gl.driver.device import Device
from studio.engine.gl.frame.dispatch import Dispatch, Taped, in_a_row
from studio.engine.gl.memory.told import Blocks, Region, Told
from studio.model.networks.inputs import Input
from studio.model.networks.picture import LUMA, Picture
from studio.model.networks.shape import Array

_LUMA, _BGR = 2, 1

_NUMBERS = 16
"""That ``learn/cut.glsl`` is told: a place, a scale, a shift and a luma, four each."""


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
    """What makes the maps of inputs of crops.

    Args:
        device: what it runs on.
        inputs: all that are fed crops.
        crops: of each, of the pictures that it makes maps of.
        banks: of each, where those lie.
        make: the pass that makes an input's map, by the input's name, of a bank's buffer and the numbers of a crop.
    """

    def __init__(
        self,
        device: Device,
        inputs: Sequence[Input],
        crops: Mapping[str, Crop],
        banks: Mapping[str, PictureBank],
        make: Callable[[str, moderngl.Buffer, Region], Dispatch],
    ) -> None:
        self._device = device
        self._make = make
        self._numbers = Blocks({fed.name: _NUMBERS for fed in inputs})
        self._told = Told(device)
        self._told.adopt(self._numbers)
        self._pictures = {fed.name: crops[fed.name].pictures for fed in inputs}
        # Of each input its bank, and where its crop's place stands among the numbers.
        self._places: dict[str, tuple[PictureBank, NDArray[np.int32]]] = {}
        for fed in inputs:
            numbers = self._numbers.told[self._numbers.spans[fed.name]]
            numbers[4:] = _colours(fed).reshape(-1)
            place = numbers[:4].view(np.int32)
            place[3] = _LUMA if fed.channels == 1 else _BGR if fed.order == "bgr" else 0
            self._places[fed.name] = banks[fed.name], place
        self._pixels: list[moderngl.Buffer | None] = []
        self._run = Taped((), device)

    def is_of(self, crops: Mapping[str, Crop]) -> bool:
        """Whether these are crops of its pictures."""
        return all(name in crops and crops[name].pictures is held for name, held in self._pictures.items())

    def run(self, crops: Mapping[str, Crop]) -> bool:
        """Make the maps of these crops, whose heights and widths are the inputs'; False where one cannot be."""
        for name, (bank, place) in self._places.items():
            crop = crops[name]
            if not bank.holds(crop.pictures) or not bank.fits(crop):
                return False
            place[0], place[1] = bank.first(crop), crop.pictures[crop.number].shape[1]
            place[2] = crop.mirrored
        pixels = [bank.buffer for bank, _ in self._places.values()]
        if pixels != self._pixels:
            # Pictures have moved into a larger buffer.
            passes = [self._pass(name, buffer) for name, buffer in zip(self._places, pixels, strict=True)]
            self._pixels, self._run = pixels, Taped(in_a_row(passes), self._device)
        self._numbers.version += 1
        self._told.write(self._numbers)
        self._run()
        return True

    def close(self) -> None:
        """Free what it holds."""
        self._told.close()

    def _pass(self, name: str, pixels: moderngl.Buffer | None) -> Dispatch:
        region = self._told.region(name)
        assert pixels is not None
        assert region is not None
        return self._make(name, pixels, region)


def _colours(fed: Input) -> Array:
    """(3, 4) float32: by what a pixel's values are multiplied, what is added, and what each counts in its luma."""
    lo, hi = fed.range
    std = np.array(fed.std or (1, 1, 1), np.float32)
    mean = np.array(fed.mean or (0, 0, 0), np.float32)
    numbers = np.zeros((3, 4), np.float32)
    numbers[0, :3] = np.float32((hi - lo) / 255) / std
    numbers[1, :3] = (np.float32(lo) - mean) / std
    numbers[2, :3] = LUMA
    return numbers
