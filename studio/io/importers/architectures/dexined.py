"""Edges by DexiNed (X. Soria et al. 2020) and LDC (2022), as their authors name them."""

from __future__ import annotations

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors


def _matches(tensors: Tensors) -> bool:
    return {
        "block_1.conv1.weight",
        "dblock_3.denselayer1.conv1.weight",
        "side_1.conv.weight",
        "up_block_1.features.0.weight",
    } <= tensors.keys()


def _build(s: Sketch) -> str:
    x = s.input(s.channels("block_1.conv1"))
    x = _double(s, "block_1", x, 2)
    maps = [x, y := _double(s, "block_2", x, 1, last=False)]
    down = second = _pooled(s, "block_2", y)
    added = s.op("Add", down, _single(s, "side_1", x, 2), name="block_2.add")
    number = 3
    while s.has(f"dblock_{number}.denselayer1.conv1.weight"):
        if number == 4:
            reads = s.op("Add", down, _single(s, "pre_dense_2", second, 2), name="block_4.both")
        else:
            reads = down if number < 6 else maps[-1]
        y = _dense(s, f"dblock_{number}", added, _single(s, f"pre_dense_{number}", reads))
        maps.append(y)
        if s.has(f"dblock_{number + 1}.denselayer1.conv1.weight"):
            # From the fifth on nothing shrinks any more.
            down = _pooled(s, f"block_{number}", y) if number < 5 else y
            side = _single(s, f"side_{number - 1}", added, 2 if number < 5 else 1)
            added = s.op("Add", down, side, name=f"block_{number}.add")
        number += 1
    scores = [_enlarged(s, f"up_block_{k}.features", map_) for k, map_ in enumerate(maps, 1)]
    joined = s.op("Concat", *scores, name="join")
    if s.has("block_cat.conv.weight"):
        # They are there, and never at work.
        s.used |= {name for name in s.tensors if name.startswith(("block_cat.bn.", "side_5."))}
        return s.op("Sigmoid", s.conv("block_cat.conv", joined), name="output")
    return s.op("Sigmoid", _fused(s, "block_cat", joined), name="output")


def _double(s: Sketch, at: str, x: str, stride: int, *, last: bool = True) -> str:
    x = s.relu(s.norm(f"{at}.bn1", s.conv(f"{at}.conv1", x, stride=stride)))
    x = s.norm(f"{at}.bn2", s.conv(f"{at}.conv2", x))
    return s.relu(x) if last else x


def _single(s: Sketch, at: str, x: str, stride: int = 1) -> str:
    return s.norm(f"{at}.bn", s.conv(f"{at}.conv", x, stride=stride))


def _pooled(s: Sketch, at: str, x: str) -> str:
    return s.op("MaxPool2d", x, name=f"{at}.pool", kernel_size=3, stride=2, padding=1)


def _dense(s: Sketch, at: str, x: str, beside: str) -> str:
    k = 1
    while s.has(f"{at}.denselayer{k}.conv1.weight"):
        own = f"{at}.denselayer{k}"
        y = s.relu(s.norm(f"{own}.norm1", s.conv(f"{own}.conv1", s.relu(x), padding=2)))
        y = s.norm(f"{own}.norm2", s.conv(f"{own}.conv2", y, padding=0))
        total = s.op("Add", y, beside, name=f"{own}.add")
        x = s.op("Affine", total, name=f"{own}.half", scale=0.5)
        k += 1
    return x


def _enlarged(s: Sketch, at: str, x: str) -> str:
    k = 0
    while s.has(f"{at}.{k}.weight"):
        x = s.relu(s.conv(f"{at}.{k}", x))
        kernel = s.shape(f"{at}.{k + 2}.weight")[2]
        x = s.conv_transpose(f"{at}.{k + 2}", x, padding=(kernel - 2) // 2)
        k += 3
    return x


def _fused(s: Sketch, at: str, x: str) -> str:
    """What each score counts at each place, by a softmax over them."""
    y = s.conv(f"{at}.conv1", x)
    channels = s.draft.shapes[y].channels
    tensors = {key: s.take(f"{at}.norm_layer1.{key}") for key in ("weight", "bias")}
    y = s.draft.add(
        "GroupNorm", y, name=f"{at}.norm_layer1", tensors=tensors, num_groups=4, num_channels=channels, eps=1e-5
    )
    weights = s.op("Softmax2d", s.conv(f"{at}.conv3", s.relu(y)), name=f"{at}.softmax")
    return s.op("Sum", s.op("Mul", x, weights, name=f"{at}.mul"), name=f"{at}.sum", dim="channels")


ARCHITECTURE = Architecture(
    "dexined",
    "DexiNed and LDC edges",
    _matches,
    _build,
    input_range=(0.0, 255.0),
    mean=(103.939, 116.779, 123.68),
    order="bgr",
)
