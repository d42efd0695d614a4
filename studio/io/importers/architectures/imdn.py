"""Super-resolution by IMDN (Z. Hui et al. 2019), as its authors name it."""

from __future__ import annotations

from studio.io.importers.architectures._distilled import enlarged, joined, lrelu
from studio.io.importers.architectures.base import Architecture, Sketch, Tensors
from studio.model.declared.size import Size


def _matches(tensors: Tensors) -> bool:
    return {"IMDB1.c1.weight", "IMDB1.cca.conv_du.0.weight", "LR_conv.weight", "upsampler.0.weight"} <= tensors.keys()


def _build(s: Sketch) -> str:
    # Of the version for any factor, the picture is made smaller first.
    whole = s.has("fea_conv.weight")
    first = "fea_conv" if whole else "fea_conv.0"
    channels = s.channels(first)
    x = s.conv(first, s.input(channels), stride=1 if whole else 2)
    x = start = x if whole else s.conv("fea_conv.2", lrelu(s, x), stride=2)
    parts: list[str] = []
    while s.has(f"IMDB{len(parts) + 1}.c1.weight"):
        x = _block(s, f"IMDB{len(parts) + 1}", x)
        parts.append(x)
    return enlarged(s, "upsampler.0", joined(s, start, parts), channels)


def _block(s: Sketch, at: str, x: str) -> str:
    kept, y = [], x
    count = s.draft.shapes[x].channels
    for k in (1, 2, 3):
        y = lrelu(s, s.conv(f"{at}.c{k}", y))
        split = count - s.channels(f"{at}.c{k + 1}")
        kept.append(s.op("SliceChannels", y, name=f"{at}.kept{k}", start=0, end=split))
        y = s.op("SliceChannels", y, name=f"{at}.rest{k}", start=split, end=count)
    kept.append(s.conv(f"{at}.c4", y))
    y = s.op("Concat", *kept, name=f"{at}.join")
    y = s.conv(f"{at}.c5", _contrast(s, f"{at}.cca", y))
    return s.op("Add", y, x, name=f"{at}.add")


def _contrast(s: Sketch, at: str, x: str) -> str:
    """Channels weighed by their mean and deviation."""
    mean = s.op("Mean", x, name=f"{at}.mean", dim="space")
    centred = s.op("Sub", x, mean, name=f"{at}.centred")
    squared = s.op("Mean", s.op("Mul", centred, centred, name=f"{at}.squared"), name=f"{at}.variance", dim="space")
    y = s.op("Add", s.op("Sqrt", squared, name=f"{at}.deviation"), mean, name=f"{at}.contrast")
    y = s.conv(f"{at}.conv_du.2", s.relu(s.conv(f"{at}.conv_du.0", y)))
    return s.op("Mul", x, s.op("Sigmoid", y, name=f"{at}.sigmoid"), name=f"{at}.mul")


ARCHITECTURE = Architecture("imdn", "IMDN super-resolution", _matches, _build, size=Size(64, 64))
