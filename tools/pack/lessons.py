"""How each network of the pack is trained."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from tools.autoencoders.pictures import patches
from tools.pack.losses import Features, hinge, texture
from tools.pack.networks import Coder, Discriminator, EdgesToPicture, Landscapes, Painter, Restorer
from tools.pack.pictures import bank, contents, landscapes, renditions
from tools.pack.run import Average, Result, Run, shown
from tools.pack.settings import CROP, LATENT, MIDDLE, SHOWN


def train_painter(run: Run) -> Result:
    """One style."""
    pictures = contents(run.data, run.demo)
    painted = renditions(run.name, pictures)
    plain, styled = bank(pictures, run.device), bank(painted, run.device)
    network, judge, features = Painter().to(run.device), Discriminator().to(run.device), Features(run.device)
    average = Average(network)
    paint = run.optimiser([network], 1.5e-3, (0.5, 0.99))
    learn = run.optimiser([judge], 6e-4, (0.5, 0.99))
    room = 8
    for step in run.over(paint, learn):
        wide, wanted = run.crops(8, CROP + 2 * room, plain, styled)
        wide = (wide - 0.5) * run.uniform(0.8, 1.2, 8, 1, 1, 1) + 0.5 + run.uniform(-0.06, 0.06, 8, 3, 1, 1)
        wanted = wanted[..., room:-room, room:-room]
        given = wide[..., room:-room, room:-room]
        steady = step % 3 == 0
        with run.autocast():
            if steady:
                dy, dx = (int(v) for v in torch.randint(2 * room + 1, (2,), generator=run.order))
                moved = wide[..., dy : dy + CROP, dx : dx + CROP]
                both = network(torch.cat([given, moved]) + 0.02 * run.normal(16, 3, CROP, CROP)).float()
                found, again = both.chunk(2)
            else:
                found = network(given + 0.02 * run.normal(*given.shape)).float()
            verdict = judge(found).float()
        blurred = sum(
            (F.avg_pool2d(found, size, size // 2) - F.avg_pool2d(wanted, size, size // 2)).abs().mean()
            for size in (4, 16)
        )
        look = texture(found, wanted, features, run)
        loss = 4.0 * blurred + 4.0 * look - 0.12 * verdict.mean()
        if steady:
            y, x = dy - room, dx - room
            a = found[..., max(y, 0) : CROP + min(y, 0), max(x, 0) : CROP + min(x, 0)]
            b = again[..., max(-y, 0) : CROP + min(-y, 0), max(-x, 0) : CROP + min(-x, 0)]
            flicker = (a - b).abs().mean()
            loss = loss + 2.5 * flicker
        paint.zero_grad(set_to_none=True)
        loss.backward()
        paint.step()
        with run.autocast():
            judged = hinge(judge, wanted, found.detach())
        learn.zero_grad(set_to_none=True)
        torch.autograd.backward(judged)
        learn.step()
        average.add(network, step)
        run.note(step, blurred=torch.as_tensor(blurred), texture=look, flicker=flicker, judge=judged)
    network.load_state_dict(average.state)
    with torch.no_grad():
        sample = plain[list(SHOWN)][..., MIDDLE, MIDDLE].float() / 255
        found = network(sample)
        again = network(sample + 0.02 * run.normal(*sample.shape))
        metrics = {
            "rms_change_by_noise_of_0.02": float((found - again).square().mean().sqrt()),
            "texture_distance": float(
                texture(found, styled[list(SHOWN)][..., MIDDLE, MIDDLE].float() / 255, features, run)
            ),
            "texture_distance_of_the_unpainted": float(
                texture(sample, styled[list(SHOWN)][..., MIDDLE, MIDDLE].float() / 255, features, run)
            ),
        }
    record = {
        "batch": 8,
        "crop": CROP,
        "loss": "4 blurred L1 + 4 sliced Wasserstein + 0.12 hinge + 2.5 flicker (on every third step)",
        "optimiser": "Adam, rate 0.0015 (discriminator 0.0006), betas 0.5 0.99",
        "renditions": len(painted),
        "metrics": metrics,
    }
    wanted = styled[list(SHOWN)][..., MIDDLE, MIDDLE].float() / 255
    return Result(network.state_dict(), shown(sample, wanted, found), record)


def train_edges(run: Run) -> Result:
    """The U-Net from edges to pictures."""
    plain = bank(contents(run.data, run.demo), run.device)
    network, judge = EdgesToPicture().to(run.device), Discriminator(4).to(run.device)
    average = Average(network)
    paint = run.optimiser([network], 1e-3, (0.5, 0.99))
    learn = run.optimiser([judge], 4e-4, (0.5, 0.99))
    for step in run.over(paint, learn):
        (real,) = run.crops(16, CROP, plain)
        with torch.no_grad():
            edges = network.find(real + 0.01 * run.normal(*real.shape))
        with run.autocast():
            found = network.paint(edges).float()
            verdict = judge(torch.cat([edges, found], 1)).float()
        error = (found - real).abs().mean()
        coarse = (F.avg_pool2d(found, 8) - F.avg_pool2d(real, 8)).abs().mean()
        loss = 4 * error + 4 * coarse - 0.12 * verdict.mean()
        paint.zero_grad(set_to_none=True)
        loss.backward()
        paint.step()
        with run.autocast():
            judged = hinge(judge, torch.cat([edges, real], 1), torch.cat([edges, found.detach()], 1))
        learn.zero_grad(set_to_none=True)
        torch.autograd.backward(judged)
        learn.step()
        average.add(network, step)
        run.note(step, error=error, coarse=coarse, judge=judged)
    network.load_state_dict(average.state)
    network.eval()
    with torch.no_grad():
        sample = plain[list(SHOWN)][..., MIDDLE, MIDDLE].float() / 255
        found = network(sample)
        edges = network.find(sample).expand(-1, 3, -1, -1)
    record = {
        "batch": 16,
        "crop": CROP,
        "loss": "4 L1 + 4 L1 of 8 x 8 means + 0.12 hinge of a discriminator that sees the edges too",
        "optimiser": "Adam, rate 0.001 (discriminator 0.0004), betas 0.5 0.99",
        "metrics": {"l1_on_trained_pictures": float((found - sample).abs().mean())},
    }
    return Result(network.state_dict(), shown(sample, edges, found), record)


def spoilt(run: Run, clean: Tensor) -> Tensor:
    """Pictures blurred and with noise, each by its own amount."""
    count = len(clean)
    sigma = run.uniform(0.05, 1.5, count, 1)
    at = torch.arange(-4, 5, device=run.device)
    bell = torch.exp(-(at**2) / (2 * sigma**2))
    bell = bell / bell.sum(1, keepdim=True)
    kernels = (bell[:, :, None] * bell[:, None, :]).repeat_interleave(3, 0)[:, None]
    flat = F.pad(clean, (4, 4, 4, 4), mode="reflect").view(1, -1, clean.shape[2] + 8, clean.shape[3] + 8)
    blurred = F.conv2d(flat, kernels, groups=3 * count).view_as(clean)
    amount = run.uniform(0.0, 1.0, count, 1, 1, 1) ** 2 * 0.16
    return blurred + amount * run.normal(*clean.shape)


def train_restorer(run: Run) -> Result:
    """Noise and blur taken off."""
    stored = torch.from_numpy(patches(run.data, 9000)).permute(0, 3, 1, 2).contiguous().to(run.device)
    network = Restorer().to(run.device)
    average = Average(network)
    optimiser = run.optimiser([network], 2e-3, (0.9, 0.99))
    for step in run.over(optimiser):
        (clean,) = run.crops(48, 80, stored)
        found = network(spoilt(run, clean))
        inner = (slice(None), slice(None), slice(8, -8), slice(8, -8))
        loss = (found[inner] - clean[inner]).abs().mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 0.5)
        optimiser.step()
        average.add(network, step)
        run.note(step, error=loss)
    network.load_state_dict(average.state)
    with torch.no_grad():
        sample = bank(contents(run.data, run.demo), run.device)[list(SHOWN)][..., MIDDLE, MIDDLE].float() / 255
        noisy = (sample + 0.08 * run.normal(*sample.shape)).clamp(0, 1)
        found = network(noisy)
        metrics = {
            "psnr_of_noise_of_0.08": float(-10 * torch.log10((noisy - sample).square().mean())),
            "psnr_restored": float(-10 * torch.log10((found - sample).square().mean())),
            "psnr_of_what_was_not_spoilt": float(-10 * torch.log10((network(sample) - sample).square().mean())),
        }
    record = {
        "batch": 48,
        "crop": 80,
        "loss": "L1",
        "optimiser": "Adam, rate 0.002, betas 0.9 0.99, gradients clipped to a norm of 0.5",
        "spoilt": "Gaussian blur up to a sigma of 1.5 px, noise up to 0.16",
        "metrics": metrics,
    }
    return Result(network.state_dict(), shown(sample, noisy, found), record)


def train_landscapes(run: Run) -> Result:
    """The decoder of an autoencoder of landscapes."""
    stored = torch.from_numpy(landscapes(6000 if run.device.type == "cuda" else 64)).permute(0, 3, 1, 2).contiguous()
    stored = stored.to(run.device)
    network, coder = Landscapes().to(run.device), Coder().to(run.device)
    judge = Discriminator(depth=5).to(run.device)
    average = Average(network)
    both = run.optimiser([network, coder], 1.2e-3, (0.5, 0.99))
    learn = run.optimiser([judge], 4e-4, (0.5, 0.99))
    for step in run.over(both, learn):
        (real,) = run.crops(24, 256, stored)
        with run.autocast():
            mean, log_variance = (value.float() for value in coder(real * 2 - 1))
            code = mean + torch.exp(0.5 * log_variance) * run.normal(*mean.shape)
            drawn = network(torch.cat([code, run.normal(*code.shape)])).float()
            verdict = judge(drawn).float()
        found = drawn[: len(real)]
        error = (found - real).abs().mean() + 0.5 * (F.avg_pool2d(found, 4) - F.avg_pool2d(real, 4)).abs().mean()
        spread = 0.5 * (mean**2 + log_variance.exp() - log_variance - 1).mean()
        loss = 10 * error + 0.15 * spread * min(1.0, step / (0.2 * run.steps)) - 0.1 * verdict.mean()
        both.zero_grad(set_to_none=True)
        loss.backward()
        both.step()
        with run.autocast():
            judged = hinge(judge, real, drawn.detach())
        learn.zero_grad(set_to_none=True)
        torch.autograd.backward(judged)
        learn.step()
        average.add(network, step)
        run.note(step, error=error, spread=spread, judge=judged)
    network.load_state_dict(average.state)
    network.eval()
    with torch.no_grad():
        code = run.normal(24, LATENT, 1, 1)
        found = network(code)
    record = {
        "batch": 24,
        "loss": "10 (L1 + 0.5 L1 of 4 x 4 means) + 0.15 KL divergence of the code + 0.1 hinge",
        "optimiser": "Adam, rate 0.0012 (discriminator 0.0004), betas 0.5 0.99",
        "rendered_landscapes": len(stored),
        "metrics": {},
    }
    return Result(network.state_dict(), shown(found[:8], found[8:16], found[16:]), record)
