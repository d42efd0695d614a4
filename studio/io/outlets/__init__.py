"""Where the running picture goes besides the screen and files: virtual cameras, NDI, Spout, Syphon.

One module of this folder is one outlet; a module declares ``OUTLET``, and other packages name modules in the entry
point group ``studio.outlets``. Each stands on a library that is an optional extra, imported only when it is opened.
"""

from __future__ import annotations

from typing import cast

from studio.errors import StudioError
from studio.io.outlets.base import Line as Line
from studio.io.outlets.base import Outlet as Outlet
from studio.io.outlets.base import system_of as system_of
from studio.model.declared.registry import declared, having


def outlets() -> list[Outlet]:
    """All of them, by name."""
    check = having("name", "label", "open")
    found = [cast(Outlet, each) for each in declared("OUTLET", __name__, __path__, check)]
    return sorted(found, key=lambda each: each.name)


def outlet(name: str) -> Outlet:
    """The outlet of this name; StudioError, listing those that there are, where there is none."""
    for each in outlets():
        if each.name == name:
            return each
    raise StudioError(f'There is no outlet "{name}"; there are {", ".join(each.name for each in outlets())}.')
