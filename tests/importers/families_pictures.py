"""Painters, upscalers and autoencoders: small modules with their authors' own names and arithmetic."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def same(i: int, o: int, kernel: int = 3, **more: object) -> nn.Conv2d:
    return nn.Conv2d(i, o, kernel, padding=kernel // 2, **more)


class TaesdBlock(nn.Module):
    def __init__(self, i: int, o: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(same(i, o), nn.ReLU(), same(o, o), nn.ReLU(), same(o, o))
        self.skip = nn.Identity() if i == o else nn.Conv2d(i, o, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.conv(x) + self.skip(x))


class Clamp(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(x / 3) * 3


def taesd_encoder(c: int = 6) -> nn.Sequential:
    rows = [same(3, c), TaesdBlock(c, c)]
    for _ in range(3):
        rows += [nn.Conv2d(c, c, 3, 2, 1, bias=False), TaesdBlock(c, c), TaesdBlock(c, c)]
    return nn.Sequential(*rows, same(c, 4))


def taesd_decoder(c: int = 6) -> nn.Sequential:
    rows = [Clamp(), same(4, c), nn.ReLU()]
    for _ in range(3):
        rows += [TaesdBlock(c, c), nn.Upsample(scale_factor=2), same(c, c, bias=False)]
    return nn.Sequential(*rows, TaesdBlock(c, c), same(c, 3))


class Taesd(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = nn.Module(), nn.Module()
        self.encoder.layers, self.decoder.layers = taesd_encoder(), taesd_decoder()

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder.layers(self.encoder.layers(x))


class LatentBlock(nn.Module):
    def __init__(self, i: int, o: int, shortcut: str) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.GroupNorm(32, i, 1e-6), nn.GroupNorm(32, o, 1e-6)
        self.conv1, self.conv2, self.shortcut = same(i, o), same(o, o), shortcut
        if i != o:
            setattr(self, shortcut, nn.Conv2d(i, o, 1))

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv2(F.silu(self.norm2(self.conv1(F.silu(self.norm1(x))))))
        return y + (getattr(self, self.shortcut)(x) if hasattr(self, self.shortcut) else x)


class LatentAttention(nn.Module):
    """By convolutions, or as diffusers has it by matrices."""

    def __init__(self, c: int, theirs: bool) -> None:
        super().__init__()
        self.theirs = theirs
        make = nn.Linear if theirs else lambda i, o: nn.Conv2d(i, o, 1)
        for name in ("to_q", "to_k", "to_v") if theirs else ("q", "k", "v", "proj_out"):
            setattr(self, name, make(c, c))
        if theirs:
            self.to_out = nn.ModuleList([nn.Linear(c, c), nn.Dropout(0.0)])
        setattr(self, "group_norm" if theirs else "norm", nn.GroupNorm(32, c, 1e-6))

    def forward(self, x: Tensor) -> Tensor:
        _, c, h, w = x.shape
        if self.theirs:
            y = self.group_norm(x).view(1, c, -1).transpose(1, 2)
            y = F.scaled_dot_product_attention(self.to_q(y)[None], self.to_k(y)[None], self.to_v(y)[None])[0]
            return x + self.to_out[0](y).transpose(1, 2).reshape(1, c, h, w)
        y = self.norm(x)
        q, k, v = (getattr(self, name)(y).view(c, -1) for name in ("q", "k", "v"))
        shares = (q.T @ k * c**-0.5).softmax(1)
        return x + self.proj_out((v @ shares.T).view(1, c, h, w))


class Half(nn.Module):
    """An encoder or a decoder of two levels, by either's names."""

    def __init__(self, i: int, o: int, up: bool, theirs: bool) -> None:
        super().__init__()
        self.up, self.theirs = up, theirs
        shortcut = "conv_shortcut" if theirs else "nin_shortcut"
        wide = [64, 32] if up else [32, 64]
        self.conv_in, self.conv_out = same(i, wide[0]), same(wide[1], o)
        levels, before = [], wide[0]
        for number, c in enumerate(wide):
            level = nn.Module()
            blocks = nn.ModuleList([LatentBlock(before, c, shortcut), LatentBlock(c, c, shortcut)])
            setattr(level, "resnets" if theirs else "block", blocks)
            level.attn = nn.ModuleList([] if theirs or number == 0 else [LatentAttention(c, theirs) for _ in range(2)])
            if number == 0:
                sample = nn.Module()
                sample.conv = same(c, c) if up else nn.Conv2d(c, c, 3, 2)
                named = "upsample" if up else "downsample"
                setattr(level, f"{named}rs" if theirs else named, nn.ModuleList([sample]) if theirs else sample)
            levels.append(level)
            before = c
        # taming counts levels from the finest.
        order = levels[::-1] if up and not theirs else levels
        setattr(self, ("up" if up else "down") + ("_blocks" if theirs else ""), nn.ModuleList(order))
        mid = nn.Module()
        blocks = [LatentBlock(64, 64, shortcut), LatentBlock(64, 64, shortcut)]
        if theirs:
            mid.resnets, mid.attentions = nn.ModuleList(blocks), nn.ModuleList([LatentAttention(64, True)])
        else:
            mid.block_1, mid.block_2, mid.attn_1 = *blocks, LatentAttention(64, False)
        setattr(self, "mid_block" if theirs else "mid", mid)
        setattr(self, "conv_norm_out" if theirs else "norm_out", nn.GroupNorm(32, wide[1], 1e-6))
        self.levels = list(levels)
        self.middle = [blocks[0], mid.attentions[0] if theirs else mid.attn_1, blocks[1]]

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv_in(x)
        for part in self.middle if self.up else ():
            x = part(x)
        for level in self.levels:
            looks = list(level.attn) or [nn.Identity()] * 2
            for block, look in zip(level.resnets if self.theirs else level.block, looks, strict=True):
                x = look(block(x))
            for name in ("upsamplers", "upsample", "downsamplers", "downsample"):
                if hasattr(level, name):
                    sample = getattr(level, name)[0] if self.theirs else getattr(level, name)
                    x = F.interpolate(x, scale_factor=2) if self.up else F.pad(x, (0, 1, 0, 1))
                    x = sample.conv(x)
        for part in () if self.up else self.middle:
            x = part(x)
        return self.conv_out(F.silu((self.conv_norm_out if self.theirs else self.norm_out)(x)))


class Latent(nn.Module):
    def __init__(self, theirs: bool = False, codes: int = 0) -> None:
        super().__init__()
        z = 3
        out = z if codes else 2 * z
        self.encoder, self.decoder = Half(3, out, False, theirs), Half(z, 3, True, theirs)
        self.quant_conv, self.post_quant_conv = nn.Conv2d(out, out, 1), nn.Conv2d(z, z, 1)
        if codes:
            self.quantize = nn.Module()
            self.quantize.embedding = nn.Embedding(codes, z)

    def forward(self, x: Tensor) -> Tensor:
        z = self.quant_conv(self.encoder(x))
        if hasattr(self, "quantize"):
            table = self.quantize.embedding.weight
            found = torch.cdist(z[0].flatten(1).T, table).argmin(1)
            z = table[found].T.reshape(z.shape)
        else:
            z = z[:, :3]
        return self.decoder(self.post_quant_conv(z))


class SrBlock(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.conv1, self.bn1, self.prelu = same(c, c), nn.BatchNorm2d(c), nn.PReLU()
        self.conv2, self.bn2 = same(c, c), nn.BatchNorm2d(c)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.bn2(self.conv2(self.prelu(self.bn1(self.conv1(x)))))


class SrUp(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.conv, self.prelu = same(c, 4 * c), nn.PReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.prelu(F.pixel_shuffle(self.conv(x), 2))


class SrGan(nn.Module):
    def __init__(self, normed: bool = True) -> None:
        super().__init__()
        c = 6
        self.block1 = nn.Sequential(same(3, c, 9), nn.PReLU())
        self.block2, self.block3 = SrBlock(c), SrBlock(c)
        self.block4 = nn.Sequential(same(c, c), nn.BatchNorm2d(c) if normed else nn.PReLU())
        self.block5 = nn.Sequential(SrUp(c), SrUp(c), same(c, 3, 9))

    def forward(self, x: Tensor) -> Tensor:
        start = self.block1(x)
        return (torch.tanh(self.block5(start + self.block4(self.block3(self.block2(start))))) + 1) / 2


class NoNorm(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.conv1, self.conv2 = same(c, c), same(c, c)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv2(F.relu(self.conv1(x)))


class MsrResNet(nn.Module):
    def __init__(self, steps: tuple[int, ...] = (2, 2)) -> None:
        super().__init__()
        c, self.steps = 6, steps
        self.conv_first, self.body = same(3, c), nn.Sequential(NoNorm(c), NoNorm(c))
        for k, factor in enumerate(steps, 1):
            setattr(self, f"upconv{k}", same(c, c * factor**2))
        self.conv_hr, self.conv_last = same(c, c), same(c, 3)

    def forward(self, x: Tensor) -> Tensor:
        y, whole = self.body(F.leaky_relu(self.conv_first(x), 0.1)), 1
        for k, factor in enumerate(self.steps, 1):
            y, whole = F.leaky_relu(F.pixel_shuffle(getattr(self, f"upconv{k}")(y), factor), 0.1), whole * factor
        y = self.conv_last(F.leaky_relu(self.conv_hr(y), 0.1))
        return y + F.interpolate(x, scale_factor=whole, mode="bilinear", align_corners=False)


def drawn(i: int, o: int, **more: object) -> list[nn.Module]:
    return [nn.ReflectionPad2d(1), nn.Conv2d(i, o, 3, **more), nn.InstanceNorm2d(o)]


class Residual(nn.Module):
    def __init__(self, c: int, **more: object) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(*drawn(c, c, **more), nn.ReLU(), *drawn(c, c, **more))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv_block(x)


class LineDrawing(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        head = [nn.ReflectionPad2d(3), nn.Conv2d(3, 4, 7), nn.InstanceNorm2d(4), nn.ReLU()]
        down, up = [], []
        for i in (4, 8):
            down += [nn.Conv2d(i, 2 * i, 3, 2, 1), nn.InstanceNorm2d(2 * i), nn.ReLU()]
        for i in (16, 8):
            up += [nn.ConvTranspose2d(i, i // 2, 3, 2, 1, 1), nn.InstanceNorm2d(i // 2), nn.ReLU()]
        self.model0, self.model1 = nn.Sequential(*head), nn.Sequential(*down)
        self.model2, self.model3 = nn.Sequential(Residual(16), Residual(16)), nn.Sequential(*up)
        self.model4 = nn.Sequential(nn.ReflectionPad2d(3), nn.Conv2d(4, 1, 7), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        return self.model4(self.model3(self.model2(self.model1(self.model0(x)))))


class OwnNorm(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.scale, self.shift = nn.Parameter(torch.rand(c) + 0.5), nn.Parameter(torch.randn(c))

    def forward(self, x: Tensor) -> Tensor:
        mean, var = x.mean((2, 3), keepdim=True), x.var((2, 3), unbiased=False, keepdim=True)
        return (x - mean) / (var + 1e-9).sqrt() * self.scale.view(1, -1, 1, 1) + self.shift.view(1, -1, 1, 1)


class CartoonGan(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv01_1, self.in01_1 = nn.Conv2d(3, 3, 7), OwnNorm(3)
        for k, (i, o) in ((2, (3, 4)), (3, (4, 6))):
            setattr(self, f"conv0{k}_1", nn.Conv2d(i, o, 3, 2, 1))
            setattr(self, f"conv0{k}_2", same(o, o))
            setattr(self, f"in0{k}_1", OwnNorm(o))
        for k in range(4, 12):
            for part in (1, 2):
                setattr(self, f"conv{k:02}_{part}", nn.Conv2d(6, 6, 3))
                setattr(self, f"in{k:02}_{part}", OwnNorm(6))
        for k, (i, o) in ((1, (6, 4)), (2, (4, 3))):
            setattr(self, f"deconv0{k}_1", nn.ConvTranspose2d(i, o, 3, 2, 1, 1))
            setattr(self, f"deconv0{k}_2", same(o, o))
            setattr(self, f"in{11 + k}_1", OwnNorm(o))
        self.deconv03_1 = nn.Conv2d(3, 3, 7)

    def forward(self, x: Tensor) -> Tensor:
        def named(name: str, y: Tensor, pad: int = 0) -> Tensor:
            return getattr(self, name)(F.pad(y, [pad] * 4, mode="reflect") if pad else y)

        x = F.relu(self.in01_1(named("conv01_1", x, 3)))
        for k in (2, 3):
            x = F.relu(named(f"in0{k}_1", named(f"conv0{k}_2", named(f"conv0{k}_1", x))))
        for k in range(4, 12):
            y = F.relu(named(f"in{k:02}_1", named(f"conv{k:02}_1", x, 1)))
            x = x + named(f"in{k:02}_2", named(f"conv{k:02}_2", y, 1))
        for k in (1, 2):
            x = F.relu(named(f"in{11 + k}_1", named(f"deconv0{k}_2", named(f"deconv0{k}_1", x))))
        return torch.tanh(named("deconv03_1", x, 3))


class Mixed(nn.Module):
    """The norm of U-GAT-IT, with scale and shift of its own or given."""

    def __init__(self, c: int, own: bool) -> None:
        super().__init__()
        self.rho = nn.Parameter(torch.rand(1, c, 1, 1))
        if own:
            self.gamma, self.beta = nn.Parameter(torch.rand(1, c, 1, 1)), nn.Parameter(torch.randn(1, c, 1, 1))

    def forward(self, x: Tensor, gamma: Tensor | None = None, beta: Tensor | None = None) -> Tensor:
        parts = []
        for axes in ([2, 3], [1, 2, 3]):
            mean, var = x.mean(axes, keepdim=True), x.var(axes, keepdim=True)
            parts.append((x - mean) / torch.sqrt(var + 1e-5))
        y = self.rho * parts[0] + (1 - self.rho) * parts[1]
        if gamma is None or beta is None:
            return y * self.gamma + self.beta
        return y * gamma[..., None, None] + beta[..., None, None]


class MixedBlock(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.conv1, self.conv2 = (nn.Conv2d(c, c, 3, bias=False) for _ in range(2))
        self.norm1, self.norm2 = Mixed(c, False), Mixed(c, False)

    def forward(self, x: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
        y = F.relu(self.norm1(self.conv1(F.pad(x, [1] * 4, mode="reflect")), gamma, beta))
        return x + self.norm2(self.conv2(F.pad(y, [1] * 4, mode="reflect")), gamma, beta)


class Ugatit(nn.Module):
    def __init__(self, light: bool = True, side: int = 32) -> None:
        super().__init__()
        head = [nn.ReflectionPad2d(3), nn.Conv2d(3, 2, 7, bias=False), nn.InstanceNorm2d(2), nn.ReLU()]
        down = [layer for i in (2, 4) for layer in (*drawn(i, 2 * i, stride=2, bias=False), nn.ReLU())]
        self.DownBlock = nn.Sequential(*head, *down, Residual(8, bias=False), Residual(8, bias=False))
        self.gap_fc, self.gmp_fc = nn.Linear(8, 1, bias=False), nn.Linear(8, 1, bias=False)
        self.conv1x1, self.light = nn.Conv2d(16, 8, 1), light
        count = 8 if light else side // 4 * (side // 4) * 8
        first, second = nn.Linear(count, 8, bias=False), nn.Linear(8, 8, bias=False)
        self.FC = nn.Sequential(first, nn.ReLU(), second, nn.ReLU())
        self.gamma, self.beta = nn.Linear(8, 8, bias=False), nn.Linear(8, 8, bias=False)
        self.UpBlock1_1, self.UpBlock1_2 = MixedBlock(8), MixedBlock(8)
        up = []
        for i in (8, 4):
            enlarged = [nn.Upsample(scale_factor=2), nn.ReflectionPad2d(1), nn.Conv2d(i, i // 2, 3, bias=False)]
            up += [*enlarged, Mixed(i // 2, True), nn.ReLU()]
        self.UpBlock2 = nn.Sequential(*up, nn.ReflectionPad2d(3), nn.Conv2d(2, 3, 7, bias=False), nn.Tanh())

    def forward(self, x: Tensor) -> Tensor:
        x = self.DownBlock(x)
        x = torch.cat([x * fc.weight[..., None, None] for fc in (self.gap_fc, self.gmp_fc)], 1)
        x = F.relu(self.conv1x1(x))
        style = self.FC(x.mean((2, 3)) if self.light else x.flatten(1))
        for block in (self.UpBlock1_1, self.UpBlock1_2):
            x = block(x, self.gamma(style), self.beta(style))
        return self.UpBlock2(x)


PICTURES = {
    "taesd": ("taesd", Taesd, (3, 32, 48)),
    "taesd-encoder": ("taesd", taesd_encoder, (3, 32, 48)),
    "taesd-decoder": ("taesd", taesd_decoder, (4, 6, 8)),
    "latent": ("latent-autoencoder", Latent, (3, 16, 24)),
    "latent-diffusers": ("latent-autoencoder", lambda: Latent(theirs=True), (3, 16, 24)),
    "vqgan": ("latent-autoencoder", lambda: Latent(codes=12), (3, 16, 24)),
    "srgan": ("srresnet", SrGan, (3, 12, 16)),
    "srgan-first": ("srresnet", lambda: SrGan(normed=False), (3, 12, 16)),
    "msrresnet": ("srresnet", MsrResNet, (3, 12, 16)),
    "msrresnet-x3": ("srresnet", lambda: MsrResNet((3,)), (3, 12, 16)),
    "line-drawing": ("line-drawing", LineDrawing, (3, 32, 48)),
    "cartoongan": ("cartoongan", CartoonGan, (3, 32, 48)),
    "ugatit": ("ugatit", Ugatit, (3, 32, 48)),
    "ugatit-full": ("ugatit", lambda: Ugatit(light=False, side=256), (3, 256, 256)),
}
