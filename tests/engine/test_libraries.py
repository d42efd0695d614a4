"""PyTorch's libraries are there before its import, which keeps Python's lock for as long as it loads them."""

from __future__ import annotations

import subprocess
import sys
from importlib.machinery import ModuleSpec

import pytest

from studio.engine import libraries

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
