"""A studio for network bending: run a trained convolutional network on pictures, bend its filters, record the result.

`load`, `edit`, `bend` and the classes they lead to are imported when first asked for, so that the command line starts
quickly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.errors import StudioError

if TYPE_CHECKING:
    from studio.api import LiveLayer, LiveNetwork, bend, edit, load
    from studio.io.importers.module import export_torch
    from studio.model.filters.edit import Selection

__all__ = ["LiveLayer", "LiveNetwork", "Selection", "StudioError", "bend", "edit", "export_torch", "load"]
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    if name == "Selection":
        from studio.model.filters.edit import Selection

        return Selection
    if name == "export_torch":
        from studio.io.importers.module import export_torch

        return export_torch
    if name in __all__:
        from studio import api

        value: object = getattr(api, name)
        return value
    raise AttributeError(f"module 'studio' has no attribute {name!r}")
