"""Packages of others, installed as plug-ins for one test."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from helpers import ROOT

from studio import bends, edits, modulators, ops
from studio.io import sections
from studio.model import numbers
from studio.model.declared import plugins

SITE = Path(__file__).parent / "plugins/site"


def installer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Installs packages of ``plugins/site``, as pip would: their folders and their dist-info on the path."""

    def put(*packages: str, site: Path = SITE) -> None:
        for each in site.iterdir():
            if each.name.partition("-")[0] in packages:
                (tmp_path / "site" / each.name).symlink_to(each)
        ask_anew()

    (tmp_path / "site").mkdir()
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    yield put
    monkeypatch.undo()
    for name in [name for name in sys.modules if name.partition(".")[0] in ("wave_pack", "broken_pack")]:
        del sys.modules[name]
    ask_anew()


PAGE = ROOT / "docs/plugins.md"


def page_of_plugins(to: Path) -> Path:
    """The package that the examples of docs/plugins.md make, as pip installs it, in a folder of its own."""
    text = PAGE.read_text("utf-8")
    blocks: dict[str, str] = {}
    for kind, code in re.findall(r"```(\w+)\n(.*?)```", text, re.DOTALL):
        if kind == "toml":
            project = tomllib.loads(code)["project"]
        else:
            named = re.match(r"(?:#|//) (wave_pack/\w+\.(?:py|glsl))\n", code)
            assert named is not None, f"an example that is no file: {code}"
            assert named[1] not in blocks
            blocks[named[1]] = code
    assert len(blocks) == 16
    said = to / f"wave_pack-{project['version']}.dist-info"
    for folder in (to / "wave_pack", said):
        folder.mkdir(parents=True)
    for name, code in blocks.items():
        (to / name).write_text(code, "utf-8")
    (to / "wave_pack/__init__.py").touch()
    groups = (
        "\n".join((f"[{group}]", *(f"{name} = {module}" for name, module in points.items())))
        for group, points in project["entry-points"].items()
    )
    (said / "entry_points.txt").write_text("\n".join(groups), "utf-8")
    (said / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    return to


def ask_anew() -> None:
    """Let plug-ins be looked for once more."""
    plugins.forget()
    folders = (ops, edits, bends, modulators, sections)
    for registry in (*(folder.registry for folder in folders), numbers.owners):
        registry.cache_clear()
