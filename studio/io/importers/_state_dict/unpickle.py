"""Pickles of tensors and whatever else lay beside them, read without running anything of them.

A pickle names classes and functions, and has them called. Here every name stands for something of this file: tensors
and numbers of NumPy are built by functions that only look at bytes, and whatever else is named is a `Stub`, which takes
any call, state or item and does nothing with them. Names that no training leaves behind (os.system) are refused.
"""

from __future__ import annotations

import io
import pickle
import pickletools
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from studio.errors import StudioError
from studio.io.importers._words import words

_HARMLESS_BUILTINS = words("set frozenset list dict tuple int float bool complex bytearray slice range object")
_REFUSED = words(
    """
    os posix nt ntpath posixpath subprocess sys shutil socket runpy importlib ctypes code codeop pty platform pdb
    builtins __builtin__ commands webbrowser operator functools inspect types multiprocessing threading signal
    torch.jit torch.hub torch.package tempfile pip pickle _pickle copyreg marshal shelve dill cloudpickle joblib
    """
)
_KINDS = frozenset("fiub")
_LARGEST = 2**31
_MOST_REMEMBERED = 2**22


class Stub:
    """Something that a pickle names and that is left out: it takes whatever it is given, and holds nothing.

    Of a module its parts and tensors are kept: they are data, whatever its code would do with them.
    """

    named = ""
    """What the pickle calls its class."""
    dump_patches = False
    """What PyTorch's older stream asks of a module's class."""

    def __init_subclass__(cls, named: str = "") -> None:
        cls.named = named

    kept: Mapping[Any, Any] | None = None

    def __new__(cls, *args: object, **named: object) -> Stub:
        """Of any arguments."""
        del args, named
        return super().__new__(cls)

    def __init__(self, *args: object, **named: object) -> None:
        del args, named

    def __setstate__(self, state: object) -> None:
        """What modules are made of is kept, and nothing else."""
        scripted = self.named.startswith("__torch__.")
        if isinstance(state, Mapping) and (scripted or {"_parameters", "_modules"} <= state.keys()):
            self.kept = state

    def __setitem__(self, key: object, value: object) -> None:
        """Nothing is kept."""

    def append(self, item: object) -> None:
        """Nothing is kept."""

    def extend(self, items: object) -> None:
        """Nothing is kept."""

    def add(self, item: object) -> None:
        """Nothing is kept."""


class _Dictionary(OrderedDict[Any, Any]):
    """A dictionary of any class: what it holds is kept, whatever it was made with, or had as its state, is not."""

    def __init__(self, *args: object, **named: object) -> None:
        del named
        given = [arg for arg in args if isinstance(arg, (Mapping, list, tuple))]
        super().__init__(*given[:1])

    def __setstate__(self, state: object) -> None:
        """Nothing of it."""


class _Dtype:
    """``numpy.dtype``: a kind of number by its name."""

    def __init__(self, name: object = "", *rest: object) -> None:
        del rest
        self.name, self.order = str(name), "="

    def __setstate__(self, state: object) -> None:
        """Byte order, and what other kinds have besides."""
        if isinstance(state, tuple) and len(state) > 1 and state[1] in ("<", ">", "=", "|"):
            self.order = str(state[1])

    def real(self) -> np.dtype[Any] | None:
        """Of numbers alone; None of anything else."""
        try:
            found = np.dtype(self.name) if len(self.name) <= 8 else None
        except TypeError:
            return None
        return None if found is None or found.kind not in _KINDS else found.newbyteorder(self.order)  # type: ignore[arg-type]


class _Array:
    """``numpy.ndarray``, whose state is its shape and bytes."""

    def __init__(self, *args: object) -> None:
        del args
        self.values: NDArray[Any] | None = None

    def __setstate__(self, state: object) -> None:
        """(version, shape, dtype, Fortran order, bytes)."""
        if not (isinstance(state, tuple) and len(state) == 5):
            return
        _, shape, dtype, fortran, data = state
        kind = dtype.real() if isinstance(dtype, _Dtype) else None
        if kind is None or not isinstance(data, (bytes, bytearray)) or not isinstance(shape, tuple):
            return
        if all(isinstance(n, int) and 0 <= n < _LARGEST for n in shape):
            flat = np.frombuffer(bytes(data), kind)
            if flat.size == np.prod(shape, dtype=np.int64):
                self.values = flat.reshape(shape, order="F" if fortran else "C")


def _scalar(dtype: object, data: object = b"") -> object:
    kind = dtype.real() if isinstance(dtype, _Dtype) else None
    if kind is None or not isinstance(data, (bytes, bytearray)) or len(data) != kind.itemsize:
        return Stub()
    return np.frombuffer(bytes(data), kind)[0].item()


def _tensor(storage: Any, offset: Any, size: Any, stride: Any, *rest: object) -> object:
    del rest  # gradients and hooks
    import torch

    return torch._utils._rebuild_tensor(storage, offset, size, stride)  # type: ignore[no-untyped-call]


def _parameter(data: object, *rest: object) -> object:
    del rest
    return data


def _buffered(data: object, dtype: object, shape: object, order: object) -> _Array:
    """An array as NumPy pickles it since protocol 5."""
    made = _Array()
    made.__setstate__((1, shape, dtype, order == "F", bytes(data) if isinstance(data, (bytes, bytearray)) else b""))
    return made


def _stored(data: object) -> object:
    """A storage within a bare pickle, as torch.save's own bytes."""
    import torch

    if not isinstance(data, (bytes, bytearray)):
        raise TypeError("no bytes")
    return torch.load(io.BytesIO(bytes(data)), weights_only=True)


def _known() -> dict[tuple[str, str], object]:
    """What names stand for; all else is a stub."""
    found: dict[tuple[str, str], object] = {
        ("collections", "OrderedDict"): _Dictionary,
        ("collections", "defaultdict"): lambda *_: _Dictionary(),
        ("torch._utils", "_rebuild_tensor_v2"): _tensor,
        ("torch._utils", "_rebuild_tensor"): _tensor,
        ("torch._utils", "_rebuild_parameter"): _parameter,
        ("torch._utils", "_rebuild_parameter_with_state"): _parameter,
        ("torch.nn.parameter", "Parameter"): _parameter,
        ("torch.storage", "_load_from_bytes"): _stored,
        ("torch", "Size"): tuple,
        ("numpy", "dtype"): _Dtype,
        ("numpy", "ndarray"): _Array,
        ("_codecs", "encode"): lambda text, *_: text.encode("latin1") if isinstance(text, str) else b"",
    }
    for module in ("numpy.core.multiarray", "numpy._core.multiarray"):
        found |= {(module, "_reconstruct"): lambda *_: _Array(), (module, "scalar"): _scalar}
    for module in ("numpy.core.numeric", "numpy._core.numeric"):
        found[module, "_frombuffer"] = _buffered
    return found


class _Unpickler(pickle.Unpickler):
    """A machine that finds nothing but what this file offers."""

    left_out: set[str]

    def __init__(self, file: IO[bytes], **named: Any) -> None:
        # PyTorch makes a machine of its own for the part that counts.
        _check_whole(file)
        super().__init__(file, **named)

    def find_class(self, module: str, name: str) -> Any:
        """What a name stands for."""
        known = _known()
        if (module, name) in known:
            return known[module, name]
        if module == "torch":
            import torch

            held = getattr(torch, name, None)
            if isinstance(held, torch.dtype) or (name.endswith("Storage") and isinstance(held, type)):
                return held
        if module == "torch.storage" and name in ("UntypedStorage", "TypedStorage", "_LegacyStorage"):
            import torch

            return getattr(torch.storage, name, Stub)
        if module in ("builtins", "__builtin__") and name in _HARMLESS_BUILTINS:
            return {"set": set, "frozenset": frozenset, "list": list, "dict": _Dictionary, "tuple": tuple}.get(
                name, Stub
            )
        top = module.partition(".")[0]
        if top == "__torch__":
            return type("Stub", (Stub,), {}, named=f"{module}.{name}")
        if top in _REFUSED or module in _REFUSED or "." in name:
            raise StudioError(
                f"it would call {module}.{name}, which no training leaves behind; it is not opened. Fetch it elsewhere."
            )
        self.left_out.add(f"{module}.{name}")
        if "ict" in name and not module.startswith(("torch.nn", "__torch__")):
            return type("Stub", (_Dictionary,), {})
        return type("Stub", (Stub,), {}, named=f"{module}.{name}")


def reader(left_out: set[str]) -> ModuleType:
    """What stands in for the pickle module in ``torch.load``; adds to the set what was left out."""

    class Reading(_Unpickler):
        pass

    Reading.left_out = left_out
    made = ModuleType("studio_pickle")
    made.Unpickler = Reading  # type: ignore[attr-defined]
    made.load = _loader(Reading)  # type: ignore[attr-defined]
    return made


def machine(file: IO[bytes], storage: Callable[[object], object], rebuild: Callable[..., object]) -> pickle.Unpickler:
    """A machine for TorchScript's pickles, whose tensors lie in files beside it."""

    class Reading(_Unpickler):
        def persistent_load(self, pid: Any) -> object:
            return storage(pid)

        def find_class(self, module: str, name: str) -> Any:
            return rebuild if name == "_rebuild_tensor_v2" else super().find_class(module, name)

    Reading.left_out = set()
    return Reading(file, encoding="latin1")


def _loader(machine: Callable[..., pickle.Unpickler]) -> Callable[..., Any]:
    def load(file: IO[bytes], **named: Any) -> Any:
        del named
        return machine(file, encoding="latin1").load()

    return load


def _check_whole(file: IO[bytes]) -> None:
    """Raise StudioError where something in the pickle that begins here is longer than the file.

    The machine makes room for a byte array before it looks whether the bytes are there; where there is no such room,
    CPython looks into an object that it has not filled. For what a pickle remembers it makes as much room as the
    largest number that it counts by.
    """
    began = file.tell()
    try:
        for code, arg, _ in pickletools.genops(file):
            if code.name in ("PUT", "LONG_BINPUT") and arg is not None and int(arg) > _MOST_REMEMBERED:
                raise ValueError("it counts further than any pickle does")
    except (ValueError, OverflowError, MemoryError) as error:
        raise StudioError("the pickle in it is damaged or cut short; fetch it anew.") from error
    file.seek(began)


def plain(path: Path, left_out: set[str]) -> Any:
    """What a bare pickle holds, such as a dictionary of NumPy's arrays."""
    return reader(left_out).load(io.BytesIO(path.read_bytes()))


def as_tensors(value: object, depth: int = 0) -> object:
    """Mappings whose arrays are tensors."""
    import torch

    if isinstance(value, _Array):
        values = value.values
        if values is None:
            return Stub()
        return torch.from_numpy(np.array(values, dtype=values.dtype.newbyteorder("=")))
    if isinstance(value, Mapping) and depth < 16:
        return {key: as_tensors(held, depth + 1) for key, held in value.items()}
    return value
