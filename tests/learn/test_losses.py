"""Losses are what plain PyTorch reckons, for every picture of a batch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers import layer, network
from torch import Tensor
from torch.nn import functional as F

from studio.errors import StudioError
from studio.learn.lesson_numbers import LOSS_NAMES
from studio.learn.losses import LOSSES, parse_weights
from studio.learn.objective import sketch
from studio.learn.others import Adversarial, Features, Style, grams_of, looking_layers
from studio.learn.settings import Settings, Term, objective_of
from studio.model.declared.size import Size
from studio.model.networks.inputs import Input
from studio.model.networks.network import Network

SIZE = Size(14, 18)


def seen() -> Network:
    return network(
        layer("a", "Conv2d", "input", in_channels=3, out_channels=5, kernel_size=3, padding=1),
        layer("a_act", "ReLU", "a"),
        layer("b", "Conv2d", "a_act", in_channels=5, out_channels=6, kernel_size=3, stride=2, padding=1),
        layer("b_act", "Tanh", "b"),
        layer("out", "Conv2d", "b_act", in_channels=6, out_channels=3, kernel_size=1),
        seed=9,
        name="extractor",
    )


def look(x: Tensor) -> list[Tensor]:
    tensors = {name: torch.tensor(value) for name, value in seen().tensors.items()}
    first = F.conv2d(x, tensors["a.weight"], tensors["a.bias"], padding=1).relu()
    return [first, F.conv2d(first, tensors["b.weight"], tensors["b.bias"], stride=2, padding=1).tanh()]


def ssim(x: Tensor, y: Tensor) -> Tensor:
    bell = torch.exp(-((torch.arange(11) - 5.0) ** 2) / (2 * 1.5**2))
    window = (torch.outer(bell, bell) / bell.sum() ** 2).expand(3, 1, 11, 11)
    smooth = lambda z: F.conv2d(z, window, groups=3)  # noqa: E731
    mx, my = smooth(x), smooth(y)
    vx, vy, vxy = smooth(x * x) - mx**2, smooth(y * y) - my**2, smooth(x * y) - mx * my
    return ((2 * mx * my + 1e-4) * (2 * vxy + 9e-4) / ((mx**2 + my**2 + 1e-4) * (vx + vy + 9e-4))).mean()


def sobel(z: Tensor) -> Tensor:
    across = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 8
    kernels = torch.stack([across, across.T])[:, None].repeat(3, 1, 1, 1)
    return F.conv2d(F.pad(z, (1, 1, 1, 1), mode="replicate"), kernels, groups=3)


REFERENCES = {
    "l1": lambda x, y: (x - y).abs().mean(),
    "l2": lambda x, y: F.mse_loss(x, y),
    "charbonnier": lambda x, y: ((x - y) ** 2 + 1e-4).sqrt().mean(),
    "edges": lambda x, y: (sobel(x) - sobel(y)).abs().mean(),
    "ssim": lambda x, y: 1 - ssim(x, y),
    "tv": lambda x, y: (  # noqa: ARG005
        (x[..., 1:] - x[..., :-1]).abs().mean() + (x[..., 1:, :] - x[..., :-1, :]).abs().mean()
    ),
}


def run(term: Term, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """The loss, and its gradient by what is made."""
    made = network(layer("out", "Identity", "input"))
    draft, _ = sketch(made, SIZE, pictures=1)
    total = term.build(draft)
    maps = {"input": x.requires_grad_(), "wanted~": y}
    tensors = {name: torch.tensor(value) for name, value in draft.tensors.items()}
    for node in draft.nodes:
        own = {key: tensors[name] for key, name in node.tensor_names.items()}
        maps[node.name] = node.op.torch([maps[name] for name in node.inputs], own)
    assert maps[total].shape == (len(x), 1, 1, 1)
    loss = maps[total].mean()
    return loss.detach(), torch.autograd.grad(loss, x)[0]


def pictures(seed: int) -> Tensor:
    rng = np.random.default_rng(seed)
    return torch.tensor(rng.random((2, 3, *SIZE), np.float32))


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_a_loss_is_that_of_plain_pytorch(name: str) -> None:
    x, y = pictures(1), pictures(2)
    loss, gradient = run(LOSSES[name](), x.clone(), y)
    x.requires_grad_()
    wanted = torch.stack([REFERENCES[name](x[k : k + 1], y[k : k + 1]) for k in range(2)]).mean()
    (by_hand,) = torch.autograd.grad(wanted, x)

    assert loss.item() == pytest.approx(wanted.item(), rel=1e-5)
    assert torch.linalg.vector_norm(gradient - by_hand) <= 1e-4 * torch.linalg.vector_norm(by_hand)


def test_every_loss_has_a_reference_and_plain_words() -> None:
    assert LOSSES.keys() == REFERENCES.keys()
    assert (*LOSSES, Features.name, Style.name, Adversarial.name) == LOSS_NAMES


def test_features_are_compared_through_a_fixed_network() -> None:
    x, y = pictures(1), pictures(2)
    loss, _ = run(Features(seen(), looking_layers(seen())), x, y)
    wanted = sum(F.mse_loss(a, b) for a, b in zip(look(x), look(y), strict=True)) / 2
    assert loss.item() == pytest.approx(wanted.item(), rel=1e-4)


@pytest.mark.parametrize("kind", ["imagenet", "bgr", "bytes", "grey"])
def test_an_extractor_takes_pictures_by_its_own_mean_order_and_range(kind: str) -> None:
    """What is made is handed to it as pictures are, which is how the networks that styles are seen by were trained."""
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    fed = {
        "imagenet": Input("input", mean=mean, std=std),
        "bgr": Input("input", mean=(103.9, 116.8, 123.7), range=(0.0, 255.0), order="bgr"),
        "bytes": Input("input", range=(-1.0, 1.0)),
        "grey": Input("input", 1, mean=(0.4,), std=(0.5,)),
    }[kind]
    extractor = network(
        layer("a", "Conv2d", "input", in_channels=fed.channels, out_channels=4, kernel_size=3),
        layer("a_act", "ReLU", "a"),
        inputs=[fed],
        seed=9,
    )
    x, y = pictures(1), pictures(2)
    loss, gradient = run(Features(extractor, ("a_act",)), x.clone(), y)

    def look(picture: Tensor) -> Tensor:
        lo, hi = fed.range
        if kind == "grey":
            picture = (picture * torch.tensor([0.299, 0.587, 0.114])[:, None, None]).sum(1, keepdim=True)
        elif kind == "bgr":
            picture = picture.flip(1)
        each = torch.tensor(fed.mean or [0.0])[:, None, None], torch.tensor(fed.std or [1.0])[:, None, None]
        tensors = {name: torch.tensor(value) for name, value in extractor.tensors.items()}
        return F.conv2d((picture * (hi - lo) + lo - each[0]) / each[1], tensors["a.weight"], tensors["a.bias"]).relu()

    x.requires_grad_()
    wanted = F.mse_loss(look(x), look(y))
    (by_hand,) = torch.autograd.grad(wanted, x)
    assert loss.item() == pytest.approx(wanted.item(), rel=1e-4)
    assert torch.linalg.vector_norm(gradient - by_hand) <= 1e-4 * torch.linalg.vector_norm(by_hand)


def test_style_compares_gram_matrices_with_those_of_a_picture() -> None:
    picture = np.random.default_rng(3).integers(0, 256, (12, 16, 3), np.uint8)
    x = pictures(1)
    loss, _ = run(Style(seen(), grams_of(seen(), picture, looking_layers(seen()))), x, pictures(2))

    def gram(map_: Tensor) -> Tensor:
        flat = map_.flatten(2)
        return flat @ flat.mT / map_[0].numel()

    of_picture = [gram(z) for z in look(torch.tensor(picture).permute(2, 0, 1)[None] / 255)]
    parts = [((gram(z) - g) ** 2).mean((1, 2)) / (g**2).mean() for z, g in zip(look(x), of_picture, strict=True)]
    assert loss.item() == pytest.approx((sum(parts) / 2).mean().item(), rel=1e-3)


def test_a_critic_learns_for_itself() -> None:
    made = network(layer("out", "Conv2d", "input", in_channels=3, out_channels=3, kernel_size=1))
    objective = objective_of(made, Settings(Size(16, 16), (Adversarial(width=4, depth=2),)))
    own, critics = objective.aims
    assert own.learns == ("out.weight", "out.bias")
    assert all(name.startswith("critic~") for name in critics.learns)
    assert len(critics.learns) == 6


def test_weights_are_read_by_name() -> None:
    assert parse_weights("l1=1, edges=0.2,ssim", ("l1", "edges", "ssim")) == {"l1": 1.0, "edges": 0.2, "ssim": 1.0}
    for text, words in (("", "Without a loss"), ("l9", "no loss"), ("l1=x", "no weight"), ("l1,l1=2", "twice")):
        with pytest.raises(StudioError, match=words):
            parse_weights(text, ("l1", "edges"))
