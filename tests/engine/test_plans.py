"""How convolutions run where nothing was measured."""

from __future__ import annotations

import pytest

from studio.engine.gl.tuning.loops import MatrixLoop, NarrowLoop, Work
from studio.engine.gl.tuning.plans import usual
from studio.model.declared.size import Size
from studio.model.networks.layout import tile_count
from studio.ops.conv import Conv2d
from studio.ops.conv_fractional import FractionalConv2d


@pytest.mark.parametrize("kind", [Conv2d, FractionalConv2d])
def test_few_channels_are_made_by_a_loop_for_few(kind: type[Conv2d]) -> None:
    def work(channels: int, kernel_size: int = 4) -> Work:
        op = kind(in_channels=64, out_channels=channels, kernel_size=kernel_size)
        return Work(Size(512, 512), channels, tile_count(64), op.taps())

    # On a GPU 0.29 ms in place of 1.28, for 64 channels to 3, and compiled in two thirds of the time.
    assert all(isinstance(usual(work(channels)).loop, NarrowLoop) for channels in (1, 3, 4))
    assert isinstance(usual(work(64)).loop, MatrixLoop)
