"""What the import rules in pyproject.toml cannot say of the studio's modules."""

from __future__ import annotations

import ast
from collections import Counter
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest
from helpers import ROOT

STUDIO = ROOT / "studio"
LONGEST = 350
"""Lines. A longer module has two subjects, or one that wants a package."""

TORCH_AT_THE_TOP = {
    "engine/cuda/stages.py",
    "engine/torch/captured.py",
    "engine/torch/device.py",
    "engine/torch/engine.py",
    "engine/torch/packed.py",
    "engine/torch/picture.py",
    "engine/torch/pinned.py",
    "engine/torch/pinned_outputs.py",
    "engine/torch/reached.py",
    "engine/torch/stats.py",
    "learn/_torch_times.py",
    "learn/on_torch.py",
}
"""Imported inside functions alone, so that the studio starts without torch; docs/architecture.md names them."""


def modules() -> list[Path]:
    found = sorted(STUDIO.rglob("*.py"))
    assert STUDIO / "model" / "networks" / "graph.py" in found
    return found


def name_of(module: Path) -> str:
    return module.relative_to(STUDIO).as_posix()


def imported_at_the_top(module: Path) -> set[str]:
    found = set()
    for statement in ast.parse(module.read_bytes()).body:
        if isinstance(statement, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in statement.names}
        elif isinstance(statement, ast.ImportFrom) and statement.module is not None:
            found.add(statement.module.partition(".")[0])
    return found


def test_no_module_is_longer_than_can_be_read_at_once() -> None:
    others = [module for folder in ("tools", "benchmarks") for module in (ROOT / folder).rglob("*.py")]
    lengths = {str(each.relative_to(ROOT)): each.read_bytes().count(b"\n") for each in (*modules(), *others)}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST} == {}


def test_torch_is_imported_at_the_top_of_its_engine_and_its_learning_alone() -> None:
    assert {name_of(module) for module in modules() if "torch" in imported_at_the_top(module)} == TORCH_AT_THE_TOP


def test_no_module_imports_itself_by_way_of_others() -> None:
    """Nor inside functions, nor for types alone."""
    graph = grimp.build_graph("studio", cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as circle:
        pytest.fail(" imports ".join(reversed(circle.args[1])))


def test_no_two_modules_of_tests_have_one_name() -> None:
    """pytest takes one of them alone."""
    names = Counter(module.name for module in (ROOT / "tests").rglob("test_*.py"))
    assert [name for name, count in names.items() if count > 1] == []
