"""Restormer, MPRNet, DPT and Robust Video Matting: small modules with their authors' own names and arithmetic."""

from __future__ import annotations

import math

import torch
from families_depth import mobile_v3
from torch import Tensor, nn
from torch.nn import functional as F


def _plain(i: int, o: int, kernel: int, **more: object) -> nn.Conv2d:
    return nn.Conv2d(i, o, kernel, padding=kernel // 2, bias=False, **more)


class ChannelNorm(nn.Module):
    def __init__(self, c: int, bias: bool) -> None:
        super().__init__()
        self.body = nn.Module()
        self.body.weight = nn.Parameter(torch.rand(c) + 0.5)
        if bias:
            self.body.bias = nn.Parameter(torch.randn(c) * 0.1)

    def forward(self, x: Tensor) -> Tensor:
        mean = x.mean(1, keepdim=True) if hasattr(self.body, "bias") else 0
        x = (x - mean) / torch.sqrt(x.var(1, keepdim=True, unbiased=False) + 1e-5)
        return x * self.body.weight.view(1, -1, 1, 1) + getattr(self.body, "bias", torch.zeros(1)).view(1, -1, 1, 1)


class RestormerBlock(nn.Module):
    def __init__(self, c: int, heads: int, bias: bool) -> None:
        super().__init__()
        wide = int(c * 2.66)
        self.norm1, self.norm2 = ChannelNorm(c, bias), ChannelNorm(c, bias)
        self.attn, self.ffn, self.heads = nn.Module(), nn.Module(), heads
        self.attn.temperature = nn.Parameter(torch.rand(heads, 1, 1) + 0.5)
        self.attn.qkv, self.attn.qkv_dwconv = _plain(c, 3 * c, 1), _plain(3 * c, 3 * c, 3, groups=3 * c)
        self.attn.project_out = _plain(c, c, 1)
        self.ffn.project_in, self.ffn.dwconv = _plain(c, 2 * wide, 1), _plain(2 * wide, 2 * wide, 3, groups=2 * wide)
        self.ffn.project_out = _plain(wide, c, 1)

    def forward(self, x: Tensor) -> Tensor:
        b, c, h, w = x.shape
        q, k, v = self.attn.qkv_dwconv(self.attn.qkv(self.norm1(x))).view(b, 3, self.heads, c // self.heads, -1)[0]
        shares = torch.einsum("hcn,hdn->hcd", F.normalize(q, dim=2), F.normalize(k, dim=2)) * self.attn.temperature
        x = x + self.attn.project_out(torch.einsum("hcd,hdn->hcn", shares.softmax(2), v).reshape(b, c, h, w))
        one, two = self.ffn.dwconv(self.ffn.project_in(self.norm2(x))).chunk(2, 1)
        return x + self.ffn.project_out(F.gelu(one) * two)


class Restormer(nn.Module):
    def __init__(self, bias: bool = True, dual: bool = False) -> None:
        super().__init__()
        c = 4

        def row(times: int, heads: int, count: int) -> nn.Module:
            return nn.Sequential(*(RestormerBlock(c * times, heads, bias) for _ in range(count)))

        def moved(name: str, i: int, o: int) -> None:
            self.add_module(name, nn.Module())
            getattr(self, name).body = nn.Sequential(_plain(i, o, 3))

        self.patch_embed = nn.Module()
        self.patch_embed.proj = _plain(6 if dual else 3, c, 3)
        self.encoder_level1, self.encoder_level2 = row(1, 1, 1), row(2, 2, 2)
        self.encoder_level3, self.latent = row(4, 4, 1), row(8, 4, 1)
        self.decoder_level3, self.decoder_level2, self.decoder_level1 = row(4, 4, 1), row(2, 2, 1), row(2, 1, 1)
        self.refinement = row(2, 1, 2)
        for k in (1, 2, 3):
            moved(f"down{k}_{k + 1}", c * 2 ** (k - 1), c * 2**k // 4)
            moved(f"up{k + 1}_{k}", c * 2**k, c * 2 ** (k + 1))
        self.reduce_chan_level3, self.reduce_chan_level2 = _plain(8 * c, 4 * c, 1), _plain(4 * c, 2 * c, 1)
        if dual:
            self.skip_conv = _plain(c, 2 * c, 1)
        self.output = _plain(2 * c, 3, 3)

    def forward(self, picture: Tensor) -> Tensor:
        start = self.patch_embed.proj(picture)
        one = self.encoder_level1(start)
        two = self.encoder_level2(F.pixel_unshuffle(self.down1_2.body(one), 2))
        three = self.encoder_level3(F.pixel_unshuffle(self.down2_3.body(two), 2))
        x = self.latent(F.pixel_unshuffle(self.down3_4.body(three), 2))
        x = self.reduce_chan_level3(torch.cat([F.pixel_shuffle(self.up4_3.body(x), 2), three], 1))
        x = torch.cat([F.pixel_shuffle(self.up3_2.body(self.decoder_level3(x)), 2), two], 1)
        x = self.decoder_level2(self.reduce_chan_level2(x))
        x = self.refinement(self.decoder_level1(torch.cat([F.pixel_shuffle(self.up2_1.body(x), 2), one], 1)))
        if hasattr(self, "skip_conv"):
            return self.output(x + self.skip_conv(start))
        return self.output(x) + picture


class Cab(nn.Module):
    def __init__(self, c: int, act: nn.Module) -> None:
        super().__init__()
        self.CA = nn.Module()
        self.CA.conv_du = nn.Sequential(_plain(c, 2, 1), nn.ReLU(), _plain(2, c, 1), nn.Sigmoid())
        self.body = nn.Sequential(_plain(c, c, 3), act, _plain(c, c, 3))

    def forward(self, x: Tensor) -> Tensor:
        y = self.body(x)
        return y * self.CA.conv_du(F.adaptive_avg_pool2d(y, 1)) + x


class Sam(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.conv1, self.conv2, self.conv3 = _plain(c, c, 1), _plain(c, 3, 1), _plain(3, c, 1)

    def forward(self, x: Tensor, picture: Tensor) -> Tensor:
        return self.conv1(x) * torch.sigmoid(self.conv3(self.conv2(x) + picture)) + x


class Scaled(nn.Module):
    def __init__(self, name: str, i: int, o: int, factor: float) -> None:
        super().__init__()
        resize = nn.Upsample(scale_factor=factor, mode="bilinear", align_corners=False)
        self.name = name
        self.add_module(name, nn.Sequential(resize, _plain(i, o, 1)))

    def forward(self, x: Tensor) -> Tensor:
        return getattr(self, self.name)(x)


class MprEncoder(nn.Module):
    def __init__(self, c: int, more: int, act: nn.Module, csff: bool) -> None:
        super().__init__()
        self.csff = csff
        for k in (1, 2, 3):
            wide = c + more * (k - 1)
            self.add_module(f"encoder_level{k}", nn.Sequential(Cab(wide, act), Cab(wide, act)))
            for kind in ("enc", "dec") if csff else ():
                self.add_module(f"csff_{kind}{k}", _plain(wide, wide, 1))
        self.down12, self.down23 = Scaled("down", c, c + more, 0.5), Scaled("down", c + more, c + 2 * more, 0.5)

    def forward(self, x: Tensor, before: list[Tensor] = [], behind: list[Tensor] = []) -> list[Tensor]:  # noqa: B006
        found = []
        for k in (1, 2, 3):
            x = getattr(self, f"encoder_level{k}")(x)
            if self.csff:
                x = x + getattr(self, f"csff_enc{k}")(before[k - 1]) + getattr(self, f"csff_dec{k}")(behind[k - 1])
            found.append(x)
            x = getattr(self, f"down{k}{k + 1}")(x) if k < 3 else x
        return found


class MprDecoder(nn.Module):
    def __init__(self, c: int, more: int, act: nn.Module) -> None:
        super().__init__()
        for k in (1, 2, 3):
            self.add_module(f"decoder_level{k}", nn.Sequential(*(Cab(c + more * (k - 1), act) for _ in range(2))))
        self.skip_attn1, self.skip_attn2 = Cab(c, act), Cab(c + more, act)
        self.up21, self.up32 = Scaled("up", c + more, c, 2), Scaled("up", c + 2 * more, c + more, 2)

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        three = self.decoder_level3(maps[2])
        two = self.decoder_level2(self.up32(three) + self.skip_attn2(maps[1]))
        return [self.decoder_level1(self.up21(two) + self.skip_attn1(maps[0])), two, three]


class MprNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        c, more, wide, act = 4, 2, 6, nn.PReLU()
        for k in (1, 2, 3):
            self.add_module(f"shallow_feat{k}", nn.Sequential(_plain(3, c, 3), Cab(c, act)))
        for k in (1, 2):
            self.add_module(f"stage{k}_encoder", MprEncoder(c, more, act, k == 2))
            self.add_module(f"stage{k}_decoder", MprDecoder(c, more, act))
        last = self.stage3_orsnet = nn.Module()
        for k in (1, 2, 3):
            last.add_module(f"orb{k}", nn.Module())
            getattr(last, f"orb{k}").body = nn.Sequential(
                Cab(wide, act), Cab(wide, act), nn.Conv2d(wide, wide, 3, 1, 1)
            )
        for kind in ("enc", "dec"):
            last.add_module(f"up_{kind}1", Scaled("up", c + more, c, 2))
            pair = Scaled("up", c + 2 * more, c + more, 2), Scaled("up", c + more, c, 2)
            last.add_module(f"up_{kind}2", nn.Sequential(*pair))
            for k in (1, 2, 3):
                last.add_module(f"conv_{kind}{k}", _plain(c, wide, 1))
        self.sam12, self.sam23 = Sam(c), Sam(c)
        self.concat12, self.concat23, self.tail = _plain(2 * c, c, 3), _plain(2 * c, wide, 3), _plain(wide, 3, 3)

    def forward(self, picture: Tensor) -> Tensor:
        rows = picture.chunk(2, 2)
        firsts = []
        for row in rows:
            quarters = [self.stage1_encoder(self.shallow_feat1(part)) for part in row.chunk(2, 3)]
            firsts.append([torch.cat(both, 3) for both in zip(*quarters, strict=True)])
        made = [self.stage1_decoder(maps) for maps in firsts]
        halves = []
        for row, maps, before in zip(rows, firsts, made, strict=True):
            x = torch.cat([self.shallow_feat2(row), self.sam12(before[0], row)], 1)
            halves.append(self.stage2_encoder(self.concat12(x), maps, before))
        maps = [torch.cat(both, 2) for both in zip(*halves, strict=True)]
        made = self.stage2_decoder(maps)
        x = self.concat23(torch.cat([self.shallow_feat3(picture), self.sam23(made[0], picture)], 1))
        last = self.stage3_orsnet
        for k in (1, 2, 3):
            x = getattr(last, f"orb{k}").body(x) + x
            for kind, held in (("enc", maps), ("dec", made)):
                y = held[k - 1]
                y = getattr(last, f"up_{kind}{k - 1}")(y) if k > 1 else y
                x = x + getattr(last, f"conv_{kind}{k}")(y)
        return self.tail(x) + picture


class VitBlock(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(c, eps=1e-6), nn.LayerNorm(c, eps=1e-6)
        self.attn, self.mlp = nn.Module(), nn.Module()
        self.attn.qkv, self.attn.proj = nn.Linear(c, 3 * c), nn.Linear(c, c)
        self.mlp.fc1, self.mlp.fc2 = nn.Linear(c, 2 * c), nn.Linear(2 * c, c)

    def forward(self, x: Tensor) -> Tensor:
        b, n, c = x.shape
        q, k, v = self.attn.qkv(self.norm1(x)).view(b, n, 3, c // 64, 64).transpose(1, 3).unbind(2)
        shares = (q @ k.transpose(2, 3) / 8).softmax(3)
        x = x + self.attn.proj((shares @ v).transpose(1, 2).reshape(b, n, c))
        return x + self.mlp.fc2(F.gelu(self.mlp.fc1(self.norm2(x))))


class StdConv(nn.Conv2d):
    def forward(self, x: Tensor) -> Tensor:
        spread, mean = torch.var_mean(self.weight, (1, 2, 3), keepdim=True, unbiased=False)
        total = max(self.kernel_size[0] - self.stride[0], 0)
        x = F.pad(x, (total // 2, total - total // 2, total // 2, total - total // 2))
        return F.conv2d(x, (self.weight - mean) / torch.sqrt(spread + 1e-8), None, self.stride)


class BitBlock(nn.Module):
    def __init__(self, i: int, o: int, stride: int, first: bool) -> None:
        super().__init__()
        self.conv1, self.conv2 = StdConv(i, 32, 1, bias=False), StdConv(32, 32, 3, stride, bias=False)
        self.conv3 = StdConv(32, o, 1, bias=False)
        self.norm1, self.norm2, self.norm3 = nn.GroupNorm(32, 32), nn.GroupNorm(32, 32), nn.GroupNorm(32, o)
        if first:
            self.downsample = nn.Module()
            self.downsample.conv, self.downsample.norm = StdConv(i, o, 1, stride, bias=False), nn.GroupNorm(32, o)

    def forward(self, x: Tensor) -> Tensor:
        skip = self.downsample.norm(self.downsample.conv(x)) if hasattr(self, "downsample") else x
        x = self.norm1(self.conv1(x)).relu()
        return (self.norm3(self.conv3(self.norm2(self.conv2(x)).relu())) + skip).relu()


class Dpt(nn.Module):
    def __init__(self, hybrid: bool = False) -> None:
        super().__init__()
        c, self.hybrid = 128, hybrid
        self.pretrained, self.scratch = nn.Module(), nn.Module()
        model = self.pretrained.model = nn.Module()
        model.cls_token, model.pos_embed = (nn.Parameter(torch.randn(1, k, c)) for k in (1, 5))
        model.patch_embed = nn.Module()
        model.patch_embed.proj = nn.Conv2d(64, c, 1) if hybrid else nn.Conv2d(3, c, 16, 16)
        if hybrid:
            body = model.patch_embed.backbone = nn.Module()
            body.stem = nn.Module()
            body.stem.conv, body.stem.norm = StdConv(3, 32, 7, 2, bias=False), nn.GroupNorm(32, 32)
            rows = [BitBlock(32, 64, 1, True)], [BitBlock(64, 64, 2, True), BitBlock(64, 64, 1, False)]
            body.stages = nn.ModuleList()
            for row in (*rows, [BitBlock(64, 64, 2, True)]):
                stage = nn.Module()
                stage.blocks = nn.Sequential(*row)
                body.stages.append(stage)
        model.blocks = nn.Sequential(*(VitBlock(c) for _ in range(12 if hybrid else 4)))
        model.norm, model.head = nn.LayerNorm(c), nn.Linear(c, 5)
        widths = [64, 64, 6, 6] if hybrid else [4, 5, 6, 6]
        for k, wide in enumerate(widths, 1):
            if hybrid and k < 3:
                continue
            rest = {1: nn.ConvTranspose2d(wide, wide, 4, 4), 2: nn.ConvTranspose2d(wide, wide, 2, 2)}
            rest |= {3: nn.Identity(), 4: nn.Conv2d(wide, wide, 3, 2, 1)}
            read = nn.Module()
            read.project = nn.Sequential(nn.Linear(2 * c, c), nn.GELU())
            parts = nn.Sequential(read, nn.Identity(), nn.Identity(), nn.Conv2d(c, wide, 1), rest[k])
            self.pretrained.add_module(f"act_postprocess{k}", parts)
        for k, wide in enumerate(widths, 1):
            self.scratch.add_module(f"layer{k}_rn", _plain(wide, 6, 3))
            fusion = nn.Module()
            fusion.out_conv = nn.Conv2d(6, 6, 1)
            for unit in ("resConfUnit1", "resConfUnit2"):
                fusion.add_module(unit, nn.Module())
                for name in ("conv1", "conv2"):
                    getattr(fusion, unit).add_module(name, nn.Conv2d(6, 6, 3, 1, 1))
            self.scratch.add_module(f"refinenet{k}", fusion)
        last = nn.Conv2d(6, 4, 3, 1, 1), nn.Identity(), nn.Conv2d(4, 4, 3, 1, 1), nn.ReLU(), nn.Conv2d(4, 1, 1)
        self.scratch.output_conv = nn.Sequential(*last)
        nn.init.uniform_(last[4].weight, 0, 1)
        nn.init.constant_(last[4].bias, 1)

    def maps(self, picture: Tensor) -> list[Tensor]:
        model, found = self.pretrained.model, []
        x = picture
        if self.hybrid:
            body = model.patch_embed.backbone
            x = body.stem.norm(body.stem.conv(x)).relu()
            x = F.max_pool2d(F.pad(x, (0, 1, 0, 1), value=-math.inf), 3, 2)
            for stage in body.stages:
                x = stage.blocks(x)
                found.append(x)
            found.pop()
        x = model.patch_embed.proj(x)
        grid = x.shape[2:]
        over = model.pos_embed[:, 1:].transpose(1, 2).view(1, -1, 2, 2)
        over = F.interpolate(over, size=grid, mode="bilinear").flatten(2).transpose(1, 2)
        x = torch.cat([model.cls_token + model.pos_embed[:, :1], x.flatten(2).transpose(1, 2) + over], 1)
        hooks = [8, 11] if self.hybrid else [0, 1, 2, 3]
        for k, block in enumerate(model.blocks):
            x = block(x)
            if k in hooks:
                parts = getattr(self.pretrained, f"act_postprocess{len(found) + 1}")
                y = torch.cat([x[:, 1:], x[:, :1].repeat(1, x.shape[1] - 1, 1)], 2)
                y = parts[0].project(y).transpose(1, 2).unflatten(2, grid)
                found.append(parts[4](parts[3](y)))
        return found

    def forward(self, picture: Tensor) -> Tensor:
        x: Tensor | float = 0.0
        for k, own in reversed(list(enumerate(self.maps(picture), 1))):
            fusion, y = getattr(self.scratch, f"refinenet{k}"), getattr(self.scratch, f"layer{k}_rn")(own)

            def unit(name: str, z: Tensor, of: nn.Module = fusion) -> Tensor:
                part = getattr(of, name)
                return part.conv2(part.conv1(z.relu()).relu()) + z

            x = unit("resConfUnit2", y if k == 4 else x + unit("resConfUnit1", y))
            x = fusion.out_conv(F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True))
        last = self.scratch.output_conv
        x = last[2](F.interpolate(last[0](x), scale_factor=2, mode="bilinear", align_corners=True)).relu()
        x = last[4](x).relu()
        return (x - x.min()) / (x.max() - x.min() + 1e-6)


class Gru(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.ih = nn.Sequential(nn.Conv2d(2 * c, 2 * c, 3, padding=1), nn.Sigmoid())
        self.hh = nn.Sequential(nn.Conv2d(2 * c, c, 3, padding=1), nn.Tanh())

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        r, z = self.ih(torch.cat([x, h], 1)).chunk(2, 1)
        return (1 - z) * h + z * self.hh(torch.cat([x, r * h], 1))


def _rows(i: int, *made: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for o in made:
        layers += [_plain(i, o, 3), nn.BatchNorm2d(o), nn.ReLU()]
        i = o
    return nn.Sequential(*layers)


class Rvm(nn.Module):
    """On a narrow MobileNetV3; ``smaller`` is one over its downsample_ratio."""

    def __init__(self, smaller: int = 1) -> None:
        super().__init__()
        self.smaller = smaller
        self.backbone = nn.Module()
        self.backbone.features = nn.Sequential(*mobile_v3())
        self.aspp = nn.Module()
        self.aspp.aspp1 = nn.Sequential(nn.Conv2d(12, 8, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU())
        self.aspp.aspp2 = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(12, 8, 1, bias=False), nn.Sigmoid())
        decoder = self.decoder = nn.Module()
        for k, (i, c) in {4: (0, 8), 3: (8 + 5 + 3, 6), 2: (6 + 6 + 3, 4), 1: (4 + 4 + 3, 4)}.items():
            decoder.add_module(f"decode{k}", nn.Module())
            part = getattr(decoder, f"decode{k}")
            part.gru = Gru(c // 2)
            if k < 4:
                part.conv = _rows(i, c)
        decoder.decode0 = nn.Module()
        decoder.decode0.conv = _rows(4 + 3, 4, 4)
        self.project_mat, self.project_seg = nn.Module(), nn.Module()
        self.project_mat.conv, self.project_seg.conv = nn.Conv2d(4, 4, 1), nn.Conv2d(4, 1, 1)
        nn.init.constant_(self.project_mat.conv.bias, 0.5)
        refiner = self.refiner = nn.Module()
        refiner.box_filter = _plain(4, 4, 3, groups=4)
        one = [nn.Conv2d(12, 4, 1, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 4, 1, bias=False)]
        refiner.conv = nn.Sequential(*one, nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 4, 1))

    def forward(self, picture: Tensor, states: list[Tensor]) -> tuple[Tensor, Tensor, list[Tensor]]:
        small = picture
        if self.smaller > 1:
            small = F.interpolate(picture, scale_factor=1 / self.smaller, mode="bilinear", align_corners=False)
        mean, spread = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
        x, maps = (small - mean.view(3, 1, 1)) / spread.view(3, 1, 1), []
        for k, part in enumerate(self.backbone.features):
            x = part(x)
            maps += [x] if k in (1, 3, 6, 16) else []
        maps[3] = self.aspp.aspp1(maps[3]) * self.aspp.aspp2(maps[3])
        sources = [small]
        for _ in range(3):
            sources.append(F.avg_pool2d(sources[-1], 2, ceil_mode=True, count_include_pad=False))
        made, x = list(states), maps[3]
        for k in (4, 3, 2, 1):
            part = getattr(self.decoder, f"decode{k}")
            if k < 4:
                x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
                x = part.conv(torch.cat([x, maps[k - 1], sources[k]], 1))
            a, b = x.chunk(2, 1)
            made[k - 1] = part.gru(b, states[k - 1])
            x = torch.cat([a, made[k - 1]], 1)
        x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        x = self.decoder.decode0.conv(torch.cat([x, small], 1))
        both = self.project_mat.conv(x)
        if self.smaller > 1:
            both = self.refined(picture, small, both, x)
        return both[:, 3:].clamp(0, 1), (both[:, :3] + picture).clamp(0, 1), made

    def refined(self, picture: Tensor, small: Tensor, both: Tensor, hidden: Tensor) -> Tensor:
        fine, base = (torch.cat([x, x.mean(1, keepdim=True)], 1) for x in (picture, small))
        box = self.refiner.box_filter
        mean_x, mean_y = box(base), box(both)
        read = [box(base * both) - mean_x * mean_y, box(base * base) - mean_x * mean_x, hidden]
        a = self.refiner.conv(torch.cat(read, 1))
        b = mean_y - a * mean_x
        a, b = (F.interpolate(x, picture.shape[2:], mode="bilinear", align_corners=False) for x in (a, b))
        return a * fine + b


ATTENTION = {
    "restormer": ("restormer", Restormer, (3, 32, 48)),
    "restormer without biases": ("restormer", lambda: Restormer(bias=False, dual=True), (6, 32, 48)),
    "mprnet": ("mprnet", MprNet, (3, 64, 48)),
    "dpt": ("dpt", Dpt, (3, 64, 96)),
    "dpt hybrid": ("dpt", lambda: Dpt(hybrid=True), (3, 64, 96)),
}
