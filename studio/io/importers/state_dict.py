"""State dicts saved by torch.save, zipped or in the older stream, whatever the file is called; nothing is executed."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.errors import StudioError
from studio.io.folders import is_file, open_regular
from studio.io.importers._archive import check_archive, is_zip
from studio.io.importers._draft import Weight
from studio.io.importers._state_dict.match import Candidate, TensorSet, chosen
from studio.io.importers._state_dict.unpickle import Stub, as_tensors, plain, reader
from studio.io.importers._state_dict.whole_modules import (
    example_for,
    is_module,
    modules_within,
    rebuilt,
    scripted,
    tensors_within,
)
from studio.io.importers.base import Imported, Known, Options, check_size
from studio.io.stored import LIMIT, is_plain, stored_of

if TYPE_CHECKING:
    from torch import Tensor

_LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19"
_DEEPEST = 8
_MOST_LISTED = 16
# From this version of PyTorch on, reading weights alone runs nothing, as far as is known.
_SAFE = (2, 10)
# From here on an archive is mapped into memory, so that what is not looked at is not read.
_MAPPED = 256 * 2**20


class StateDict:
    """PyTorch's own files of weights."""

    name = "PyTorch state dict"
    suffixes = (".pt", ".pth", ".tar", ".model", ".ckpt", ".bin", ".weights", ".pkl", ".t7")

    def match(self, path: Path) -> bool:
        """By what it holds, or its suffix."""
        return is_file(path) and (path.suffix.lower() in self.suffixes or is_saved(path))

    def open(self, path: Path, options: Options) -> Imported:
        """The tensors, and the architecture that they fit."""
        loaded, notes = _loaded(path)
        whole = modules_within(loaded)
        if (made := _in_a_row(whole, path, options)) is not None:
            return made
        if whole:
            # Classes of the module's own parts are no news beside that.
            notes = (*notes[1:], "It is a whole module, whose code is not run; its tensors alone were read.")
        return chosen(candidates(tensors_within(loaded), path), path, self.name, options, notes)


IMPORTER = StateDict()


def is_saved(path: Path) -> bool:
    """Whether it begins as torch.save's older stream, or is an archive with a pickle of tensors."""
    with open_regular(path) as (file, _):
        if file.read(len(_LEGACY)) == _LEGACY:
            return True
    if not is_zip(path):
        return False
    try:
        return any(name.endswith("/data.pkl") for name in check_archive(path))
    except StudioError:
        return False


def _loaded(path: Path) -> tuple[object, tuple[str, ...]]:
    """What the file holds, tensors, and remarks."""
    import torch

    if tuple(map(int, re.findall(r"\d+", torch.__version__)[:2])) < _SAFE:
        raise StudioError(
            f"{path} is not opened: PyTorch {torch.__version__} can be made to run code that is in such a file "
            f"(CVE-2025-32434, CVE-2026-24747); install PyTorch {_SAFE[0]}.{_SAFE[1]} or later."
        )
    with open_regular(path) as (file, size):
        check_size(size, path)
        _check_kind(file.read(64), path)
    archive = is_zip(path)
    if archive:
        names = check_archive(path)
        if any("/code/" in name for name in names):
            return _scripted(path, names)
    try:
        with warnings.catch_warnings():
            # A bare pickle of a later protocol, which is read around; what a damaged one makes PyTorch wonder at.
            warnings.simplefilter("ignore")
            if archive and size > _MAPPED:
                return torch.load(path, map_location="cpu", weights_only=True, mmap=True), ()
            # Not by its name, which PyTorch would go by.
            with path.open("rb") as stream:
                return torch.load(stream, map_location="cpu", weights_only=True), ()
    # A damaged or hostile stream may make PyTorch raise anything; none of its code has run.
    except Exception as error:
        text = str(error)
        if "weights_only" in text or "Unsupported" in text or "WeightsUnpickler" in text:
            return _read_around(path, mapped=archive and size > _MAPPED)
        raise StudioError(
            f"{path}: the file is damaged or cut short, or no file of torch.save; fetch it anew."
        ) from error


def _scripted(path: Path, names: list[str]) -> tuple[object, tuple[str, ...]]:
    """The modules that a TorchScript archive holds."""
    try:
        found = scripted(path, names)
    except StudioError as error:
        raise StudioError(f"{path}: this is TorchScript, but {error}") from error
    # As of any pickle: whatever is raised, none of its code has run.
    except Exception as error:
        raise StudioError(
            f"{path}: this is TorchScript that is damaged, or of an early version; in Python, load it with "
            'torch.jit.load and give its original module to studio.export_torch, or save torch.export\'s ".pt2".'
        ) from error
    return found, ()


def _in_a_row(whole: list[Stub], path: Path, options: Options) -> Imported | None:
    """The network of a module that is a row of PyTorch's own layers."""
    from studio.io.importers.module import imported_module

    made = rebuilt(whole[0]) if len(whole) == 1 and not options.arch else None
    if made is None:
        return None
    try:
        example = example_for(made, options.input_size)
    except StudioError:
        return None
    known = Known("PyTorch module", stored=stored_of(made.state_dict()), complete=True)
    found, _ = imported_module(made, example, path, options, known)
    said = "It is a whole module of PyTorch's own layers, each of which the file describes."
    if not whole[0].named.startswith("torch.nn."):
        said = (
            f"It is a whole module of the class {whole[0].named}, whose code is not in the file; the rows of layers in "
            "it were taken to follow each other."
        )
    return replace(found, notes=(said, *found.notes))


def _read_around(path: Path, *, mapped: bool) -> tuple[object, tuple[str, ...]]:
    """A file of more than tensors: these are read, what lies beside them is left out, and said."""
    import torch

    left_out: set[str] = set()
    try:
        try:
            with warnings.catch_warnings():
                # The older stream compares a module's code with that of its class, which is not loaded here.
                warnings.simplefilter("ignore")
                found = torch.load(
                    path, map_location="cpu", pickle_module=reader(left_out), weights_only=False, mmap=mapped or None
                )
        except StudioError:
            raise
        # Bare pickles have none of what torch.save writes around them.
        except Exception:  # noqa: BLE001
            found = plain(path, left_out)
    except StudioError as error:
        raise StudioError(f"{path}: {error}") from error
    # As above: whatever is raised, it is this file that cannot be read.
    except Exception as error:
        raise StudioError(
            f"{path}: this is a pickle of more than tensors, which is damaged or could run code; in Python, save the "
            "module's state_dict() instead, or use studio.export_torch."
        ) from error
    if is_module(found):
        return found, ()
    if not isinstance(found, Mapping):
        raise StudioError(
            f"{path}: this is a pickle of more than tensors, a module by most, whose code is never run; in Python, "
            "save the module's state_dict() instead, or use studio.export_torch."
        )
    names = ", ".join(sorted(left_out)[:3])
    said = f"Besides tensors the file holds {names}{' and more' if len(left_out) > 3 else ''}; they were left out."
    return as_tensors(found), (said,) if left_out else ()


_OTHERS = {
    b"version https://git-lfs": "a Git LFS pointer, not the file itself: fetch it with git lfs pull",
    b"<!doctype": "a web page that was saved in the file's place: fetch the file itself",
    b"<html": "a web page that was saved in the file's place: fetch the file itself",
    b"{": "JSON, not weights: fetch the file of weights that goes with it",
}


def _check_kind(begins: bytes, path: Path) -> None:
    """Raise StudioError for files that are known to be something else."""
    start = begins.lstrip().lower()
    for mark, what in _OTHERS.items():
        if start.startswith(mark):
            raise StudioError(f"{path}: this is {what}.")
    if path.suffix.lower() == ".t7" and begins[:4] in (b"\x04\x00\x00\x00", b"\x01\x00\x00\x00", b"\x03\x00\x00\x00"):
        raise StudioError(
            f"{path}: this is a file of Torch7, which came before PyTorch; convert it with torchfile or an old "
            "PyTorch's load_lua, and save the state_dict()."
        )


def candidates(loaded: object, path: Path) -> list[Candidate]:
    """Every set of named tensors within what a file holds, at any depth.

    Raises:
        StudioError: where there is none.
    """
    import torch

    found: list[Candidate] = []

    def visit(value: object, label: tuple[str, ...]) -> None:
        if isinstance(value, (list, tuple)) and len(value) <= _MOST_LISTED:
            value = dict(enumerate(value))
        if not isinstance(value, Mapping) or len(label) > _DEEPEST:
            return
        tensors = {str(name): held for name, held in value.items() if isinstance(held, torch.Tensor)}
        if tensors:
            found.append(Candidate(".".join(label), partial(_set_of, tensors, path), tuple(tensors)))
        for name, held in value.items():
            visit(held, (*label, str(name)))

    visit(loaded, ())
    if not isinstance(loaded, Mapping):
        raise StudioError(
            f"{path}: it holds {type(loaded).__name__}, not named tensors; save the module's state_dict()."
        )
    if not found:
        raise StudioError(f"{path}: there is no tensor in it; save the module's state_dict().")
    return found


def _set_of(tensors: Mapping[str, Any], path: Path) -> TensorSet:
    weights, leftover = tensors_of(tensors, path)
    skipped = tuple(name for name, tensor in tensors.items() if not is_plain(tensor))
    return TensorSet(weights, leftover, stored_of(tensors), skipped)


def tensors_of(mapping: Mapping[str, Any], path: Path) -> tuple[dict[str, Weight], dict[str, int]]:
    """Tensors as float32, each with all the names of its storage, and single whole numbers apart."""
    import torch

    tensors = {name: value for name, value in mapping.items() if is_plain(value)}
    total = 0
    for tensor in tensors.values():
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


def _place(tensor: Tensor) -> tuple[Any, ...]:
    return tensor.untyped_storage().data_ptr(), tensor.storage_offset(), tuple(tensor.shape), tensor.stride()
