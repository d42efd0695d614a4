"""Sizes are of one named type, height first; the width stands first where other libraries are called, and is seen."""

from __future__ import annotations

import ast
import re
from itertools import pairwise
from pathlib import Path

import pytest
from helpers import ROOT

STUDIO = ROOT / "studio"
Modules = list[tuple[str, ast.Module]]
BORDERS = {
    "cli/bench.py": "the size in its JSON",
    "cli/info.py": "the sizes in its JSON",
    "engine/gl/": "OpenGL",
    "io/outlets/": "NDI, Spout, Syphon",
    "io/resize.py": "OpenCV",
    "io/sinks/": "FFmpeg",
    "io/sources/": "headers of files, Pillow, NDI",
    "io/thumbnail.py": "OpenCV",
    "runtime/bending/palette.py": "OpenCV",
    "runtime/render/": "OpenCV",
    "ui/kit/images.py": "Qt's images",
    "ui/viewport/": "OpenGL",
}
"""What may turn a size round, and for whom."""

PAIRS = {("width", "height"), ("w", "h"), ("kw", "kh"), ("wide", "high"), ("wide", "tall")}
SIZED = re.compile(r"(^|_)(sizes?|extent|resolution|crop|view|content)$", re.IGNORECASE)
IN_FILES = {"io/origin.py"}
"""Records of files, which are lists there."""


@pytest.fixture(scope="module")
def modules() -> Modules:
    """All of the studio's modules, read once, which takes seconds; a million nodes, let go behind these tests."""
    paths = sorted(STUDIO.rglob("*.py"))
    return [(path.relative_to(STUDIO).as_posix(), ast.parse(path.read_bytes())) for path in paths]


def named(node: ast.expr) -> str:
    """What an element of a tuple is called, however it is worked out of that name."""
    while isinstance(node, ast.Starred | ast.Call | ast.UnaryOp):
        node = (
            node.func if isinstance(node, ast.Call) else node.operand if isinstance(node, ast.UnaryOp) else node.value
        )
    found = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return found.strip("_").lower()


def in_order(node: ast.AST) -> list[str]:
    """The names that stand in one order: parameters, fields of a record, elements of a tuple."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return [each.arg for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
    if isinstance(node, ast.ClassDef):
        fields = (each.target for each in node.body if isinstance(each, ast.AnnAssign))
        return [field.id for field in fields if isinstance(field, ast.Name)]
    return [named(each) for each in node.elts] if isinstance(node, ast.Tuple) else []


def turned(node: ast.AST) -> bool:
    return any(pair in PAIRS for pair in pairwise(in_order(node)))


def is_pair(node: ast.expr | None) -> bool:
    return node is not None and ast.unparse(node) in ("tuple[int, int]", "tuple[int, int] | None")


def test_nothing_but_the_type_itself_has_the_width_before_the_height(modules: Modules) -> None:
    found = {
        f"{name}:{node.lineno}"
        for name, tree in modules
        for node in ast.walk(tree)
        if isinstance(node, ast.expr | ast.stmt) and name != "model/declared/size.py" and turned(node)
    }
    assert found == set()


def test_a_size_is_turned_round_at_the_named_borders_alone(modules: Modules) -> None:
    found = {
        name
        for name, tree in modules
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ("wh", "from_wh")
    }
    assert [name for name in found if not any(name.startswith(border) for border in BORDERS)] == []
    assert [border for border in BORDERS if not any(name.startswith(border) for name in found)] == []


def test_no_size_is_a_pair_without_names(modules: Modules) -> None:
    found = []
    for name, tree in modules:
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and is_pair(node.value):
                called = [target.id for target in node.targets if isinstance(target, ast.Name)]
            elif isinstance(node, ast.AnnAssign) and is_pair(node.annotation):
                called = [ast.unparse(node.target).rpartition(".")[2]]
            elif isinstance(node, ast.arg) and is_pair(node.annotation):
                called = [node.arg]
            elif isinstance(node, ast.FunctionDef) and is_pair(node.returns):
                called = [node.name]
            else:
                continue
            found += [f"{name}:{node.lineno} {each}" for each in called if SIZED.search(each) and name not in IN_FILES]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "def f(width: int, height: int): ...",
        "class A:\n    width: int\n    height: int",
        "width, height = size",
        "x = (self._width, frame.height())",
        "lambda w, h: 0",
    ],
)
def test_what_the_first_of_these_tests_would_find(source: str) -> None:
    assert any(map(turned, ast.walk(ast.parse(source))))


def test_borders_are_there() -> None:
    assert all((STUDIO / Path(border)).exists() for border in BORDERS)
