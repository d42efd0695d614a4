"""Autoencoders as plain sequences ("encoder.0", "decoder.2"): what the tensors leave open is guessed, and said."""

from __future__ import annotations

from studio.errors import StudioError
from studio.io.importers.architectures.base import Architecture, Sketch, Tensors


def _matches(tensors: Tensors) -> bool:
    return _numbers(tensors, "encoder") != [] and _numbers(tensors, "decoder") != []


def _numbers(tensors: Tensors, part: str) -> list[int]:
    """Places of the layers with a weight in one half; empty unless all of its tensors are of such a sequence."""
    found = {name.split(".")[1] for name in tensors if name.startswith(f"{part}.") and name.endswith(".weight")}
    return sorted(int(place) for place in found) if found and all(place.isdigit() for place in found) else []


def _build(s: Sketch) -> str:
    s.draft.notes.append(
        "Strides, activations and pooling of this autoencoder are not in its file and were guessed; where the output "
        "is not what it should be, use studio.export_torch on the module itself."
    )
    x = s.input(s.channels("encoder.0"))
    for part in ("encoder", "decoder"):
        places = _numbers(s.tensors, part)
        for before, place, after in zip([-1, *places], places, [*places[1:], None], strict=False):
            last = part == "decoder" and after is None
            if part == "decoder" and _is_enlarged(s, f"decoder.{place}", x, place - before - 1 - (before >= 0)):
                x = s.op("Upsample", x, name=f"decoder.{place}_up", scale_factor=2, mode="nearest")
                x = s.conv(f"decoder.{place}", x)
                x = s.op("Sigmoid", x, name="output") if last else x if _is_normed(s, place) else s.relu(x)
                continue
            x = _layer(s, f"{part}.{place}", x, after - place if after is not None else 2, last=last)
    return x


def _is_enlarged(s: Sketch, name: str, x: str, spare: int) -> bool:
    """Whether a convolution, of an odd kernel, stands behind more places than an activation takes: an `Upsample`.

    Before a transposed one, of (in, out, height, width), it is a `Dropout`.
    """
    shape = s.shape(f"{name}.weight")
    return spare > 0 and len(shape) == 4 and shape[2] % 2 == 1 and shape[1] == s.draft.shapes[x].channels


def _is_normed(s: Sketch, place: int) -> bool:
    return s.has(f"decoder.{place + 1}.running_mean")


def _layer(s: Sketch, name: str, x: str, room: int, *, last: bool) -> str:
    shape = s.shape(f"{name}.weight")
    if len(shape) == 1:
        x = s.norm(name, x)
    elif len(shape) != 4:
        raise StudioError(f'its tensor "{name}.weight" has shape {shape}, which is of no convolution')
    elif name.startswith("decoder") and shape[0] == s.draft.shapes[x].channels:
        # Kernels of even size double exactly; odd ones need a row and column more.
        x = s.conv_transpose(name, x, padding=(shape[2] - 1) // 2, output_padding=shape[2] % 2)
    else:
        pooled = name.startswith("encoder") and room == 3 and not _norm_follows(s, name)
        halves = name.startswith("encoder") and not pooled
        x = s.conv(name, x, stride=2 if halves else 1, padding=(shape[2] - 1) // 2)
        if pooled:
            return s.op("MaxPool2d", s.relu(x), name=f"{name}_pool", kernel_size=2)
    if last:
        return s.op("Sigmoid", x, name="output")
    return s.relu(x) if room > 1 else x


def _norm_follows(s: Sketch, name: str) -> bool:
    part, place = name.split(".")
    return s.has(f"{part}.{int(place) + 1}.running_mean")


ARCHITECTURE = Architecture("autoencoder", "autoencoder as a plain sequence", _matches, _build)
