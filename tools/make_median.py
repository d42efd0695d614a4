"""Writes the GLSL of medians, ``shaders/lib/median_N.glsl``: ``python -m tools.make_median``."""

from __future__ import annotations

from studio.bends._median_network import glsl
from studio.paths import SHADERS


def main() -> None:
    """A file for each radius."""
    for radius in (1, 2, 3):
        (SHADERS / "lib" / f"median_{radius}.glsl").write_text(glsl(radius), "utf-8")


if __name__ == "__main__":
    main()
