"""LLVM for this processor. It is loaded when something is first compiled, and no sooner."""

from __future__ import annotations

from functools import cache
from threading import Lock
from typing import Any, NamedTuple

_compiling = Lock()


class Machine(NamedTuple):
    """The processor that code is compiled for.

    Attributes:
        name: what LLVM calls it.
        lanes: how many float32 numbers one of its registers holds.
        target: LLVM's target machine.
    """

    name: str
    lanes: int
    target: Any


def machine() -> Machine | None:
    """This processor; None where LLVM is not installed or does not know it."""
    found = _found()
    return found if isinstance(found, Machine) else None


def works() -> bool:
    """Whether loops can be compiled and run on this machine."""
    return machine() is not None and not _objection()


def problem() -> str:
    """Why none can, as a part of a sentence, for who has to do without; empty where they can."""
    found = _found()
    said = _objection() if isinstance(found, Machine) else found
    return f"LLVM does not work ({said})" if said else ""


@cache
def _found() -> Machine | str:
    """This processor, or what is in the way."""
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
        return str(error) or type(error).__name__
    return Machine(name, lanes, target)


@cache
def _objection() -> str:
    """Some systems let no program run what it has made: what they say, or else nothing."""
    import ctypes

    try:
        address = compiled("tried", "define i64 @tried(i64 %x) {\n  ret i64 %x\n}\n")
    except (OSError, RuntimeError) as error:
        return str(error) or type(error).__name__
    return "" if ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(address)(7) == 7 else "what it makes is wrong"


_kept: list[Any] = []
"""Owners of the compiled code, which must live as long as the program."""


def compiled(name: str, text: str) -> int:
    """Compile a function in LLVM's intermediate representation; returns its address."""
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
