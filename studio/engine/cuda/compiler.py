"""NVIDIA's compiler of C++, which PyTorch brings along, and its driver, which runs what that makes."""

from __future__ import annotations

import ctypes
import logging
import sys
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from studio.engine.cuda.source import ENTRY, THREADS, KernelSource
from studio.errors import EngineError

_log = logging.getLogger(__name__)

Argument = ctypes.c_void_p | ctypes.c_int


class Launch(Protocol):
    """Runs a kernel on the current stream of the calling thread's device."""

    def __call__(self, threads: int, arguments: Sequence[Argument]) -> None:
        """Run it in at least so many threads."""


class StillCompilingError(Exception):
    """What is asked for is not compiled yet, and nobody waits."""


class Compiler(Protocol):
    """Compiles kernels."""

    def ask(self, source: KernelSource) -> None:
        """Begin to compile a kernel."""

    def launch(self, source: KernelSource, *, waits: bool) -> Launch | None:
        """What runs a kernel that was asked for; None, once a line is in the log, where it cannot be compiled.

        Raises:
            StillCompilingError: unless it ``waits``.
        """

    def close(self) -> None:
        """Give up what was asked for and is not begun."""


class CudaCompiler:
    """Compiles for an engine on one device, each kernel once, in threads of its own.

    What one has compiled is there for the next, as long as the program runs.

    Args:
        index: the device's number; it is the calling thread's in every call.
    """

    def __init__(self, index: int) -> None:
        import torch

        self._index = index
        major, minor = torch.cuda.get_device_capability(index)
        self._architecture = f"sm_{major}{minor}"
        self._asked: dict[KernelSource, Future[bytes]] = {}
        self._known: dict[KernelSource, Launch | None] = {}
        # Python waits for its threads at its end, and for all that they were asked for.
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="nvrtc")

    def ask(self, source: KernelSource) -> None:
        """See `Compiler.ask`."""
        if source not in self._asked:
            self._asked[source] = self._pool.submit(_code, source.text(), self._architecture)

    def launch(self, source: KernelSource, *, waits: bool) -> Launch | None:
        """See `Compiler.launch`."""
        asked = self._asked[source]
        if not waits and not asked.done():
            raise StillCompilingError
        if source not in self._known:
            self._known[source] = self._loaded(source, asked)
        return self._known[source]

    def close(self) -> None:
        """See `Compiler.close`."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _loaded(self, source: KernelSource, asked: Future[bytes]) -> Launch | None:
        try:
            return _launch(asked.result(), self._index)
        except (EngineError, OSError, AttributeError) as error:
            _warn(f"A bend runs through PyTorch's own operators, which is slower: {', '.join(source.files)} ({error}).")
            return None


def problem() -> str:
    """Why nothing can be compiled, as a part of a sentence, for who has to do without; empty where it can."""
    import torch

    if not torch.version.cuda:
        return "this PyTorch is not made for CUDA"
    return "" if _library() is not None else "CUDA's compiler is missing"


def compiler_for_bends(index: int) -> Compiler | None:
    """One for an engine on a device that has something to bend; None, once a line is in the log, where none works."""
    if said := problem():
        _warn(f"Bends run through PyTorch's own operators, which is slower: {said}.")
        return None
    return CudaCompiler(index)


@cache
def _warn(sentence: str) -> None:
    """Say it once."""
    _log.warning(sentence)


@cache
def _library() -> Any:
    """The compiler of the version of CUDA that PyTorch is made for: in its folders, or wherever the system looks."""
    import torch

    major = (torch.version.cuda or "").partition(".")[0]
    name = f"nvrtc64_{major}0_0.dll" if sys.platform == "win32" else f"libnvrtc.so.{major}"
    folders = [Path(torch.__file__).parent / "lib"]
    found = find_spec("nvidia")
    for root in found.submodule_search_locations or () if found is not None else ():
        folders += sorted(Path(root).glob("*/lib")) + sorted(Path(root).glob("*/bin"))
    for folder in (*(folder for folder in folders if (folder / name).exists()), None):
        try:
            # It looks for this part of itself by name alone, and finds what is loaded already.
            for part in sorted(folder.glob("*nvrtc-builtins*")) if folder is not None else ():
                ctypes.CDLL(str(part))
            return ctypes.CDLL(name if folder is None else str(folder / name))
        except OSError:
            continue
    return None


@cache
def _code(text: str, architecture: str) -> bytes:
    """Machine code of a kernel.

    Raises:
        EngineError: with the first line that the compiler says.
    """
    library, program = _library(), ctypes.c_void_p()

    def call(name: str, *given: object) -> int:
        status: int = getattr(library, name)(*given)
        return status

    def text_of(kind: str) -> bytes:
        size = ctypes.c_size_t()
        call(f"nvrtcGet{kind}Size", program, ctypes.byref(size))
        room = ctypes.create_string_buffer(size.value)
        call(f"nvrtcGet{kind}", program, room)
        return room.raw

    if status := call("nvrtcCreateProgram", ctypes.byref(program), text.encode(), b"bend.cu", 0, None, None):
        raise EngineError(f"nvrtcCreateProgram: {status}")
    try:
        wanted = f"--gpu-architecture={architecture}", "--std=c++20", "--device-as-default-execution-space"
        options = (ctypes.c_char_p * len(wanted))(*(each.encode() for each in wanted))
        if call("nvrtcCompileProgram", program, len(wanted), options):
            said = text_of("ProgramLog").decode(errors="replace").splitlines()
            raise EngineError(next((line for line in said if "error" in line), "; ".join(said[:1])))
        return text_of("CUBIN")
    finally:
        call("nvrtcDestroyProgram", ctypes.byref(program))


@cache
def _driver() -> Any:
    return ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")


def _asked(name: str, *given: object) -> None:
    if status := getattr(_driver(), name)(*given):
        raise EngineError(f"{name}: {status}")


@cache
def _launch(code: bytes, index: int) -> Launch:
    return _Launch(code, index)


class _Launch:
    """See `Launch`. Its code stays loaded as long as the program runs: graphs may hold it."""

    def __init__(self, code: bytes, index: int) -> None:
        module, self._function = ctypes.c_void_p(), ctypes.c_void_p()
        _asked("cuModuleLoadData", ctypes.byref(module), code)
        _asked("cuModuleGetFunction", ctypes.byref(self._function), module, ENTRY.encode())
        self._index = index

    def __call__(self, threads: int, arguments: Sequence[Argument]) -> None:
        """See `Launch`."""
        import torch

        places = (ctypes.c_void_p * len(arguments))(*(ctypes.addressof(each) for each in arguments))
        stream = ctypes.c_void_p(torch.cuda.current_stream(self._index).cuda_stream)
        groups = -(-threads // THREADS)
        _asked("cuLaunchKernel", self._function, groups, 1, 1, THREADS, 1, 1, 0, stream, places, None)
