"""The generator of U-GAT-IT (J. Kim et al. 2020), as znxlwm's PyTorch version names it."""

from __future__ import annotations

import numpy as np

from studio.io.importers._draft import Weight
from studio.io.importers.architectures.base import Architecture, Sketch, Tensors


def _matches(tensors: Tensors) -> bool:
    return {
        "DownBlock.1.weight",
        "gap_fc.weight",
        "gmp_fc.weight",
        "UpBlock1_1.norm1.rho",
        "UpBlock2.2.weight",
    } <= tensors.keys()


def _build(s: Sketch) -> str:
    x = s.mirrored("DownBlock.1", s.input(s.channels("DownBlock.1")), 3)
    x = s.relu(s.instance_norm("DownBlock.2", x))
    place = 5
    # Those that halve, then blocks.
    while s.has(f"DownBlock.{place}.weight"):
        x = s.mirrored(f"DownBlock.{place}", x, 1, stride=2)
        x, place = s.relu(s.instance_norm(f"DownBlock.{place + 1}", x)), place + 4
    place -= 1
    while s.has(f"DownBlock.{place}.conv_block.1.weight"):
        at = f"DownBlock.{place}.conv_block"
        y = s.relu(s.instance_norm(f"{at}.2", s.mirrored(f"{at}.1", x, 1)))
        y = s.instance_norm(f"{at}.6", s.mirrored(f"{at}.5", y, 1))
        x, place = s.op("Add", x, y, name=f"{at}.add"), place + 1
    x = s.op("Concat", _weighed(s, "gap_fc", x), _weighed(s, "gmp_fc", x), name="attended")
    x = s.relu(s.conv("conv1x1", x))
    gamma, beta = _style(s, x)
    number = 1
    while s.has(f"UpBlock1_{number}.conv1.weight"):
        at = f"UpBlock1_{number}"
        y = _mixed_norm(s, f"{at}.norm1", s.mirrored(f"{at}.conv1", x, 1), gamma, beta)
        y = s.mirrored(f"{at}.conv2", s.relu(y), 1)
        y = _mixed_norm(s, f"{at}.norm2", y, gamma, beta)
        x, number = s.op("Add", y, x, name=f"{at}.add"), number + 1
    place = 2
    while s.has(f"UpBlock2.{place + 1}.rho"):
        x = s.op("Upsample", x, name=f"UpBlock2.{place - 2}", scale_factor=2, mode="nearest")
        x = s.mirrored(f"UpBlock2.{place}", x, 1)
        x, place = s.relu(_own_norm(s, f"UpBlock2.{place + 1}", x)), place + 5
    x = s.mirrored(f"UpBlock2.{place - 1}", x, 3)
    return s.op("Tanh", x, name="output")


def _weighed(s: Sketch, name: str, x: str) -> str:
    """Channels as their classifier weighs them."""
    weight = s.take(f"{name}.weight")
    flat = Weight(np.ascontiguousarray(weight.values[0]), weight.origin)
    none = Weight(np.zeros_like(flat.values))
    tensors = {"weight": flat, "bias": none}
    s.used |= {f"{name}.bias"} & s.tensors.keys()
    return s.draft.add("ScaleShift", x, name=name, tensors=tensors, num_features=flat.values.size)


def _style(s: Sketch, x: str) -> tuple[str, str]:
    """Scale and shift of every channel, of the map's means or, in the larger version, of all of it."""
    count = s.shape("FC.0.weight")[1]
    if count == s.draft.shapes[x].channels:
        y = s.op("Mean", x, name="FC.mean", dim="space")
    else:
        y = s.op("Flatten", x, name="FC.flat")
    for place in (0, 2):
        y = s.relu(s.linear(f"FC.{place}", y))
    return s.linear("gamma", y), s.linear("beta", y)


def _both(s: Sketch, at: str, x: str, eps: float) -> str:
    """The map as its channels' own statistics norm it, and as those of all of it do, mixed by rho."""
    channels = s.draft.shapes[x].channels
    own, every = (_scaled(s, f"{at}.{name}", x, eps, whole=name == "every") for name in ("own", "every"))
    rho = s.take(f"{at}.rho")
    part = np.ravel(rho.values)
    parts = {f"{at}.rho": (part, own), f"{at}.rest": (1 - part, every)}
    made = []
    for name, (row, read) in parts.items():
        weight = Weight(np.ascontiguousarray(row), rho.origin if name.endswith("rho") else ())
        tensors = {"weight": weight, "bias": Weight(np.zeros_like(row))}
        made.append(s.draft.add("ScaleShift", read, name=name, tensors=tensors, num_features=channels))
    return s.op("Add", *made, name=f"{at}.mixed")


def _scaled(s: Sketch, at: str, x: str, eps: float, *, whole: bool) -> str:
    """A map less its mean over its deviation, whose variance is PyTorch's, by one value less than there are."""
    mean = _mean(s, f"{at}.mean", x, whole=whole)
    centred = s.op("Sub", x, mean, name=f"{at}.centred")
    variance = _mean(s, f"{at}.variance", s.op("Mul", centred, centred, name=f"{at}.squares"), whole=whole)
    count = s.op("SizeOf", x, name=f"{at}.pixels", what="pixels")
    count = s.op("Affine", count, name=f"{at}.count", scale=float(s.draft.shapes[x].channels if whole else 1))
    part = s.op("Div", count, s.op("Affine", count, name=f"{at}.less", shift=-1.0), name=f"{at}.part")
    variance = s.op("Affine", s.op("Mul", variance, part, name=f"{at}.unbiased"), name=f"{at}.safe", shift=eps)
    return s.op("Mul", centred, s.op("Pow", variance, name=f"{at}.share", exponent=-0.5), name=at)


def _mean(s: Sketch, name: str, x: str, *, whole: bool) -> str:
    x = s.op("Mean", x, name=name, dim="space")
    return s.op("Mean", x, name=f"{name}.all", dim="channels") if whole else x


def _mixed_norm(s: Sketch, at: str, x: str, gamma: str, beta: str) -> str:
    y = s.op("Mul", _both(s, at, x, 1e-5), gamma, name=f"{at}.scaled")
    return s.op("Add", y, beta, name=at)


def _own_norm(s: Sketch, at: str, x: str) -> str:
    y = _both(s, at, x, 1e-5)
    rows = {"weight": s.take(f"{at}.gamma"), "bias": s.take(f"{at}.beta")}
    flat = {key: Weight(np.ravel(held.values), held.origin) for key, held in rows.items()}
    return s.draft.add("ScaleShift", y, name=at, tensors=flat, num_features=s.draft.shapes[y].channels)


ARCHITECTURE = Architecture(
    "ugatit", "U-GAT-IT generator", _matches, _build, input_range=(-1.0, 1.0), output_range=(-1.0, 1.0)
)
