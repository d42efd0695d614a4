"""``studio render`` of networks that are fed vectors: alone, and beside pictures."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pytest
import torch
from helpers import ROOT, layer, network, on_torch
from torch import nn

sys.path.append(str(ROOT / "tests" / "importers"))

from modules import made

from studio.io.networks import load_network, save_network
from studio.io.sources import at_constant_rate, open_source
from studio.model.networks.inputs import Input
from studio.model.networks.latent import Latent
from studio.model.networks.picture import to_picture

StudioHere = Callable[..., tuple[int, str, str]]

MODELS = ROOT.parent / "shared" / "models"


@pytest.fixture
def dcgan(studio_here: StudioHere, tmp_path: Path) -> nn.Module:
    """A generator, and its network in "gan"."""
    _, module, _ = made("dcgan")
    with torch.no_grad():
        module.main[0].weight *= 20  # else all its pictures are nearly one
    torch.save(module.state_dict(), tmp_path / "gan.pth")
    assert studio_here("import", "gan.pth", "gan")[0] == 0
    return module


def frames(folder: Path) -> list[np.ndarray]:
    return [cv2.imread(str(file))[:, :, ::-1] for file in sorted(folder.glob("*.png"))]


def test_a_generator_is_recorded_whole(studio_here: StudioHere, tmp_path: Path, dcgan: nn.Module) -> None:
    spec = "latent:loop,seed=3,seconds=1"
    status, _, err = studio_here("render", spec, "film", "--preset", "gan", "--fps", "8", "--engine", "torch")
    assert status == 0, err
    found = frames(tmp_path / "film")
    assert len(found) == 8
    (put,) = load_network(tmp_path / "gan").graph.inputs
    assert put.kind == "vector"
    for number, picture in enumerate(found):
        latent = torch.from_numpy(Latent(put.channels, 3).loop(number / 8, 1.0))[None]
        wanted = to_picture(dcgan(latent)[0].detach().numpy(), (-1.0, 1.0))
        assert picture.shape == wanted.shape
        assert np.abs(picture.astype(int) - wanted).max() <= 1
    assert np.abs(found[0].astype(int) - found[4]).max() > 2


@pytest.mark.usefixtures("dcgan")
def test_a_part_is_the_part_of_the_whole(studio_here: StudioHere, tmp_path: Path) -> None:
    for name, more in (("whole", ()), ("part", ("--frames", "5:9"))):
        arguments = ("latent:between,seed=1,to=2,seconds=0.4", name, "--preset", "gan", "--engine", "torch", *more)
        status, _, err = studio_here("render", *arguments)
        assert status == 0, err
    whole, part = frames(tmp_path / "whole"), frames(tmp_path / "part")
    assert (len(whole), len(part)) == (10, 4)
    assert all(np.array_equal(a, b) for a, b in zip(part, whole[5:9], strict=True))


@pytest.mark.usefixtures("dcgan")
def test_a_generator_goes_to_onnxruntime(studio_here: StudioHere, tmp_path: Path) -> None:
    status, _, err = studio_here("export", "gan", "gan.onnx")
    assert status == 0, err
    assert 'Its input "input" takes a vector of 10 values, normally distributed.' in err
    session = onnxruntime.InferenceSession(tmp_path / "gan.onnx", providers=["CPUExecutionProvider"])
    (put,) = session.get_inputs()
    assert put.shape[1:] == [10, 1, 1]
    latent = Latent(10, 5).point()
    engine = on_torch(load_network(tmp_path / "gan"))
    engine.run({put.name: latent})
    np.testing.assert_allclose(session.run(None, {put.name: latent[None]})[0][0], engine.output(), atol=1e-5)


def test_a_picture_and_a_vector_together(studio_here: StudioHere, tmp_path: Path) -> None:
    mixed = network(
        layer("gate", "Linear", "z", in_features=5, out_features=3),
        layer("mul", "Mul", ("input", "gate")),
        inputs=[Input("input"), Input("z", 5, kind="vector")],
    )
    save_network(mixed, tmp_path / "mixed")
    grey = np.full((6, 10, 3), 200, np.uint8)
    cv2.imwrite(str(tmp_path / "grey.png"), grey)
    arguments = ("grey.png", "film", "--preset", "mixed", "--frames", "0:5", "--engine", "torch")
    status, _, err = studio_here("render", *arguments, "--latent", "walk,seed=2,pace=0.1", "--fps", "10")
    assert status == 0, err
    found = frames(tmp_path / "film")
    engine = on_torch(mixed)
    for number, picture in enumerate(found):
        engine.run({"input": np.full((3, 6, 10), 200 / 255, np.float32), "z": Latent(5, 2).walk(number / 10, 0.1)})
        wanted = to_picture(engine.output(), (0.0, 1.0))
        assert np.abs(picture.astype(int) - wanted).max() <= 1
    assert any(not np.array_equal(found[0], other) for other in found[1:])


@pytest.mark.usefixtures("dcgan")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("demo", "a.mp4", "--preset", "gan"), 'cannot look at "demo"; give "latent"'),
        (("latent", "a.mp4"), "takes pictures alone"),
        (("demo", "a.mp4", "--latent", "walk"), "takes pictures alone"),
        (("latent:fly", "a.mp4", "--preset", "gan"), '"fly" is no way'),
        (("latent", "a.mp4", "--preset", "gan", "--latent", "loop"), "leave one out"),
    ],
)
def test_what_does_not_fit_is_one_sentence(studio_here: StudioHere, arguments: tuple[str, ...], said: str) -> None:
    status, _, err = studio_here("render", *arguments)
    assert status == 2
    assert err.startswith("Error: ")
    assert said in err


def test_the_source_is_as_long_as_its_path_and_can_be_entered_anywhere() -> None:
    with open_source("latent:loop,seconds=2") as source:
        assert (source.info.frames, source.info.duration, source.info.fps) == (50, 2.0, 25)
        everything = list(source)
        assert [frame.index for frame in everything] == list(range(50))
        assert [frame.index for frame in source.frames(1.0)] == list(range(25, 50))
        assert [frame.index for frame in source.frames(99.0)] == [49]
        assert len(list(at_constant_rate(source, source.info.fps))) == 50


def test_a_public_decoder_is_recorded(studio_here: StudioHere, tmp_path: Path) -> None:
    file = MODELS / "btcvae_celeba" / "btcvae_celeba.pt"
    if not file.is_file():
        pytest.skip(f"{file} is not there: real networks are not part of the project")
    assert studio_here("import", file, "faces", "--arch", "vae-decoder")[0] == 0
    arguments = ("latent:between,seed=4,to=9,seconds=0.2", "film", "--preset", "faces", "--engine", "torch")
    status, _, err = studio_here("render", *arguments)
    assert status == 0, err
    found = frames(tmp_path / "film")
    assert [picture.shape for picture in found] == [(64, 64, 3)] * 5
    assert np.abs(found[0].astype(int) - found[-1]).mean() > 1
