"""U²-Net (X. Qin et al. 2020), as its authors name it: what stands in front of a picture, as a mask."""

from __future__ import annotations

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors
from studio.model.declared.size import Size


def _matches(tensors: Tensors) -> bool:
    wanted = {"stage1.rebnconvin.conv_s1.weight", "stage5d.rebnconvin.conv_s1.weight", "side6.weight", "outconv.weight"}
    return wanted <= tensors.keys()


def _build(s: Sketch) -> str:
    x = picture = s.input(s.channels("stage1.rebnconvin.conv_s1"))
    stages = []
    for k in range(1, 7):
        x = stage(s, f"stage{k}", x)
        stages.append(x)
        if k < 6:
            x = s.op("MaxPool2d", x, name=f"pool{k}{k + 1}", kernel_size=2, stride=2, ceil_mode=True)
    sides = [stages[5]]
    for k in range(5, 0, -1):
        up = like(s, x, stages[k - 1], f"stage{k}d.up")
        x = stage(s, f"stage{k}d", s.op("Concat", up, stages[k - 1], name=f"stage{k}d.join"))
        sides.append(x)
    masks = []
    for k, side in enumerate(reversed(sides), 1):
        mask = s.conv(f"side{k}", side)
        masks.append(mask if k == 1 else like(s, mask, picture, f"side{k}.up"))
    joined = s.op("Concat", *masks, name="join")
    return s.op("Sigmoid", s.conv("outconv", joined, padding=0), name="output")


def stage(s: Sketch, at: str, x: str) -> str:
    """A U-Net of its own: down by pooling, or by dilation where it is flat, and back."""
    depth = max(k for k in range(2, 9) if s.has(f"{at}.rebnconv{k}.conv_s1.weight"))
    # The deepest layer of a stage that pools is dilated by 2, of a flat one by 8.
    flat = depth == 4 and not _pools(at)
    x = start = _conv(s, f"{at}.rebnconvin", x)
    downs = []
    for k in range(1, depth + 1):
        dilation = 2 ** (k - 1) if flat else 2 if k == depth else 1
        x = _conv(s, f"{at}.rebnconv{k}", x, dilation)
        downs.append(x)
        if not flat and k < depth - 1:
            x = s.op("MaxPool2d", x, name=f"{at}.pool{k}", kernel_size=2, stride=2, ceil_mode=True)
    for k in range(depth - 1, 0, -1):
        if not flat and k < depth - 1:
            x = like(s, x, downs[k - 1], f"{at}.up{k}")
        joined = s.op("Concat", x, downs[k - 1], name=f"{at}.join{k}")
        x = _conv(s, f"{at}.rebnconv{k}d", joined, 2 ** (k - 1) if flat else 1)
    return s.op("Add", x, start, name=f"{at}.add")


def _pools(at: str) -> bool:
    """Of two stages with four layers each, the fourth pools; the fifth and sixth are flat."""
    return at in ("stage4", "stage4d")


def _conv(s: Sketch, at: str, x: str, dilation: int = 1) -> str:
    made = s.conv(f"{at}.conv_s1", x, padding=dilation, dilation=(dilation, dilation))
    return s.op("ReLU", s.norm(f"{at}.bn_s1", made), name=f"{at}.relu_s1")


def like(s: Sketch, x: str, other: str, name: str) -> str:
    """As large as another map."""
    return s.op("UpsampleLike", x, other, name=name, mode="bilinear", align_corners=False)


ARCHITECTURE = Architecture(
    "u2net",
    "U²-Net mask of what stands in front",
    _matches,
    _build,
    size=Size(320, 320),
    mean=(0.485, 0.456, 0.406),
    std=(0.229, 0.224, 0.225),
)
