"""LLVM, for this processor. Nothing of it is loaded before something is compiled."""

from __future__ import annotations

import logging
from functools import cache
from threading import Lock
from typing import Any, NamedTuple

_log = logging.getLogger(__name__)
_compiling = Lock()


class Machine(NamedTuple):
    """What code is made for.

    Attributes:
        name: LLVM's, of the processor.
        lanes: float32 numbers that a register holds.
        target: LLVM's own description.
    """

    name: str
    lanes: int
    target: Any


@cache
def machine() -> Machine | None:
    """This processor; None where LLVM is not installed or does not know it."""
    try:
        import llvmlite.binding as llvm

        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        features = dict(llvm.get_host_cpu_features())
        lanes = next((lanes for name, lanes in (("avx512f", 16), ("avx", 8)) if features.get(name)), 4)
        # LLVM halves registers of 512 bits for some processors, and the lanes are counted by whole ones.
        flags = [f"{'+' if has else '-'}{name}" for name, has in features.items()] + ["-prefer-256-bit"] * (lanes == 16)
        name = llvm.get_host_cpu_name()
        target = llvm.Target.from_default_triple().create_target_machine(cpu=name, features=",".join(flags), opt=2)
    except (ImportError, OSError, RuntimeError) as error:
        _log.warning("Bends run through PyTorch's own operators, which is slower: LLVM does not work (%s).", error)
        return None
    return Machine(name, lanes, target)


def works() -> bool:
    """Whether loops can be compiled and run here."""
    return machine() is not None and _tried()


@cache
def _tried() -> bool:
    """Some systems let no program run what it has made."""
    import ctypes

    try:
        address = compiled("tried", "define i64 @tried(i64 %x) {\n  ret i64 %x\n}\n")
    except (OSError, RuntimeError) as error:
        _log.warning("Bends run through PyTorch's own operators, which is slower: LLVM does not work (%s).", error)
        return False
    return bool(ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(address)(7) == 7)


_kept: list[Any] = []
"""What owns the compiled code, as long as the program runs."""


def compiled(name: str, text: str) -> int:
    """The address of a function of this name in LLVM's text."""
    import llvmlite.binding as llvm

    found = machine()
    assert found is not None, "works() was asked"
    with _compiling:
        module = llvm.parse_assembly(text)
        module.verify()
        how = llvm.create_pipeline_tuning_options(speed_level=2)
        how.loop_vectorization = True
        builder = llvm.create_pass_builder(found.target, how)
        builder.getModulePassManager().run(module, builder)
        engine = llvm.create_mcjit_compiler(module, found.target)
        engine.finalize_object()
        _kept.append(engine)
        address: int = engine.get_function_address(name)
    return address
