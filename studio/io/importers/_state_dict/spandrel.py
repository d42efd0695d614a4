"""Restoration and super-resolution networks that spandrel knows by their tensors; the module that it builds is traced.

spandrel (MIT) is the library that chaiNNer stands on. It is imported only for tensors that no architecture of the
studio's own fits. Two of its forty architectures need torchvision, which on PyPI is built for one PyTorch alone: where
it does not load, these two are missing and the others are not.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.errors import StudioError
from studio.io.importers._draft import Weight
from studio.io.importers.base import Imported, Known, Options
from studio.model.declared.size import Size

if TYPE_CHECKING:
    import torch

_SIDE = 64
_SIGNED = ("RestoreFormer", "GFPGAN")
"""Those that are fed and give values from -1 to 1, which spandrel sees to outside of the module."""

_MASKED = "MaskedImageModelDescriptor"
_FILLS = (
    'It paints anew what a mask covers. The mask is what is bright in the picture, as the layer "hole" makes it: bends '
    "behind that layer put another in its place."
)

_LIKELY = 12  # tensors that even the smallest of its architectures has


def has(arch: str) -> bool:
    """Whether spandrel has an architecture of this name."""
    return any(arch.lower() == known.lower() for known in names())


def names() -> tuple[str, ...]:
    """Its architectures; none where it is not installed."""
    if find_spec("spandrel") is None:
        return ()
    return tuple(str(support.architecture.id) for support in _registry())


@cache
def _registry() -> tuple[Any, ...]:
    """In the order in which they are tried."""
    with warnings.catch_warnings(), _torchvision():
        warnings.simplefilter("ignore")
        from spandrel import MAIN_REGISTRY
    return tuple(MAIN_REGISTRY.architectures("detection"))


class _torchvision:  # noqa: N801 - a context, used as a word
    """A stand-in for torchvision while spandrel is imported, where its own does not load."""

    def __enter__(self) -> None:
        before = set(sys.modules)
        try:
            import torchvision.transforms.functional  # noqa: F401
        # Of another PyTorch's build it raises RuntimeError, with half of it loaded.
        except Exception:  # noqa: BLE001
            for name in [n for n in sys.modules if n.startswith("torchvision") and n not in before]:
                del sys.modules[name]
            for name in ("torchvision", "torchvision.transforms", "torchvision.transforms.functional"):
                sys.modules[name] = _missing(name)
            self.stands_in = True
        else:
            self.stands_in = False

    def __exit__(self, *error: object) -> None:
        for name in [n for n in sys.modules if self.stands_in and n.startswith("torchvision")]:
            del sys.modules[name]


def _missing(name: str) -> ModuleType:
    made = ModuleType(name)

    def absent(*args: object, **named: object) -> None:
        del args, named
        raise RuntimeError("torchvision does not load here; install the one that goes with this PyTorch")

    for function in ("rotate", "normalize"):
        setattr(made, function, absent)
    made.InterpolationMode = type("InterpolationMode", (), {"NEAREST": 0, "BILINEAR": 1})  # type: ignore[attr-defined]
    return made


def opened(tensors: Mapping[str, Weight], path: Path, known: Known, options: Options) -> Imported | None:
    """The network of these tensors; None where spandrel does not know them.

    Raises:
        StudioError: where spandrel knows them, but they do not fit it, or the studio cannot run what it builds.
    """
    if len(tensors) < _LIKELY and not options.arch:
        return None
    if find_spec("spandrel") is None:
        return None
    import torch

    from studio.io.importers.module import imported_module

    state = {name: torch.from_numpy(weight.values) for name, weight in tensors.items()}
    # Places that are looked up in windows are whole numbers, by which some architectures are told apart.
    for name, held in known.stored.items():
        bare = name.removeprefix(known.prefix)
        if name.startswith(known.prefix) and bare not in state and held.values.dtype.kind in "iub":
            state[bare] = torch.from_numpy(np.array(held.values))
    for support in _registry():
        arch = str(support.architecture.id)
        if options.arch and options.arch.lower() != arch.lower():
            continue
        if not _detected(support, state):
            continue
        found = _built(support, dict(state), arch)
        module, example = found.model, _example(found, options)
        notes = _takes_brightness(module) if len(example) > 1 else ()
        if arch in _SIGNED:
            options = replace(options, input_range=options.input_range or (-1.0, 1.0))
        try:
            made, _ = imported_module(module, example, path, options, _known(known, module, state, arch))
        except StudioError as error:
            raise StudioError(f"spandrel knows it as {arch}, but {str(error)[:1].lower()}{str(error)[1:]}") from error
        tags = ", ".join([f"{found.scale}x", *found.tags])
        said = f"spandrel recognised {arch} ({tags}) by its tensors, and its code says what the layers are."
        return replace(made, notes=(said, *notes, *made.notes))
    return None


def _detected(support: Any, state: Mapping[str, torch.Tensor]) -> bool:
    with suppress(Exception):
        return bool(support.detect(state))
    return False


def _built(support: Any, state: dict[str, torch.Tensor], arch: str) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = support.architecture.load(state)
    # Its code reads sizes off tensors that may be of another version of the architecture.
    except Exception as error:
        reason = " ".join(str(error).split())[:160]
        raise StudioError(f"{arch}: spandrel cannot build it of these tensors ({reason})") from error
    if type(found).__name__ not in ("ImageModelDescriptor", _MASKED):
        raise StudioError(f"{arch}: it takes more than a picture and a mask, which the studio does not")
    for part in found.model.modules():
        # SPAN works its kernels out of others in every run; they are what they are.
        if callable(getattr(part, "update_params", None)):
            part.update_params()
            part.update_params = _nothing
        if all(hasattr(part, name) for name in ("experts", "gate", "num_expert")):
            part.forward = partial(_all_experts, part)
    return found


def _all_experts(layer: Any, x: torch.Tensor, k: torch.Tensor) -> torch.Tensor:
    """What SeemoRe's mixture of experts makes: all of them work, and those that are not chosen count nothing."""
    import torch

    weights = layer.gate(x).softmax(1)
    largest, places = torch.topk(weights, layer.num_expert)
    chosen = torch.zeros_like(weights).scatter(1, places, largest)
    made = x
    for i, expert in enumerate(layer.experts):
        made = made + expert(x, k) * chosen[:, i : i + 1, None, None]
    return made


def _example(found: Any, options: Options) -> list[torch.Tensor]:
    """A picture, and a mask where it takes one."""
    import torch

    size, drawn = options.input_size or _size(found), torch.Generator().manual_seed(0)
    masks = 1 if type(found).__name__ == _MASKED else 0
    return [torch.rand(1, count, *size, generator=drawn) for count in (found.input_channels, 1)[: 1 + masks]]


def _takes_brightness(model: Any) -> tuple[str, ...]:
    """Have a module of picture and mask take as its mask what is bright in a second picture; what to say of that."""
    from torch import nn

    class Hole(nn.Module):
        def forward(self, mask: torch.Tensor) -> torch.Tensor:
            return (mask > 0.5).to(mask.dtype)

    model.hole, fill = Hole(), model.forward
    model.forward = lambda picture, mask: fill(picture, model.hole(mask))
    return (_FILLS,)


def _nothing() -> None:
    return None


def _size(found: Any) -> Size:
    asked = found.size_requirements
    least, step = max(_SIDE, asked.minimum or 0), asked.multiple_of or 1
    side = -(-least // step) * step
    return Size(side, side)


def _known(known: Known, module: torch.nn.Module, state: Mapping[str, torch.Tensor], arch: str) -> Known:
    """The file's own tensors for the way back, unless spandrel gives them other names."""
    from studio.io.stored import stored_of

    own = module.state_dict()
    if set(state) <= set(own):
        return replace(known, arch=arch)
    return replace(known, arch=arch, stored=stored_of(own), prefix="", complete=True)
