"""How convolutions in shared memory share their work among workgroups and threads."""

from __future__ import annotations

from typing import NamedTuple

from studio.engine.gl.tuning.products import Constants, GradientWork, Product
from studio.model.declared.size import Size
from studio.model.declared.taps import Taps
from studio.model.networks.layout import tile_count

LEAST_SHARED = 32768
"""Bytes of shared memory that GL 4.3 promises."""


class Work(NamedTuple):
    """A convolution as a product of matrices, once for each phase of the output.

    Attributes:
        size: of a phase.
        channels: of the output.
        inputs: tiles of the input that an output channel reads.
        taps: where the kernel reads, down and across.
    """

    size: Size
    channels: int
    inputs: int
    taps: tuple[Taps, Taps]

    @property
    def pixels(self) -> int:
        """Of one phase."""
        return self.size.pixels

    @property
    def depth(self) -> int:
        """The long axis: values that an output value is the weighted sum of."""
        return self.inputs * 4 * max(self.taps[0].counts) * max(self.taps[1].counts)

    @property
    def phases(self) -> int:
        """Of the output."""
        return len(self.taps[0].phases) * len(self.taps[1].phases)


class MatrixLoop(NamedTuple):
    """A run of pixels × channels, so many rows of the long axis at a time: ``shaders/lib/convolve_matrix.glsl``."""

    m: int
    n: int
    k: int
    thread_m: int
    thread_n: int

    @property
    def shader(self) -> str:
        """The file of its loop."""
        return "lib/convolve_matrix.glsl"

    def groups(self, work: Work) -> tuple[int, int, int]:
        """Workgroups along the pixels, along the channels, and for the phases."""
        return -(-work.pixels // self.m), -(-work.channels // self.n), work.phases

    def made(self, work: Work) -> int:
        """Values of a phase that the workgroups make, those past its edges among them."""
        along_m, along_n, _ = self.groups(work)
        return along_m * self.m * along_n * self.n

    def steps(self, work: Work) -> int:
        """Into how many parts the long axis can be shared."""
        return max(1, -(-work.depth // self.k))

    def products(self, work: Work) -> int:
        """That a step adds to a sum."""
        del work
        return self.k

    def constants(self, work: Work) -> Constants:
        """What the shader has ``#define``-d."""
        del work
        return _of_matrices(self)

    def fits(self, work: Work, shared: int = LEAST_SHARED) -> bool:
        """Whether its copies fit so many bytes of shared memory."""
        del work
        kernels = 4 * (self.thread_n // 4) * (self.k // 2 * (self.n // self.thread_n) + 1)
        return 16 * (self.m * self.k // 2 + kernels) <= shared


class WindowLoop(NamedTuple):
    """A rectangle of pixels × channels, so many input tiles at a time: ``shaders/lib/convolve_window.glsl``."""

    height: int
    width: int
    n: int
    depth: int
    thread_m: int
    thread_n: int

    @property
    def shader(self) -> str:
        """The file of its loop."""
        return "lib/convolve_window.glsl"

    def groups(self, work: Work) -> tuple[int, int, int]:
        """See `MatrixLoop.groups`."""
        return (
            -(-work.size.width // self.width) * -(-work.size.height // self.height),
            -(-work.channels // self.n),
            work.phases,
        )

    def made(self, work: Work) -> int:
        """See `MatrixLoop.made`."""
        along_m, along_n, _ = self.groups(work)
        return along_m * self.width * self.height * along_n * self.n

    def steps(self, work: Work) -> int:
        """See `MatrixLoop.steps`."""
        return max(1, -(-work.inputs // self.depth) * min(work.taps[0].counts))

    def products(self, work: Work) -> int:
        """See `MatrixLoop.products`."""
        return self.depth * max(work.taps[1].counts) * 4

    def constants(self, work: Work) -> Constants:
        """See `MatrixLoop.constants`."""
        threads = self.width * self.height // self.thread_m * (self.n // self.thread_n)
        names = ("WORK_H", "WORK_W", "WORK_N", "DEPTH", "THREAD_M", "THREAD_N", "THREADS")
        most = max(work.taps[1].counts)
        return (*zip(names, (*self, threads), strict=True), ("MOST_W", most), ("GIVEN_ORIGIN", 1))

    def fits(self, work: Work, shared: int = LEAST_SHARED) -> bool:
        """See `MatrixLoop.fits`."""
        across, most = work.taps[1], max(work.taps[1].counts)
        wide = (self.width - 1) * across.step + (most - 1) * across.spacing + 1
        texels = self.depth * self.height * -(-wide // across.step) * across.step
        kernels = 4 * (self.thread_n // 4) * (2 * self.depth * most * (self.n // self.thread_n) + 1)
        return 16 * (2 * texels + kernels) <= shared


class NarrowLoop(NamedTuple):
    """A rectangle of places, all phases of one output tile at once: ``shaders/lib/convolve_narrow.glsl``."""

    height: int
    width: int
    places: int

    @property
    def shader(self) -> str:
        """The file of its loop."""
        return "lib/convolve_narrow.glsl"

    def groups(self, work: Work) -> tuple[int, int, int]:
        """See `MatrixLoop.groups`."""
        return -(-work.size.width // self.width) * -(-work.size.height // self.height), tile_count(work.channels), 1

    def made(self, work: Work) -> int:
        """See `MatrixLoop.made`."""
        along_m, along_n, _ = self.groups(work)
        return along_m * self.width * self.height * along_n * 4

    def steps(self, work: Work) -> int:
        """See `MatrixLoop.steps`."""
        return work.inputs

    def constants(self, work: Work) -> Constants:
        """See `MatrixLoop.constants`."""
        names = ("WORK_H", "WORK_W", "PLACES", "THREADS", "GIVEN_ORIGIN")
        found = [*zip(names, (*self, self.width * self.height // self.places, 1), strict=True)]
        for axis, taps in zip("HW", work.taps, strict=True):
            low, reach = _span(taps)
            found += [(f"LOW_{axis}", low), (f"REACH_{axis}", reach)]
        return tuple(found)

    def fits(self, work: Work, shared: int = LEAST_SHARED) -> bool:
        """See `MatrixLoop.fits`."""
        (tall, wide) = (
            (side - 1) * taps.step + _span(taps)[1]
            for side, taps in zip((self.height, self.width), work.taps, strict=True)
        )
        cells = sum(work.taps[0].counts) * sum(work.taps[1].counts)
        few = work.phases * self.places <= _MOST_SUMS and work.channels <= 4
        return few and 16 * (2 * tall * wide + 4 * (2 * cells + 1)) <= shared


class WinogradLoop(NamedTuple):
    """Cells of 2 × 2 pixels × channels of nine products of matrices, so many rows of their long axis at a time.

    ``shaders/lib/winograd.glsl`` says what they are; the pixels of a phase and its channels are some of all phases'.

    Attributes:
        each: cells that lie side by side in what they see and make: 2 in float16, for which `Plan.run` is more than
            zero, or 1 in float32.
    """

    m: int
    n: int
    k: int
    thread_m: int
    thread_n: int
    each: int

    @property
    def shader(self) -> str:
        """The file of its loop."""
        return "lib/winograd_multiply.glsl"

    def cells(self, work: Work) -> Size:
        """Of the output."""
        sides = zip(work.size, work.taps, strict=True)
        firsts = ((side, [phase.first for phase in taps.phases]) for side, taps in sides)
        return Size(*(-(-(side + max(first) - min(first)) // 2) for side, first in firsts))

    def rows(self, work: Work) -> int:
        """Of the long axis: input tiles, as many times as there are kernels of 2 × 2 in a phase's."""
        down, across = work.taps
        return work.inputs * (down.counts[0] // 2) * (across.counts[0] // 2)

    def groups(self, work: Work) -> tuple[int, int, int]:
        """Workgroups along the cells, along the channels of all phases, and for the points."""
        tiles = tile_count(work.channels) * work.phases
        return -(-self.cells(work).pixels // self.m), -(-tiles * 4 // self.n), _POINTS

    def made(self, work: Work) -> int:
        """Products of a pair of a cell and a channel that the workgroups make, those past the edges among them."""
        along_m, along_n, _ = self.groups(work)
        return along_m * self.m * along_n * self.n

    def steps(self, work: Work) -> int:
        """See `MatrixLoop.steps`; it is made in one part."""
        del work
        return 1

    def products(self, work: Work) -> int:
        """See `MatrixLoop.products`."""
        del work
        return self.k

    def texels(self, work: Work) -> int:
        """Of 16 bytes, of what the points see and make: four channels of a unit of cells each."""
        units, tiles = -(-self.cells(work).pixels // self.each), tile_count(work.channels) * work.phases
        return _POINTS * (self.rows(work) * (units + tiles * 4) + tiles * units)

    def constants(self, work: Work) -> Constants:
        """What the shader of the products has ``#define``-d."""
        del work
        return _of_matrices(self)

    def reads(self, work: Work) -> Constants:
        """What it and those before and behind it have ``#define``-d."""
        found = []
        for axis, taps in zip("HW", work.taps, strict=True):
            low, reach = _span(taps)
            found += [(f"LOW_{axis}", low), (f"REACH_{axis}", reach), (f"KERNELS_{axis}", taps.counts[0] // 2)]
        return tuple(found)

    def fits(self, work: Work, shared: int = LEAST_SHARED) -> bool:
        """Whether kernels are of a size that it is made for, and its copies fit so many bytes of shared memory."""
        kernels = 4 * (self.thread_n // 4) * (self.k // 2 * (self.n // self.thread_n) + 1)
        return all(map(_is_of_twos, work.taps)) and 16 * (self.m // self.each * self.k // 2 + kernels) <= shared


def _of_matrices(loop: MatrixLoop | WinogradLoop) -> Constants:
    """What a loop over rows and columns of matrices has ``#define``-d."""
    # GLSL 4.3 takes no expression for the size of a workgroup.
    threads = loop.m // loop.thread_m * (loop.n // loop.thread_n)
    names = ("WORK_M", "WORK_N", "WORK_K", "THREAD_M", "THREAD_N", "THREADS")
    return tuple(zip(names, (*loop[:5], threads), strict=True))


def _is_of_twos(taps: Taps) -> bool:
    """Whether each phase is made by kernels of two taps, each over every so many-th pixel as outputs are apart."""
    whole = taps.spacing == 1 and set(taps.counts) == {2 * taps.step}
    return whole and (taps.step == 1 or len(taps.phases) == 1)


def _span(taps: Taps) -> tuple[int, int]:
    """The lowest input pixel that any phase reads at its first output pixel, and how many from there on any reads."""
    read = [phase for phase in taps.phases if phase.cells]
    low = min(phase.first for phase in read)
    return low, max(phase.first + (len(phase.cells) - 1) * taps.spacing for phase in read) - low + 1


class Plan(NamedTuple):
    """A way to run a convolution.

    Attributes:
        loop: what a workgroup makes, and how.
        parts: into how many the long axis is shared.
        apart: whether a pass of its own adds them up, rather than the last workgroup of each place: it costs the start
            of a pass, but uses all of the GPU.
        run: of how many steps the products are added up in half precision before they are in single; 0 makes all of it
            in single.
        all_half: whether what comes of such runs is added up in half precision, too.
    """

    loop: MatrixLoop | WindowLoop | NarrowLoop | WinogradLoop | Product
    parts: int = 1
    apart: bool = False
    run: int = 0
    all_half: bool = False


# Large pieces reuse most; small ones fill a GPU with small maps; narrow ones waste nothing on pictures of 3 channels.
MATRICES = (
    MatrixLoop(128, 128, 8, 8, 8),
    MatrixLoop(64, 64, 16, 4, 4),
    MatrixLoop(32, 64, 16, 4, 4),
    MatrixLoop(16, 64, 32, 4, 4),
    MatrixLoop(8, 64, 32, 2, 4),
    MatrixLoop(4, 64, 32, 1, 4),
    MatrixLoop(128, 4, 16, 2, 4),
)
WINDOWS = (
    WindowLoop(16, 16, 128, 1, 16, 8),
    WindowLoop(8, 16, 128, 1, 8, 8),
    WindowLoop(32, 16, 64, 1, 16, 8),
    WindowLoop(16, 16, 64, 2, 8, 8),
    WindowLoop(16, 8, 64, 1, 8, 8),
    WindowLoop(8, 8, 64, 2, 8, 8),
    WindowLoop(8, 8, 64, 1, 4, 4),
    WindowLoop(16, 16, 32, 1, 8, 4),
    WindowLoop(8, 8, 32, 1, 4, 4),
    WindowLoop(16, 16, 4, 1, 2, 4),
)
NARROWS = (NarrowLoop(16, 32, 2), NarrowLoop(16, 16, 2), NarrowLoop(16, 16, 1))

_POINTS = 9
"""Products that make a cell of 2 × 2 pixels, a weighted sum of 2 × 2 each."""

_MOST_SUMS = 16
"""Of a thread, in registers: four channels each."""


def groups(work: Work | GradientWork, plan: Plan) -> tuple[int, int, int]:
    """Workgroups along the pixels and along the channels, and the product of phases and parts."""
    along_m, along_n, phases = plan.loop.groups(work)  # type: ignore[arg-type] # a loop and its own kind of work
    return along_m, along_n, phases * plan.parts
