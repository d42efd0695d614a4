"""AnimeGANv2 (X. Chen et al. 2020), as its PyTorch version names it: photographs as drawn pictures."""

from __future__ import annotations

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors


def _matches(tensors: Tensors) -> bool:
    return {"block_a.0.1.weight", "block_c.0.1.weight", "block_e.2.1.weight", "out_layer.0.weight"} <= tensors.keys()


def _build(s: Sketch) -> str:
    picture = s.input(s.channels("block_a.0.1"))
    x = _conv(s, "block_a.0", picture)
    x = _conv(s, "block_a.1", x, stride=2, padding=(0, 1, 0, 1))
    x = half = _conv(s, "block_a.2", x)
    x = _conv(s, "block_b.0", x, stride=2, padding=(0, 1, 0, 1))
    x = _conv(s, "block_b.1", x)
    x = _conv(s, "block_c.0", x)
    k = 1
    while s.has(f"block_c.{k}.layers.1.weight") or s.has(f"block_c.{k}.layers.0.1.weight"):
        x = _block(s, f"block_c.{k}.layers", x)
        k += 1
    x = _conv(s, f"block_c.{k}", x)
    for part, like in (("block_d", half), ("block_e", picture)):
        x = s.op("UpsampleLike", x, like, name=f"{part}.upsample", mode="bilinear", align_corners=True)
        k = 0
        while s.has(f"{part}.{k}.1.weight"):
            x = _conv(s, f"{part}.{k}", x)
            k += 1
    return s.op("Tanh", s.conv("out_layer.0", x, padding=0), name="output")


def _block(s: Sketch, at: str, x: str) -> str:
    """An inverted residual: wider, depthwise, narrower, and its input where it is as wide."""
    y, k = x, 0
    if s.has(f"{at}.0.1.weight") and s.shape(f"{at}.0.1.weight")[2] == 1:
        y, k = _conv(s, f"{at}.0", y), 1
    y = _conv(s, f"{at}.{k}", y)
    y = s.conv(f"{at}.{k + 1}", y, padding=0)
    y = _norm(s, f"{at}.{k + 2}", y)
    same = s.draft.shapes[x] == s.draft.shapes[y]
    return s.op("Add", x, y, name=f"{at}.add") if same else y


def _conv(s: Sketch, at: str, x: str, *, stride: int = 1, padding: tuple[int, int, int, int] | None = None) -> str:
    border = s.shape(f"{at}.1.weight")[2] // 2
    sides = padding or (border,) * 4
    x = s.op("Pad", x, name=f"{at}.0", padding=sides, mode="reflect") if any(sides) else x
    x = _norm(s, f"{at}.2", s.conv(f"{at}.1", x, stride=stride, padding=0))
    return s.op("LeakyReLU", x, name=f"{at}.3", negative_slope=0.2)


def _norm(s: Sketch, at: str, x: str) -> str:
    channels = s.draft.shapes[x].channels
    tensors = {key: s.take(f"{at}.{key}") for key in ("weight", "bias")}
    return s.draft.add("GroupNorm", x, name=at, tensors=tensors, num_groups=1, num_channels=channels)


ARCHITECTURE = Architecture(
    "animegan", "AnimeGANv2 generator", _matches, _build, input_range=(-1.0, 1.0), output_range=(-1.0, 1.0)
)
