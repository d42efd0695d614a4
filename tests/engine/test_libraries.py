"""PyTorch's libraries are there before its import, which keeps Python's lock for as long as it loads them."""

from __future__ import annotations

import subprocess
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import pytest

from studio.engine import libraries
from studio.engine.gl.driver.one_llvm import leave_triton_out
from studio.runtime.services import preloading

_SAYS = """
import sys
from studio.engine.libraries import load_torch
held = lambda: "libtorch_cpu.so" in open("/proc/self/maps").read()
before = held()
load_torch()
print(before, held(), "torch" in sys.modules)
import torch
print(int(torch.ones(3) @ torch.ones(3)))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is Linux's")
def test_they_are_loaded_and_the_import_finds_them() -> None:
    said = subprocess.run([sys.executable, "-c", _SAYS], check=True, capture_output=True, text=True).stdout
    assert said.split() == ["False", "True", "False", "3"]


@pytest.mark.parametrize("found", [None, ModuleSpec("torch", None)])
def test_where_there_are_none_nothing_is_done(monkeypatch: pytest.MonkeyPatch, found: ModuleSpec | None) -> None:
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.setattr(libraries, "find_spec", lambda _: found)
    libraries.load_torch.__wrapped__()
    assert "torch" not in sys.modules


_NOT_BUILT = "from typing import Optional\ncuda: Optional[str] = None\nhip: Optional[str] = None\n"


@pytest.mark.parametrize(
    ("version", "has"),
    [
        (_NOT_BUILT, False),
        (_NOT_BUILT.replace("None", "'12.8'", 1), True),
        ("cuda = '11.1'\n", True),
        (_NOT_BUILT.replace("hip: Optional[str] = None", "hip: Optional[str] = '6.2'"), False),
        (None, False),
    ],
)
def test_whether_pytorch_has_cuda_is_read_and_nothing_is_loaded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str | None, has: bool
) -> None:
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text("raise AssertionError", "utf-8")
    if version is not None:
        (tmp_path / "torch" / "version.py").write_text(version, "utf-8")
    before, here = [*sys.meta_path, preloading.Preloader()], sys.modules.get("torch")
    monkeypatch.setattr(sys, "meta_path", [before[-1], *before[:-1]])
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(preloading, "load_libraries", lambda _: pytest.fail("nobody has imported it"))
    assert libraries.has_cuda.__wrapped__() is has
    assert sys.modules.get("torch") is here
    monkeypatch.setattr(sys, "path", [])
    assert not libraries.has_cuda.__wrapped__()


_LEARNS = """
import sys
from studio.engine.gl.driver.device import open_device
device = open_device()
import torch
torch.optim.Adam([torch.zeros(1, requires_grad=True)])
held = "/libLLVM" in open("/proc/self/maps").read()
print(held, sys.modules.get("triton", device) is None)
"""


@pytest.mark.gl
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is Linux's")
def test_triton_is_not_loaded_beside_the_llvm_of_a_driver() -> None:
    # PyTorch's wheels for CUDA have Triton: importing it behind Mesa's LLVM was a segmentation fault.
    said = subprocess.run([sys.executable, "-c", _LEARNS], check=True, capture_output=True, text=True).stdout.split()
    assert said[0] == said[1]


@pytest.mark.parametrize(("maps", "fails"), [("7f00-7f01 r-xp /usr/lib/libLLVM-15.so.1\n", True), ("libc.so\n", False)])
def test_triton_is_left_out_where_a_driver_has_llvm_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, maps: str, fails: bool
) -> None:
    listed = tmp_path / "maps"
    listed.write_text(maps, encoding="utf-8")
    mine = ModuleType("triton")
    monkeypatch.setitem(sys.modules, "triton", mine)
    leave_triton_out(listed)
    assert sys.modules["triton"] is mine
    monkeypatch.delitem(sys.modules, "triton")
    leave_triton_out(tmp_path / "none")  # Where no list can be had nothing is done.
    assert "triton" not in sys.modules
    leave_triton_out(listed)
    assert ("triton" in sys.modules) is fails
