"""Which ways to run a convolution, or to make a weight's gradient, are worth measuring on a GPU."""

from __future__ import annotations

from collections.abc import Sequence

from studio.engine.gl.products import GradientWork, Product
from studio.engine.gl.tiles import LEAST_SHARED, NARROWS, TILES, WINDOWS, Narrow, Plan, Tile, Window, Work, groups

# Beside those of which a thread makes no more than 8 × 8: in half precision it needs registers for both kinds of sums.
HALVED = (
    Tile(128, 128, 16, 8, 8),
    Tile(128, 64, 16, 8, 8),
    Window(16, 8, 128, 2, 8, 8),
    Window(16, 16, 128, 1, 8, 8),
    Window(16, 16, 64, 1, 8, 8),
    Window(16, 16, 64, 4, 8, 8),
)
PRODUCTS = (
    Product(128, 128, 8),
    Product(64, 128, 8),
    Product(128, 64, 8),
    Product(64, 64, 8),
    Product(64, 64, 16),
    Product(32, 64, 16),
    Product(64, 32, 16),
)
_HALF_SUMS = 32
"""Products that are added up in half precision: the error grows with their square root, and is 6e-4 of such a layer."""

_FEWEST_GROUPS, _MOST_GROUPS = 96, 1500
_MOST_WASTE = 1.6
_LARGEST_PARTS = 1 << 26
"""Values in all the parts of one layer together: 256 MB."""


def _count(work: Work, plan: Plan) -> int:
    along_m, along_n, rest = groups(work, plan)
    return along_m * along_n * rest


def plans(work: Work, shared: int = LEAST_SHARED, *, halves: bool = False) -> list[Plan]:
    """The ways worth measuring: tiles that waste little, in as many parts as keep a GPU busy.

    Args:
        work: the convolution.
        shared: bytes of shared memory that there are.
        halves: whether products may be made in half precision.
    """
    found = _in_parts(work, (*TILES, *WINDOWS, *NARROWS), shared)
    if not halves or work.channels <= 4:
        return found
    for plan in _in_parts(work, (*TILES, *WINDOWS, *HALVED), shared):
        tile = plan.tile
        assert isinstance(tile, Tile | Window)
        if tile.thread_m in (2, 4, 8) and tile.products(work) <= _HALF_SUMS:
            found.append(plan._replace(run=max(1, _HALF_SUMS // tile.products(work))))
    return found


def _in_parts(work: Work, tiles: Sequence[Tile | Window | Narrow], shared: int) -> list[Plan]:
    tiles = [tile for tile in tiles if tile.fits(work, shared) and _suits(tile, work)]
    least = min((tile.made(work) for tile in tiles), default=0)
    found = []
    for tile in tiles:
        if tile.made(work) > _MOST_WASTE * least:
            continue
        most = min(tile.steps(work) // 2, _LARGEST_PARTS // (work.pixels * work.phases * work.channels), 64)
        choices = [1] + [1 << bit for bit in range(1, 7) if 1 << bit <= most]
        busy = [p for p in choices if _FEWEST_GROUPS <= _count(work, Plan(tile, p)) <= _MOST_GROUPS]
        if not busy:
            busy = [choices[0] if _count(work, Plan(tile, 1)) > _MOST_GROUPS else choices[-1]]
        found += [Plan(tile, p, apart) for p in busy for apart in ((False, True) if p > 1 else (False,))]
    return found


def _suits(tile: Tile | Window | Narrow, work: Work) -> bool:
    """Whether a tile is neither far narrower than the layer nor far shorter than its map."""
    if isinstance(tile, Narrow):
        return True
    if tile.n < min(work.channels, 64) // 2:
        return False
    return not isinstance(tile, Tile) or work.pixels <= 64 * tile.m or tile.m >= 64


def usual(work: Work) -> Plan:
    """A way that is never bad, where nothing may be measured."""
    tile = Tile(128, 4, 16, 2, 4) if work.channels <= 4 else Tile(64, 64, 16, 4, 4)
    fitting = [plan for plan in plans(work) if plan.tile == tile] or plans(work)
    return max(fitting, key=lambda plan: -abs(_count(work, plan) - 512))


def gradient_plans(work: GradientWork) -> list[Plan]:
    """The ways worth measuring to make a weight's gradient."""

    def made(tile: Product) -> int:
        along_m, along_n, _ = tile.groups(work)
        return along_m * tile.m * along_n * tile.n

    least = min(made(tile) for tile in PRODUCTS)
    found = []
    for tile in PRODUCTS:
        if made(tile) > _MOST_WASTE * least:
            continue
        along_m, along_n, _ = tile.groups(work)
        most = min(-(-work.pixels // tile.k) // 2, _LARGEST_PARTS // (work.channels * work.pairs * 4), 256)
        choices = [1] + [1 << bit for bit in range(1, 9) if 1 << bit <= most]
        busy = [parts for parts in choices if _FEWEST_GROUPS <= along_m * along_n * parts <= _MOST_GROUPS]
        if not busy:
            busy = [choices[0] if along_m * along_n > _MOST_GROUPS else choices[-1]]
        found += [Plan(tile, parts, apart) for parts in busy for apart in ((False, True) if parts > 1 else (False,))]
    return found


def usual_gradient(work: GradientWork) -> Plan:
    """A way that is never bad, where nothing may be measured."""

    def apart(plan: Plan) -> tuple[bool, int]:
        assert isinstance(plan.tile, Product)
        along_m, along_n, _ = plan.tile.groups(work)
        return plan.apart, abs(along_m * along_n * plan.parts - 512)

    return min(gradient_plans(work), key=apart)
