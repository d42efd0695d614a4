"""How an autoencoder is trained, and its idle filters put to work."""

from __future__ import annotations

import copy
import math
import time

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tools.autoencoders.network import Autoencoder
from tools.autoencoders.pictures import batch
from tools.autoencoders.settings import (
    BATCH,
    CODE_NOISE,
    CROP,
    DECAY,
    EMA,
    EPSILON,
    EXACT,
    IDLE,
    INPUT_NOISE,
    RATE,
    WARMUP,
)


def train(decoder: str, bank: Tensor, steps: int, seed: int) -> tuple[Autoencoder, list[list[float]]]:
    """Trains one network.

    Returns:
        The network (the moving average of its weights), and the loss curve as [step, mean loss since the last entry].
    """
    device = bank.device
    torch.manual_seed(seed)
    network = Autoencoder(decoder).to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = copy.deepcopy(network).requires_grad_(False)
    decayed = [p for n, p in network.named_parameters() if n.endswith("weight")]
    plain = [p for n, p in network.named_parameters() if n.endswith("bias")]
    groups = [{"params": decayed, "weight_decay": DECAY}, {"params": plain, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=RATE, betas=(0.9, 0.99), fused=device.type == "cuda")
    # The same patches, crops, jitter and noise in the same order for both decoders.
    order = torch.Generator().manual_seed(seed)
    chance = torch.Generator(device).manual_seed(seed)
    curve: list[list[float]] = []
    total, since, begun = torch.zeros((), device=device), 0, time.monotonic()
    for step in range(steps):
        t = step / steps
        rate = RATE * min(1.0, (step + 1) / WARMUP) * 0.5 * (1 + math.cos(math.pi * t))
        for group in optimiser.param_groups:
            group["lr"] = rate
        fade = 0.5 * (1 + math.cos(math.pi * t))
        target = batch(bank, order, chance)
        shaky = target + torch.randn(target.shape, generator=chance, device=device) * (INPUT_NOISE * fade)
        shape = (BATCH, 256, CROP // 4, CROP // 4)
        code_noise = 1 + torch.randn(shape, generator=chance, device=device) * (CODE_NOISE * (0.1 + 0.9 * fade))
        shaky = shaky.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cuda", torch.bfloat16, enabled=device.type == "cuda" and t < 1 - EXACT):
            code = network.encode(shaky)[1]
            raw = network.decode(code * code_noise)
        error = torch.sigmoid(raw.float()) - target
        loss = torch.sqrt(error * error + EPSILON**2).mean() - EPSILON
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        optimiser.step()
        with torch.no_grad():
            keep = min(EMA, (step + 1) / (step + 10))
            torch._foreach_lerp_(list(average.parameters()), list(network.parameters()), 1 - keep)
            total += loss.detach()
        since += 1
        if since == max(1, steps // 100) or step == steps - 1:
            curve.append([step + 1, round(total.item() / since, 6)])
            total.zero_()
            since = 0
            if len(curve) % 10 == 1:
                print(
                    f"{decoder} seed {seed}: step {step + 1}, loss {curve[-1][1]:.5f}, {time.monotonic() - begun:.0f} s"
                )
    return average, curve


def activations(network: Autoencoder, sample: Tensor) -> dict[str, Tensor]:
    """What every hidden layer gives after its ReLU."""
    first, code = network.encode(sample)
    return {"enc1": first, "enc2": code, "dec1": F.relu(network.dec1(code))}


def inputs_first(layer: nn.Conv2d | nn.ConvTranspose2d) -> Tensor:
    """The layer's weight with its input channels as the first dimension; writing to it writes to the weight."""
    return layer.weight if isinstance(layer, nn.ConvTranspose2d) else layer.weight.transpose(0, 1)


def outputs_first(layer: nn.Conv2d | nn.ConvTranspose2d) -> Tensor:
    """The layer's weight with its output channels as the first dimension; writing to it writes to the weight."""
    return layer.weight.transpose(0, 1) if isinstance(layer, nn.ConvTranspose2d) else layer.weight


FOLLOWS = (("enc1", "enc2"), ("enc2", "dec1"), ("dec1", "dec2"))


@torch.no_grad()
def divide_idle(network: Autoencoder, sample: Tensor) -> dict[str, list[list[int]]]:
    """Gives every channel that does not fire half the work of one that does the most.

    An idle tile is nothing to look at and nothing to bend. The busy channel's filter is copied to the idle one, and of
    the connections that lead on from it the idle one takes those to every other channel: the sum stays what it was, and
    the two have different things to do.

    Returns:
        For each layer, pairs of the idle channel and the one it was divided from.
    """
    divided: dict[str, list[list[int]]] = {}
    for name, after in FOLLOWS:
        activation = activations(network, sample)[name]
        layer, following = getattr(network, name), getattr(network, after)
        idle = ((activation > 0).float().mean((0, 2, 3)) < IDLE).nonzero().flatten().tolist()
        weight, onward = outputs_first(layer), inputs_first(following)
        work = activation.square().mean((0, 2, 3)).sqrt() * onward.flatten(1).norm(dim=1)
        busy = work.argsort(descending=True).tolist()[: len(idle)]
        for channel, source in zip(idle, busy, strict=True):
            weight[channel] = weight[source]
            layer.bias[channel] = layer.bias[source]
            onward[channel] = 0
            onward[channel, ::2] = onward[source, ::2]
            onward[source, ::2] = 0
        divided[name] = [list(pair) for pair in zip(idle, busy, strict=True)]
    return divided


@torch.no_grad()
def balance(network: Autoencoder, sample: Tensor) -> None:
    """Gives every hidden channel the same loudness, an RMS of 0.5, without changing what the network computes.

    A ReLU lets a positive factor through, so it can be moved from a layer into the next. A gain or a noise of one size
    then means as much on one filter as on another, and on one network as on the other. The factor is limited to four
    times the layer's median, so that a rarely used filter is not blown up.
    """
    for name, after in FOLLOWS:
        loudness = activations(network, sample)[name].square().mean((0, 2, 3)).sqrt()
        factor = 0.5 / loudness.clamp_min(1e-6)
        middle = factor.median()
        factor = factor.clamp(middle / 4, middle * 4)
        layer = getattr(network, name)
        outputs_first(layer).mul_(factor.view(-1, 1, 1, 1))
        layer.bias.mul_(factor)
        inputs_first(getattr(network, after)).div_(factor.view(-1, 1, 1, 1))
