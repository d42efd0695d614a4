"""Where the GLSL of operators and bends is: below ``shaders/``, or in the package of a plug-in."""

from __future__ import annotations

from importlib.resources import files

from studio.errors import StudioError
from studio.paths import SHADERS


def shader_file(folder: str, name: str) -> str:
    """The file of the body that an operator or a bend names as its ``shader``.

    Args:
        folder: where the studio's own lie below ``shaders/``: "ops", "bends".
        name: one of those, "conv", or a file of a plug-in's package: "package:conv.glsl".
    """
    return name if ":" in name else f"{folder}/{name}.glsl"


def read_shader(file: str) -> str:
    """The text of a file below ``shaders/``, or of a package: "lib/atlas.glsl", "package:folder/conv.glsl".

    Raises:
        StudioError: where there is none.
    """
    package, _, path = file.rpartition(":")
    try:
        return (files(package) / path if package else SHADERS / path).read_text("utf-8")
    except (OSError, ImportError, UnicodeDecodeError, TypeError, ValueError) as error:
        where = f"the package {package}" if package else str(SHADERS)
        raise StudioError(f'There is no shader "{path}" in {where} ({error}); install it anew.') from error
