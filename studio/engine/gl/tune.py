"""Measured choices, kept on disk for each GPU and driver, so that a layer is tuned once on a machine."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from studio.engine.gl.tiles import Plan, Tile

_FORMAT = 1


def cache_path() -> Path:
    """Where choices are kept: under ``$XDG_CACHE_HOME``, else ``~/.cache``."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    root = Path(base) if Path(base).is_absolute() else Path.home() / ".cache"
    return root / "network-bending-studio" / "tiles.json"


class Tuner:
    """Remembers the fastest plan of every layer shape.

    A cache that cannot be read or written is done without.

    Args:
        gpu: renderer and driver; choices of one are nothing to another.
        path: of the cache.
    """

    def __init__(self, gpu: str, path: Path | None = None) -> None:
        self._gpu = gpu
        self._path = path or cache_path()
        self._known: dict[str, Plan] = self._stored()

    def choose(self, layer: str, plans: Sequence[Plan], seconds: Callable[[Plan], float]) -> Plan:
        """The plan that was fastest for this layer; measured where it is not known yet."""
        if self._known.get(layer) not in plans:
            # Another engine may have measured it meanwhile; two engines must not add the same sums in different order.
            self._known = self._stored() | self._known
        if self._known.get(layer) not in plans:
            # An idle GPU runs at a fraction of its clock: the first round compiles, and wakes it.
            for plan in plans:
                seconds(plan)
            self._known[layer] = min(plans, key=seconds)
            self._save()
        return self._known[layer]

    def _stored(self) -> dict[str, Plan]:
        return _parsed(self._load().get(self._gpu, {}))

    def _load(self) -> dict[str, object]:
        try:
            content = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        usable = isinstance(content, dict) and content.get("format") == _FORMAT
        return content["gpus"] if usable and isinstance(content.get("gpus"), dict) else {}

    def _save(self) -> None:
        """Replace the file at once: another engine may be reading it, or writing its own."""
        known = self._stored() | self._known
        own = {layer: [*plan.tile, plan.parts] for layer, plan in known.items()}
        others = self._load()
        text = json.dumps({"format": _FORMAT, "gpus": others | {self._gpu: own}}, indent=1)
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=".tiles-")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    file.write(text)
                Path(name).replace(self._path)
            except OSError:
                Path(name).unlink(missing_ok=True)
                raise


def _parsed(choices: object) -> dict[str, Plan]:
    if not isinstance(choices, dict):
        return {}
    return {
        layer: Plan(Tile(*numbers[:5]), numbers[5])
        for layer, numbers in choices.items()
        if isinstance(numbers, list) and len(numbers) == 6 and all(type(n) is int and n > 0 for n in numbers)
    }
