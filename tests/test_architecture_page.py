"""`docs/architecture.md` against the tree: what it names is there, and its pictures are what import-linter enforces."""

from __future__ import annotations

import re
import tomllib
from functools import cache

from helpers import ROOT
from test_structure import TORCH_AT_THE_TOP

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
OPENING = PAGE.partition("| Package |")[0]
FOLDERS = ("studio", "shaders", "tools", "tests")
ADDRESSES = {"/bend/1/amount", "/view/zoom"}


def quoted(text: str) -> set[str]:
    return set(re.findall(r"`([\w./]+)`", text))


@cache
def tree() -> frozenset[str]:
    """Every file and folder, ``/studio/io/atomic.py``."""
    found = [path for name in FOLDERS for path in (ROOT / name, *(ROOT / name).rglob("*"))]
    return frozenset(f"/{path.relative_to(ROOT).as_posix()}" for path in found if "__pycache__" not in path.parts)


@cache
def source() -> str:
    """All that is written in Python and GLSL."""
    files = [ROOT / path[1:] for path in sorted(tree()) if path.endswith((".py", ".glsl"))]
    return "\n".join(path.read_text(encoding="utf-8") for path in files if path.relative_to(ROOT).parts[0] != "tests")


def layers(contract: str) -> list[set[str]]:
    """Those of one of import-linter's contracts, the last part of every module's name."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    (found,) = (each["layers"] for each in told if each["type"] == "layers" and each["name"].startswith(contract))
    return [{name.strip().rpartition(".")[2] for name in line.split("|")} for line in found]


def test_every_file_and_folder_is_there() -> None:
    named = {name for name in quoted(PAGE) if "/" in name or name.endswith((".py", ".glsl"))} - ADDRESSES
    assert len(named) > 100
    ends = {name: "/" + name.rstrip("/") for name in named}
    assert {name for name, end in ends.items() if not any(path.endswith(end) for path in tree())} == set()


def test_every_name_is_there() -> None:
    named = {name for name in quoted(PAGE) if "/" not in name and not name.endswith((".py", ".glsl"))}
    assert len(named) > 80
    words = set(re.findall(r"\w+", source()))
    assert {name for name in named if not words.issuperset(filter(None, name.split(".")))} == set()

    classes = {name.partition(".")[0] for name in named if re.match(r"[A-Z]\w*[a-z]", name)}
    assert {name for name in classes if not re.search(rf"^\s*class {name}\b", source(), re.MULTILINE)} == set()


def test_every_package_is_named() -> None:
    packages = {path.rpartition("/")[0] for path in tree() if path.endswith("/__init__.py")}
    # Rooms of the window stand in a picture of their own.
    wanted = {path for path in packages if path.startswith("/studio/") and not path.startswith("/studio/ui/")}
    ends = {"/" + name.rstrip("/") for name in quoted(PAGE)} | {f"/studio/runtime/{name}" for name in quoted(PAGE)}
    assert {path for path in wanted if not any(path.endswith(end) for end in ends)} == set()


def drawn(first: str) -> list[set[str]]:
    """The picture of arrows that begins with this name."""
    (found,) = re.findall(rf"(?m)^    {first} -> .*(?:\n +-> .*)*", PAGE)
    return [{name.strip() for name in line.split("|")} for line in found.split("->")]


def test_imports_are_drawn_as_they_are_enforced() -> None:
    assert drawn("cli") == layers("imports go one way")[1:]
    assert drawn("changes") == layers("a network from the ground")


def test_the_rooms_are_drawn_as_they_are_enforced() -> None:
    drawn = PAGE.partition("The rooms stand on one another")[2].partition("\n## ")[0]
    # A second line of rooms is indented, and what a room is for stands far to the right.
    rows = re.findall(r"(?m)^    ((?:  )?[a-z ]+?)(?:   .*)?$", drawn)
    lines: list[set[str]] = []
    for row in rows:
        if row.startswith(" "):
            lines[-1] |= set(row.split())
        else:
            lines.append(set(row.split()))
    assert lines == layers("the window's rooms")


def test_who_imports_torch_at_the_top_is_named() -> None:
    _, _, told = " ".join(OPENING.split()).partition("torch is imported at the top of")
    named = {name for name in quoted(told) if name.endswith(".py")}
    assert {name.rpartition("/")[2] for name in named} == {name.rpartition("/")[2] for name in TORCH_AT_THE_TOP}


def test_a_word_alone_names_one_thing() -> None:
    """Of the page's words; a bend is called after what it does, as in PyTorch."""
    defined = re.compile(r"^(?:class |)(Tile|Loop|Plan|Sheet|Vector|Order|Size)\b(?=\(|:| =)", re.MULTILINE)
    found = {
        (match[1], path)
        for path in sorted(tree())
        if path.startswith("/studio/") and path.endswith(".py")
        for match in defined.finditer((ROOT / path[1:]).read_text(encoding="utf-8"))
    }
    assert found == {
        ("Tile", "/studio/bends/tile.py"),
        ("Plan", "/studio/engine/gl/tuning/loops.py"),
        ("Order", "/studio/runtime/live/orders.py"),
        ("Size", "/studio/model/declared/size.py"),
    }
