"""The one-place rule for sources and sinks: what a folder's modules declare, and what plug-ins add, is found."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from importlib.metadata import entry_points

from studio.errors import StudioError


def declared(package: str, attribute: str, group: str) -> Iterator[object]:
    """Give every object that a module of `package` declares under the name `attribute`, then those of the plug-ins.

    Args:
        package: full name of the package whose folder is scanned; modules that begin with an underscore are helpers.
        attribute: the name to look for; a module without it declares nothing.
        group: entry-point group by which other distributions add theirs, such as "studio.sources".

    Raises:
        StudioError: when a plug-in cannot be loaded; the message names it.
    """
    folder = importlib.import_module(package)
    for module in sorted(pkgutil.iter_modules(folder.__path__), key=lambda found: found.name):
        if not module.name.startswith("_"):
            loaded = importlib.import_module(f"{package}.{module.name}")
            if hasattr(loaded, attribute):
                yield getattr(loaded, attribute)
    for entry in entry_points(group=group):
        try:
            yield entry.load()
        except (ImportError, AttributeError) as error:
            raise StudioError(
                f"the plug-in {entry.name!r} of {group} ({entry.value}) cannot be loaded: {error}; "
                "update or uninstall it"
            ) from error
