"""Packages of others, installed as plug-ins for one test."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from studio import bends, edits, modulators, ops
from studio.io import sections
from studio.model import numbers, plugins

SITE = Path(__file__).parent / "plugins/site"


def installer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Installs packages of ``plugins/site``, as pip would: their folders and their dist-info on the path."""

    def put(*packages: str) -> None:
        for each in SITE.iterdir():
            if each.name.partition("-")[0] in packages:
                (tmp_path / "site" / each.name).symlink_to(each)
        _ask_anew()

    (tmp_path / "site").mkdir()
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    yield put
    monkeypatch.undo()
    for name in [name for name in sys.modules if name.partition(".")[0] in ("wave_pack", "broken_pack")]:
        del sys.modules[name]
    _ask_anew()


def _ask_anew() -> None:
    plugins.forget()
    folders = (ops, edits, bends, modulators, sections)
    for registry in (*(folder.registry for folder in folders), numbers.owners):
        registry.cache_clear()
