"""PyTorch's libraries are loaded before its import, and other threads run meanwhile."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from studio.runtime.services import preloading
from studio.runtime.services.preloading import Preloader, load_libraries, preload_torch

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere PyTorch loads them as usual")

IMPORTS = """
import sys
from studio.runtime.services import preloading

found = []
load = preloading.load_libraries
preloading.load_libraries = lambda folder: found.extend(load(folder))
preloading.preload_torch()
preloading.preload_torch()
import json
loaded = lambda: "libtorch_cpu.so" in open("/proc/self/maps").read()
assert not loaded() and not found
finder = sys.meta_path[0]
assert finder.find_spec("json", None) is None and not found
assert finder.find_spec("torch", None) is None
assert loaded() and "libtorch.so" in found, found
assert finder not in sys.meta_path and "torch" not in sys.modules
import torch
assert float(torch.ones(3) @ torch.ones(3)) == 3
preloading.preload_torch()
assert not any(isinstance(each, preloading.Preloader) for each in sys.meta_path)
"""


def test_the_first_import_finds_them_loaded() -> None:
    subprocess.run([sys.executable, "-c", IMPORTS], check=True, timeout=300)


def test_what_is_missing_is_left_to_the_import(tmp_path: Path) -> None:
    assert load_libraries(tmp_path / "torch") == []


def test_where_there_is_no_pytorch_its_import_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", list[object]())
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.setattr(preloading.PathFinder, "find_spec", lambda *_: None)
    preload_torch()
    finder = sys.meta_path[0]
    assert isinstance(finder, Preloader)
    assert finder.find_spec("torch", None) is None
    assert sys.meta_path == []
