"""The GL engine of compute shaders in half precision."""

from __future__ import annotations

from studio.engine.gl.engines.pipeline import GLEngine
from studio.engine.gl.tuning.settings import Settings


class GLHalfEngine(GLEngine):
    """As `GLEngine`, with maps in half precision: they take half the memory, and weights stay as they were.

    A map's values are rounded to 11 bits. Where the driver has GL_NV_gpu_shader5, convolutions that are measured
    to gain by it multiply in half precision as well, and add up 32 products so before they go on in single: 6e-4 of
    relative L2 for each; or all of few in half, up to 2e-3. `benchmarks/RESULTS.md` says how far outputs are off: 2e-4
    to 1e-3, and more where norms enlarge small differences, as in the style painters. Values past ±65504, and such
    sums, become infinite or NaN, and are reported as such; so may what Winograd's products make of values past ±16376,
    of which four are added up first. On a software rasteriser it is slow.
    """

    name = "gl-half"

    def _usual_settings(self) -> Settings:
        return Settings.for_device(self._device, half=True)
