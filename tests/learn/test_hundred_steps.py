"""A hundred steps as somebody writes them in PyTorch: sums of losses, clipping, warm-up, cosine, decay, momentum."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor, nn, optim
from torch.nn import functional as F

from studio.learn.asked import Asked
from studio.learn.learner import Learner
from studio.learn.networks import parse_new
from studio.learn.prepare import prepare
from studio.model.declared.size import Size
from studio.model.networks.network import Network

STEPS, WARMUP, RATE, CLIP, DECAY = 100, 10, {"sgd": 0.05, "adam": 1e-2, "adamw": 1e-2, "adadelta": 1.0}, 0.05, 0.01
SIDE = 12
EPS = 1e-5
"""Of Adam, which makes whole steps of the rounding of a gradient that is next to nothing."""


def made() -> Network:
    return parse_new("autoencoder,width=4,seed=3").make()


class ByHand:
    """The network, its losses and its optimiser with PyTorch's own schedules."""

    def __init__(self, name: str) -> None:
        self.module = nn.Sequential(
            *(nn.Conv2d(3, 4, 4, 2, 1), nn.ReLU(), nn.Conv2d(4, 16, 4, 2, 1), nn.ReLU()),
            *(nn.ConvTranspose2d(16, 4, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(4, 3, 4, 2, 1), nn.Sigmoid()),
        )
        with torch.no_grad():
            for key, place in (("enc1", 0), ("enc2", 2), ("dec1", 4), ("dec2", 6)):
                for part in ("weight", "bias"):
                    getattr(self.module[place], part).copy_(torch.tensor(made().tensors[f"{key}.{part}"]))
        weights = list(self.module.parameters())
        self.optimiser: optim.Optimizer = {
            "sgd": lambda: optim.SGD(weights, RATE[name], momentum=0.7, weight_decay=DECAY),
            "adam": lambda: optim.Adam(weights, RATE[name], betas=(0.7, 0.999), eps=EPS, weight_decay=DECAY),
            "adamw": lambda: optim.AdamW(weights, RATE[name], betas=(0.7, 0.999), eps=EPS, weight_decay=DECAY),
            "adadelta": lambda: optim.Adadelta(weights, RATE[name], rho=0.7, weight_decay=DECAY),
        }[name]()
        rises = optim.lr_scheduler.LinearLR(self.optimiser, 1 / WARMUP, total_iters=WARMUP - 1)
        falls = optim.lr_scheduler.CosineAnnealingLR(self.optimiser, STEPS - WARMUP)
        self.schedule = optim.lr_scheduler.SequentialLR(self.optimiser, [rises, falls], [WARMUP])

    def step(self, x: Tensor) -> float:
        self.optimiser.zero_grad()
        y = self.module(x)
        across = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 8
        kernels = torch.stack([across, across.T])[:, None].repeat(3, 1, 1, 1)
        edges = F.conv2d(F.pad(y - x, (1, 1, 1, 1), mode="replicate"), kernels, groups=3).abs().mean()
        rough = (y[..., 1:] - y[..., :-1]).abs().mean() + (y[..., 1:, :] - y[..., :-1, :]).abs().mean()
        smooth = ((x - y) ** 2 + 1e-4).sqrt().mean()
        loss = F.mse_loss(y, x) + 0.5 * F.l1_loss(y, x) + 0.3 * edges + 0.01 * rough + 0.2 * smooth
        loss.backward()
        nn.utils.clip_grad_norm_(self.module.parameters(), CLIP)
        self.optimiser.step()
        self.schedule.step()
        return loss.item()


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    for number in range(3):
        coarse = np.random.default_rng(number).integers(0, 256, (4, 5, 3), np.uint8)
        cv2.imwrite(str(tmp_path / f"{number}.png"), cv2.resize(coarse, (20, 16), interpolation=cv2.INTER_CUBIC))
    return tmp_path


def taught(pictures: Path, name: str, engine: str, at_once: int) -> Learner:
    asked = Asked(
        str(pictures),
        losses="l2=1,l1=0.5,edges=0.3,tv=0.01,charbonnier=0.2",
        size=SIDE,
        batch=2,
        at_once=at_once,
        optimiser=name,
        optimiser_numbers={"weight_decay": DECAY} | ({"eps": EPS} if name.startswith("adam") else {}),
        rate=RATE[name],
        momentum=0.7,
        warmup=WARMUP,
        cosine=True,
        steps=STEPS,
        clip=CLIP,
        seed=4,
    )
    return prepare(made(), asked, engine)[0]


@pytest.mark.long
@pytest.mark.parametrize("name", sorted(RATE))
@pytest.mark.parametrize(
    ("engine", "at_once"),
    [
        ("torch", 0),
        ("torch", 1),
        pytest.param("gl", 0, marks=pytest.mark.gl),
        pytest.param("gl-fragment", 0, marks=pytest.mark.gl),
    ],
)
def test_a_hundred_steps_lose_what_they_lose_in_pytorch(pictures: Path, name: str, engine: str, at_once: int) -> None:
    learner, oracle, crops = taught(pictures, name, engine, at_once), ByHand(name), np.random.default_rng(4)
    found, wanted = [], []
    for _ in range(STEPS):
        found.append(learner.step())
        batch = learner.lesson.batch(crops, 2, learner.network.graph, Size(SIDE, SIDE), Size(SIDE, SIDE))
        wanted.append(oracle.step(torch.tensor(np.array(batch.wanted))))
    np.testing.assert_allclose([step.loss for step in found], wanted, rtol=0.01)
    assert np.mean(wanted[-10:]) < np.mean(wanted[:10])
    assert any(step.norm > CLIP for step in found)
    assert found[0].rate == pytest.approx(RATE[name] / WARMUP)
    learner.close()
