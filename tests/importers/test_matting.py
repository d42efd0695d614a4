"""Robust Video Matting from its tensors: its states are handed on as its authors do, whatever its downsample_ratio."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from families_attention import Rvm
from helpers import EngineFor, relative_error
from torch import nn

from studio.errors import StudioError
from studio.io.importers import Options, open_model
from studio.model.declared.size import Size
from studio.model.declared.tick import Tick
from studio.runtime.render.frame_runner import FrameRunner


def _saved(smaller: int, folder: Path) -> Rvm:
    torch.manual_seed(1)
    module = Rvm(smaller).eval()
    for name, held in module.named_buffers():
        if name.endswith("running_var"):
            nn.init.uniform_(held, 0.5, 2)
    torch.save(module.state_dict(), folder / "rvm.pth")
    return module


@pytest.mark.parametrize(("arch", "smaller"), [("", 1), ("rvm-half", 2), ("rvm-quarter", 4)])
def test_a_film_is_cut_out_by_what_was_seen_before(
    arch: str, smaller: int, engine_for: EngineFor, tmp_path: Path
) -> None:
    module = _saved(smaller, tmp_path)
    network = open_model(tmp_path / "rvm.pth", Options(arch=arch)).network
    engine = engine_for(network)
    runner = FrameRunner(engine)
    for size in (Size(64, 64), Size(64, 128)):
        sides = [(c, *(side // (smaller * 2**k) for side in size)) for k, c in enumerate((2, 2, 3, 4), 1)]
        states = [torch.zeros(1, *shape) for shape in sides]
        for frame in range(3):
            shown = np.random.default_rng(frame).integers(0, 256, (*size, 3), np.uint8)
            runner.tick = Tick(frame)
            runner(shown)
            with torch.no_grad():
                wanted, _, states = module(torch.from_numpy(shown.transpose(2, 0, 1)[None] / np.float32(255)), states)
            assert relative_error(engine.output(), wanted[0].numpy()) < 1e-4
        for put, state in zip(network.graph.states, states, strict=True):
            assert relative_error(engine.activation(put.comes_from), state[0].numpy()) < 1e-4


def test_the_colour_of_what_is_cut_out_is_another_output(tmp_path: Path) -> None:
    _saved(1, tmp_path)
    network = open_model(tmp_path / "rvm.pth", Options(output="fgr")).network
    assert network.graph.shapes({put.name: Size(64, 64) for put in network.graph.inputs})[network.graph.output] == (
        3,
        64,
        64,
    )
    with pytest.raises(StudioError, match='no output "mask"; it has pha'):
        open_model(tmp_path / "rvm.pth", Options(output="mask"))
