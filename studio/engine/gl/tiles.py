"""How the tiled convolution shares its work among workgroups and threads, and which ways are worth trying."""

from __future__ import annotations

from typing import NamedTuple


class Tile(NamedTuple):
    """What a workgroup and a thread make: pixels × channels, so many rows of the long axis at a time."""

    m: int
    n: int
    k: int
    thread_m: int
    thread_n: int

    @property
    def constants(self) -> tuple[tuple[str, int], ...]:
        """For ``shaders/lib/convolve_tile.glsl``."""
        names = ("TILE_M", "TILE_N", "TILE_K", "THREAD_M", "THREAD_N", "THREADS")
        # GLSL 4.3 takes no expression for the size of a workgroup.
        threads = self.m // self.thread_m * (self.n // self.thread_n)
        return tuple(zip(names, (*self, threads), strict=True))


class Plan(NamedTuple):
    """A tile, and the number of parts that the long axis is shared into."""

    tile: Tile
    parts: int


class Work(NamedTuple):
    """A convolution as a product of matrices, once for each phase of the output."""

    pixels: int
    channels: int
    depth: int
    phases: int


# Each fits the 32 KB of shared memory that GL 4.3 promises. Large tiles reuse most; small ones fill a GPU with small
# maps; narrow ones waste nothing on pictures of 3 channels.
TILES = (
    Tile(128, 128, 8, 8, 16),
    Tile(128, 128, 8, 8, 8),
    Tile(128, 64, 8, 8, 8),
    Tile(64, 128, 8, 8, 8),
    Tile(64, 64, 8, 8, 8),
    Tile(64, 64, 16, 4, 4),
    Tile(64, 64, 16, 8, 4),
    Tile(32, 64, 16, 4, 4),
    Tile(16, 64, 32, 4, 4),
    Tile(8, 64, 32, 2, 4),
    Tile(4, 128, 16, 4, 4),
    Tile(4, 64, 32, 1, 4),
    Tile(128, 4, 16, 2, 4),
    Tile(256, 4, 8, 4, 4),
    Tile(256, 4, 8, 2, 4),
)

_FEWEST_GROUPS, _MOST_GROUPS = 96, 3000
_LARGEST_PARTS = 1 << 26
"""Values in all the parts of one layer together: 256 MB."""


def groups(work: Work, plan: Plan) -> tuple[int, int, int]:
    """Workgroups along the pixels and along the channels, and the product of phases and parts."""
    tile = plan.tile
    return -(-work.pixels // tile.m), -(-work.channels // tile.n), work.phases * plan.parts


def _count(work: Work, plan: Plan) -> int:
    along_m, along_n, rest = groups(work, plan)
    return along_m * along_n * rest


def _waste(work: Work, tile: Tile) -> float:
    along_m, along_n, _ = groups(work, Plan(tile, 1))
    return along_m * tile.m * along_n * tile.n / (work.pixels * work.channels)


def plans(work: Work) -> list[Plan]:
    """The ways worth measuring: tiles that waste little, in as many parts as keep a GPU busy."""
    least = min(_waste(work, tile) for tile in TILES)
    found = []
    for tile in TILES:
        if _waste(work, tile) > 2.2 * least:
            continue
        steps = max(1, -(-work.depth // tile.k))
        most = min(steps // 2, _LARGEST_PARTS // (work.pixels * work.phases * work.channels), 64)
        choices = [1] + [1 << bit for bit in range(1, 7) if 1 << bit <= most]
        busy = [p for p in choices if _FEWEST_GROUPS <= _count(work, Plan(tile, p)) <= _MOST_GROUPS]
        if not busy:
            busy = [choices[0] if _count(work, Plan(tile, 1)) > _MOST_GROUPS else choices[-1]]
        found += [Plan(tile, p) for p in busy]
    return found


def usual(work: Work) -> Plan:
    """A way that is never bad, where nothing may be measured."""
    tile = Tile(128, 4, 16, 2, 4) if work.channels <= 4 else Tile(64, 64, 16, 4, 4)
    fitting = [plan for plan in plans(work) if plan.tile == tile] or plans(work)
    return max(fitting, key=lambda plan: -abs(_count(work, plan) - 512))
