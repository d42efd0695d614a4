"""Modules that were saved whole: their tensors, and their layers where classes of torch.nn alone say what follows what.

A pickle of a module names its class, whose code it does not hold; TorchScript holds code, which is not run. What can be
read without it is the tree of parts with their tensors and settings. A `Sequential` of PyTorch's own layers is the
whole model; of any other class the tensors are known, by which a family may be recognised.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.errors import StudioError
from studio.io.importers._state_dict.unpickle import Stub, machine
from studio.model.declared.size import Size

if TYPE_CHECKING:
    import torch
    from torch import nn

_DEEPEST = 24

_SETTINGS = {
    "Conv2d": "in_channels out_channels kernel_size stride padding dilation groups padding_mode",
    "ConvTranspose2d": "in_channels out_channels kernel_size stride padding output_padding groups dilation",
    "Linear": "in_features out_features",
    "BatchNorm2d": "num_features eps affine momentum",
    "InstanceNorm2d": "num_features eps affine track_running_stats",
    "GroupNorm": "num_groups num_channels eps affine",
    "LayerNorm": "normalized_shape eps elementwise_affine",
    "ReLU": "",
    "ReLU6": "",
    "LeakyReLU": "negative_slope",
    "PReLU": "num_parameters",
    "ELU": "alpha",
    "SELU": "",
    "GELU": "approximate",
    "SiLU": "",
    "Mish": "",
    "Hardswish": "",
    "Hardsigmoid": "",
    "Hardtanh": "min_val max_val",
    "Softplus": "beta threshold",
    "Sigmoid": "",
    "Tanh": "",
    "Softmax": "dim",
    "Identity": "",
    "Dropout": "p",
    "Dropout2d": "p",
    "Flatten": "start_dim end_dim",
    "Unflatten": "dim unflattened_size",
    "MaxPool2d": "kernel_size stride padding dilation ceil_mode",
    "AvgPool2d": "kernel_size stride padding ceil_mode count_include_pad",
    "AdaptiveAvgPool2d": "output_size",
    "AdaptiveMaxPool2d": "output_size",
    "Upsample": "size scale_factor mode align_corners",
    "UpsamplingNearest2d": "size scale_factor",
    "UpsamplingBilinear2d": "size scale_factor",
    "PixelShuffle": "upscale_factor",
    "PixelUnshuffle": "downscale_factor",
    "ChannelShuffle": "groups",
    "ReflectionPad2d": "padding",
    "ReplicationPad2d": "padding",
    "CircularPad2d": "padding",
    "ZeroPad2d": "padding",
    "ConstantPad2d": "padding value",
    "Sequential": "",
}
"""PyTorch's own layers, and what each was made with, by the names under which it keeps that."""


def is_module(value: object) -> bool:
    """Whether this is what a pickle or TorchScript holds of a module."""
    return isinstance(value, Stub) and value.kept is not None


def tensors_within(value: object, depth: int = 0) -> object:
    """Mappings in which every module is one of its named tensors."""
    if isinstance(value, Stub) and value.kept is not None:
        return dict(_named(value, "", 0))
    if isinstance(value, Mapping) and depth < _DEEPEST:
        return {key: tensors_within(held, depth + 1) for key, held in value.items()}
    return value


def modules_within(value: object, depth: int = 0) -> list[Stub]:
    """The modules that stand in a file, outermost ones alone."""
    if isinstance(value, Stub):
        return [value] if value.kept is not None else []
    if isinstance(value, Mapping) and depth < _DEEPEST:
        return [found for held in value.values() for found in modules_within(held, depth + 1)]
    return []


def _children(module: Stub) -> dict[str, Stub]:
    kept = module.kept or {}
    own = kept.get("_modules", kept)
    held = own.items() if isinstance(own, Mapping) else ()
    return {str(name): child for name, child in held if isinstance(child, Stub) and child.kept is not None}


def _named(module: Stub, prefix: str, depth: int) -> list[tuple[str, torch.Tensor]]:
    """As ``state_dict`` names them."""
    import torch

    if depth > _DEEPEST:
        raise StudioError("its parts are nested without end.")
    kept = module.kept or {}
    transient = kept.get("_non_persistent_buffers_set")
    transient = transient if isinstance(transient, (set, frozenset)) else set()
    groups = [kept.get(key) for key in ("_parameters", "_buffers")] if "_modules" in kept else [kept]
    found = [
        (f"{prefix}{name}", tensor.detach())
        for group in groups
        if isinstance(group, Mapping)
        for name, tensor in group.items()
        if isinstance(tensor, torch.Tensor) and name not in transient
    ]
    for name, child in _children(module).items():
        found += _named(child, f"{prefix}{name}.", depth + 1)
    return found


# -- layers -------------------------------------------------------------------------------------------------------


def rebuilt(module: Stub) -> nn.Module | None:
    """The module, where it is a row of PyTorch's own layers; None where its class is another's.

    Of a class that only holds such rows, an encoder and a decoder, they are taken to follow each other.
    """
    import torch

    if module.named.startswith("torch.nn."):
        made = _layer(module, 0)
    else:
        rows = _children(module)
        kept = module.kept or {}
        own = any(kept.get(key) for key in ("_parameters", "_buffers"))
        held = [_layer(child, 0) for child in rows.values() if child.named.endswith(".Sequential")]
        if own or not rows or len(held) < len(rows) or any(part is None for part in held):
            return None
        made = torch.nn.Sequential()
        for name, part in zip(rows, held, strict=True):
            made.add_module(name, part)
    if made is None or not list(made.parameters()):
        return None
    missing, unexpected = made.load_state_dict(dict(_named(module, "", 0)), strict=False)
    return None if unexpected or [name for name in missing if "num_batches" not in name] else made.eval()


def _layer(module: Stub, depth: int) -> nn.Module | None:
    from torch import nn

    kind = module.named.rpartition(".")[2]
    if not module.named.startswith("torch.nn.") or kind not in _SETTINGS or depth > _DEEPEST:
        return None
    if kind == "Sequential":
        parts = {name: _layer(child, depth + 1) for name, child in _children(module).items()}
        if any(part is None for part in parts.values()):
            return None
        row = nn.Sequential()
        for name, part in parts.items():
            row.add_module(name, part)
        return row
    kept, given = module.kept or {}, {}
    for name in _SETTINGS[kind].split():
        if name in kept:
            given[name] = _plain(kept[name])
    if kind in ("Conv2d", "ConvTranspose2d", "Linear"):
        held = kept.get("_parameters")
        given["bias"] = isinstance(held, Mapping) and held.get("bias") is not None
    try:
        return getattr(nn, kind)(**given)  # type: ignore[no-any-return]
    # Whatever PyTorch says of settings that are not its own.
    except (TypeError, ValueError, RuntimeError):
        return None


def _plain(value: object) -> object:
    """Numbers, words, and rows of them; None of anything else."""
    if isinstance(value, (list, tuple)):
        return tuple(_plain(item) for item in value)
    return value if isinstance(value, (bool, int, float, str)) else None


def first_shape(module: nn.Module) -> tuple[int, bool]:
    """Channels that its first layer with weights reads, and whether that is a vector."""
    from torch import nn

    for part in module.modules():
        if isinstance(part, (nn.Conv2d, nn.ConvTranspose2d)):
            return part.in_channels, False
        if isinstance(part, nn.Linear):
            return part.in_features, True
    raise StudioError("it has no layer of weights.")


_SIDES = (64, 28, 32, 128, 256, 224, 96, 48, 512, 227, 299, 16, 8, 4, 2, 1)


def example_for(module: nn.Module, asked: Size | None) -> torch.Tensor:
    """What the module takes: a vector, or a picture of the first size of many that it runs at.

    Raises:
        StudioError: where it takes none of them.
    """
    import torch

    channels, is_vector = first_shape(module)
    drawn = torch.Generator().manual_seed(0)
    shapes: list[tuple[int, ...]] = [(1, channels)] if is_vector else []
    shapes += [(1, channels, *side) for side in ([asked] if asked else zip(_SIDES, _SIDES, strict=True))]
    for shape in shapes:
        example = torch.rand(*shape, generator=drawn)
        try:
            with torch.no_grad():
                module(example)
        # Whatever a layer says of a shape that it does not take.
        except (RuntimeError, ValueError, IndexError):
            continue
        return example
    raise StudioError("its layers, in the order in which they stand, take no picture of any usual size.")


# -- TorchScript --------------------------------------------------------------------------------------------------

_TYPES = {
    "Float": "float32",
    "Half": "float16",
    "BFloat16": "bfloat16",
    "Double": "float64",
    "Long": "int64",
    "Int": "int32",
    "Short": "int16",
    "Char": "int8",
    "Byte": "uint8",
    "Bool": "bool",
}


def scripted(path: Path, names: list[str]) -> object:
    """The tree of modules that a TorchScript archive holds; its code is left where it is.

    Raises:
        StudioError: where the archive is damaged.
    """
    import torch

    inside = next((name.removesuffix("data.pkl") for name in names if name.endswith("/data.pkl")), "")
    with zipfile.ZipFile(path) as archive:
        pickled = archive.read(f"{inside}data.pkl")
        held: dict[str, torch.Tensor] = {}

        def storage(given: Any) -> torch.Tensor:
            word, kind, key, _, count = given
            name = str(getattr(kind, "__name__", kind)).removesuffix("Storage")
            if word != "storage" or name not in _TYPES or not isinstance(key, str):
                raise StudioError(f"it holds a tensor of {name}, which no layer has.")
            if key not in held:
                data = bytearray(archive.read(f"{inside}data/{key}"))
                dtype = getattr(torch, _TYPES[name])
                held[key] = torch.frombuffer(data, dtype=dtype) if data else torch.zeros(0, dtype=dtype)
            if held[key].numel() < int(count):
                raise StudioError("a tensor is cut short; fetch the file anew.")
            return held[key]

        return machine(io.BytesIO(pickled), storage, _shown).load()


def _shown(storage: Any, offset: Any, size: Any, stride: Any, *rest: object) -> object:
    """A tensor of a flat one, within its bounds."""
    import torch

    del rest
    whole = [int(offset), *map(int, size), *map(int, stride)]
    reach = int(offset) + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    if not isinstance(storage, torch.Tensor) or min(whole) < 0 or (0 not in size and reach >= storage.numel()):
        raise StudioError("a tensor in it reaches past its numbers; fetch the file anew.")
    return torch.as_strided(storage, tuple(size), tuple(stride), int(offset))
