"""What a layer asks of the GPU: one pass for most, a few for those that look at a whole map before they begin."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from studio.model.declared.shader_files import shader_file
from studio.model.networks.layout import tile_count
from studio.model.networks.node import Node
from studio.model.networks.passes import Blocks, Scratch
from studio.model.networks.shape import Shape

Structure = tuple[tuple[str, int | float], ...]


@dataclass(frozen=True)
class Step:
    """A part of a frame that is timed by itself.

    Attributes:
        shares: the layers that its time counts for, each with its part of it.
        covers: the layers that it makes, that one among them; nothing where it goes on with what another began.
        run: does it.
    """

    shares: Mapping[str, float]
    covers: tuple[str, ...]
    run: Callable[[], None]


@dataclass(frozen=True)
class Pass:
    """One texture made from others.

    Attributes:
        node: what it belongs to.
        target: the texture that it makes: the node's name for its last pass, ``layer~0``, ``layer~1`` before.
        shape: of the target.
        inputs: the textures that it reads.
        files: names under ``shaders/``.
        structure: what is compiled into them.
        numbers: names of the numbers that they are told.
        blocks: how compute shaders make it in blocks of texels; None where texel by texel.
    """

    node: Node
    target: str
    shape: Shape
    inputs: tuple[str, ...]
    files: tuple[str, ...]
    structure: Structure
    numbers: tuple[str, ...]
    blocks: Blocks | None = None

    @property
    def is_last(self) -> bool:
        """Whether this makes the node's own output; only there are its kernels read."""
        return self.target == self.node.name


def passes(
    node: Node, shapes: Mapping[str, Shape], *, at_once: bool = False, units: int | None = None
) -> tuple[Pass, ...]:
    """The passes of one node, in order, with its inputs and itself of these shapes.

    Args:
        node: of what runs.
        shapes: of every map.
        at_once: whether what has one pass for GPUs takes that (`Op.at_once`).
        units: how many textures a shader finds; None for any number.
    """
    op, found = node.op, []
    structure, numbers = tuple(op.structure().items()), tuple(op.numbers())
    if op.joins and units is not None:
        # The other half is for what is made in the same pass.
        return _joined(node, shapes, units // 2)
    maps, read = list(node.inputs), [shapes[name] for name in node.inputs]
    whole = op.at_once(*read) if at_once else None
    if whole is not None:
        return (Pass(node, node.name, shapes[node.name], node.inputs, (), structure, numbers, whole),)
    sizes, wanted = list(read), [Scratch(*each) for each in op.scratch(*read)]
    if at_once and any(scratch.at_once for scratch in wanted):
        structure += (("AT_ONCE", 1),)
    for k, scratch in enumerate(wanted):
        sizes.append(scratch.shape)
        if at_once and scratch.at_once is not None:
            shader, of = scratch.at_once
            # What is left out is read by nobody: any map may lie in its place.
            maps.append(f"{node.name}~{k}" if shader else maps[0])
            if shader:
                tiles, texels = tile_count(scratch.shape.channels), sizes[of].height * sizes[of].width
                whole = Blocks(shader, (), tiles, 1, whole=texels)
                found.append(Pass(node, maps[-1], scratch.shape, (maps[of],), (), structure, numbers, whole))
            continue
        files = tuple(_file(name) for name in scratch.shader.split("+"))
        reads = tuple(maps if scratch.reads is None else (maps[n] for n in scratch.reads))
        blocks = None if scratch.span is None else scratch.span.blocks(scratch.shape)
        found.append(Pass(node, f"{node.name}~{k}", scratch.shape, reads, files, structure, numbers, blocks))
        maps.append(found[-1].target)
    chosen = op.reads(len(wanted))
    reads = tuple(maps if chosen is None else (maps[n] for n in chosen))
    blocks = (op.shared(*read) if at_once else None) or op.blocks(*read)
    last = Pass(node, node.name, shapes[node.name], reads, op.files(), structure, numbers, blocks)
    return (*found, last)


def _joined(node: Node, shapes: Mapping[str, Shape], most: int) -> tuple[Pass, ...]:
    """Passes that join so many maps at most: where there are more, first some of them, then what came of that."""
    op, found, maps = node.op, list[Pass](), list(node.inputs)
    sizes, structure, numbers = dict(shapes), tuple(op.structure().items()), tuple(op.numbers())

    def join(names: Sequence[str], target: str) -> str:
        sizes[target] = op.output_shape(*(sizes[name] for name in names))
        found.append(Pass(node, target, sizes[target], tuple(names), op.files(), structure, numbers))
        return target

    while len(maps) > most:
        parts = [maps[k : k + most] for k in range(0, len(maps), most)]
        maps = [join(part, f"{node.name}~{len(found)}") if len(part) > 1 else part[0] for part in parts]
    join(maps, node.name)
    return tuple(found)


def _file(name: str) -> str:
    folder, _, own = name.partition("/") if name.startswith(("lib/", "bends/")) else ("ops", "", name)
    return shader_file(folder, own)
