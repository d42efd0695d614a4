"""U-Net (O. Ronneberger et al. 2015) as its best-known PyTorch version names it: masks of what it was taught."""

from __future__ import annotations

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors


def _matches(tensors: Tensors) -> bool:
    wanted = {"inc.double_conv.0.weight", "down1.maxpool_conv.1.double_conv.0.weight", "up1.conv.double_conv.0.weight"}
    return wanted <= tensors.keys()


def _build(s: Sketch) -> str:
    x = _double(s, "inc.double_conv", s.input(s.channels("inc.double_conv.0")))
    maps, k = [x], 1
    while s.has(f"down{k}.maxpool_conv.1.double_conv.0.weight"):
        x = s.op("MaxPool2d", x, name=f"down{k}.pool", kernel_size=2, stride=2)
        x = _double(s, f"down{k}.maxpool_conv.1.double_conv", x)
        maps.append(x)
        k += 1
    for number, skip in enumerate(reversed(maps[:-1]), 1):
        if s.has(f"up{number}.up.weight"):
            x = s.conv_transpose(f"up{number}.up", x, padding=0)
        else:
            x = s.op("Upsample", x, name=f"up{number}.up", scale_factor=2, mode="bilinear", align_corners=True)
        x = _double(s, f"up{number}.conv.double_conv", s.op("Concat", skip, x, name=f"up{number}.join"))
    x = s.conv("outc.conv", x)
    classes = s.draft.shapes[x].channels
    if classes == 1:
        return s.op("Sigmoid", x, name="output")
    x = s.op("Softmax2d", x, name="classes")
    # Of two classes the second is what stands out from the first.
    return s.op("SliceChannels", x, name="output", start=1, end=2) if classes == 2 else x


def _double(s: Sketch, at: str, x: str) -> str:
    for k in (0, 3):
        x = s.relu(s.norm(f"{at}.{k + 1}", s.conv(f"{at}.{k}", x)))
    return x


ARCHITECTURE = Architecture("unet", "U-Net mask", _matches, _build)
