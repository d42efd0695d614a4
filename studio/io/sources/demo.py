"""The film that comes with the studio."""

from __future__ import annotations

from fractions import Fraction

from studio import paths
from studio.errors import StudioError
from studio.io.sources.base import Source


class DemoKind:
    """The spec "demo"."""

    name = "demo"
    order = 0

    def match(self, spec: str) -> bool:
        """Whether `spec` is the word "demo"."""
        return spec == "demo"

    def open(self, spec: str, fps: Fraction | None) -> Source:  # noqa: ARG002 - the film has its own rate
        """Open the demo film.

        Raises:
            StudioError: when it is missing or damaged.
        """
        from studio.io.sources.video import VideoSource

        if not paths.DEMO_CLIP.is_file():
            raise StudioError(
                f"the demo film {paths.DEMO_CLIP} is missing: install the studio again, or give a film of your own"
            )
        return VideoSource(paths.DEMO_CLIP)


KIND = DemoKind()
