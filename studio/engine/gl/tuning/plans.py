"""Which ways to run a convolution, or to make a weight's gradient, are worth measuring on a GPU."""

from __future__ import annotations

from collections.abc import Sequence

from studio.engine.gl.tuning.loops import (
    LEAST_SHARED,
    MATRICES,
    NARROWS,
    WINDOWS,
    MatrixLoop,
    NarrowLoop,
    Plan,
    WindowLoop,
    WinogradLoop,
    Work,
    groups,
)
from studio.engine.gl.tuning.products import GradientWork, Product

# Beside those of which a thread makes no more than 8 × 8: for more it has no registers, unless all sums are halves.
HALVED = (
    MatrixLoop(128, 128, 16, 8, 8),
    MatrixLoop(128, 64, 16, 8, 8),
    WindowLoop(16, 8, 128, 2, 8, 8),
    WindowLoop(16, 16, 128, 1, 8, 8),
    WindowLoop(16, 16, 64, 1, 8, 8),
    WindowLoop(16, 16, 64, 4, 8, 8),
)
WINOGRADS = (
    WinogradLoop(128, 128, 8, 8, 8, 1),
    WinogradLoop(128, 64, 8, 8, 8, 1),
    WinogradLoop(64, 128, 8, 8, 8, 1),
    WinogradLoop(64, 64, 8, 8, 8, 1),
    WinogradLoop(64, 64, 8, 4, 8, 1),
)
HALVED_WINOGRADS = (
    WinogradLoop(256, 128, 16, 16, 8, 2),
    WinogradLoop(128, 128, 8, 16, 8, 2),
    WinogradLoop(64, 128, 16, 8, 8, 2),
    WinogradLoop(128, 64, 16, 16, 8, 2),
    WinogradLoop(64, 64, 16, 8, 8, 2),
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
_HALVES = 1024
"""Products whose sums of so many are added up in half precision, too, where a thread makes more than 8 × 8: the error
is 1e-3 of such a layer."""
_POINT_SUMS = 256
"""The same of Winograd's products, four of whose sums make an output: the error is up to 2e-3 of such a layer."""

_FEWEST_GROUPS, _MOST_GROUPS = 96, 1500
_MOST_WASTE = 1.6
_LARGEST_PARTS = 1 << 26
"""Values in all the parts of one layer together: 256 MB."""


def _count(work: Work, plan: Plan) -> int:
    along_m, along_n, rest = groups(work, plan)
    return along_m * along_n * rest


def plans(work: Work, shared: int = LEAST_SHARED, *, halves: bool = False) -> list[Plan]:
    """The ways worth measuring: loops that waste little, in as many parts as keep a GPU busy.

    Args:
        work: the convolution.
        shared: bytes of shared memory that there are.
        halves: whether products may be made in half precision.
    """
    found = _direct(work, shared)
    if work.channels <= 4:
        return found
    if not halves:
        return found + _winograds(work, WINOGRADS, shared)
    for plan in _in_parts(work, (*MATRICES, *WINDOWS, *HALVED), shared):
        loop = plan.loop
        assert isinstance(loop, MatrixLoop | WindowLoop)
        if loop.thread_m % 2 or loop.products(work) > _HALF_SUMS:
            continue
        in_half = plan._replace(run=max(1, _HALF_SUMS // loop.products(work)))
        if loop.thread_m * loop.thread_n <= 64:
            found.append(in_half)
        elif work.depth <= _HALVES * plan.parts:
            found.append(in_half._replace(all_half=True))
    return found + _winograds(work, HALVED_WINOGRADS, shared)


def _direct(work: Work, shared: int = LEAST_SHARED) -> list[Plan]:
    return _in_parts(work, (*MATRICES, *WINDOWS, *NARROWS), shared)


def _winograds(work: Work, loops: Sequence[WinogradLoop], shared: int) -> list[Plan]:
    found = []
    for loop in loops:
        in_half = loop.each == 2
        if not loop.fits(work, shared) or loop.texels(work) * 4 > _LARGEST_PARTS:
            continue
        if in_half and loop.rows(work) * 4 > _POINT_SUMS:
            continue
        plan = Plan(loop, run=_HALF_SUMS // loop.k, all_half=True) if in_half else Plan(loop)
        if loop.n < 2 * work.channels * work.phases and _count(work, plan) >= _FEWEST_GROUPS:
            found.append(plan)
    return found


def _in_parts(work: Work, loops: Sequence[MatrixLoop | WindowLoop | NarrowLoop], shared: int) -> list[Plan]:
    loops = [loop for loop in loops if loop.fits(work, shared) and _suits(loop, work)]
    least = min((loop.made(work) for loop in loops), default=0)
    found = []
    for loop in loops:
        if loop.made(work) > _MOST_WASTE * least:
            continue
        most = min(loop.steps(work) // 2, _LARGEST_PARTS // (work.pixels * work.phases * work.channels), 64)
        choices = [1] + [1 << bit for bit in range(1, 7) if 1 << bit <= most]
        busy = [p for p in choices if _FEWEST_GROUPS <= _count(work, Plan(loop, p)) <= _MOST_GROUPS]
        if not busy:
            busy = [choices[0] if _count(work, Plan(loop, 1)) > _MOST_GROUPS else choices[-1]]
        found += [Plan(loop, p, apart) for p in busy for apart in ((False, True) if p > 1 else (False,))]
    return found


def _suits(loop: MatrixLoop | WindowLoop | NarrowLoop, work: Work) -> bool:
    """Whether what a workgroup makes is neither far narrower than the layer nor far shorter than its map."""
    if isinstance(loop, NarrowLoop):
        return True
    if loop.n < min(work.channels, 64) // 2:
        return False
    return not isinstance(loop, MatrixLoop) or work.pixels <= 64 * loop.m or loop.m >= 64


def usual(work: Work) -> Plan:
    """A way that is never bad, where nothing may be measured."""
    few = NarrowLoop(16, 16, 1), MatrixLoop(128, 4, 16, 2, 4)
    loops = few if work.channels <= 4 else (MatrixLoop(64, 64, 16, 4, 4),)
    worth = _direct(work)
    fitting = next((found for loop in loops if (found := [plan for plan in worth if plan.loop == loop])), worth)
    return max(fitting, key=lambda plan: -abs(_count(work, plan) - 512))


def gradient_plans(work: GradientWork) -> list[Plan]:
    """The ways worth measuring to make a weight's gradient."""

    def made(loop: Product) -> int:
        along_m, along_n, _ = loop.groups(work)
        return along_m * loop.m * along_n * loop.n

    least = min(made(loop) for loop in PRODUCTS)
    found = []
    for loop in PRODUCTS:
        if made(loop) > _MOST_WASTE * least:
            continue
        along_m, along_n, _ = loop.groups(work)
        most = min(-(-work.pixels // loop.k) // 2, _LARGEST_PARTS // (work.channels * work.pairs * 4), 256)
        choices = [1] + [1 << bit for bit in range(1, 9) if 1 << bit <= most]
        busy = [parts for parts in choices if _FEWEST_GROUPS <= along_m * along_n * parts <= _MOST_GROUPS]
        if not busy:
            busy = [choices[0] if along_m * along_n > _MOST_GROUPS else choices[-1]]
        found += [Plan(loop, parts, apart) for parts in busy for apart in ((False, True) if parts > 1 else (False,))]
    return found


def usual_gradient(work: GradientWork) -> Plan:
    """A way that is never bad, where nothing may be measured."""

    def apart(plan: Plan) -> tuple[bool, int]:
        assert isinstance(plan.loop, Product)
        along_m, along_n, _ = plan.loop.groups(work)
        return plan.apart, abs(along_m * along_n * plan.parts - 512)

    return min(gradient_plans(work), key=apart)
