"""State dicts saved by torch.save (.pt, .pth, .model, .ckpt), zipped or in the older stream; never unpickled freely."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.errors import StudioError
from studio.io.folders import is_file, open_regular
from studio.io.importers._archive import check_archive, is_zip
from studio.io.importers._draft import Weight
from studio.io.importers._match import matched
from studio.io.importers.base import Imported, Options, check_size
from studio.io.stored import LIMIT, Stored, from_torch

if TYPE_CHECKING:
    from torch import Tensor

_NESTED = ("params_ema", "params", "g_ema", "state_dict", "model_state_dict", "generator", "netG", "G", "model", "net")
_LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19"
_DEEPEST = 8
# From here on an archive is mapped into memory, so that what is not looked at is not read.
_MAPPED = 256 * 2**20


class StateDict:
    """PyTorch's own files of weights."""

    name = "PyTorch state dict"
    suffixes = (".pt", ".pth", ".model", ".ckpt", ".bin", ".t7")

    def match(self, path: Path) -> bool:
        """By what it begins with, or its suffix."""
        return is_file(path) and (path.suffix.lower() in self.suffixes or _begins(path) == _LEGACY)

    def open(self, path: Path, options: Options) -> Imported:
        """The tensors, and the architecture that they fit."""
        mapping = _mapping(_loaded(path), path)
        weights, leftover = tensors_of(mapping, path)
        return matched(weights, leftover, path, self.name, options, stored_of(mapping))


IMPORTER = StateDict()


def _begins(path: Path) -> bytes:
    with open_regular(path) as (file, _):
        return file.read(len(_LEGACY))


def _loaded(path: Path) -> object:
    import torch

    with open_regular(path) as (_, size):
        check_size(size, path)
    archive = is_zip(path)
    if archive:
        names = check_archive(path)
        if any("/code/" in name for name in names):
            raise StudioError(
                f"{path}: this is TorchScript, which carries code and is not opened; in Python, load it with "
                'torch.jit.load and give its original module to studio.export_torch, or save torch.export\'s ".pt2".'
            )
    try:
        return torch.load(path, map_location="cpu", weights_only=True, mmap=archive and size > _MAPPED)
    # A damaged or hostile stream may make PyTorch raise anything; none of its code has run.
    except Exception as error:
        text = str(error)
        if "weights_only" in text or "Unsupported" in text or "WeightsUnpickler" in text:
            raise StudioError(
                f"{path}: this is a pickle of more than tensors, which could run code and is never opened; "
                "in Python, save the module's state_dict() instead, or use studio.export_torch."
            ) from error
        raise StudioError(
            f"{path}: the file is damaged or cut short, or no file of torch.save; fetch it anew."
        ) from error


def _mapping(loaded: object, path: Path, depth: int = 0) -> Mapping[str, Any]:
    """The innermost mapping from names to tensors."""
    import torch

    if not isinstance(loaded, Mapping) or depth > _DEEPEST:
        raise StudioError(
            f"{path}: it holds {type(loaded).__name__}, not named tensors; save the module's state_dict()."
        )
    if any(isinstance(value, torch.Tensor) for value in loaded.values()):
        return {str(name): value for name, value in loaded.items()}
    within = [loaded[key] for key in _NESTED if isinstance(loaded.get(key), Mapping)]
    within += [value for value in loaded.values() if isinstance(value, Mapping)]
    for inner in within:
        try:
            return _mapping(inner, path, depth + 1)
        except StudioError:
            continue
    raise StudioError(f"{path}: there is no tensor in it; save the module's state_dict().")


def tensors_of(mapping: Mapping[str, Any], path: Path) -> tuple[dict[str, Weight], dict[str, int]]:
    """Tensors as float32, each with all the names of its storage, and single whole numbers apart."""
    import torch

    tensors = {name: value for name, value in mapping.items() if isinstance(value, torch.Tensor)}
    total = 0
    for name, tensor in tensors.items():
        if tensor.layout != torch.strided or tensor.is_quantized or tensor.is_complex() or tensor.is_meta:
            raise StudioError(f'{path}: its tensor "{name}" is sparse, quantised or complex; save it as float32.')
        total += tensor.numel() * 4
        # A few bytes on disk can be shown as a tensor without end.
        check_size(total, path)
    leftover = {n: int(t.item()) for n, t in tensors.items() if not t.is_floating_point() and t.numel() == 1}
    floats = {n: t for n, t in tensors.items() if t.is_floating_point() and t.numel()}
    shared: dict[tuple[Any, ...], list[str]] = {}
    for name, tensor in floats.items():
        shared.setdefault(_place(tensor), []).append(name)
    weights = {}
    for name, tensor in floats.items():
        names = shared[_place(tensor)]
        values = np.ascontiguousarray(tensor.detach().to(torch.float32).numpy())
        weights[name] = Weight(values, (names[0], *names[1:]))
    assert total <= LIMIT
    return weights, leftover


def stored_of(mapping: Mapping[str, Any]) -> dict[str, Stored]:
    """The tensors of a state dict as they are; types of numbers that no file of tensors holds are left out."""
    import torch

    found = {name: from_torch(value) for name, value in mapping.items() if isinstance(value, torch.Tensor)}
    return {name: tensor for name, tensor in found.items() if tensor is not None}


def _place(tensor: Tensor) -> tuple[Any, ...]:
    return tensor.untyped_storage().data_ptr(), tensor.storage_offset(), tuple(tensor.shape), tensor.stride()
