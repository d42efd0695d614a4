"""Writes the GLSL of medians, ``shaders/lib/median_N.glsl`` and ``medians_N.glsl``: ``python -m tools.make_median``."""

from __future__ import annotations

from studio.bends._median import SPAN, glsl
from studio.paths import SHADERS


def main() -> None:
    """Two files for each radius: of one texel, and of some side by side."""
    for radius in (1, 2, 3):
        (SHADERS / "lib" / f"median_{radius}.glsl").write_text(glsl(radius), "utf-8")
        (SHADERS / "lib" / f"medians_{radius}.glsl").write_text(glsl(radius, SPAN), "utf-8")


if __name__ == "__main__":
    main()
